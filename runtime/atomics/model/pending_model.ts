/** Model of `pending.ts`: no lost wake-up, no stale payload, and WFI with a level-triggered line. */

import type { Model } from "./machine.ts";
import { type Label, Program } from "./program.ts";
import { EVERYWHERE, type ProtocolModel } from "./protocol_model.ts";

/** Orderings removed. */
export type PendingMutation =
  | "payload after the bit"
  | "no notify"
  | "notify before the bit"
  | "bit set by load and store"
  | "bits taken by load and store"
  | "payload read before the exchange"
  | "line not tested before sleeping"
  | "line tested before the exchange";

type Mutation = PendingMutation | "none";

const PENDING = 0;
const LINES = 1;
const PAYLOADS = 2;
const MEMORY_BYTES = 4;
const REGISTER_COUNT = 4;
/** Registers of the receiver: bits taken, payloads seen. */
const BITS = 0;
const SEEN = 1;
const SENDERS = 2;
const SENDS = 2;
const IRQ = 1;
const WORK = 2;

function post(p: Program, bit: number, mutation: Mutation): void {
  if (mutation === "notify before the bit") p.notify("post: notify", PENDING);
  if (mutation === "bit set by load and store") {
    p.load("post: load", PENDING, (r, v) => {
      r[BITS] = v;
    });
    p.store("post: store", PENDING, (r) => r[BITS] | bit);
  } else p.or("post: or", PENDING, bit);
  if (mutation !== "no notify" && mutation !== "notify before the bit") {
    p.notify("post: notify", PENDING);
  }
}

function take(p: Program, mutation: Mutation): void {
  if (mutation === "bits taken by load and store") {
    p.load("take: load", PENDING, (r, v) => {
      r[BITS] = v;
    });
    p.store("take: store 0", PENDING, 0);
    return;
  }
  p.rmw("take: exchange", PENDING, () => 0, (r, old) => {
    r[BITS] = old;
  });
}

function sender(index: number, mutation: Mutation): Program {
  const p = new Program();
  const payload = (n: number) => p.store("payload", PAYLOADS + index, n, "plain");
  for (let n = 1; n <= SENDS; n++) {
    if (mutation !== "payload after the bit") payload(n);
    post(p, 1 << index, mutation);
    if (mutation === "payload after the bit") payload(n);
  }
  p.end();
  return p;
}

function readPayloads(p: Program): void {
  for (let index = 0; index < SENDERS; index++) {
    const skip = p.label("skip");
    p.local((r) => (r[BITS] >> index & 1) === 0 ? skip : undefined);
    p.load("read payload", PAYLOADS + index, (r, v) => {
      r[SEEN + index] = v;
    });
    p.at(skip);
  }
}

/** Two senders of two events each; the receiver must end asleep with both last payloads seen. */
function payloads(mutation: Mutation): Model {
  const p = new Program();
  const again = p.label("again");
  p.at(again);
  if (mutation === "payload read before the exchange") {
    p.load("peek", PENDING, (r, v) => {
      r[BITS] = v;
    });
    readPayloads(p);
    take(p, mutation);
  } else {
    take(p, mutation);
    readPayloads(p);
  }
  p.wait("sleep", PENDING, 0);
  p.goto(again);
  return {
    threads: [sender(0, mutation), sender(1, mutation), p],
    memoryBytes: MEMORY_BYTES,
    ghostBytes: 0,
    registers: REGISTER_COUNT,
    mayEndAsleep: [2],
    checkFinal: (memory, _ghost, registers) => {
      if (memory[PENDING] !== 0) return "asleep with bits pending";
      const receiver = registers[2];
      return receiver[SEEN] === SENDS && receiver[SEEN + 1] === SENDS
        ? undefined
        : "payload not seen";
    },
  };
}

function testLine(p: Program, awake: Label): void {
  p.load("test line", LINES, (_r, v) => v !== 0 ? awake : undefined);
}

/** A device raises a line, somebody sends unrelated work; the masked exchange before WFI may take IRQ. */
function waitForInterrupt(mutation: Mutation): Model {
  const device = new Program();
  device.or("raise line", LINES, 1);
  post(device, IRQ, mutation);
  device.end();
  const other = new Program();
  post(other, WORK, mutation);
  other.end();
  const p = new Program();
  const again = p.label("again");
  const awake = p.label("awake");
  take(p, mutation);
  p.at(again);
  if (mutation === "line tested before the exchange") testLine(p, awake);
  take(p, mutation);
  if (mutation === "line not tested before sleeping") {
    p.local((r) => (r[BITS] & IRQ) !== 0 ? awake : undefined);
  } else if (mutation !== "line tested before the exchange") testLine(p, awake);
  p.wait("sleep", PENDING, 0);
  p.goto(again);
  p.at(awake);
  p.end();
  return {
    threads: [device, other, p],
    memoryBytes: MEMORY_BYTES,
    ghostBytes: 0,
    registers: REGISTER_COUNT,
    live: true,
  };
}

/** The pending word. */
export const pendingModel: ProtocolModel<PendingMutation> = {
  name: "pending word",
  mutations: {
    "payload after the bit": EVERYWHERE,
    "no notify": EVERYWHERE,
    "notify before the bit": EVERYWHERE,
    "bit set by load and store": EVERYWHERE,
    "bits taken by load and store": EVERYWHERE,
    "payload read before the exchange": EVERYWHERE,
    "line not tested before sleeping": EVERYWHERE,
    "line tested before the exchange": EVERYWHERE,
  },
  scenarios: { "two senders": payloads, "wait for interrupt": waitForInterrupt },
};
