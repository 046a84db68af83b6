/** Model of the bells of `pending.ts`: harts that take turns on a thread, and no event that it sleeps through. */

import type { Model } from "./machine.ts";
import { Program } from "./program.ts";
import { EVERYWHERE, type ProtocolModel } from "./protocol_model.ts";

/** Orderings removed. */
export type BellMutation =
  | "bell before the bit"
  | "bell without notify"
  | "bell notified, not changed"
  | "bell read after the looks"
  | "asleep on the word of one hart"
  | "the bell of another thread";

type Mutation = BellMutation | "none";

const HARTS = 2;
const SENDS = 2;
const PENDING = 0;
const PAYLOADS = PENDING + HARTS;
const BELL = PAYLOADS + HARTS;
/** What a thread has of these. */
const BLOCK_BYTES = BELL + 1;
/** Registers of the thread: the bell as it was read, a pending word, payloads seen. */
const HEARD = 0;
const BITS = 1;
const SEEN = 2;
const REGISTER_COUNT = SEEN + HARTS;

/** A hart, by its thread and its place on it. */
interface Place {
  readonly thread: number;
  readonly hart: number;
}

function block({ thread }: Pick<Place, "thread">): number {
  return thread * BLOCK_BYTES;
}

function ring(p: Program, to: Place, mutation: Mutation): void {
  const bell = (mutation === "the bell of another thread" ? 0 : block(to)) + BELL;
  if (mutation !== "bell notified, not changed") p.add("ring", bell, 1);
  if (mutation !== "bell without notify") p.notify("ring: notify", bell);
}

function send(p: Program, to: Place, payload: number, mutation: Mutation): void {
  const pending = block(to) + PENDING + to.hart;
  p.store("payload", block(to) + PAYLOADS + to.hart, payload, "plain");
  if (mutation === "bell before the bit") ring(p, to, mutation);
  p.or("bit", pending, 1);
  p.notify("bit: notify", pending);
  if (mutation !== "bell before the bit") ring(p, to, mutation);
}

function sender(hart: number, mutation: Mutation): Program {
  const p = new Program();
  for (let n = 1; n <= SENDS; n++) send(p, { thread: 0, hart }, n, mutation);
  p.end();
  return p;
}

/** A hart that was posted nothing is passed over. @param turn what it does with what it was posted */
function look(p: Program, place: Place, turn: () => void = () => {}): void {
  const { hart } = place;
  const next = p.label("next");
  p.load("peek", block(place) + PENDING + hart, (_r, bits) => bits === 0 ? next : undefined);
  p.rmw("take", block(place) + PENDING + hart, () => 0, (r, bits) => {
    r[BITS] = bits;
  });
  p.load("payload", block(place) + PAYLOADS + hart, (r, payload) => {
    r[SEEN + hart] = payload;
  });
  turn();
  p.at(next);
}

function hear(p: Program, place: Pick<Place, "thread">): void {
  p.load("read the bell", block(place) + BELL, (r, bell) => {
    r[HEARD] = bell;
  });
}

/** Rounds for ever, asleep between them. */
function rounds(thread: number, mutation: Mutation, turns: readonly (() => void)[], p: Program) {
  const again = p.label("again");
  p.at(again);
  if (mutation !== "bell read after the looks") hear(p, { thread });
  turns.forEach((turn, hart) => look(p, { thread, hart }, turn));
  if (mutation === "bell read after the looks") hear(p, { thread });
  const at = block({ thread });
  if (mutation === "asleep on the word of one hart") p.wait("sleep", at + PENDING, 0);
  else p.wait("sleep", at + BELL, (r) => r[HEARD]);
  p.goto(again);
}

function unseen(registers: readonly Uint8Array[], expected: readonly number[]): string | undefined {
  const seen = registers.flatMap((own) => [...own.subarray(SEEN, SEEN + HARTS)]);
  return seen.join() === expected.join() ? undefined : "asleep, payload not seen";
}

/** Two senders of two events each, to two harts; their thread must end asleep with both last payloads seen. */
function turns(mutation: Mutation): Model {
  const p = new Program();
  const nothing = () => {};
  rounds(0, mutation, [nothing, nothing], p);
  return {
    threads: [sender(0, mutation), sender(1, mutation), p],
    memoryBytes: BLOCK_BYTES,
    ghostBytes: 0,
    registers: REGISTER_COUNT,
    mayEndAsleep: [2],
    checkFinal: (_memory, _ghost, registers) => unseen([registers[2]], [SENDS, SENDS]),
  };
}

/**
 * Two threads of two harts. A sender wakes the first hart of one; that asks the second hart of the other thread, which
 * answers to the asker's sibling and asks its own: each post comes from within a turn.
 */
function acrossThreads(mutation: Mutation): Model {
  const [first, second] = [new Program(), new Program()];
  const nothing = () => {};
  const ask = () => send(first, { thread: 1, hart: 1 }, 1, mutation);
  const answer = () => {
    send(second, { thread: 0, hart: 1 }, 1, mutation);
    send(second, { thread: 1, hart: 0 }, 1, mutation);
  };
  rounds(0, mutation, [ask, nothing], first);
  rounds(1, mutation, [nothing, answer], second);
  const outside = new Program();
  send(outside, { thread: 0, hart: 0 }, 1, mutation);
  outside.end();
  return {
    threads: [outside, first, second],
    memoryBytes: 2 * BLOCK_BYTES,
    ghostBytes: 0,
    registers: REGISTER_COUNT,
    mayEndAsleep: [1, 2],
    checkFinal: (_memory, _ghost, registers) => unseen(registers.slice(1), [1, 1, 1, 1]),
  };
}

/** The bells. */
export const bellModel: ProtocolModel<BellMutation> = {
  name: "bell",
  mutations: {
    "bell before the bit": EVERYWHERE,
    "bell without notify": EVERYWHERE,
    "bell notified, not changed": EVERYWHERE,
    "bell read after the looks": EVERYWHERE,
    "asleep on the word of one hart": EVERYWHERE,
    "the bell of another thread": EVERYWHERE,
  },
  scenarios: { "two harts on one thread": turns, "two threads of two harts": acrossThreads },
};
