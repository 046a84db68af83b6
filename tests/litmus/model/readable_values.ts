/**
 * The values that a load may return, before any axiom is asked: of each byte all that are ever written to it.
 *
 * Bytes that the same stores wrote come together, so the values of a location that is always accessed as a
 * whole are those of whole stores.
 */
import type { MemoryLayout } from "./memory_layout.ts";
import type { Trace } from "./trace.ts";

const BITS_PER_BYTE = 8;

interface KnownStore {
  readonly address: number;
  readonly bytes: number;
  readonly value: bigint;
}

/** Byte of a value. */
export function byteOf(value: bigint, index: number): number {
  return Number((value >> BigInt(index * BITS_PER_BYTE)) & 0xffn);
}

/** Grows with each round of traces until nothing new is written. */
export class ReadableValues {
  readonly #layout: MemoryLayout;
  readonly #stores = new Map<string, KnownStore>();

  constructor(layout: MemoryLayout) {
    this.#layout = layout;
  }

  /** Number of different stores known. */
  get size(): number {
    return this.#stores.size;
  }

  add(trace: Trace): void {
    for (const { address, bytes, written } of trace.operations) {
      if (written === null) continue;
      this.#stores.set(`${address}.${bytes}.${written}`, { address, bytes, value: written });
    }
  }

  /** Values of a range. */
  values(address: number, bytes: number): bigint[] {
    const stores = [...this.#stores.values()].filter((store) =>
      store.address < address + bytes && address < store.address + store.bytes
    );
    const isWhole = stores.every((store) => store.address === address && store.bytes === bytes);
    const initial = this.#initial(address, bytes);
    if (isWhole) return [...new Set([initial, ...stores.map(({ value }) => value)])];
    return this.#combinations(address, bytes, stores);
  }

  #initial(address: number, bytes: number): bigint {
    let value = 0n;
    for (let index = bytes - 1; index >= 0; index--) {
      value = value << 8n | BigInt(this.#layout.initialByte(address + index));
    }
    return value;
  }

  #combinations(address: number, bytes: number, stores: readonly KnownStore[]): bigint[] {
    let values = [0n];
    for (let index = 0; index < bytes; index++) {
      const at = address + index;
      const covering = stores.filter((store) =>
        store.address <= at && at < store.address + store.bytes
      );
      const choices = new Set([
        this.#layout.initialByte(at),
        ...covering.map((store) => byteOf(store.value, at - store.address)),
      ]);
      values = values.flatMap((value) =>
        [...choices].map((byte) => value | BigInt(byte) << BigInt(index * BITS_PER_BYTE))
      );
    }
    return values;
  }
}
