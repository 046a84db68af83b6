/** Model of `exclusive.ts` and `agent_state.ts`: one section at a time, no guest store in it, no deadlock. */

import type { Model } from "./machine.ts";
import { KEEP, Program, type StoreOrder } from "./program.ts";
import { EVERYWHERE, type ProtocolModel } from "./protocol_model.ts";

/** Orderings removed. */
export type ExclusiveMutation =
  | "no owner test after RUNNING"
  | "RUNNING is a plain store"
  | "IDLE is a plain store"
  | "IDLE does not notify"
  | "owner tested before IDLE"
  | "the loser does not park"
  | "claim by load and store"
  | "no claim: state read first"
  | "release does not notify"
  | "told by a state from before the claim"
  | "owner does not wait";

type Mutation = ExclusiveMutation | "none";

const HARTS = 3;
const OWNER = 0;
const GUEST = 1;
const RESULT = 2;
const STATE = 3;
const PENDING = STATE + HARTS;
const MEMORY_BYTES = PENDING + HARTS;
const IDLE = 0;
const RUNNING = 1;
/** Registers. */
const VALUE = 0;
const SEEN_OWNER = 1;
const SEEN_IDLE = 2;
const REGISTER_COUNT = 3;
/** History: 1 + the hart inside a section, or 0. */
const INSIDE = 0;

class Hart {
  /** @param p the thread that it runs on; its siblings there have the same */
  constructor(readonly me: number, readonly mutation: Mutation, readonly p = new Program()) {}

  is(mutation: ExclusiveMutation): boolean {
    return this.mutation === mutation;
  }

  guestStore(): void {
    this.p.store("guest store", GUEST, this.me + 1, "plain");
  }

  toIdle(): void {
    const { p } = this;
    const quiet = p.label("quiet");
    const order: StoreOrder = this.is("IDLE is a plain store") ? "plain" : "sc";
    const idle = () => p.store("IDLE", STATE + this.me, IDLE, order);
    if (this.is("owner tested before IDLE")) {
      p.load("toIdle: owner?", OWNER, (r, v) => {
        r[SEEN_OWNER] = v;
      });
      idle();
      p.local((r) => r[SEEN_OWNER] === 0 ? quiet : undefined);
    } else {
      idle();
      p.load("toIdle: owner?", OWNER, (_r, v) => v === 0 ? quiet : undefined);
    }
    if (!this.is("IDLE does not notify")) p.notify("toIdle: notify", STATE + this.me);
    p.at(quiet);
    p.local((r) => {
      r[SEEN_OWNER] = 0;
    });
  }

  awaitRelease(): void {
    const { p, me } = this;
    const again = p.label("again");
    const free = p.label("free");
    p.at(again);
    p.load("release?", OWNER, (r, v) => {
      r[SEEN_OWNER] = v;
      return v === 0 || v === me + 1 ? free : undefined;
    });
    p.wait("sleep on owner", OWNER, (r) => r[SEEN_OWNER]);
    p.goto(again);
    p.at(free);
    p.local((r) => {
      r[SEEN_OWNER] = 0;
    });
  }

  toRunning(): void {
    const { p, me } = this;
    const order: StoreOrder = this.is("RUNNING is a plain store") ? "plain" : "sc";
    const again = p.label("again");
    const run = p.label("run");
    p.at(again);
    p.store("RUNNING", STATE + me, RUNNING, order);
    if (!this.is("no owner test after RUNNING")) {
      p.load("toRunning: owner?", OWNER, (_r, v) => v === 0 || v === me + 1 ? run : undefined);
      this.toIdle();
      this.awaitRelease();
      p.goto(again);
    }
    p.at(run);
  }

  park(): void {
    this.toIdle();
    this.awaitRelease();
    this.toRunning();
  }

  /** Trampoline: takes the bits, parks on EXCLUSIVE. */
  safepoint(): void {
    const { p } = this;
    const nothing = p.label("nothing");
    p.rmw("take", PENDING + this.me, () => 0, (_r, old) => old === 0 ? nothing : undefined);
    this.park();
    p.at(nothing);
  }

  /** WFI with a deadline. */
  waitForInterrupt(): void {
    this.toIdle();
    this.p.wait("WFI", PENDING + this.me, 0, true);
    this.toRunning();
  }

  claim(): void {
    const { p, me } = this;
    const again = p.label("again");
    const won = p.label("won");
    p.at(again);
    if (this.is("claim by load and store")) {
      const lost = p.label("lost");
      p.load("claim: load", OWNER, (_r, v) => v !== 0 ? lost : undefined);
      p.store("claim: store", OWNER, me + 1);
      p.goto(won);
      p.at(lost);
    } else {
      p.rmw(
        "claim",
        OWNER,
        (_r, old) => old === 0 ? me + 1 : KEEP,
        (_r, old) => old === 0 ? won : undefined,
      );
    }
    if (!this.is("the loser does not park")) this.park();
    p.goto(again);
    p.at(won);
  }

  others(): number[] {
    return [...Array(HARTS).keys()].filter((hart) => hart !== this.me);
  }

  readStates(): void {
    for (const other of this.others()) {
      this.p.load("state, early", STATE + other, (r, v) => {
        if (v === IDLE) r[SEEN_IDLE] |= 1 << other;
      });
    }
  }

  /** Those that are IDLE are let sleep. */
  tell(other: number): void {
    const { p } = this;
    const sleeps = p.label("sleeps");
    if (this.is("told by a state from before the claim")) {
      p.local((r) => (r[SEEN_IDLE] >> other & 1) !== 0 ? sleeps : undefined);
    } else p.load("post: idle?", STATE + other, (_r, v) => v === IDLE ? sleeps : undefined);
    p.or("post EXCLUSIVE", PENDING + other, 1);
    p.notify("post: notify", PENDING + other);
    p.at(sleeps);
  }

  stopOthers(): void {
    const { p } = this;
    for (const other of this.others()) this.tell(other);
    p.local((r) => {
      r[SEEN_IDLE] = 0;
    });
    if (this.is("owner does not wait")) return;
    for (const other of this.others()) {
      const again = p.label("again");
      const idle = p.label("idle");
      p.at(again);
      p.load("idle?", STATE + other, (_r, v) => v === IDLE ? idle : undefined);
      p.wait("sleep on state", STATE + other, RUNNING);
      p.goto(again);
      p.at(idle);
    }
  }

  section(): void {
    const { p, me } = this;
    if (this.is("no claim: state read first")) {
      this.stopOthers();
      this.claim();
    } else {
      if (this.is("told by a state from before the claim")) this.readStates();
      this.claim();
      this.stopOthers();
    }
    p.observe("section begins", (_r, world) => {
      if (world.ghost[INSIDE] !== 0) world.fail("TWO SECTIONS");
      world.ghost[INSIDE] = me + 1;
    });
    p.load("section: load", RESULT, (r, v) => {
      r[VALUE] = v;
    });
    p.store("section: store", RESULT, (r) => r[VALUE] + 1, "plain");
    p.observe("section ends", (r, world) => {
      world.ghost[INSIDE] = 0;
      r[VALUE] = 0;
    });
    p.rmw("release", OWNER, (_r, old) => old === me + 1 ? 0 : KEEP);
    if (!this.is("release does not notify")) p.notify("release: notify", OWNER);
  }

  /** Executes until the section of another hart is over: it must be told of it. */
  spinUntilDone(): void {
    const { p } = this;
    const again = p.label("again");
    const done = p.label("done");
    p.at(again);
    this.safepoint();
    p.load("done?", RESULT, (_r, v) => v !== 0 ? done : undefined);
    p.goto(again);
    p.at(done);
  }

  stop(): void {
    this.toIdle();
    this.p.end();
  }
}

/** @param resting harts that begin IDLE, because a sibling has the first turn */
function close(harts: readonly Hart[], sections: number, resting: readonly number[] = []): Model {
  const threads = [...new Set(harts.map((hart) => hart.p))];
  const threadOf = harts.map((hart) => threads.indexOf(hart.p));
  return {
    threads,
    memoryBytes: MEMORY_BYTES,
    ghostBytes: 1,
    registers: REGISTER_COUNT,
    live: true,
    init: (memory) => {
      memory.fill(RUNNING, STATE, STATE + HARTS);
      for (const hart of resting) memory[STATE + hart] = IDLE;
    },
    onCommit: (world, thread, address) => {
      const inside = world.ghost[INSIDE];
      if (address === GUEST && inside !== 0 && threadOf[inside - 1] !== thread) {
        world.fail("GUEST STORE INSIDE A SECTION");
      }
    },
    checkFinal: (memory) => memory[RESULT] === sections ? undefined : "result of a section lost",
  };
}

function team(mutation: Mutation): Hart[] {
  return [...Array(HARTS).keys()].map((hart) => new Hart(hart, mutation));
}

/** Two harts want a section at once, a third sleeps and wakes. */
function twoRequesters(mutation: Mutation): Model {
  const harts = team(mutation);
  for (const hart of harts.slice(0, 2)) {
    hart.section();
    hart.guestStore();
    hart.stop();
  }
  harts[2].waitForInterrupt();
  harts[2].guestStore();
  harts[2].safepoint();
  harts[2].stop();
  return close(harts, 2);
}

/** One hart wants a section; the others store, poll, sleep with a deadline, store. */
function oneRequester(mutation: Mutation): Model {
  const harts = team(mutation);
  harts[0].guestStore();
  harts[0].section();
  harts[0].stop();
  harts[1].guestStore();
  harts[1].safepoint();
  harts[1].guestStore();
  harts[1].stop();
  harts[2].waitForInterrupt();
  harts[2].guestStore();
  harts[2].stop();
  return close(harts, 1);
}

/** A hart comes back from its sleep and waits, executing, for what another one does in a section. */
function busyWaiter(mutation: Mutation): Model {
  const harts = team(mutation);
  harts[0].section();
  harts[0].stop();
  harts[1].waitForInterrupt();
  harts[1].spinUntilDone();
  harts[1].stop();
  harts[2].stop();
  return close(harts, 1);
}

/** Two harts take turns on one thread, each with a section in its turn; a third has its own thread. */
function siblings(mutation: Mutation): Model {
  const thread = new Program();
  const harts = [
    new Hart(0, mutation, thread),
    new Hart(1, mutation, thread),
    new Hart(2, mutation),
  ];
  harts[0].section();
  harts[0].guestStore();
  harts[0].toIdle();
  harts[1].toRunning();
  harts[1].safepoint();
  harts[1].section();
  harts[1].toIdle();
  harts[0].toRunning();
  harts[0].safepoint();
  harts[0].guestStore();
  harts[0].stop();
  harts[2].guestStore();
  harts[2].safepoint();
  harts[2].section();
  harts[2].stop();
  return close(harts, 3, [1]);
}

/** Stop-the-world sections. */
export const exclusiveModel: ProtocolModel<ExclusiveMutation> = {
  name: "exclusive sections",
  mutations: {
    "no owner test after RUNNING": EVERYWHERE,
    "RUNNING is a plain store": EVERYWHERE,
    "IDLE is a plain store": EVERYWHERE,
    "IDLE does not notify": EVERYWHERE,
    "owner tested before IDLE": EVERYWHERE,
    "the loser does not park": EVERYWHERE,
    "claim by load and store": EVERYWHERE,
    "no claim: state read first": EVERYWHERE,
    "release does not notify": EVERYWHERE,
    "owner does not wait": EVERYWHERE,
    "told by a state from before the claim": EVERYWHERE,
  },
  scenarios: {
    "one requester": oneRequester,
    "two requesters": twoRequesters,
    siblings,
    "busy waiter": busyWaiter,
  },
};
