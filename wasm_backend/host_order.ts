/**
 * What the host gives without being asked, and what must be emitted for the rest.
 *
 * The "host" is V8 on a processor, not the processor: plain Wasm loads are merged and swapped, so guest
 * loads are atomic loads wherever another thread may write guest RAM. With atomic loads and plain stores,
 * x64 orders everything but an earlier store before a later load; arm64 orders an earlier load before
 * everything, but not stores among themselves; the Wasm specification alone promises nothing to plain
 * stores.
 */
import { Order, type OrderSet } from "../ir/memory_order.ts";

/** Columns of the table. */
export const HOST_ORDERS = ["x64", "arm64", "portable"] as const;
/** Name of a column. */
export type HostOrder = typeof HOST_ORDERS[number];

/** How a fence is emitted. */
export type FenceKind = "nothing" | "exchange" | "fence";

/** How a store is emitted. */
export type StoreKind = "plain" | "atomic";

const GIVEN: Readonly<Record<HostOrder, OrderSet>> = {
  x64: Order.READ_READ | Order.READ_WRITE | Order.WRITE_WRITE,
  arm64: Order.READ_READ | Order.READ_WRITE,
  portable: Order.NONE,
};

/** What orders the pairs that the host does not give. An exchange on a private word is a full barrier on x64. */
export function fenceKind(host: HostOrder, needed: OrderSet): FenceKind {
  const missing = needed & ~GIVEN[host];
  if (missing === Order.NONE) return "nothing";
  return host === "x64" ? "exchange" : "fence";
}

/** How a guest store with these ordered pairs is emitted. */
export function storeKind(host: HostOrder, order: OrderSet): StoreKind {
  if (host === "portable") return "atomic";
  return (order & ~GIVEN[host]) === Order.NONE ? "plain" : "atomic";
}

/** How a guest load is emitted. */
export type LoadKind = "plain" | "atomic";

/**
 * V8 may merge and swap plain loads, which only another thread's stores can tell: where guest RAM has one
 * writer, they are as good as atomic ones, and cheaper by an alignment test.
 */
export function loadKind(hasOtherWriters: boolean): LoadKind {
  return hasOtherWriters ? "atomic" : "plain";
}
