/**
 * What the hosts do with Wasm operations, as rules of preserved order over them.
 *
 * x64: V8 may merge and swap plain loads with nothing else between; the processor lets a store wait in its
 * buffer while later loads are made. Atomic stores, updates and barriers empty the buffer.
 *
 * arm64: an atomic load is LDAR, an atomic store STLR, an update LDAXR and STLXR, a barrier DMB ISH. V8's
 * freedom with plain loads is the same.
 *
 * portable: the Wasm specification orders sequentially consistent accesses and promises nothing to others.
 */
import type { OrderModel } from "./axioms.ts";
import { type Execution, overlap } from "./execution.ts";
import type { OrderEdge } from "./order_graph.ts";
import type { Operation } from "./trace.ts";

/** Two operations of a thread. */
interface HostPair {
  readonly a: Operation;
  readonly b: Operation;
  readonly isBarrierBetween: boolean;
  /** Does something that is no plain load lie between? */
  readonly isAccessBetween: boolean;
}

const isRead = ({ read }: Operation): boolean => read !== null;
const isWrite = ({ written }: Operation): boolean => written !== null;
const isPlain = ({ emitted }: Operation): boolean => emitted === "plain";
const isUpdate = ({ emitted }: Operation): boolean => emitted === "update";

function isPlainLoad(operation: Operation): boolean {
  return isPlain(operation) && isRead(operation);
}

/** Updates and atomic stores: on x64 instructions that empty the store buffer. */
function isLocked(operation: Operation): boolean {
  return !isPlain(operation) && (isWrite(operation) || isUpdate(operation));
}

/** Merged or swapped by V8: two plain loads side by side. */
function isLoose({ a, b, isAccessBetween }: HostPair): boolean {
  return isPlainLoad(a) && isPlainLoad(b) && !isAccessBetween;
}

function x64Keeps(pair: HostPair): boolean {
  const { a, b, isBarrierBetween } = pair;
  if (isBarrierBetween || isLocked(a) || isLocked(b)) return true;
  if (isRead(a)) return !isLoose(pair);
  return isWrite(b);
}

function arm64Keeps({ a, b, isBarrierBetween }: HostPair): boolean {
  if (isBarrierBetween) return true;
  if (isRead(a) && !isPlain(a)) return true;
  if (isWrite(b) && !isPlain(b)) return true;
  if (isWrite(a) && !isPlain(a) && isRead(b) && !isPlain(b)) return true;
  return isWrite(b) && overlap(a, b);
}

function portableKeeps({ a, b }: HostPair): boolean {
  return !isPlain(a) && !isPlain(b);
}

function edges(execution: Execution, keeps: (pair: HostPair) => boolean): OrderEdge[] {
  const { events, traces } = execution;
  const found: OrderEdge[] = [];
  for (let from = 0; from < events.length; from++) {
    for (let to = from + 1; to < events.length; to++) {
      const [first, second] = [events[from], events[to]];
      if (first.thread !== second.thread) break;
      const isBarrierBetween = traces[first.thread].fences.some(({ position }) =>
        position > first.position && position <= second.position
      );
      const isAccessBetween = isBarrierBetween ||
        events.slice(from + 1, to).some(({ operation }) => !isPlainLoad(operation));
      const pair = {
        a: first.operation,
        b: second.operation,
        isBarrierBetween,
        isAccessBetween,
      };
      if (keeps(pair)) found.push({ from, to, reason: "ppo host" });
    }
  }
  return found;
}

/** The hosts by the names of their columns. */
export const HOST_MODELS = {
  x64: { name: "x64 with V8", preserved: (execution) => edges(execution, x64Keeps) },
  arm64: { name: "arm64 with V8", preserved: (execution) => edges(execution, arm64Keeps) },
  portable: { name: "Wasm", preserved: (execution) => edges(execution, portableKeeps) },
} as const satisfies Record<string, OrderModel>;
