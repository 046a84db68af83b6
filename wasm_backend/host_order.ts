/**
 * What the host gives without being asked, and what must be emitted for the rest: one table, and functions of
 * its columns alone.
 *
 * The "host" is V8 on a processor, not the processor: plain Wasm loads are merged and swapped, so guest
 * loads are atomic loads wherever another thread may write guest RAM. With atomic loads and plain stores,
 * x64 orders everything but an earlier store before a later load; arm64 orders an earlier load before
 * everything, but not stores among themselves; the Wasm specification alone promises nothing to plain
 * stores. An atomic update is a full barrier on x64; on arm64 it is a load that acquires and a store that
 * releases, and a later plain store may pass that store.
 *
 * `tests/litmus/model/host_mapping.ts` maps every litmus shape through this table and shows that nothing
 * becomes possible which the guest forbids, and that something does when a row is left out.
 */
import { Order, type OrderSet, pairsBehind } from "../ir/memory_order.ts";

/** Columns of the table. */
export const HOST_ORDERS = ["x64", "arm64", "portable"] as const;
/** Name of a column; `unfenced` is x64 without its only barrier, to show that tests notice. */
export type HostOrder = typeof HOST_ORDERS[number] | "unfenced";

/** How a fence is emitted. */
export type FenceKind = "nothing" | "exchange" | "fence";

/** How a load or a store is emitted. */
export type AccessKind = "plain" | "atomic";

/** A column. */
export interface HostColumn {
  /** Loads of what other threads may write. */
  readonly load: AccessKind;
  /** Stores that need no order. */
  readonly store: AccessKind;
  /** Pairs that loads and stores, emitted so, keep by themselves. */
  readonly given: OrderSet;
  /** Pairs of an atomic update and what is behind it that hold by themselves. */
  readonly updateGiven: OrderSet;
  /** What orders the others. An exchange on a private word is a full barrier on x64. */
  readonly fence: "exchange" | "fence";
}

const X64: HostColumn = {
  load: "atomic",
  store: "plain",
  given: Order.READ_READ | Order.READ_WRITE | Order.WRITE_WRITE,
  updateGiven: Order.ALL,
  fence: "exchange",
};

/** The table. */
export const HOST_COLUMNS: Readonly<Record<HostOrder, HostColumn>> = {
  x64: X64,
  unfenced: { ...X64, given: Order.ALL },
  arm64: {
    load: "atomic",
    store: "plain",
    given: Order.READ_READ | Order.READ_WRITE,
    updateGiven: Order.READ_READ | Order.READ_WRITE | Order.WRITE_READ,
    fence: "fence",
  },
  // Atomic accesses of one size need no fences. They are kept because the specification promises nothing of
  // atomic accesses that overlap and have different sizes.
  portable: {
    load: "atomic",
    store: "atomic",
    given: Order.NONE,
    updateGiven: Order.ALL,
    fence: "fence",
  },
};

/** What orders the pairs that the host does not give. */
export function fenceKind({ given, fence }: HostColumn, needed: OrderSet): FenceKind {
  return (needed & ~given) === Order.NONE ? "nothing" : fence;
}

/** How a guest store with this order is emitted: an atomic store orders what a plain one does not. */
export function storeKind({ store, given }: HostColumn, order: OrderSet): AccessKind {
  return (order & ~given) === Order.NONE ? store : "atomic";
}

/**
 * How a guest load is emitted. V8 may merge and swap plain loads, which only another thread's stores can tell:
 * where guest RAM has one writer, they are as good as atomic ones, and cheaper by an alignment test.
 */
export function loadKind({ load }: HostColumn, hasOtherWriters: boolean): AccessKind {
  return hasOtherWriters ? load : "plain";
}

/** What follows an atomic update, a store-conditional that was made included, with this order. */
export function fenceBehindUpdate({ updateGiven, fence }: HostColumn, order: OrderSet): FenceKind {
  return (pairsBehind(order) & ~updateGiven) === Order.NONE ? "nothing" : fence;
}
