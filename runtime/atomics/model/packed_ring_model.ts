/**
 * Model of `packed_ring.ts`: a driver and a device with a ring of two descriptors, over several passes. Both sleep, and
 * are woken only where they have asked for it; nobody sleeps while there is something for him, and what is shown is
 * whole. Split rings have the same two questions, with indices in place of flags.
 */

import type { Model } from "./machine.ts";
import { Program, type Registers } from "./program.ts";
import { EVERYWHERE, type ProtocolModel } from "./protocol_model.ts";

/** Orderings removed. */
export type PackedRingMutation =
  | "made available before it is written"
  | "shown as used before it is written"
  | "no second look before the device sleeps"
  | "device asks by a plain store"
  | "device asks without the phase"
  | "driver looks at the question before it makes available"
  | "device looks at the question before it shows"
  | "first descriptor shown first";

type Mutation = PackedRingMutation | "none";

const SIZE = 2;
const PASSES = 2;
/** Chains of one descriptor; behind two passes positions come again. */
const CHAINS = 5;
/** Flags of a descriptor. */
const AVAILABLE = 1;
const USED = 2;
/** Questions: none, or 1 and a position over two passes. */
const NO_QUESTION = 0;
/** What the device adds to a payload. */
const ANSWER = 0x40;
/** Shared bytes. */
const FLAGS = 0;
const PAYLOADS = FLAGS + SIZE;
const DEVICE_EVENT = PAYLOADS + SIZE;
const DRIVER_EVENT = DEVICE_EVENT + 1;
const BELL = DRIVER_EVENT + 1;
const LINE = BELL + 1;
const MEMORY_BYTES = LINE + 1;
/** Registers: chains made or taken, chains seen as used, what was heard of the other, and a question. */
const COUNT = 0;
const SEEN = 1;
const HEARD = 2;
const QUESTION = 3;
const REGISTER_COUNT = 4;

function isFirstPass(count: number): boolean {
  return count % (PASSES * SIZE) < SIZE;
}

function availableFlags(count: number): number {
  return isFirstPass(count) ? AVAILABLE : USED;
}

function usedFlags(count: number): number {
  return isFirstPass(count) ? AVAILABLE | USED : 0;
}

function questionAt(count: number): number {
  return 1 + count % (PASSES * SIZE);
}

const flagsOf = (register: number) => (r: Registers): number => FLAGS + r[register] % SIZE;
const payloadOf = (register: number) => (r: Registers): number => PAYLOADS + r[register] % SIZE;

class Driver {
  readonly p = new Program();
  readonly #made = this.p.label("made");
  readonly #reap = this.p.label("reap");
  readonly #took = this.p.label("took");

  constructor(readonly mutation: Mutation) {
    const { p } = this;
    p.at(this.#made);
    p.local((r) => r[COUNT] === CHAINS || r[COUNT] - r[SEEN] === SIZE ? this.#reap : undefined);
    this.#offer();
    p.goto(this.#made);
    this.#wait();
  }

  #offer(): void {
    const { p, mutation } = this;
    const ring = p.label("ring");
    const isEarly = mutation === "made available before it is written";
    const write = (): void => p.store("write", payloadOf(COUNT), (r) => r[COUNT] + 1, "plain");
    const ask = (): void =>
      p.load("device event", DEVICE_EVENT, (r, question) => {
        r[QUESTION] = question;
      });
    const isHasty = mutation === "driver looks at the question before it makes available";
    if (isHasty) ask();
    if (!isEarly) write();
    p.store("make available", flagsOf(COUNT), (r) => availableFlags(r[COUNT]));
    if (isEarly) write();
    if (!isHasty) ask();
    p.local((r) => {
      const isAsked = r[QUESTION] === NO_QUESTION || r[QUESTION] === questionAt(r[COUNT]);
      r[COUNT]++;
      r[QUESTION] = 0;
      return isAsked ? ring : this.#made;
    });
    p.at(ring);
    p.add("ring", BELL, 1);
    p.notify("ring: notify", BELL);
  }

  /** Waits for the next chain to come back. */
  #wait(): void {
    const { p } = this;
    const took = (r: Registers, flags: number) =>
      flags === usedFlags(r[SEEN]) ? this.#took : undefined;
    p.at(this.#reap);
    p.load("line", LINE, (r, line) => {
      r[HEARD] = line;
    });
    p.load("used?", flagsOf(SEEN), took);
    p.store("ask", DRIVER_EVENT, (r) => questionAt(r[SEEN]));
    p.load("used now?", flagsOf(SEEN), took);
    p.wait("sleep", LINE, (r) => r[HEARD]);
    p.goto(this.#reap);
    p.at(this.#took);
    p.observe("take back", (r, world) => {
      if (world.memory[PAYLOADS + r[SEEN] % SIZE] !== r[SEEN] + 1 + ANSWER) {
        world.fail("A CHAIN WITHOUT ITS ANSWER");
      }
      r[SEEN]++;
      r[HEARD] = 0;
      return r[SEEN] < CHAINS ? this.#made : undefined;
    });
    p.end();
  }
}

function device(mutation: Mutation): Program {
  const p = new Program();
  const rung = p.label("rung");
  const look = p.label("look");
  const use = p.label("use");
  const isThere = (r: Registers, flags: number) =>
    flags === availableFlags(r[COUNT]) ? use : undefined;
  p.at(rung);
  p.load("bell", BELL, (r, bell) => {
    r[HEARD] = bell;
  });
  p.at(look);
  p.load("available?", flagsOf(COUNT), isThere);
  const isPlain = mutation === "device asks by a plain store";
  const hasPhase = mutation !== "device asks without the phase";
  p.store(
    "ask",
    DEVICE_EVENT,
    (r) => hasPhase ? questionAt(r[COUNT]) : questionAt(r[COUNT] % SIZE),
    isPlain ? "plain" : "sc",
  );
  if (mutation !== "no second look before the device sleeps") {
    p.load("available now?", flagsOf(COUNT), isThere);
  }
  p.wait("sleep", BELL, (r) => r[HEARD]);
  p.goto(rung);
  p.at(use);
  carryOut(p, mutation);
  p.goto(look);
  return p;
}

function carryOut(p: Program, mutation: Mutation): void {
  const silent = p.label("silent");
  const isEarly = mutation === "shown as used before it is written";
  const isHasty = mutation === "device looks at the question before it shows";
  const ask = (): void =>
    p.load("driver event", DRIVER_EVENT, (r, question) => {
      r[QUESTION] = question;
    });
  const answer = (): void =>
    p.store("answer", payloadOf(COUNT), (r) => r[COUNT] + 1 + ANSWER, "plain");
  p.observe("read", (r, world) => {
    if (world.memory[PAYLOADS + r[COUNT] % SIZE] !== r[COUNT] + 1) {
      world.fail("A CHAIN THAT IS NOT WRITTEN");
    }
  });
  if (isHasty) ask();
  if (!isEarly) answer();
  p.store("show", flagsOf(COUNT), (r) => usedFlags(r[COUNT]));
  if (isEarly) answer();
  if (!isHasty) ask();
  p.local((r) => {
    const isAsked = r[QUESTION] === NO_QUESTION || r[QUESTION] === questionAt(r[COUNT]);
    r[COUNT]++;
    r[QUESTION] = 0;
    return isAsked ? undefined : silent;
  });
  p.add("interrupt", LINE, 1);
  p.notify("interrupt: notify", LINE);
  p.at(silent);
}

/** A driver that has few chains at a time, and a device. */
function passes(mutation: Mutation): Model {
  return {
    threads: [new Driver(mutation).p, device(mutation)],
    memoryBytes: MEMORY_BYTES,
    ghostBytes: 0,
    registers: REGISTER_COUNT,
    mayEndAsleep: [1],
    checkFinal: (_memory, _ghost, registers) =>
      registers[0][SEEN] === CHAINS ? undefined : "asleep, with chains that were not given back",
  };
}

/** The device gives two chains back at once: whoever sees the first sees both. */
function atOnce(mutation: Mutation): Model {
  const writer = new Program();
  const order = mutation === "first descriptor shown first" ? [0, 1] : [1, 0];
  for (const place of order) writer.store(`show ${place}`, FLAGS + place, usedFlags(place));
  writer.end();
  const reader = new Program();
  const none = reader.label("none");
  reader.load("first?", FLAGS, (_r, flags) => flags === usedFlags(0) ? undefined : none);
  reader.load("second", FLAGS + 1, (r, flags) => {
    r[SEEN] = flags;
  });
  reader.observe("both", (r, world) => {
    if (r[SEEN] !== usedFlags(1)) world.fail("ONE OF TWO");
  });
  reader.at(none);
  reader.end();
  return {
    threads: [writer, reader],
    memoryBytes: MEMORY_BYTES,
    ghostBytes: 0,
    registers: REGISTER_COUNT,
  };
}

/** Packed rings. */
export const packedRingModel: ProtocolModel<PackedRingMutation> = {
  name: "packed ring",
  mutations: {
    "made available before it is written": EVERYWHERE,
    "shown as used before it is written": EVERYWHERE,
    "no second look before the device sleeps": EVERYWHERE,
    "device asks by a plain store": EVERYWHERE,
    "device asks without the phase": EVERYWHERE,
    "driver looks at the question before it makes available": EVERYWHERE,
    "device looks at the question before it shows": EVERYWHERE,
    "first descriptor shown first": EVERYWHERE,
  },
  scenarios: { passes, "two at once": atOnce },
};
