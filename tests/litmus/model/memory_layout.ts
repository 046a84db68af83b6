/** Where the checker puts the locations of a test: what is an address is told from a small number. */
import type { InitialValue, Page } from "../syntax/initial_state.ts";
import type { LitmusTest } from "../syntax/litmus_test_file.ts";
import { entryFlags, entryPage, entryValue, leavesBitsToSoftware } from "../syntax/page_entry.ts";

const FIRST_ADDRESS = 0x7000_0000;
const FIRST_PAGE = 0x6000_0000;
const DISTANCE = 0x1000;

/** Addresses of a test's locations, each on a page of its own, and of its virtual pages. */
export class MemoryLayout {
  readonly #addresses: ReadonlyMap<string, number>;
  readonly #test: LitmusTest;

  constructor(test: LitmusTest) {
    this.#test = test;
    this.#addresses = new Map([
      ...test.locations.map(({ name }, index) => [name, FIRST_ADDRESS + index * DISTANCE] as const),
      ...test.pages.map(({ name }, index) => [name, FIRST_PAGE + index * DISTANCE] as const),
    ]);
  }

  /** Is a page fault what becomes of an access that would have to change its entry? */
  get faultsOnClearBits(): boolean {
    return leavesBitsToSoftware(this.#test.properties);
  }

  address(name: string): number {
    const address = this.#addresses.get(name);
    if (address === undefined) throw new RangeError(`Cannot find location "${name}"`);
    return address;
  }

  value(initial: InitialValue): bigint {
    if (typeof initial === "bigint") return initial;
    if ("location" in initial) return BigInt(this.address(initial.location));
    const { target, flags } = initial.entry;
    return entryValue(BigInt(this.address(target)), flags);
  }

  /** The virtual page of an address; null when the address is physical. */
  pageOf(address: number): Page | null {
    return this.#test.pages[Math.floor((address - FIRST_PAGE) / DISTANCE)] ?? null;
  }

  /** Text of a page table entry, with its flags as a number. */
  entryText(value: bigint): string {
    return `entry(${this.nameOf(entryPage(value))}, 0x${entryFlags(value).toString(16)})`;
  }

  /** Text of an address: a location, with a distance from its start if it is another one. */
  nameOf(address: number): string {
    for (const { name, bytes } of this.#test.locations) {
      const distance = address - this.address(name);
      if (distance === 0) return name;
      if (distance > 0 && distance < bytes) return `${name}+${distance}`;
    }
    return `0x${address.toString(16)}`;
  }

  /** Text of a value: the name of the location whose address it is, else a signed integer. */
  valueText(value: bigint): string {
    for (const { name } of [...this.#test.locations, ...this.#test.pages]) {
      if (BigInt(this.address(name)) === value) return name;
    }
    return String(BigInt.asIntN(64, value));
  }

  /** Does the range lie inside a location? */
  isInside(address: number, bytes: number): boolean {
    return this.#test.locations.some((location) => {
      const distance = address - this.address(location.name);
      return distance >= 0 && distance + bytes <= location.bytes;
    });
  }

  /** Initial value of a byte. */
  initialByte(address: number): number {
    for (const { name, bytes, initial } of this.#test.locations) {
      const distance = address - this.address(name);
      if (distance < 0 || distance >= bytes) continue;
      return Number((BigInt.asUintN(64, this.value(initial)) >> BigInt(8 * distance)) & 0xffn);
    }
    throw new RangeError(`Cannot read 0x${address.toString(16)}: no location is there`);
  }
}
