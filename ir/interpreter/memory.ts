/**
 * What the reference interpreter asks of guest memory, and a flat memory for tests.
 *
 * Values cross this interface as bigints. Results need not be extended: the interpreter takes the accessed
 * bits and extends them as the opcode says.
 */
import type { OrderSet } from "../memory_order.ts";
import type { RmwOperation } from "../opcodes.ts";
import type { MemoryAttribute } from "../region.ts";
import type { MemoryWidth } from "../types.ts";

/** Kind of access that faulted; atomic updates and store-conditionals count as stores. */
export type FaultAccess = "load" | "store";

/** Thrown by a memory when an access must not happen; the interpreter turns it into an outcome. */
export class MemoryFault {
  /** Guest virtual address. */
  readonly address: bigint;
  /** Kind of access. */
  readonly access: FaultAccess;
  /** Why, in the memory's own words. */
  readonly reason: string;

  /** Describes the access. */
  constructor(address: bigint, access: FaultAccess, reason: string) {
    this.address = address;
    this.access = access;
    this.reason = reason;
  }
}

/** Guest memory and interrupt lines; every access may throw a {@linkcode MemoryFault}. */
export interface GuestMemory {
  /** Loads `attribute.width` bits from a virtual address. */
  load(address: bigint, attribute: MemoryAttribute): bigint;
  /** Stores the low bits of a value. */
  store(address: bigint, value: bigint, attribute: MemoryAttribute): void;
  /** Atomic update by `attribute.rmw`; gives the old value. */
  rmw(address: bigint, value: bigint, attribute: MemoryAttribute): bigint;
  /** Atomic compare and swap of the low bits; gives the old value. */
  compareExchange(
    address: bigint,
    expected: bigint,
    replacement: bigint,
    attribute: MemoryAttribute,
  ): bigint;
  /** Loads and reserves. */
  loadReserved(address: bigint, attribute: MemoryAttribute): bigint;
  /** Stores if still reserved; true on success. The reservation is gone in either case. */
  storeConditional(address: bigint, value: bigint, attribute: MemoryAttribute): boolean;
  /** Orders accesses. */
  fence(order: OrderSet): void;
  /** Do 8 bytes at the physical address lie in RAM? */
  isInRam(physical: bigint): boolean;
  /** Loads from RAM at a physical address. */
  physicalLoad(physical: bigint, width: MemoryWidth): bigint;
  /** Compares and swaps in RAM at a physical address; gives the old value. */
  physicalCompareExchange(
    physical: bigint,
    expected: bigint,
    replacement: bigint,
    width: MemoryWidth,
  ): bigint;
  /** Interrupt lines of this hart. */
  lines: number;
}

const UPDATES: Readonly<Record<RmwOperation, (old: bigint, value: bigint) => bigint>> = {
  add: (old, value) => old + value,
  swap: (_, value) => value,
  and: (old, value) => old & value,
  or: (old, value) => old | value,
  xor: (old, value) => old ^ value,
  min_s: (old, value) => old < value ? old : value,
  max_s: (old, value) => old > value ? old : value,
  min_u: (old, value) => BigInt.asUintN(64, old) < BigInt.asUintN(64, value) ? old : value,
  max_u: (old, value) => BigInt.asUintN(64, old) > BigInt.asUintN(64, value) ? old : value,
};

/**
 * New value of an atomic update of `width` bits. Both operands are read as signed numbers of that width;
 * sign extension keeps unsigned order among them.
 */
export function updatedValue(
  rmw: RmwOperation,
  old: bigint,
  value: bigint,
  width: MemoryWidth,
): bigint {
  return BigInt.asIntN(width, UPDATES[rmw](BigInt.asIntN(width, old), BigInt.asIntN(width, value)));
}

interface Reservation {
  readonly address: bigint;
  readonly width: MemoryWidth;
}

/**
 * Little-endian RAM at one base address, where virtual is physical. Plain accesses may be misaligned,
 * atomic ones fault; whatever lies outside faults. A store of any kind that overlaps the reservation ends it.
 */
export class FlatMemory implements GuestMemory {
  /** The RAM. */
  readonly bytes: Uint8Array;
  /** Address of its first byte. */
  readonly base: bigint;
  /** Interrupt lines of this hart. */
  lines = 0;
  /** Fences executed, in order. */
  readonly fences: OrderSet[] = [];
  #reservation: Reservation | null = null;

  /** Zeroed RAM. */
  constructor(size: number, base = 0n) {
    this.bytes = new Uint8Array(size);
    this.base = base;
  }

  load(address: bigint, { width }: MemoryAttribute): bigint {
    return this.#read(this.#offset(address, width, "load"), width);
  }

  store(address: bigint, value: bigint, { width }: MemoryAttribute): void {
    const offset = this.#offset(address, width, "store");
    this.#endOverlapped(address, width);
    this.#write(offset, width, value);
  }

  rmw(address: bigint, value: bigint, { width, rmw }: MemoryAttribute): bigint {
    if (rmw === undefined) throw new TypeError("Cannot update memory: no operation given");
    const offset = this.#alignedOffset(address, width, "store");
    this.#endOverlapped(address, width);
    const old = this.#read(offset, width);
    this.#write(offset, width, updatedValue(rmw, old, value, width));
    return old;
  }

  compareExchange(
    address: bigint,
    expected: bigint,
    replacement: bigint,
    { width }: MemoryAttribute,
  ): bigint {
    const offset = this.#alignedOffset(address, width, "store");
    this.#endOverlapped(address, width);
    return this.#exchange(offset, expected, replacement, width);
  }

  loadReserved(address: bigint, { width }: MemoryAttribute): bigint {
    const value = this.#read(this.#alignedOffset(address, width, "load"), width);
    this.#reservation = { address, width };
    return value;
  }

  storeConditional(address: bigint, value: bigint, { width }: MemoryAttribute): boolean {
    const offset = this.#alignedOffset(address, width, "store");
    const reserved = this.#reservation;
    this.#reservation = null;
    if (reserved === null || reserved.address !== address || reserved.width !== width) return false;
    this.#write(offset, width, value);
    return true;
  }

  fence(order: OrderSet): void {
    this.fences.push(order);
  }

  isInRam(physical: bigint): boolean {
    return this.#contains(physical, 64);
  }

  physicalLoad(physical: bigint, width: MemoryWidth): bigint {
    return this.#read(this.#alignedOffset(physical, width, "load"), width);
  }

  physicalCompareExchange(
    physical: bigint,
    expected: bigint,
    replacement: bigint,
    width: MemoryWidth,
  ): bigint {
    const offset = this.#alignedOffset(physical, width, "store");
    return this.#exchange(offset, expected, replacement, width);
  }

  #exchange(
    offset: number,
    expected: bigint,
    replacement: bigint,
    width: MemoryWidth,
  ): bigint {
    const old = this.#read(offset, width);
    if (old === BigInt.asUintN(width, expected)) this.#write(offset, width, replacement);
    return old;
  }

  #endOverlapped(address: bigint, width: MemoryWidth): void {
    const reserved = this.#reservation;
    if (reserved === null) return;
    const start = BigInt.asUintN(64, address);
    const reservedStart = BigInt.asUintN(64, reserved.address);
    const isApart = start + BigInt(width / 8) <= reservedStart ||
      reservedStart + BigInt(reserved.width / 8) <= start;
    if (!isApart) this.#reservation = null;
  }

  #contains(address: bigint, width: MemoryWidth): boolean {
    const offset = BigInt.asUintN(64, address) - BigInt.asUintN(64, this.base);
    return offset >= 0n && offset + BigInt(width / 8) <= BigInt(this.bytes.length);
  }

  #offset(address: bigint, width: MemoryWidth, access: FaultAccess): number {
    if (!this.#contains(address, width)) throw new MemoryFault(address, access, "unmapped");
    return Number(BigInt.asUintN(64, address) - BigInt.asUintN(64, this.base));
  }

  #alignedOffset(address: bigint, width: MemoryWidth, access: FaultAccess): number {
    if (BigInt.asUintN(64, address) % BigInt(width / 8) !== 0n) {
      throw new MemoryFault(address, access, "misaligned");
    }
    return this.#offset(address, width, access);
  }

  #read(offset: number, width: MemoryWidth): bigint {
    let value = 0n;
    for (let i = width / 8 - 1; i >= 0; i--) value = (value << 8n) | BigInt(this.bytes[offset + i]);
    return value;
  }

  #write(offset: number, width: MemoryWidth, value: bigint): void {
    let rest = BigInt.asUintN(width, value);
    for (let i = 0; i < width / 8; i++, rest >>= 8n) this.bytes[offset + i] = Number(rest & 0xffn);
  }
}
