/** Model of the bell of `pending.ts`: harts that take turns on one thread, and no event that it sleeps through. */

import type { Model } from "./machine.ts";
import { Program } from "./program.ts";
import { EVERYWHERE, type ProtocolModel } from "./protocol_model.ts";

/** Orderings removed. */
export type BellMutation =
  | "bell before the bit"
  | "bell without notify"
  | "bell notified, not changed"
  | "bell read after the looks"
  | "asleep on the word of one hart";

type Mutation = BellMutation | "none";

const HARTS = 2;
const SENDS = 2;
const PENDING = 0;
const PAYLOADS = PENDING + HARTS;
const BELL = PAYLOADS + HARTS;
const MEMORY_BYTES = BELL + 1;
/** Registers of the thread: the bell as it was read, a pending word, payloads seen. */
const HEARD = 0;
const BITS = 1;
const SEEN = 2;
const REGISTER_COUNT = SEEN + HARTS;

function ring(p: Program, mutation: Mutation): void {
  if (mutation !== "bell notified, not changed") p.add("ring", BELL, 1);
  if (mutation !== "bell without notify") p.notify("ring: notify", BELL);
}

function sender(hart: number, mutation: Mutation): Program {
  const p = new Program();
  for (let n = 1; n <= SENDS; n++) {
    p.store("payload", PAYLOADS + hart, n, "plain");
    if (mutation === "bell before the bit") ring(p, mutation);
    p.or("bit", PENDING + hart, 1);
    p.notify("bit: notify", PENDING + hart);
    if (mutation !== "bell before the bit") ring(p, mutation);
  }
  p.end();
  return p;
}

/** A hart that was posted nothing is passed over. */
function look(p: Program, hart: number): void {
  const next = p.label("next");
  p.load("peek", PENDING + hart, (_r, bits) => bits === 0 ? next : undefined);
  p.rmw("take", PENDING + hart, () => 0, (r, bits) => {
    r[BITS] = bits;
  });
  p.load("payload", PAYLOADS + hart, (r, payload) => {
    r[SEEN + hart] = payload;
  });
  p.at(next);
}

function hear(p: Program): void {
  p.load("read the bell", BELL, (r, bell) => {
    r[HEARD] = bell;
  });
}

/** Two senders of two events each, to two harts; their thread must end asleep with both last payloads seen. */
function turns(mutation: Mutation): Model {
  const p = new Program();
  const again = p.label("again");
  p.at(again);
  if (mutation !== "bell read after the looks") hear(p);
  for (let hart = 0; hart < HARTS; hart++) look(p, hart);
  if (mutation === "bell read after the looks") hear(p);
  if (mutation === "asleep on the word of one hart") p.wait("sleep", PENDING, 0);
  else p.wait("sleep", BELL, (r) => r[HEARD]);
  p.goto(again);
  return {
    threads: [sender(0, mutation), sender(1, mutation), p],
    memoryBytes: MEMORY_BYTES,
    ghostBytes: 0,
    registers: REGISTER_COUNT,
    mayEndAsleep: [2],
    checkFinal: (_memory, _ghost, registers) => {
      const seen = registers[2].subarray(SEEN, SEEN + HARTS);
      return seen.every((payload) => payload === SENDS) ? undefined : "asleep, payload not seen";
    },
  };
}

/** The bell. */
export const bellModel: ProtocolModel<BellMutation> = {
  name: "bell",
  mutations: {
    "bell before the bit": EVERYWHERE,
    "bell without notify": EVERYWHERE,
    "bell notified, not changed": EVERYWHERE,
    "bell read after the looks": EVERYWHERE,
    "asleep on the word of one hart": EVERYWHERE,
  },
  scenarios: { "two harts on one thread": turns },
};
