/**
 * Preserved program order of RVWMO, its thirteen rules by their numbers, and what Ztso adds.
 *
 * Source: Unprivileged ISA, "RVWMO Memory Consistency Model", "Preserved Program Order", and "Ztso Extension
 * for Total Store Ordering". An AMO is one operation that is a load and a store. Walks of page tables have rules
 * of their own.
 */
import { Order } from "../../../ir/memory_order.ts";
import type { OrderModel } from "./axioms.ts";
import { type Event, type Execution, overlap } from "./execution.ts";
import type { OrderEdge } from "./order_graph.ts";
import type { Operation } from "./trace.ts";
import { isWalk, WALK_RULES } from "./walk_order.ts";

const isLoad = ({ read }: Operation): boolean => read !== null;
const isStore = ({ written }: Operation): boolean => written !== null;

/** Two operations of one thread, the earlier one first. */
export interface Pair {
  readonly execution: Execution;
  readonly from: number;
  readonly to: number;
  readonly a: Event;
  readonly b: Event;
}

/** A rule, with its name. */
export type Rule = readonly [name: string, holds: (pair: Pair) => boolean];

function has(set: number, { position }: Event): boolean {
  return (set >> position & 1) === 1;
}

/** Sources of the bytes that two loads have in common, where no own store to the byte lies between. */
function readsOtherStores({ execution, from, to }: Pair): boolean {
  const { readsFrom, events } = execution;
  for (const early of readsFrom.filter(({ reader }) => reader === from)) {
    for (const late of readsFrom.filter(({ reader }) => reader === to)) {
      if (early.source === late.source) continue;
      const start = Math.max(early.address, late.address);
      const end = Math.min(early.address + early.bytes, late.address + late.bytes);
      for (let at = start; at < end; at++) {
        const isBetween = events.slice(from + 1, to).some(({ operation }) =>
          isStore(operation) && operation.address <= at && at < operation.address + operation.bytes
        );
        if (!isBetween) return true;
      }
    }
  }
  return false;
}

function readsFrom({ readsFrom: parts }: Execution, reader: number, source: number): boolean {
  return parts.some((part) => part.reader === reader && part.source === source);
}

function isFenced({ execution, a, b }: Pair): boolean {
  return execution.traces[a.thread].fences.some(({ position, order }) => {
    if (position <= a.position || position > b.position) return false;
    return orderedBy(order, a.operation, b.operation);
  });
}

/** Does a set of pairs hold one that the two operations are? */
export function orderedBy(order: number, a: Operation, b: Operation): boolean {
  return (isLoad(a) && isLoad(b) && (order & Order.READ_READ) !== 0) ||
    (isLoad(a) && isStore(b) && (order & Order.READ_WRITE) !== 0) ||
    (isStore(a) && isLoad(b) && (order & Order.WRITE_READ) !== 0) ||
    (isStore(a) && isStore(b) && (order & Order.WRITE_WRITE) !== 0);
}

function isAnnotated({ annotation: { acquire, release } }: Operation): boolean {
  return acquire || release;
}

/** Operations of the thread between the two. */
function between({ execution, from, to }: Pair): { event: Event; index: number }[] {
  return execution.events.slice(from + 1, to).map((event, offset) => ({
    event,
    index: from + 1 + offset,
  }));
}

const OVERLAPPING_ADDRESS: readonly Rule[] = [
  ["1", ({ a, b }) => isStore(b.operation) && overlap(a.operation, b.operation)],
  [
    "2",
    (pair) =>
      isLoad(pair.a.operation) && isLoad(pair.b.operation) &&
      overlap(pair.a.operation, pair.b.operation) && readsOtherStores(pair),
  ],
  [
    "3",
    ({ execution, from, to, a }) =>
      (a.operation.source === "amo" || a.operation.source === "sc") &&
      readsFrom(execution, to, from),
  ],
];

const SYNCHRONIZATION: readonly Rule[] = [
  ["4 fence", isFenced],
  ["5 aq", ({ a }) => a.operation.annotation.acquire],
  ["6 rl", ({ b }) => b.operation.annotation.release],
  ["7 RCsc", ({ a, b }) => isAnnotated(a.operation) && isAnnotated(b.operation)],
  ["8 pair", ({ a, b }) => b.operation.pairedWith === a.position],
];

const DEPENDENCIES: readonly Rule[] = [
  ["9 addr", ({ a, b }) => has(b.operation.addressFrom, a)],
  ["10 data", ({ a, b }) => has(b.operation.dataFrom, a)],
  ["11 ctrl", ({ a, b }) => isStore(b.operation) && has(b.operation.controlFrom, a)],
];

const PIPELINE: readonly Rule[] = [
  [
    "12",
    (pair) =>
      isLoad(pair.b.operation) &&
      between(pair).some(({ event: { operation }, index }) =>
        isStore(operation) && has(operation.addressFrom | operation.dataFrom, pair.a) &&
        readsFrom(pair.execution, pair.to, index)
      ),
  ],
  [
    "13",
    (pair) =>
      isStore(pair.b.operation) &&
      between(pair).some(({ event }) => has(event.operation.addressFrom, pair.a)),
  ],
];

const RVWMO_RULES: readonly Rule[] = [
  ...OVERLAPPING_ADDRESS,
  ...SYNCHRONIZATION,
  ...DEPENDENCIES,
  ...PIPELINE,
];

/** Loads acquire, stores release, and AMOs are both and ordered among all that is annotated. */
const ZTSO_RULES: readonly Rule[] = [
  ...RVWMO_RULES,
  ["Ztso load", ({ a }) => isLoad(a.operation)],
  ["Ztso store", ({ b }) => isStore(b.operation)],
  [
    "Ztso AMO",
    ({ a, b }) => isAmo(a.operation) && (isAmo(b.operation) || isAnnotated(b.operation)),
  ],
  ["Ztso AMO", ({ a, b }) => isAnnotated(a.operation) && isAmo(b.operation)],
];

function isAmo({ source }: Operation): boolean {
  return source === "amo";
}

/** Edges between the operations of each thread for which a rule holds. */
export function edgesOf(execution: Execution, rules: readonly Rule[]): OrderEdge[] {
  const { events } = execution;
  const edges: OrderEdge[] = [];
  for (let from = 0; from < events.length; from++) {
    for (let to = from + 1; to < events.length; to++) {
      const pair = { execution, from, to, a: events[from], b: events[to] };
      if (pair.a.thread !== pair.b.thread) break;
      const rule = (isWalk(pair.a) || isWalk(pair.b) ? WALK_RULES : rules)
        .find(([, holds]) => holds(pair));
      if (rule !== undefined) edges.push({ from, to, reason: `ppo ${rule[0]}` });
    }
  }
  return edges;
}

/** RISC-V's weak memory order. */
export const RVWMO: OrderModel = {
  name: "RVWMO",
  preserved: (execution) => edgesOf(execution, RVWMO_RULES),
};

/** RISC-V's total store order. */
export const TSO: OrderModel = {
  name: "TSO",
  preserved: (execution) => edgesOf(execution, ZTSO_RULES),
};
