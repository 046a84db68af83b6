/**
 * Model of `monitor.ts` and its Wasm side: a store-conditional succeeds only if no other hart has stored to the
 * line since the load-reserved, whoever arms and disarms the page meanwhile.
 *
 * Every store writes a value of its own, so a store-conditional is right exactly if the value it replaces is
 * the one that was reserved. How a requester sleeps is in the models of remote work and exclusive sections;
 * here it polls.
 */

import type { Model } from "./machine.ts";
import { KEEP, type Label, Program, type StoreOrder } from "./program.ts";
import { EVERYWHERE, type ProtocolModel, SUPERFLUOUS, WEAK_ONLY } from "./protocol_model.ts";

/** Orderings and steps removed. */
export type MonitorMutation =
  | "no grace period"
  | "attribute set after the request"
  | "ARMED before the grace period"
  | "own write entries are kept"
  | "a fill does not look at the attribute"
  | "served before the entries are dropped"
  | "DONE is a plain store"
  | "IDLE is a plain store"
  | "RUNNING is a plain store"
  | "no serve after RUNNING"
  | "value read before the version"
  | "version compared, then stored"
  | "store before the line is locked"
  | "store after the line is unlocked"
  | "unlocked by a plain store"
  | "disarmed while others run"
  | "disarmed without new versions"
  | "store-conditional stores atomically";

type Mutation = MonitorMutation | "none";

const HARTS = 3;
/** Shared bytes. */
const X = 0;
const VERSION = 1;
const ATTRIBUTE = 2;
const OWNER = 3;
const STATE = 4;
const REQUEST = STATE + HARTS;
const DONE = REQUEST + HARTS;
const MEMORY_BYTES = DONE + HARTS;
const IDLE = 0;
const RUNNING = 1;
/** Bits of the attribute. */
const ARMING = 1;
const ARMED = 2;
/** History: the value of X, and what each hart's store-conditional expects of it. */
const LATEST = 0;
const EXPECTED = 1;
const GHOST_BYTES = EXPECTED + HARTS;
/** Registers. */
const ENTRY = 0;
const SEEN = 1;
const VALUE = 2;
const RESERVED = 3;
const OWN_DONE = 4;
const COUNT = 5;
const TICKET = 6;
const REGISTER_COUNT = TICKET + HARTS;
/** What the write entry of the TLB says. */
const Entry = { NONE: 0, FAST: 1, GUARDED: 2 } as const;
/** Values from here on are stored by store-conditionals, a block of them for each hart. */
const CONDITIONAL = 64;
const CONDITIONALS_OF_HART = 8;

class Hart {
  readonly p = new Program();
  #conditionals = 0;

  constructor(
    readonly me: number,
    readonly mutation: Mutation,
    readonly others: readonly number[],
  ) {}

  is(mutation: MonitorMutation): boolean {
    return this.mutation === mutation;
  }

  // --- state and requests ---------------------------------------------------------------------------

  serve(): void {
    const { p, me } = this;
    const none = p.label("none");
    const done = () =>
      p.store(
        "serve: done",
        DONE + me,
        (r) => r[COUNT],
        this.is("DONE is a plain store") ? "plain" : "sc",
      );
    const isEarly = this.is("served before the entries are dropped");
    p.load("serve: count", REQUEST + me, (r, v) => {
      r[COUNT] = v;
      if (v !== r[OWN_DONE] && !isEarly) r[ENTRY] = Entry.NONE;
      return v === r[OWN_DONE] ? none : undefined;
    });
    done();
    if (isEarly) p.observe("drop entries", (r) => void (r[ENTRY] = Entry.NONE));
    p.local((r) => void (r[OWN_DONE] = r[COUNT]));
    p.at(none);
    p.local((r) => void (r[COUNT] = 0));
  }

  toIdle(): void {
    const order: StoreOrder = this.is("IDLE is a plain store") ? "plain" : "sc";
    this.p.store("IDLE", STATE + this.me, IDLE, order);
  }

  toRunning(): void {
    const { p, me } = this;
    const again = p.label("again");
    const out = p.label("out");
    const parked = p.label("parked");
    p.at(again);
    const order: StoreOrder = this.is("RUNNING is a plain store") ? "plain" : "sc";
    p.store("RUNNING", STATE + me, RUNNING, order);
    p.load("owner?", OWNER, (_r, v) => v === 0 || v === me + 1 ? out : undefined);
    p.store("park: IDLE", STATE + me, IDLE);
    p.at(parked);
    p.load("park: owner?", OWNER, (_r, v) => v === 0 ? again : parked);
    p.at(out);
    if (!this.is("no serve after RUNNING")) this.serve();
  }

  nap(): void {
    this.toIdle();
    this.toRunning();
  }

  /** Serves, and parks when an exclusive section is asked for. */
  safepoint(): void {
    const { p, me } = this;
    const none = p.label("none");
    p.load("safepoint: owner?", OWNER, (_r, v) => v === 0 || v === me + 1 ? none : undefined);
    this.nap();
    p.at(none);
    this.serve();
  }

  stop(): void {
    this.toIdle();
    this.p.end();
  }

  // --- stores ---------------------------------------------------------------------------------------

  store(value: number): void {
    const { p } = this;
    const filled = p.label("filled");
    const guarded = p.label("guarded");
    const end = p.label("end");
    p.local((r) => r[ENTRY] === Entry.NONE ? undefined : filled);
    p.load("fill: attribute", ATTRIBUTE, (r, v) => {
      const isSeen = v !== 0 && !this.is("a fill does not look at the attribute");
      r[ENTRY] = isSeen ? Entry.GUARDED : Entry.FAST;
    });
    p.at(filled);
    p.local((r) => r[ENTRY] === Entry.GUARDED ? guarded : undefined);
    p.store("fast store", X, value, "plain");
    p.goto(end);
    p.at(guarded);
    this.guardedStore(value);
    p.at(end);
  }

  guardedStore(value: number): void {
    const { p } = this;
    const isEarly = this.is("store before the line is locked");
    const isLate = this.is("store after the line is unlocked");
    const free = p.label("free");
    const end = p.label("stored");
    const store = () => p.store("guarded store", X, value, "plain");
    p.load("guarded: attribute", ATTRIBUTE, (_r, v) => v === 0 ? free : undefined);
    if (isEarly) store();
    this.lockLine();
    if (!isEarly && !isLate) store();
    p.local((r) => this.#keepReservation(r, value));
    this.unlockLine((r) => r[COUNT] + 2);
    if (isLate) store();
    p.goto(end);
    p.at(free);
    store();
    p.at(end);
    p.local((r) => void (r[COUNT] = 0));
  }

  /** A store of the own hart, while it holds the line with the reserved version, leaves the reservation. */
  #keepReservation(r: Uint8Array, value: number): void {
    const { [RESERVED]: isReserved, [SEEN]: seen, [COUNT]: version } = r;
    if (isReserved === 0 || seen !== version) return;
    r[SEEN] = version + 2;
    r[VALUE] = value;
  }

  lockLine(): void {
    const { p } = this;
    const again = p.label("lock");
    p.at(again);
    p.rmw("lock line", VERSION, (_r, old) => (old & 1) === 0 ? old | 1 : KEEP, (r, old) => {
      r[COUNT] = old & ~1;
      return (old & 1) !== 0 ? again : undefined;
    });
  }

  unlockLine(version: (r: Uint8Array) => number): void {
    const order: StoreOrder = this.is("unlocked by a plain store") ? "plain" : "sc";
    this.p.store("unlock line", VERSION, version, order);
  }

  // --- arming ---------------------------------------------------------------------------------------

  /** Asks, waits IDLE, and publishes ARMED only if nobody disarmed meanwhile. */
  arm(): void {
    const { p } = this;
    const request = () => {
      for (const other of this.others) {
        p.add("arm: request", REQUEST + other, 1, (r, old) => void (r[TICKET + other] = old + 1));
      }
    };
    const isLate = this.is("attribute set after the request");
    const isEarly = this.is("ARMED before the grace period");
    if (isLate) request();
    p.or("arm: ARMING", ATTRIBUTE, isEarly ? ARMING | ARMED : ARMING);
    if (!this.is("no grace period")) {
      if (!isLate) request();
      this.toIdle();
      this.others.forEach((other) => this.awaitServed(other));
      this.toRunning();
    }
    if (!this.is("own write entries are kept")) p.local((r) => void (r[ENTRY] = Entry.NONE));
    p.rmw("arm: ARMED", ATTRIBUTE, (_r, old) => (old & ARMING) === 0 ? KEEP : old | ARMED);
    p.local((r) => this.others.forEach((other) => r[TICKET + other] = 0));
  }

  awaitServed(other: number): void {
    const { p } = this;
    const again = p.label("again");
    const served = p.label("served");
    p.at(again);
    p.load("arm: served?", DONE + other, (r, v) => v >= r[TICKET + other] ? served : undefined);
    p.load("arm: idle?", STATE + other, (_r, v) => v === IDLE ? served : again);
    p.at(served);
  }

  /** In an exclusive section: every reservation on the page fails, then stores are fast again. */
  disarm(): void {
    const { p, me } = this;
    const isAlone = !this.is("disarmed while others run");
    const claimed = p.label("claimed");
    const again = p.label("claim");
    if (isAlone) {
      p.at(again);
      p.rmw(
        "claim",
        OWNER,
        (_r, old) => old === 0 ? me + 1 : KEEP,
        (_r, old) => old === 0 ? claimed : undefined,
      );
      this.nap();
      p.goto(again);
      p.at(claimed);
      this.others.forEach((other) => this.awaitIdle(other));
    }
    if (!this.is("disarmed without new versions")) p.add("disarm: version", VERSION, 2);
    p.rmw("disarm: attribute", ATTRIBUTE, () => 0);
    if (isAlone) p.store("release", OWNER, 0);
  }

  awaitIdle(other: number): void {
    const { p } = this;
    const again = p.label("await idle");
    p.at(again);
    p.load("idle?", STATE + other, (_r, v) => v === IDLE ? undefined : again);
  }

  // --- load-reserved and store-conditional ----------------------------------------------------------

  loadReserved(): void {
    const { p } = this;
    const start = p.label("LR");
    const armed = p.label("armed");
    const version = p.label("version");
    const isEarly = this.is("value read before the version");
    const value = () => p.load("LR: value", X, (r, v) => void (r[VALUE] = v));
    p.at(start);
    p.load("LR: attribute", ATTRIBUTE, (_r, v) => (v & ARMED) !== 0 ? armed : undefined);
    this.arm();
    p.goto(start);
    p.at(armed);
    if (isEarly) value();
    p.at(version);
    p.load("LR: version", VERSION, (r, v) => {
      r[SEEN] = v;
      return (v & 1) !== 0 ? version : undefined;
    });
    if (!isEarly) value();
    p.local((r) => void (r[RESERVED] = 1));
  }

  storeConditional(failed?: Label): void {
    const { p, me } = this;
    const fail = p.label("fail");
    const end = p.label("end");
    const value = CONDITIONAL + me * CONDITIONALS_OF_HART + this.#conditionals++;
    if (this.is("version compared, then stored")) {
      p.load("SC: version", VERSION, (r, v) => v === r[SEEN] ? undefined : fail);
      p.store("SC: lock", VERSION, (r) => r[SEEN] | 1);
    } else {
      p.rmw(
        "SC: lock",
        VERSION,
        (r, old) => old === r[SEEN] ? old | 1 : KEEP,
        (r, old) => old === r[SEEN] ? undefined : fail,
      );
    }
    p.observe("SC: goes on", (r, world) => void (world.ghost[EXPECTED + me] = r[VALUE]));
    p.store("SC: store", X, value, this.is("store-conditional stores atomically") ? "sc" : "plain");
    this.unlockLine((r) => r[SEEN] + 2);
    p.goto(end);
    p.at(fail);
    p.local((r) => this.#forget(r));
    if (failed !== undefined) p.goto(failed);
    p.at(end);
    p.local((r) => this.#forget(r));
  }

  #forget(r: Uint8Array): void {
    r[SEEN] = r[VALUE] = r[RESERVED] = 0;
  }

  /** Repeats the pair until it succeeds. */
  exchange(): void {
    const retry = this.p.label("retry");
    this.p.at(retry);
    this.safepoint();
    this.loadReserved();
    this.storeConditional(retry);
  }
}

interface Start {
  readonly entries?: readonly number[];
  readonly attribute?: number;
}

function close(harts: readonly Hart[], { entries = [], attribute = 0 }: Start = {}): Model {
  return {
    threads: harts.map((hart) => hart.p),
    memoryBytes: MEMORY_BYTES,
    ghostBytes: GHOST_BYTES,
    registers: REGISTER_COUNT,
    live: true,
    init: (memory, _ghost, registers) => {
      memory.fill(RUNNING, STATE, STATE + harts.length);
      memory[ATTRIBUTE] = attribute;
      entries.forEach((entry, hart) => registers[hart][ENTRY] = entry);
    },
    onCommit: (world, thread, address, value) => {
      if (address !== X) return;
      const { ghost } = world;
      const isConditional = value >= CONDITIONAL;
      if (isConditional && ghost[EXPECTED + thread] !== ghost[LATEST]) {
        world.fail("STORE-CONDITIONAL OVER A FOREIGN STORE");
      }
      ghost[LATEST] = value;
    },
  };
}

function hartsOf(mutation: Mutation, count: number): Hart[] {
  const all = Array.from({ length: count }, (_, index) => index);
  return all.map((me) => new Hart(me, mutation, all.filter((other) => other !== me)));
}

/** A pair against stores of a hart with a fast write entry. */
function storesMeanwhile(mutation: Mutation): Model {
  const [pair, storer] = hartsOf(mutation, 2);
  pair.loadReserved();
  pair.storeConditional();
  pair.stop();
  for (const value of [1, 2]) {
    storer.store(value);
    storer.safepoint();
  }
  storer.store(3);
  storer.stop();
  return close([pair, storer], { entries: [Entry.NONE, Entry.FAST] });
}

/** The same where stores were guarded already, for another reason. */
function guardedStoresMeanwhile(mutation: Mutation): Model {
  const [pair, storer] = hartsOf(mutation, 2);
  pair.loadReserved();
  pair.storeConditional();
  pair.stop();
  storer.store(1);
  storer.store(2);
  storer.safepoint();
  storer.store(3);
  storer.stop();
  return close([pair, storer], { entries: [Entry.NONE, Entry.GUARDED] });
}

/** The storing hart sleeps and wakes while the page is armed. */
function sleepingStorer(mutation: Mutation): Model {
  const [pair, storer] = hartsOf(mutation, 2);
  pair.loadReserved();
  pair.storeConditional();
  pair.stop();
  storer.store(1);
  storer.nap();
  storer.store(2);
  storer.nap();
  storer.store(3);
  storer.stop();
  return close([pair, storer], { entries: [Entry.NONE, Entry.FAST] });
}

/** The hart that armed stores itself, with an entry from before, against another pair. */
function armingHartStores(mutation: Mutation): Model {
  const [first, second] = hartsOf(mutation, 2);
  first.loadReserved();
  first.storeConditional();
  first.safepoint();
  first.store(1);
  first.store(2);
  first.stop();
  second.safepoint();
  second.loadReserved();
  second.storeConditional();
  second.stop();
  return close([first, second], { entries: [Entry.FAST, Entry.FAST] });
}

/** The hart stores to the reserved line itself between the two. */
function ownStoreInWindow(mutation: Mutation): Model {
  const [pair, storer] = hartsOf(mutation, 2);
  pair.loadReserved();
  pair.store(4);
  pair.storeConditional();
  pair.stop();
  storer.store(1);
  storer.safepoint();
  storer.store(2);
  storer.stop();
  return close([pair, storer], { entries: [Entry.NONE, Entry.FAST] });
}

/** Two harts arm one page and exchange, until both have succeeded. */
function twoPairs(mutation: Mutation): Model {
  const harts = hartsOf(mutation, 2);
  for (const hart of harts) {
    hart.exchange();
    hart.stop();
  }
  return close(harts, { entries: [Entry.FAST, Entry.FAST] });
}

/** Two pairs on one page, and a hart that stores with a fast entry. */
function twoPairsAndStores(mutation: Mutation): Model {
  const [first, second, storer] = hartsOf(mutation, 3);
  for (const hart of [first, second]) {
    hart.loadReserved();
    hart.storeConditional();
    hart.stop();
  }
  storer.store(1);
  storer.safepoint();
  storer.store(2);
  storer.stop();
  return close([first, second, storer], { entries: [Entry.NONE, Entry.NONE, Entry.FAST] });
}

/** The page is disarmed under a pair, and the storing hart fills its entry before or after. */
function disarmedMeanwhile(mutation: Mutation): Model {
  const [pair, storer, sweeper] = hartsOf(mutation, 3);
  pair.loadReserved();
  pair.safepoint();
  pair.storeConditional();
  pair.stop();
  storer.safepoint();
  storer.store(1);
  storer.stop();
  sweeper.disarm();
  sweeper.stop();
  return close([pair, storer, sweeper], { attribute: ARMING | ARMED });
}

/** The monitor. */
export const monitorModel: ProtocolModel<MonitorMutation> = {
  name: "monitor",
  mutations: {
    "no grace period": EVERYWHERE,
    "attribute set after the request": EVERYWHERE,
    "ARMED before the grace period": EVERYWHERE,
    "own write entries are kept": EVERYWHERE,
    "a fill does not look at the attribute": EVERYWHERE,
    "served before the entries are dropped": SUPERFLUOUS,
    "DONE is a plain store": WEAK_ONLY,
    "IDLE is a plain store": WEAK_ONLY,
    "RUNNING is a plain store": EVERYWHERE,
    "no serve after RUNNING": EVERYWHERE,
    "value read before the version": EVERYWHERE,
    "version compared, then stored": EVERYWHERE,
    "store before the line is locked": EVERYWHERE,
    "store after the line is unlocked": EVERYWHERE,
    "unlocked by a plain store": WEAK_ONLY,
    "disarmed while others run": EVERYWHERE,
    "disarmed without new versions": EVERYWHERE,
    "store-conditional stores atomically": SUPERFLUOUS,
  },
  scenarios: {
    "stores meanwhile": storesMeanwhile,
    "guarded stores meanwhile": guardedStoresMeanwhile,
    "sleeping storer": sleepingStorer,
    "arming hart stores": armingHartStores,
    "own store in the window": ownStoreInWindow,
    "two pairs": twoPairs,
    "two pairs and stores": twoPairsAndStores,
    "disarmed meanwhile": disarmedMeanwhile,
  },
};
