/**
 * Model of `remote_work.ts`: after the wait no target uses an old translation, two vCPUs that fence each
 * other do not deadlock, and no waiting requester is forgotten.
 */

import type { Model } from "./machine.ts";
import { Program, type StoreOrder } from "./program.ts";
import { EVERYWHERE, type ProtocolModel } from "./protocol_model.ts";

/** Orderings removed. */
export type RemoteMutation =
  | "counted before the bits are set"
  | "count read after the bits are taken"
  | "bits taken by load and store"
  | "no serve after RUNNING"
  | "RUNNING is a plain store"
  | "IDLE is a plain store"
  | "state read before the request"
  | "the requester waits RUNNING"
  | "IDLE does not wake requesters"
  | "served does not wake requesters"
  | "wake word read after the conditions"
  | "page table changed after the request"
  | "told by a state from before the request";

type Mutation = RemoteMutation | "none";

const HARTS = 3;
/** Shared bytes: one page table word per requester, then per-hart words. */
const TABLE = 0;
const STATE = 2;
const WORK = STATE + HARTS;
const REQUEST = WORK + HARTS;
const DONE = REQUEST + HARTS;
const WAKE = DONE + HARTS;
const PENDING = WAKE + HARTS;
/** Set by a requester whose fence is done. */
const NEWS = PENDING + HARTS;
const MEMORY_BYTES = NEWS + 1;
const IDLE = 0;
const RUNNING = 1;
/** Registers: 1 + cached translation of either table, or 0; request being served; what waits have seen. */
const CACHED = 0;
const OWN_DONE = 2;
const COUNT = 3;
const SEEN_WAKE = 4;
const TICKET = 5;
const BITS = 6;
const SEEN_STATE = 7;
const REGISTER_COUNT = 8;
/** History: whether the requester of each table has finished its fence. */
const FENCED = 0;

class Hart {
  readonly p = new Program();

  constructor(readonly me: number, readonly mutation: Mutation) {}

  is(mutation: RemoteMutation): boolean {
    return this.mutation === mutation;
  }

  /** A guest access through table `table`: fills the cached translation, then uses it. */
  use(table: number): void {
    const { p } = this;
    const hit = p.label("hit");
    p.local((r) => r[CACHED + table] !== 0 ? hit : undefined);
    p.load("walk", TABLE + table, (r, v) => {
      r[CACHED + table] = v + 1;
    });
    p.at(hit);
    p.observe("use translation", (r, world) => {
      const isOld = r[CACHED + table] === 1;
      if (isOld && world.ghost[FENCED + table] !== 0) world.fail("OLD TRANSLATION USED");
    });
  }

  serve(): void {
    const { p, me } = this;
    const none = p.label("none");
    const isSwapped = this.is("count read after the bits are taken");
    if (isSwapped) this.takeBits();
    p.load("serve: count", REQUEST + me, (r, v) => {
      r[COUNT] = v;
      return v === r[OWN_DONE] ? none : undefined;
    });
    if (!isSwapped) this.takeBits();
    p.store("serve: done", DONE + me, (r) => r[COUNT]);
    p.local((r) => {
      r[OWN_DONE] = r[COUNT];
    });
    if (!this.is("served does not wake requesters")) {
      p.add("serve: wake", WAKE + me, 1);
      p.notify("serve: notify", WAKE + me);
    }
    p.at(none);
    p.local((r) => {
      r[COUNT] = 0;
    });
  }

  takeBits(): void {
    const { p, me } = this;
    const drop = (r: Uint8Array, bits: number): void => {
      for (const table of [0, 1]) {
        if ((bits >> table & 1) !== 0) r[CACHED + table] = 0;
      }
    };
    if (this.is("bits taken by load and store")) {
      p.load("take: load", WORK + me, (r, v) => {
        r[BITS] = v;
      });
      p.store("take: store", WORK + me, 0);
      p.local((r) => {
        drop(r, r[BITS]);
        r[BITS] = 0;
      });
    } else p.rmw("take", WORK + me, () => 0, drop);
  }

  toIdle(): void {
    const { p, me } = this;
    const quiet = p.label("quiet");
    const order: StoreOrder = this.is("IDLE is a plain store") ? "plain" : "sc";
    p.store("IDLE", STATE + me, IDLE, order);
    p.load(
      "toIdle: requests?",
      REQUEST + me,
      (r, v) => v === r[OWN_DONE] ? quiet : undefined,
    );
    if (!this.is("IDLE does not wake requesters")) {
      p.add("toIdle: wake", WAKE + me, 1);
      p.notify("toIdle: notify", WAKE + me);
    }
    p.at(quiet);
  }

  toRunning(): void {
    const order: StoreOrder = this.is("RUNNING is a plain store") ? "plain" : "sc";
    this.p.store("RUNNING", STATE + this.me, RUNNING, order);
    if (!this.is("no serve after RUNNING")) this.serve();
  }

  changeTable(table: number): void {
    this.p.store("change table", TABLE + table, 1, "plain");
    this.p.local((r) => {
      r[CACHED + table] = 0;
    });
  }

  /** Each table has its own work bit, so that no request can be served by chance. */
  request(table: number, targets: readonly number[]): void {
    const { p } = this;
    for (const target of targets) {
      const count = () => p.add("count", REQUEST + target, 1);
      if (this.is("counted before the bits are set")) count();
      p.or("set bits", WORK + target, 1 << table);
      if (!this.is("counted before the bits are set")) count();
      this.tell(target);
    }
  }

  /** One that is IDLE is let sleep. */
  tell(target: number): void {
    const { p } = this;
    const sleeps = p.label("sleeps");
    if (this.is("told by a state from before the request")) {
      p.local((r) => (r[SEEN_STATE] >> target & 1) !== 0 ? sleeps : undefined);
    } else p.load("post: idle?", STATE + target, (_r, v) => v === IDLE ? sleeps : undefined);
    p.or("post", PENDING + target, 1);
    p.at(sleeps);
  }

  /** Trampoline: serves when it was told to. */
  safepoint(): void {
    const { p, me } = this;
    const nothing = p.label("nothing");
    p.rmw("take", PENDING + me, () => 0, (_r, old) => old === 0 ? nothing : undefined);
    this.serve();
    p.at(nothing);
  }

  /** Executes until another hart says that its fence is done. */
  spinUntilNews(): void {
    const { p } = this;
    const again = p.label("again");
    const done = p.label("done");
    p.at(again);
    this.safepoint();
    p.load("news?", NEWS, (_r, v) => v !== 0 ? done : undefined);
    p.goto(again);
    p.at(done);
  }

  awaitServed(target: number): void {
    const { p } = this;
    const again = p.label("again");
    const served = p.label("served");
    const readWake = () =>
      p.load("wait: wake word", WAKE + target, (r, v) => {
        r[SEEN_WAKE] = v;
      });
    p.load("wait: ticket", REQUEST + target, (r, v) => {
      r[TICKET] = v;
    });
    p.at(again);
    const isLate = this.is("wake word read after the conditions");
    if (!isLate) readWake();
    p.load("wait: served?", DONE + target, (r, v) => v >= r[TICKET] ? served : undefined);
    p.load("wait: idle?", STATE + target, (_r, v) => v === IDLE ? served : undefined);
    if (isLate) readWake();
    p.wait("wait: sleep", WAKE + target, (r) => r[SEEN_WAKE]);
    p.goto(again);
    p.at(served);
    p.local((r) => {
      r[SEEN_WAKE] = r[TICKET] = 0;
    });
  }

  /** Changes its table and fences the targets. */
  fence(table: number, targets: readonly number[]): void {
    const { p } = this;
    const early = this.is("state read before the request");
    if (early || this.is("told by a state from before the request")) this.readStates(targets);
    const isLate = this.is("page table changed after the request");
    if (!isLate) this.changeTable(table);
    this.request(table, targets);
    if (isLate) this.changeTable(table);
    const staysRunning = this.is("the requester waits RUNNING");
    if (!staysRunning) this.toIdle();
    for (const target of targets) {
      const skip = p.label("skip");
      if (early) p.local((r) => (r[SEEN_STATE] >> target & 1) !== 0 ? skip : undefined);
      this.awaitServed(target);
      p.at(skip);
    }
    p.observe("fence is done", (r, world) => {
      world.ghost[FENCED + table] = 1;
      r[SEEN_STATE] = 0;
    });
    if (!staysRunning) this.toRunning();
  }

  readStates(targets: readonly number[]): void {
    for (const target of targets) {
      this.p.load("state, early", STATE + target, (r, v) => {
        if (v === IDLE) r[SEEN_STATE] |= 1 << target;
      });
    }
  }

  stop(): void {
    this.toIdle();
    this.p.end();
  }
}

function close(harts: readonly Hart[]): Model {
  return {
    threads: harts.map((hart) => hart.p),
    memoryBytes: MEMORY_BYTES,
    ghostBytes: 2,
    registers: REGISTER_COUNT,
    live: true,
    init: (memory) => memory.fill(RUNNING, STATE, STATE + harts.length),
  };
}

/** Two harts fence each other; each uses the other's table before and after. */
function mutualFences(mutation: Mutation): Model {
  const harts = [0, 1].map((me) => {
    const hart = new Hart(me, mutation);
    hart.use(1 - me);
    hart.fence(me, [1 - me]);
    hart.use(1 - me);
    hart.stop();
    return hart;
  });
  return close(harts);
}

/** One hart fences another, which runs, serves, sleeps and wakes. */
function sleepingTarget(mutation: Mutation): Model {
  const requester = new Hart(0, mutation);
  requester.fence(0, [1]);
  requester.stop();
  const target = new Hart(1, mutation);
  target.use(0);
  target.serve();
  target.use(0);
  target.toIdle();
  target.toRunning();
  target.use(0);
  target.stop();
  return close([requester, target]);
}

/** Two requesters, one target: no request may take the other's bits unserved. */
function commonTarget(mutation: Mutation): Model {
  const requesters = [0, 1].map((me) => {
    const hart = new Hart(me, mutation);
    hart.fence(me, [2]);
    hart.stop();
    return hart;
  });
  const target = new Hart(2, mutation);
  target.use(0);
  target.use(1);
  target.serve();
  target.use(0);
  target.use(1);
  target.serve();
  target.use(1);
  target.stop();
  return close([...requesters, target]);
}

/** A target comes back from its sleep and waits, executing, for what the requester says after its fence. */
function busyTarget(mutation: Mutation): Model {
  const requester = new Hart(0, mutation);
  requester.fence(0, [1]);
  requester.p.store("news", NEWS, 1);
  requester.stop();
  const target = new Hart(1, mutation);
  target.toIdle();
  target.toRunning();
  target.spinUntilNews();
  target.stop();
  return close([requester, target]);
}

/** Remote work. */
export const remoteModel: ProtocolModel<RemoteMutation> = {
  name: "remote work",
  mutations: {
    "counted before the bits are set": EVERYWHERE,
    "count read after the bits are taken": EVERYWHERE,
    "bits taken by load and store": EVERYWHERE,
    "no serve after RUNNING": EVERYWHERE,
    "RUNNING is a plain store": EVERYWHERE,
    "IDLE is a plain store": EVERYWHERE,
    "state read before the request": EVERYWHERE,
    "the requester waits RUNNING": EVERYWHERE,
    "IDLE does not wake requesters": EVERYWHERE,
    "served does not wake requesters": EVERYWHERE,
    "wake word read after the conditions": EVERYWHERE,
    "page table changed after the request": EVERYWHERE,
    "told by a state from before the request": EVERYWHERE,
  },
  scenarios: {
    "sleeping target": sleepingTarget,
    "mutual fences": mutualFences,
    "common target": commonTarget,
    "busy target": busyTarget,
  },
};
