/** The driver's side of a queue's ring in either format, as far as tests need it. */

import { DescriptorFlag } from "./registers.ts";

/** Formats of rings. */
export type RingFormat = "split" | "packed";

/** One descriptor as a driver writes it. */
export interface Descriptor {
  readonly address: number | bigint;
  readonly length: number;
  readonly flags?: number;
  readonly next?: number;
}

/** A chain that was given back. */
export interface UsedElement {
  /** What names it. */
  readonly head: number;
  readonly written: number;
}

/** Where a ring is, as offsets in the view of RAM. */
export interface RingPlaces {
  readonly descriptors: number;
  readonly driver: number;
  readonly device: number;
  readonly size: number;
}

/** See the header of this file. */
export interface RingDriver {
  /** Prepares a chain that begins at descriptor `first`, or has that number. */
  chain(first: number, descriptors: readonly Descriptor[]): void;
  /** Makes a chain available that was prepared. */
  offer(head: number): void;
  /** Goes on somewhere else, as no driver may. */
  skipTo(index: number): void;
  /** Chains that the device has given back, modulo 2^16. */
  readonly used: number;
  /** One of them. */
  usedElement(index: number): UsedElement;
}

/** Where a descriptor has its flags. */
export const FLAGS_AT: Readonly<Record<RingFormat, number>> = { split: 12, packed: 14 };
const DESCRIPTOR_BYTES = 16;
const INDEX_MASK = 0xffff;

/** Writes a descriptor; `next` is its number in a packed ring. */
export function writeDescriptor(
  view: DataView,
  at: number,
  { address, length, flags = 0, next = 0 }: Descriptor,
  format: RingFormat,
): void {
  view.setBigUint64(at, BigInt(address), true);
  view.setUint32(at + 8, length, true);
  view.setUint16(at + (format === "split" ? 14 : 12), next, true);
  view.setUint16(at + FLAGS_AT[format], flags, true);
}

/** The flags that a descriptor of a chain has. */
export function flagsInChain(descriptors: readonly Descriptor[], index: number): number {
  const isLast = index === descriptors.length - 1;
  return (descriptors[index].flags ?? 0) | (isLast ? 0 : DescriptorFlag.NEXT);
}

/** A split ring. */
export class SplitRingDriver implements RingDriver {
  readonly #view: DataView;
  readonly #places: RingPlaces;
  #available = 0;

  constructor(view: DataView, places: RingPlaces) {
    this.#view = view;
    this.#places = places;
  }

  chain(first: number, descriptors: readonly Descriptor[]): void {
    descriptors.forEach((descriptor, index) => {
      const at = this.#places.descriptors + (first + index) * DESCRIPTOR_BYTES;
      const flags = flagsInChain(descriptors, index);
      writeDescriptor(this.#view, at, { ...descriptor, flags, next: first + index + 1 }, "split");
    });
  }

  offer(head: number): void {
    const { driver, size } = this.#places;
    this.#view.setUint16(driver + 4 + this.#available % size * 2, head, true);
    this.#available = (this.#available + 1) & INDEX_MASK;
    this.skipTo(this.#available);
  }

  skipTo(index: number): void {
    this.#view.setUint16(this.#places.driver + 2, index, true);
  }

  get used(): number {
    return this.#view.getUint16(this.#places.device + 2, true);
  }

  usedElement(index: number): UsedElement {
    const at = this.#places.device + 4 + index % this.#places.size * 8;
    return { head: this.#view.getUint32(at, true), written: this.#view.getUint32(at + 4, true) };
  }
}

/** A packed ring. */
export class PackedRingDriver implements RingDriver {
  readonly #view: DataView;
  readonly #places: RingPlaces;
  readonly #prepared = new Map<number, readonly Descriptor[]>();
  /** Descriptors of the chains that were offered and not given back, in their order. */
  readonly #offered: number[] = [];
  readonly #used: UsedElement[] = [];
  /** Positions, counted over two passes. */
  #next = 0;
  #seen = 0;

  constructor(view: DataView, places: RingPlaces) {
    this.#view = view;
    this.#places = places;
  }

  #at(position: number): number {
    return this.#places.descriptors + position % this.#places.size * DESCRIPTOR_BYTES;
  }

  #isFirstPass(position: number): boolean {
    return position % (2 * this.#places.size) < this.#places.size;
  }

  chain(first: number, descriptors: readonly Descriptor[]): void {
    this.#prepared.set(first, descriptors.slice());
  }

  offer(head: number): void {
    this.#look();
    const chain = this.#prepared.get(head) ?? [...this.#prepared.values()][0] ?? [];
    const { AVAILABLE, USED } = DescriptorFlag;
    for (let index = chain.length - 1; index >= 0; index--) {
      const position = this.#next + index;
      const phase = this.#isFirstPass(position) ? AVAILABLE : USED;
      const flags = flagsInChain(chain, index) | phase;
      const descriptor = { ...chain[index], flags, next: head };
      writeDescriptor(this.#view, this.#at(position), descriptor, "packed");
    }
    this.#offered.push(chain.length);
    this.#next += chain.length;
  }

  skipTo(index: number): void {
    this.#next = index;
  }

  get used(): number {
    this.#look();
    return this.#used.length & INDEX_MASK;
  }

  usedElement(index: number): UsedElement {
    this.#look();
    return this.#used[index];
  }

  #look(): void {
    const { AVAILABLE, USED } = DescriptorFlag;
    while (this.#offered.length > 0) {
      const at = this.#at(this.#seen);
      const flags = this.#view.getUint16(at + FLAGS_AT.packed, true) & (AVAILABLE | USED);
      if (flags !== (this.#isFirstPass(this.#seen) ? AVAILABLE | USED : 0)) return;
      const head = this.#view.getUint16(at + 12, true);
      this.#used.push({ head, written: this.#view.getUint32(at + 8, true) });
      this.#seen += this.#offered.shift() ?? 0;
    }
  }
}
