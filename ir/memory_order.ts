/**
 * Memory order as data: a set of "earlier access before later access" pairs.
 *
 * A fence carries the pairs it orders among all accesses around it. An access carries ACQUIRE, RELEASE or
 * both: what is behind it stays behind it, what is before it stays before it, whatever the access itself is.
 * What a guest's
 * instructions need is decided in its frontend; what the host gives without being asked is decided in the
 * backend; the difference is emitted.
 */
export type OrderSet = number;

/** The four pairs; an {@linkcode OrderSet} is their bitwise or. */
export const Order = {
  /** No ordering beyond that of the guest's plain accesses. */
  NONE: 0,
  /** Earlier loads before later loads. */
  READ_READ: 1,
  /** Earlier loads before later stores. */
  READ_WRITE: 2,
  /** Earlier stores before later loads: the pair that costs on every machine. */
  WRITE_READ: 4,
  /** Earlier stores before later stores. */
  WRITE_WRITE: 8,
  /** Everything after the access stays after it. */
  ACQUIRE: 3,
  /** Everything before the access stays before it. */
  RELEASE: 10,
  /** All four pairs. */
  ALL: 15,
} as const;

const PAIR_NAMES: readonly [OrderSet, string][] = [
  [Order.READ_READ, "rr"],
  [Order.READ_WRITE, "rw"],
  [Order.WRITE_READ, "wr"],
  [Order.WRITE_WRITE, "ww"],
];

/** Text form of an order set, such as `rr+rw`; `none` when empty. */
export function formatOrder(order: OrderSet): string {
  const names = PAIR_NAMES.filter(([bit]) => (order & bit) !== 0).map(([, name]) => name);
  return names.length === 0 ? "none" : names.join("+");
}

/**
 * Inverse of {@linkcode formatOrder}.
 * @throws {SyntaxError} when a pair name is unknown.
 */
export function parseOrder(text: string): OrderSet {
  if (text === "none") return Order.NONE;
  return text.split("+").reduce((order, name) => {
    const pair = PAIR_NAMES.find(([, known]) => known === name);
    if (pair === undefined) {
      throw new SyntaxError(`Cannot parse memory order: unknown pair "${name}"`);
    }
    return order | pair[0];
  }, 0);
}

/** The pairs a fence orders, from its predecessor and successor sets. */
export function fenceOrder(
  predecessor: { read: boolean; write: boolean },
  successor: { read: boolean; write: boolean },
): OrderSet {
  return (predecessor.read && successor.read ? Order.READ_READ : 0) |
    (predecessor.read && successor.write ? Order.READ_WRITE : 0) |
    (predecessor.write && successor.read ? Order.WRITE_READ : 0) |
    (predecessor.write && successor.write ? Order.WRITE_WRITE : 0);
}

/** Does everything behind an access with this order stay behind it? */
export function isAcquire(order: OrderSet): boolean {
  return (order & Order.ACQUIRE) === Order.ACQUIRE;
}

/** Does everything before an access with this order stay before it? */
export function isRelease(order: OrderSet): boolean {
  return (order & Order.RELEASE) === Order.RELEASE;
}

/** The pairs that the order of a load asks for with what is before it. */
export function pairsBeforeLoad(order: OrderSet): OrderSet {
  return isRelease(order) ? Order.READ_READ | Order.WRITE_READ : Order.NONE;
}

/** The pairs that the order of an atomic update, which loads and stores, asks for with what is behind it. */
export function pairsBehind(order: OrderSet): OrderSet {
  return isAcquire(order) ? Order.ALL : Order.NONE;
}

/** The order that plain accesses and updates of a guest ask for, whatever their instructions say besides. */
export interface AccessOrders {
  /** Loads, load-reserved included. */
  readonly load: OrderSet;
  /** Stores, store-conditional included. */
  readonly store: OrderSet;
  /** Atomic updates. */
  readonly update: OrderSet;
}

/** Nothing beyond what each instruction says. */
export const UNORDERED: AccessOrders = {
  load: Order.NONE,
  store: Order.NONE,
  update: Order.NONE,
};
