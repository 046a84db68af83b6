/**
 * Model of `translation_fences.ts` under `remote_work.ts`: two harts fence a third one, which has one slot. Each
 * changes a table of its own, and a slot says which table its fence covers; dropping everything covers both.
 */

import type { Model } from "./machine.ts";
import { Program } from "./program.ts";
import { EVERYWHERE, type ProtocolModel } from "./protocol_model.ts";

/** Orderings removed. */
export type FenceSlotsMutation =
  | "slot claimed by load and store"
  | "slot written after its bit"
  | "slot freed before it is read"
  | "slot read before its bit is taken"
  | "a claimed slot is not noticed"
  | "no fence when the slot is claimed";

type Mutation = FenceSlotsMutation | "none";

const TABLES = 2;
/** Shared bytes: a page table word per requester, then the target's words. */
const TABLE = 0;
const CLAIM = TABLE + TABLES;
const SLOT = CLAIM + 1;
const WORK = SLOT + 1;
const REQUEST = WORK + 1;
const DONE = REQUEST + 1;
const MEMORY_BYTES = DONE + 1;
const Work = { ALL: 1, SLOT: 2 } as const;
/** Registers of the target: 1 + cached translation of each table, or 0; the rest is of either role. */
const CACHED = 0;
const COUNT = TABLES;
const BITS = COUNT + 1;
const READ = BITS + 1;
const REGISTER_COUNT = READ + 1;

function drop(r: Uint8Array, table: number): void {
  r[CACHED + table] = 0;
}

/** Changes its table, fences the target, and looks whether that is done. */
function requester(table: number, mutation: Mutation): Program {
  const p = new Program();
  const full = p.label("full");
  const count = p.label("count");
  const early = p.label("early");
  const writeSlot = (): void => p.store("write slot", SLOT, table, "plain");
  p.store("change table", TABLE + table, 1, "plain");
  const isTaken = mutation !== "a claimed slot is not noticed";
  const claimed = (_r: Uint8Array, old: number) => old !== 0 && isTaken ? full : undefined;
  if (mutation === "slot claimed by load and store") {
    p.load("claim: load", CLAIM, claimed);
    p.store("claim: store", CLAIM, 1);
  } else p.rmw("claim", CLAIM, () => 1, claimed);
  if (mutation !== "slot written after its bit") writeSlot();
  p.or("ask for the slot", WORK, Work.SLOT);
  if (mutation === "slot written after its bit") writeSlot();
  p.goto(count);
  p.at(full);
  if (mutation === "no fence when the slot is claimed") p.goto(count);
  p.or("ask for all", WORK, Work.ALL);
  p.at(count);
  p.add("count", REQUEST, 1, (r, old) => {
    r[COUNT] = old + 1;
  });
  p.load("served?", DONE, (r, v) => v < r[COUNT] ? early : undefined);
  p.observe("fence is done", (_r, world) => {
    world.ghost[table] = 1;
  });
  p.at(early);
  p.end();
  return p;
}

/** Uses both tables and serves, again and again. */
class Target {
  readonly p = new Program();

  constructor(readonly mutation: Mutation) {}

  use(table: number): void {
    const { p } = this;
    const hit = p.label("hit");
    p.local((r) => r[CACHED + table] !== 0 ? hit : undefined);
    p.load("walk", TABLE + table, (r, v) => {
      r[CACHED + table] = v + 1;
    });
    p.at(hit);
    p.observe("use translation", (r, world) => {
      if (r[CACHED + table] === 1 && world.ghost[table] !== 0) world.fail("OLD TRANSLATION USED");
    });
  }

  serve(): void {
    const { p, mutation } = this;
    const done = p.label("done");
    const isEarly = mutation === "slot read before its bit is taken";
    p.load("serve: count", REQUEST, (r, v) => {
      r[COUNT] = v;
    });
    if (isEarly) this.#readSlot();
    p.rmw("serve: take bits", WORK, () => 0, (r, bits) => {
      r[BITS] = bits;
      if ((bits & Work.ALL) !== 0) [0, 1].forEach((table) => drop(r, table));
      return (bits & Work.SLOT) === 0 ? done : undefined;
    });
    if (mutation === "slot freed before it is read") this.#freeSlot();
    if (!isEarly) this.#readSlot();
    p.local((r) => drop(r, r[READ]));
    if (mutation !== "slot freed before it is read") this.#freeSlot();
    p.at(done);
    p.store("serve: done", DONE, (r) => r[COUNT]);
    p.local((r) => {
      r[BITS] = r[READ] = r[COUNT] = 0;
    });
  }

  #readSlot(): void {
    this.p.load("serve: read slot", SLOT, (r, v) => {
      r[READ] = v;
    });
  }

  #freeSlot(): void {
    this.p.rmw("serve: free slot", CLAIM, () => 0);
  }
}

function twoRequesters(mutation: Mutation): Model {
  const target = new Target(mutation);
  for (let round = 0; round < 2; round++) {
    for (const table of [0, 1]) target.use(table);
    target.serve();
  }
  for (const table of [0, 1]) target.use(table);
  target.p.end();
  return {
    threads: [requester(0, mutation), requester(1, mutation), target.p],
    memoryBytes: MEMORY_BYTES,
    ghostBytes: TABLES,
    registers: REGISTER_COUNT,
    live: true,
  };
}

/** Slots of fences. */
export const fenceSlotsModel: ProtocolModel<FenceSlotsMutation> = {
  name: "fence slots",
  mutations: {
    "slot claimed by load and store": EVERYWHERE,
    "slot written after its bit": EVERYWHERE,
    "slot freed before it is read": EVERYWHERE,
    "slot read before its bit is taken": EVERYWHERE,
    "a claimed slot is not noticed": EVERYWHERE,
    "no fence when the slot is claimed": EVERYWHERE,
  },
  scenarios: { "two requesters": twoRequesters },
};
