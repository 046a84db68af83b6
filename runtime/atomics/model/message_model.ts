/**
 * Model of interrupts by message (`docs/protocols/messages.md`): a file of a hart with its line, and a vector of a
 * device that is masked when something is to be sent.
 */

import type { Model } from "./machine.ts";
import { Program } from "./program.ts";
import { EVERYWHERE, type ProtocolModel } from "./protocol_model.ts";

/** Orderings and steps removed. */
export type MessageMutation =
  | "payload after the bit"
  | "bit set by load and store"
  | "claim by load and store"
  | "version before the bit"
  | "line settled once"
  | "mask not looked at again"
  | "pending bit looked at before the mask is taken away"
  | "pending bit taken by load and store";

type Mutation = MessageMutation | "none";

const PENDING = 0;
const VERSION = 1;
const LINE = 2;
const PAYLOADS = 3;
const SENDS: readonly number[] = [2, 1];
const FILE_BYTES = PAYLOADS + SENDS.length;
const BYTE_MASK = 0xff;

/** Registers. */
const SEEN = 0;
const WANTED = 1;
const HELD = 2;
const PAYLOAD = 3;
const REGISTER_COUNT = PAYLOAD + SENDS.length;

const HART = SENDS.length;

/** Adds one to the version, and drives the line until the version stands still. */
function settle(p: Program, mutation: Mutation, hasVersion = false): void {
  const [again, down, driven, done] = ["again", "down", "driven", "done"].map((name) =>
    p.label(name)
  );
  if (!hasVersion) addVersion(p);
  p.at(again);
  p.load("settle: pending", PENDING, (r, bits) => {
    r[WANTED] = bits === 0 ? 0 : 1;
  });
  p.load("settle: line", LINE, (r, line) => line === r[WANTED] ? driven : undefined);
  p.local((r) => r[WANTED] === 0 ? down : undefined);
  p.or("settle: raise", LINE, 1);
  p.notify("settle: wake", LINE);
  p.goto(driven);
  p.at(down);
  p.rmw("settle: lower", LINE, () => 0);
  p.at(driven);
  if (mutation === "line settled once") return;
  p.load("settle: version again", VERSION, (r, version) => {
    if (version === r[SEEN]) return done;
    r[SEEN] = version;
    return again;
  });
  p.at(done);
}

function addVersion(p: Program): void {
  p.add("settle: version", VERSION, 1, (r, old) => {
    r[SEEN] = (old + 1) & BYTE_MASK;
  });
}

function message(p: Program, mutation: Mutation): void {
  const sent = p.label("sent");
  const isEarly = mutation === "version before the bit";
  if (isEarly) addVersion(p);
  if (mutation === "bit set by load and store") {
    p.load("message: load", PENDING, (r, bits) => {
      r[HELD] = bits;
    });
    p.store("message: store", PENDING, 1);
    p.local((r) => r[HELD] !== 0 ? sent : undefined);
  } else p.rmw("message: or", PENDING, () => 1, (_r, old) => old !== 0 ? sent : undefined);
  settle(p, mutation, isEarly);
  p.at(sent);
}

function sender(index: number, mutation: Mutation): Program {
  const p = new Program();
  for (let count = 1; count <= SENDS[index]; count++) {
    const isLate = mutation === "payload after the bit";
    if (!isLate) p.store("payload", PAYLOADS + index, count, "plain");
    message(p, mutation);
    if (isLate) p.store("payload", PAYLOADS + index, count, "plain");
  }
  p.end();
  return p;
}

/** Claims what is pending whenever the line is up, and then looks what it is about. */
function hart(mutation: Mutation): Program {
  const p = new Program();
  const [again, awake] = [p.label("again"), p.label("awake")];
  p.at(again);
  p.load("line", LINE, (_r, line) => line !== 0 ? awake : undefined);
  p.wait("sleep", LINE, 0);
  p.goto(again);
  p.at(awake);
  if (mutation === "claim by load and store") {
    p.load("claim: load", PENDING, (_r, bits) => bits === 0 ? again : undefined);
    SENDS.forEach((_, index) => readPayload(p, index));
    p.store("claim: store", PENDING, 0);
    settle(p, mutation);
    p.goto(again);
    return p;
  }
  p.load("top", PENDING, (_r, bits) => bits === 0 ? again : undefined);
  p.rmw("claim: and", PENDING, () => 0);
  settle(p, mutation);
  SENDS.forEach((_, index) => readPayload(p, index));
  p.goto(again);
  return p;
}

function readPayload(p: Program, index: number): void {
  p.load("read payload", PAYLOADS + index, (r, value) => {
    r[PAYLOAD + index] = value;
  });
}

/** Two senders of the same interrupt; the hart must end asleep, with the last payload of each. */
function file(mutation: Mutation): Model {
  return {
    threads: [...SENDS.map((_, index) => sender(index, mutation)), hart(mutation)],
    memoryBytes: FILE_BYTES,
    ghostBytes: 0,
    registers: REGISTER_COUNT,
    mayEndAsleep: [HART],
    checkFinal: (memory, _ghost, registers) => {
      if (memory[PENDING] !== 0 || memory[LINE] !== 0) return "asleep with an interrupt";
      const isSeen = SENDS.every((count, index) => registers[HART][PAYLOAD + index] === count);
      return isSeen ? undefined : "payload not seen";
    },
  };
}

const OPEN = 1;
const SENT = 2;
const VECTOR_BYTES = 3;

/** Whoever finds the pending bit sends. */
function release(p: Program, mutation: Mutation): void {
  const done = p.label("done");
  if (mutation === "pending bit taken by load and store") {
    p.load("release: load", PENDING, (_r, bit) => bit === 0 ? done : undefined);
    p.store("release: store", PENDING, 0);
  } else p.rmw("release: and", PENDING, () => 0, (_r, old) => old === 0 ? done : undefined);
  p.add("send", SENT, 1);
  p.at(done);
}

/** A vector is masked; one thread sends by it while another takes the mask away: one message leaves. */
function vector(mutation: Mutation): Model {
  const device = new Program();
  const [masked, end] = [device.label("masked"), device.label("end")];
  device.load("mask", OPEN, (_r, open) => open === 0 ? masked : undefined);
  device.add("send", SENT, 1);
  device.goto(end);
  device.at(masked);
  device.or("pend", PENDING, 1);
  if (mutation !== "mask not looked at again") {
    device.load("mask again", OPEN, (_r, open) => open === 0 ? end : undefined);
    release(device, mutation);
  }
  device.at(end);
  device.end();
  const guest = new Program();
  const isEarly = mutation === "pending bit looked at before the mask is taken away";
  if (isEarly) release(guest, mutation);
  guest.store("unmask", OPEN, 1);
  if (!isEarly) release(guest, mutation);
  guest.end();
  return {
    threads: [device, guest],
    memoryBytes: VECTOR_BYTES,
    ghostBytes: 0,
    registers: REGISTER_COUNT,
    checkFinal: (memory) => memory[SENT] === 1 ? undefined : `${memory[SENT]} messages left`,
  };
}

/** Interrupts by message. */
export const messageModel: ProtocolModel<MessageMutation> = {
  name: "interrupts by message",
  mutations: {
    "payload after the bit": EVERYWHERE,
    "bit set by load and store": EVERYWHERE,
    "claim by load and store": EVERYWHERE,
    "version before the bit": EVERYWHERE,
    "line settled once": EVERYWHERE,
    "mask not looked at again": EVERYWHERE,
    "pending bit looked at before the mask is taken away": EVERYWHERE,
    "pending bit taken by load and store": EVERYWHERE,
  },
  scenarios: { "a masked vector": vector, "a file and its line": file },
};
