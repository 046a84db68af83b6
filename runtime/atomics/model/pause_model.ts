/**
 * Model of `pause.ts`: no guest step while main takes the vCPU for paused, every pause is acknowledged, no event
 * is lost in one, the end gets through, and a vCPU that waits for a paused one goes on. The
 * post behind a change of PAUSE orders it, so the change itself need not be sequentially consistent.
 */

import type { Model } from "./machine.ts";
import { Program } from "./program.ts";
import { EVERYWHERE, type ProtocolModel, SUPERFLUOUS } from "./protocol_model.ts";

/** Orderings removed. */
export type PauseMutation =
  | "PAUSE read before the bits are taken"
  | "posted before the word is changed"
  | "going on is not posted"
  | "gathered bits are dropped"
  | "bits taken with PAUSE are forgotten"
  | "acknowledged before the copy"
  | "no notify of the acknowledgement"
  | "stands still RUNNING"
  | "goes on without a second look"
  | "a plain store changes PAUSE";

type Mutation = PauseMutation | "none";

const PAUSE = 0;
const ACK = 1;
const COPY = 2;
const STATE = 3;
const PENDING = 4;
const OTHER_PENDING = 5;
const MEMORY_BYTES = 6;
const IDLE = 0;
const RUNNING = 1;
/** Bits of the pending word. */
const PAUSE_BIT = 1;
const STOP_BIT = 2;
const WORK_BIT = 4;
/** Registers of the vCPU: bits taken, PAUSE as it was read, the guest's register, bits gathered. */
const BITS = 0;
const EPOCH = 1;
const GUEST = 2;
const GATHERED = 3;
const REGISTER_COUNT = 4;
/** History: does main take the vCPU for paused? How many pieces of work were done? The guest's register. */
const PAUSED = 0;
const DONE = 1;
const TRUTH = 2;
const GHOST_BYTES = 3;

class Hart {
  readonly p = new Program();

  /** @param tells does it tell main when it went on after its first pause? */
  constructor(readonly mutation: Mutation, readonly tells = false) {}

  is(mutation: PauseMutation): boolean {
    return this.mutation === mutation;
  }

  take(): void {
    this.p.rmw("take", PENDING, () => 0, (r, old) => {
      r[BITS] = old;
      r[GATHERED] |= old;
    });
  }

  readPause(): void {
    this.p.load("PAUSE?", PAUSE, (r, v) => {
      r[EPOCH] = v;
    });
  }

  /** A look at the bits, then at the word, in that order. */
  look(): void {
    const early = this.is("PAUSE read before the bits are taken");
    if (early) this.readPause();
    this.take();
    if (!early) this.readPause();
  }

  copyOut(): void {
    this.p.store("copy", COPY, (r) => r[GUEST], "plain");
  }

  standStill(): void {
    const { p } = this;
    const again = p.label("again");
    const goOn = p.label("go on");
    if (this.is("bits taken with PAUSE are forgotten")) p.local((r) => void (r[GATHERED] = 0));
    const copiesLate = this.is("acknowledged before the copy");
    if (!copiesLate) this.copyOut();
    if (!this.is("stands still RUNNING")) {
      p.store("IDLE", STATE, IDLE);
      p.notify("IDLE: notify", STATE);
    }
    this.look();
    p.at(again);
    p.local((r) => (r[EPOCH] & 1) === 0 || (r[GATHERED] & STOP_BIT) !== 0 ? goOn : undefined);
    p.store("acknowledge", ACK, (r) => r[EPOCH]);
    if (!this.is("no notify of the acknowledgement")) p.notify("acknowledge: notify", ACK);
    if (copiesLate) this.copyOut();
    p.wait("sleep", PENDING, 0);
    if (!this.is("goes on without a second look")) {
      this.look();
      p.goto(again);
    }
    p.at(goOn);
    p.store("RUNNING", STATE, RUNNING);
    if (this.tells) {
      p.store("went on", OTHER_PENDING, 1);
      p.notify("went on: notify", OTHER_PENDING);
    }
    if (this.is("gathered bits are dropped")) p.local((r) => void (r[GATHERED] = 0));
  }

  /** The vCPU's whole life. */
  live(): void {
    const { p } = this;
    const again = p.label("trampoline");
    const noPause = p.label("no pause");
    const noWork = p.label("no work");
    const end = p.label("end");
    p.at(again);
    p.local((r) => void (r[BITS] = r[EPOCH] = r[GATHERED] = 0));
    this.take();
    p.local((r) => (r[BITS] & PAUSE_BIT) === 0 ? noPause : undefined);
    this.standStill();
    p.at(noPause);
    p.local((r) => (r[GATHERED] & WORK_BIT) === 0 ? noWork : undefined);
    p.observe("work", (_r, world) => void (world.ghost[DONE] = 1));
    p.at(noWork);
    p.local((r) => (r[GATHERED] & STOP_BIT) !== 0 ? end : undefined);
    p.observe("guest step", (r, world) => {
      if (world.ghost[PAUSED] !== 0) world.fail("GUEST STEP IN A PAUSE");
      r[GUEST] = world.ghost[TRUTH] = r[GUEST] === 0 ? 1 : 0;
    });
    p.wait("sleep or go on", PENDING, 0, true);
    p.goto(again);
    p.at(end);
    p.store("IDLE", STATE, IDLE);
    p.notify("IDLE: notify", STATE);
    p.end();
  }
}

function post(p: Program, bit: number): void {
  p.or("post", PENDING, bit);
  p.notify("post: notify", PENDING);
}

class Main {
  readonly p = new Program();

  constructor(readonly mutation: Mutation) {}

  is(mutation: PauseMutation): boolean {
    return this.mutation === mutation;
  }

  change(to: number): void {
    const { p } = this;
    const isPlain = this.is("a plain store changes PAUSE");
    const store = () => p.store(`PAUSE = ${to}`, PAUSE, to, isPlain ? "plain" : "sc");
    const early = this.is("posted before the word is changed");
    if (!early) store();
    if (!(this.is("going on is not posted") && (to & 1) === 0)) post(p, PAUSE_BIT);
    if (early) store();
  }

  /** Waits for the acknowledgement, looks at the copy, and lets the vCPU go on. */
  pause(epoch: number): void {
    const { p } = this;
    this.change(epoch);
    const again = p.label("again");
    const acknowledged = p.label("acknowledged");
    p.at(again);
    p.load("acknowledged?", ACK, (r, v) => {
      r[0] = v;
      return v === epoch ? acknowledged : undefined;
    });
    p.wait("wait", ACK, (r) => r[0]);
    p.goto(again);
    p.at(acknowledged);
    p.observe("paused", (_r, world) => void (world.ghost[PAUSED] = 1));
    p.load("look at the copy", COPY, (r, v) => void (r[0] = v));
    p.observe("is it the register?", (r, world) => {
      if (r[0] !== world.ghost[TRUTH]) world.fail("AN OLD COPY");
      r[0] = 0;
    });
    p.observe("over", (_r, world) => void (world.ghost[PAUSED] = 0));
    this.change(epoch + 1);
  }

  stop(): void {
    post(this.p, STOP_BIT);
    this.p.end();
  }
}

function close(threads: readonly Program[], isPausedAtFirst = false): Model {
  return {
    threads,
    memoryBytes: MEMORY_BYTES,
    ghostBytes: GHOST_BYTES,
    registers: REGISTER_COUNT,
    live: true,
    init: (memory) => {
      memory[STATE] = RUNNING;
      memory[PAUSE] = isPausedAtFirst ? 1 : 0;
      memory[PENDING] = isPausedAtFirst ? PAUSE_BIT : 0;
    },
  };
}

function hart(mutation: Mutation): Program {
  const it = new Hart(mutation);
  it.live();
  return it.p;
}

/** Two pauses right after each other, then the end. */
function twice(mutation: Mutation): Model {
  const main = new Main(mutation);
  main.pause(1);
  main.pause(3);
  main.stop();
  return close([main.p, hart(mutation)]);
}

/** An event arrives at any time; the work that it asks for is done before the end. */
function event(mutation: Mutation): Model {
  const device = new Program();
  post(device, WORK_BIT);
  device.store("event is out", OTHER_PENDING, 1);
  device.notify("event is out: notify", OTHER_PENDING);
  device.end();
  const main = new Main(mutation);
  main.pause(1);
  main.p.wait("after the event", OTHER_PENDING, 0);
  main.stop();
  return {
    ...close([main.p, device, hart(mutation)]),
    checkFinal: (_memory, ghost) => ghost[DONE] === 0 ? "EVENT LOST" : undefined,
  };
}

/** The end comes while the vCPU is paused from its creation, or is about to be. */
function endInPause(mutation: Mutation): Model {
  const main = new Main(mutation);
  main.stop();
  return close([main.p, hart(mutation)], true);
}

/** The vCPU has to go on by itself: main waits for a guest step after the pause. */
function goesOn(mutation: Mutation): Model {
  const main = new Main(mutation);
  main.pause(1);
  main.p.wait("for a guest step", OTHER_PENDING, 0);
  main.stop();
  const it = new Hart(mutation, true);
  it.live();
  return close([main.p, it.p]);
}

/** Another vCPU waits until this one is IDLE; main lets them go only after that. */
function waited(mutation: Mutation): Model {
  const other = new Program();
  const again = other.label("again");
  const idle = other.label("idle");
  other.at(again);
  other.load("idle?", STATE, (_r, v) => v === IDLE ? idle : undefined);
  other.wait("wait for IDLE", STATE, RUNNING);
  other.goto(again);
  other.at(idle);
  other.store("served", OTHER_PENDING, 1);
  other.notify("served: notify", OTHER_PENDING);
  other.end();
  const main = new Main(mutation);
  main.change(1);
  main.p.wait("for the other", OTHER_PENDING, 0);
  main.change(2);
  main.stop();
  return close([main.p, other, hart(mutation)]);
}

/** Pausing. */
export const pauseModel: ProtocolModel<PauseMutation> = {
  name: "pause",
  mutations: {
    "PAUSE read before the bits are taken": EVERYWHERE,
    "posted before the word is changed": EVERYWHERE,
    "going on is not posted": EVERYWHERE,
    "gathered bits are dropped": EVERYWHERE,
    "bits taken with PAUSE are forgotten": EVERYWHERE,
    "acknowledged before the copy": EVERYWHERE,
    "no notify of the acknowledgement": EVERYWHERE,
    "stands still RUNNING": EVERYWHERE,
    "goes on without a second look": EVERYWHERE,
    "a plain store changes PAUSE": SUPERFLUOUS,
  },
  scenarios: {
    "two pauses": twice,
    "an event": event,
    "end in a pause": endInPause,
    "another waits": waited,
    "going on": goesOn,
  },
};
