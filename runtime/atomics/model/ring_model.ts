/**
 * Model of `ring_queue.ts`: two producers, a ring of one or two slots, a consumer that sleeps, producers that wait
 * for room. Every item arrives once, whole and in its producer's order; nobody is forgotten.
 */

import type { Model } from "./machine.ts";
import { KEEP, Program } from "./program.ts";
import { EVERYWHERE, type ProtocolModel, SUPERFLUOUS } from "./protocol_model.ts";

/** Orderings removed. */
export type RingMutation =
  | "marker before the item"
  | "marker cleared after TAIL"
  | "HEAD moved by load and store"
  | "no second look before sleeping"
  | "SLEEP read before the marker is stored"
  | "SLEEP taken by load and store"
  | "no second look before waiting"
  | "WAITING read before TAIL is stored";

type Mutation = RingMutation | "none";

const MAX_SLOTS = 2;
const PRODUCERS = 2;
/** Items that each producer puts. */
const ITEMS = [2, 1];
/** Shared bytes. */
const HEAD = 0;
const TAIL = 1;
const SLEEP = 2;
const WAITING = 3;
const MARKERS = 4;
const VALUES = MARKERS + MAX_SLOTS;
const PENDING = VALUES + MAX_SLOTS;
const MEMORY_BYTES = PENDING + PRODUCERS;
/** Registers of a producer. */
const POSITION = 0;
const SLEEPER = 1;
/** Registers of the consumer. */
const TAIL_SEEN = 0;
const WAITERS = 1;
const VALUE = 2;
const RECEIVED = 3;
const REGISTER_COUNT = RECEIVED + PRODUCERS;
/** Items are producer * 16 + number. */
const PRODUCER_SHIFT = 4;
const NUMBER_MASK = 0xf;

class Producer {
  readonly p = new Program();

  constructor(readonly me: number, readonly slots: number, readonly mutation: Mutation) {
    for (let number = 1; number <= ITEMS[me]; number++) this.put(me << PRODUCER_SHIFT | number);
    this.p.end();
  }

  is(mutation: RingMutation): boolean {
    return this.mutation === mutation;
  }

  put(item: number): void {
    const { p } = this;
    const again = p.label("again");
    const full = p.label("full");
    const reserved = p.label("reserved");
    p.at(again);
    p.load("reserve: HEAD", HEAD, (r, v) => {
      r[POSITION] = v;
    });
    p.load("reserve: TAIL", TAIL, (r, v) => r[POSITION] - v >= this.slots ? full : undefined);
    if (this.is("HEAD moved by load and store")) {
      p.store("reserve: store", HEAD, (r) => r[POSITION] + 1);
      p.goto(reserved);
    } else {
      p.rmw(
        "reserve",
        HEAD,
        (r, old) => old === r[POSITION] ? old + 1 : KEEP,
        (r, old) => old === r[POSITION] ? reserved : again,
      );
    }
    p.at(full);
    this.awaitRoom();
    p.goto(again);
    p.at(reserved);
    this.publish(item);
  }

  publish(item: number): void {
    const { p } = this;
    const slot = (r: Uint8Array): number => r[POSITION] % this.slots;
    const fill = () => p.store("fill", (r) => VALUES + slot(r), item, "plain");
    const readsEarly = this.is("SLEEP read before the marker is stored");
    if (readsEarly) this.readSleep();
    if (!this.is("marker before the item")) fill();
    p.store("marker", (r) => MARKERS + slot(r), 1);
    if (this.is("marker before the item")) fill();
    if (!readsEarly) this.readSleep();
    this.wakeSleeper();
  }

  readSleep(): void {
    this.p.load("publish: SLEEP", SLEEP, (r, v) => {
      r[SLEEPER] = v;
    });
  }

  wakeSleeper(): void {
    const { p } = this;
    const awake = p.label("awake");
    p.local((r) => r[SLEEPER] === 0 ? awake : undefined);
    if (this.is("SLEEP taken by load and store")) p.store("wake: store", SLEEP, 0);
    else {
      p.rmw(
        "wake: take SLEEP",
        SLEEP,
        (_r, old) => old === 1 ? 0 : KEEP,
        (_r, old) => old === 1 ? undefined : awake,
      );
    }
    p.notify("wake: notify", SLEEP);
    p.at(awake);
    p.local((r) => {
      r[SLEEPER] = r[POSITION] = 0;
    });
  }

  awaitRoom(): void {
    const { p, me } = this;
    const room = p.label("room");
    p.or("room: enter", WAITING, 1 << me);
    if (!this.is("no second look before waiting")) {
      p.load("room: HEAD", HEAD, (r, v) => {
        r[POSITION] = v;
      });
      p.load("room: TAIL", TAIL, (r, v) => r[POSITION] - v < this.slots ? room : undefined);
    }
    p.wait("room: sleep", PENDING + me, 0);
    p.at(room);
    p.rmw("room: take", PENDING + me, () => 0);
  }
}

class Consumer {
  readonly p = new Program();

  constructor(readonly slots: number, readonly mutation: Mutation) {
    const { p } = this;
    const again = p.label("again");
    const empty = p.label("empty");
    p.at(again);
    this.front("front", () => empty);
    this.consume();
    this.release();
    p.goto(again);
    p.at(empty);
    this.sleep();
    p.goto(again);
  }

  is(mutation: RingMutation): boolean {
    return this.mutation === mutation;
  }

  front(name: string, whenEmpty: () => { name: string; position: number }): void {
    this.p.load(
      name,
      (r) => MARKERS + r[TAIL_SEEN] % this.slots,
      (_r, v) => v === 0 ? whenEmpty() : undefined,
    );
  }

  consume(): void {
    this.p.load("read item", (r) => VALUES + r[TAIL_SEEN] % this.slots, (r, v) => {
      r[VALUE] = v;
    });
    this.p.observe("item", (r, world) => {
      const producer = RECEIVED + (r[VALUE] >> PRODUCER_SHIFT);
      if ((r[VALUE] & NUMBER_MASK) !== r[producer] + 1) world.fail("ITEM LOST OR DOUBLED");
      r[producer]++;
      r[VALUE] = 0;
    });
  }

  release(): void {
    const { p } = this;
    const early = this.is("WAITING read before TAIL is stored");
    const clear = () => p.store("clear marker", (r) => MARKERS + r[TAIL_SEEN] % this.slots, 0);
    if (early) this.takeWaiting();
    if (!this.is("marker cleared after TAIL")) clear();
    p.store("move TAIL", TAIL, (r) => r[TAIL_SEEN] + 1);
    if (this.is("marker cleared after TAIL")) clear();
    p.local((r) => {
      r[TAIL_SEEN]++;
    });
    if (!early) this.takeWaiting();
    this.postWaiting();
  }

  takeWaiting(): void {
    const { p } = this;
    const none = p.label("none");
    p.load("WAITING?", WAITING, (_r, v) => v === 0 ? none : undefined);
    p.rmw("take WAITING", WAITING, () => 0, (r, old) => {
      r[WAITERS] = old;
    });
    p.at(none);
  }

  postWaiting(): void {
    const { p } = this;
    for (let producer = 0; producer < PRODUCERS; producer++) {
      const skip = p.label("skip");
      p.local((r) => (r[WAITERS] >> producer & 1) === 0 ? skip : undefined);
      p.or("post", PENDING + producer, 1);
      p.notify("post: notify", PENDING + producer);
      p.at(skip);
    }
    p.local((r) => {
      r[WAITERS] = 0;
    });
  }

  sleep(): void {
    const { p } = this;
    const go = p.label("go");
    const cancel = p.label("cancel");
    p.store("announce sleep", SLEEP, 1);
    if (!this.is("no second look before sleeping")) {
      const empty = p.label("empty");
      this.front("second look", () => empty);
      p.goto(cancel);
      p.at(empty);
    }
    p.wait("sleep", SLEEP, 1);
    p.goto(go);
    p.at(cancel);
    p.store("cancel sleep", SLEEP, 0);
    p.at(go);
  }
}

function ring(slots: number, mutation: Mutation): Model {
  return {
    threads: [
      ...[0, 1].map((me) => new Producer(me, slots, mutation).p),
      new Consumer(slots, mutation).p,
    ],
    memoryBytes: MEMORY_BYTES,
    ghostBytes: 0,
    registers: REGISTER_COUNT,
    mayEndAsleep: [PRODUCERS],
    live: true,
    checkFinal: (_memory, _ghost, registers) => {
      const received = registers[PRODUCERS];
      const isComplete = ITEMS.every((count, producer) => received[RECEIVED + producer] === count);
      return isComplete ? undefined : "ITEM FORGOTTEN";
    },
  };
}

/** The ring of many producers. */
export const ringModel: ProtocolModel<RingMutation> = {
  name: "ring queue",
  mutations: {
    "marker before the item": EVERYWHERE,
    "marker cleared after TAIL": EVERYWHERE,
    "HEAD moved by load and store": EVERYWHERE,
    "no second look before sleeping": EVERYWHERE,
    "SLEEP read before the marker is stored": EVERYWHERE,
    "SLEEP taken by load and store": SUPERFLUOUS,
    "no second look before waiting": EVERYWHERE,
    "WAITING read before TAIL is stored": EVERYWHERE,
  },
  scenarios: {
    "one slot": (mutation) => ring(1, mutation),
    "two slots": (mutation) => ring(MAX_SLOTS, mutation),
  },
};
