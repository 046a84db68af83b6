/**
 * A guest's run as Wasm operations: what the backend emits for it, by the same table and the same functions.
 *
 * Fences side by side are one. Dependencies are gone, because optimizers may fold them away. An update is one operation where the host
 * makes it so, else a load and a store that nothing comes between. A store-conditional is an update that
 * compares with what its load-reserved read; where other operations lie between the two, it is a store that the
 * monitor keeps together with the load.
 */
import {
  type AccessOrders,
  isAcquire,
  isRelease,
  Order,
  type OrderSet,
  pairsBeforeLoad,
} from "../../../ir/memory_order.ts";
import {
  fenceBehindUpdate,
  fenceKind,
  type HostColumn,
  loadKind,
  storeKind,
} from "../../../wasm_backend/host_order.ts";
import type { Annotation } from "../syntax/instruction.ts";
import { type Fence, type HostAccess, type Operation, PLAIN, type Trace } from "./trace.ts";

/** What a lowering is made for. */
export interface Target {
  readonly column: HostColumn;
  /** What plain accesses and updates ask for. */
  readonly orders: AccessOrders;
  /** Are updates a load and a store on the host? */
  readonly splitsUpdates: boolean;
  /** Name of an emission that is left out, to see what it is good for. */
  readonly without?: string;
  /** Hears the name of each emission that is something. */
  readonly onEmission?: (name: string) => void;
}

const SET_LETTERS: readonly (readonly [OrderSet, string])[] = [
  [Order.READ_READ, "rr"],
  [Order.READ_WRITE, "rw"],
  [Order.WRITE_READ, "wr"],
  [Order.WRITE_WRITE, "ww"],
];

function orderOf({ acquire, release }: Annotation): OrderSet {
  return (acquire && release)
    ? Order.ALL
    : (acquire ? Order.ACQUIRE : 0) | (release ? Order.RELEASE : 0);
}

function orderName(order: OrderSet): string {
  return `${isAcquire(order) ? "aq" : ""}${isRelease(order) ? "rl" : ""}`;
}

/** Lowers one run. */
class TraceLowering {
  readonly #target: Target;
  readonly #trace: Trace;
  readonly #operations: Operation[] = [];
  readonly #fences: Fence[] = [];
  /** Host position of each guest operation. */
  readonly #positions: number[] = [];

  constructor(trace: Trace, target: Target) {
    this.#trace = trace;
    this.#target = target;
  }

  lower(): Trace {
    const { operations, fences, registers } = this.#trace;
    operations.forEach((operation, position) => {
      this.#fence(fences.filter((fence) => fence.position === position));
      this.#access(operation, position);
    });
    return { operations: this.#operations, fences: this.#fences, registers };
  }

  #isEmitted(name: string): boolean {
    this.#target.onEmission?.(name);
    return this.#target.without !== name;
  }

  #barrier(name: string): void {
    if (!this.#isEmitted(name)) return;
    this.#fences.push({ position: this.#operations.length, order: Order.ALL, text: name });
  }

  /** Fences with no operation between them become one. */
  #fence(fences: readonly Fence[]): void {
    const order = fences.reduce((union, fence) => union | fence.order, 0);
    if (fenceKind(this.#target.column, order) === "nothing") return;
    const pairs = SET_LETTERS.filter(([bit]) => (order & bit) !== 0).map(([, name]) => name);
    this.#barrier(`fence ${pairs.join("+")}`);
  }

  #push(operation: Operation, emitted: HostAccess, pairedWith = -1): void {
    this.#operations.push({
      ...operation,
      annotation: PLAIN,
      addressFrom: 0,
      dataFrom: 0,
      controlFrom: 0,
      pairedWith,
      emitted,
    });
  }

  #access(operation: Operation, position: number): void {
    const { orders } = this.#target;
    switch (operation.source) {
      case "load":
      case "lr":
        this.#load(operation, orderOf(operation.annotation) | orders.load);
        break;
      case "store":
        this.#store(operation, orders.store);
        break;
      case "amo":
        this.#update(operation, orderOf(operation.annotation) | orders.update, "amo");
        break;
      case "sc":
        this.#storeConditional(operation, position);
        break;
    }
    this.#positions[position] = this.#operations.length - 1;
  }

  #load(operation: Operation, order: OrderSet): void {
    const { column } = this.#target;
    if (fenceKind(column, pairsBeforeLoad(order)) !== "nothing") {
      this.#barrier(`before lr.${orderName(order)}`);
    }
    const isAtomic = loadKind(column, true) === "atomic" && this.#isEmitted("atomic load");
    this.#push(operation, isAtomic ? "atomic" : "plain");
  }

  #store(operation: Operation, order: OrderSet): void {
    const { column } = this.#target;
    const isAtomic = storeKind(column, order) === "atomic" && this.#isEmitted("atomic store");
    this.#push(operation, isAtomic ? "atomic" : "plain");
  }

  #update(operation: Operation, order: OrderSet, name: string): void {
    if (this.#target.splitsUpdates) {
      this.#push({ ...operation, written: null }, "update");
      this.#push({ ...operation, read: null }, "update", this.#operations.length - 1);
    } else {
      this.#push(operation, "update");
    }
    this.#behindUpdate(order, name);
  }

  #behindUpdate(order: OrderSet, name: string): void {
    if (fenceBehindUpdate(this.#target.column, order) === "nothing") return;
    this.#barrier(`behind ${name}.${orderName(order)}`);
  }

  #storeConditional(operation: Operation, position: number): void {
    const order = orderOf(operation.annotation) | this.#target.orders.store;
    const { operations } = this.#trace;
    if (operation.pairedWith === position - 1 && !this.#isFencedBefore(position)) {
      const { read } = operations[operation.pairedWith];
      return this.#update({ ...operation, read }, order, "sc");
    }
    this.#push(operation, "update", this.#positions[operation.pairedWith]);
    this.#behindUpdate(order, "sc");
  }

  #isFencedBefore(position: number): boolean {
    return this.#trace.fences.some((fence) => fence.position === position);
  }
}

/** The Wasm operations of a run. */
export function lowerTrace(trace: Trace, target: Target): Trace {
  return new TraceLowering(trace, target).lower();
}
