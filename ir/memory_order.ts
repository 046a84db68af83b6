/**
 * Memory order as data: a set of "earlier access before later access" pairs.
 *
 * A fence carries the pairs it orders among all accesses around it. An access carries the pairs it orders
 * between itself and its neighbours: a load with READ_READ and READ_WRITE is an acquire. What a guest's
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
