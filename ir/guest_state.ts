/**
 * The guest's architectural state as named, typed slots.
 *
 * A slot with `count` above 1 is a register file. Slots marked `promotable` are what regions keep in Wasm
 * locals between memory accesses; all others (control registers) live in the vCPU's private memory and are
 * read and written there, so that helpers and other code see them at once.
 */
/** One slot or register file of the guest state. */
export interface StateSlot {
  /** Name in the guest's own terms, such as `x` or `mstatus`. */
  readonly name: string;
  /** Type of each element. */
  readonly type: "i32" | "i64";
  /** Number of elements; 1 for a plain slot. */
  readonly count: number;
  /** May a region hold elements in locals? */
  readonly promotable: boolean;
  /** Byte offset of element 0 from the start of the guest state. */
  readonly offset: number;
}

/** What a frontend declares of a slot. */
export interface StateSlotDeclaration {
  /** Name in the guest's own terms. */
  readonly name: string;
  /** Type of each element. */
  readonly type: "i32" | "i64";
  /** Number of elements; 1 when absent. */
  readonly count?: number;
  /** May a region hold elements in locals? false when absent. */
  readonly promotable?: boolean;
}

const ELEMENT_BYTES = 8;

/** All slots of one guest, laid out in declaration order; every element takes 8 bytes. */
export class StateLayout {
  readonly #slots = new Map<string, StateSlot>();
  /** Size of the guest state in bytes. */
  readonly bytes: number;

  /**
   * Lays out the declared slots.
   * @throws {TypeError} when a name is declared twice.
   */
  constructor(declarations: readonly StateSlotDeclaration[]) {
    let offset = 0;
    for (const { name, type, count = 1, promotable = false } of declarations) {
      if (this.#slots.has(name)) throw new TypeError(`Cannot lay out state: "${name}" twice`);
      this.#slots.set(name, { name, type, count, promotable, offset });
      offset += count * ELEMENT_BYTES;
    }
    this.bytes = offset;
  }

  /**
   * The slot of that name.
   * @throws {RangeError} when the guest has no such slot.
   */
  slot(name: string): StateSlot {
    const slot = this.#slots.get(name);
    if (slot === undefined) throw new RangeError(`Cannot find state slot "${name}"`);
    return slot;
  }

  /** All slots in layout order. */
  slots(): IterableIterator<StateSlot> {
    return this.#slots.values();
  }
}

/** Byte offset of one element from the start of the guest state. */
export function elementOffset(slot: StateSlot, index: number): number {
  return slot.offset + index * ELEMENT_BYTES;
}
