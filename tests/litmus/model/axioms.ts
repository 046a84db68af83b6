/**
 * The axioms of RVWMO in their form over candidate executions.
 *
 * "Load Value Axiom" and the global memory order: there is an order of all operations that contains preserved
 * program order, the order of stores to each byte, a store before every read of another hart from it, and a
 * read before every store that is later than its source. Such an order exists exactly when these edges have no
 * cycle. Of its own hart's earlier stores a read may return the youngest, before it is in the global order.
 *
 * "Atomicity Axiom": between the source of a load-reserved and its store-conditional no other hart stores to
 * the bytes. An AMO is one operation, so it needs no axiom of its own.
 */
import { type Execution, INITIAL, overlap, type ReadsFrom } from "./execution.ts";
import type { OrderEdge } from "./order_graph.ts";

/** What program order a memory model preserves. */
export interface OrderModel {
  readonly name: string;
  /** Edges between operations of one thread. */
  preserved(execution: Execution): OrderEdge[];
}

function isLater(execution: Execution, store: number, than: number): boolean {
  return (execution.storedLater[than] >> store & 1) === 1;
}

/** Is `later` a store to a byte of the read part that overwrites its source? */
function overwrites(execution: Execution, later: number, part: ReadsFrom): boolean {
  const { operation } = execution.events[later];
  if (operation.written === null) return false;
  const isCovered = operation.address < part.address + part.bytes &&
    part.address < operation.address + operation.bytes;
  return isCovered && later !== part.source &&
    (part.source === INITIAL || isLater(execution, later, part.source));
}

/**
 * A read that misses its own hart's earlier store; null when there is none. Walks may miss them: what orders
 * them is `sfence.vma`.
 */
export function staleOwnRead(execution: Execution): { reader: number; missed: number } | null {
  const { events, readsFrom } = execution;
  for (const part of readsFrom) {
    const reader = events[part.reader];
    if (reader.operation.source === "walk") continue;
    for (let missed = execution.first[reader.thread]; missed < part.reader; missed++) {
      if (overwrites(execution, missed, part)) return { reader: part.reader, missed };
    }
  }
  return null;
}

/** A store of another hart inside a pair that must be atomic; null when there is none. */
export function brokenPair(execution: Execution): { pair: number; intruder: number } | null {
  const { events, readsFrom, first } = execution;
  for (const [pair, { operation, thread }] of events.entries()) {
    if (operation.pairedWith < 0) continue;
    const reserved = first[thread] + operation.pairedWith;
    for (const part of readsFrom.filter(({ reader }) => reader === reserved)) {
      const intruder = events.findIndex((event, index) =>
        event.thread !== thread && overwrites(execution, index, part) &&
        overlap(event.operation, operation) && isLater(execution, pair, index)
      );
      if (intruder >= 0) return { pair, intruder };
    }
  }
  return null;
}

/** The edges that every model has: between stores, and from and to reads. */
export function communication(execution: Execution): OrderEdge[] {
  const { events, readsFrom, storedLater } = execution;
  const edges: OrderEdge[] = [];
  for (const [from, later] of storedLater.entries()) {
    for (let to = 0; to < events.length; to++) {
      if ((later >> to & 1) === 1) edges.push({ from, to, reason: "co" });
    }
  }
  for (const part of readsFrom) {
    const { thread } = events[part.reader];
    if (part.source !== INITIAL && events[part.source].thread !== thread) {
      edges.push({ from: part.source, to: part.reader, reason: "rf" });
    }
    for (let to = 0; to < events.length; to++) {
      if (to !== part.reader && overwrites(execution, to, part)) {
        edges.push({ from: part.reader, to, reason: "fr" });
      }
    }
  }
  return edges;
}
