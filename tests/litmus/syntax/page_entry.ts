/**
 * Page table entries of litmus tests: `entry(x, clean)` is one that maps the page of location `x`.
 *
 * Source: RISC-V Privileged ISA, "Sv39: Page-Based 39-bit Virtual-Memory System".
 */

/** Fields of an entry. */
export const EntryBit = {
  VALID: 1 << 0,
  READ: 1 << 1,
  WRITE: 1 << 2,
  EXECUTE: 1 << 3,
  USER: 1 << 4,
  GLOBAL: 1 << 5,
  ACCESSED: 1 << 6,
  DIRTY: 1 << 7,
} as const;

/** Bits below the page number: what is shown of an entry, because pages differ from slot to slot. */
export const ENTRY_FLAG_BITS = 10;
/** Bits of an address inside a page. */
export const PAGE_OFFSET_BITS = 12;
/** Bytes of an entry. */
export const ENTRY_BYTES = 8;
/** Register that takes the cause of a page fault; the instruction is skipped. */
export const FAULT_REGISTER = 27;
/** Address space in which the threads run. */
export const ADDRESS_SPACE = 1;

/** Causes of page faults. */
export const PageFault = { LOAD: 13, STORE: 15 } as const;

const WHOLE = EntryBit.VALID | EntryBit.READ | EntryBit.WRITE | EntryBit.ACCESSED | EntryBit.DIRTY;

/** An entry as a test writes it. */
export interface PageEntry {
  /** Location on whose page it points. */
  readonly target: string;
  readonly flags: number;
}

/** Words for entries that are not whole: bits to clear, bits to set. */
const OPTIONS: Readonly<Record<string, { readonly clear: number; readonly set: number }>> = {
  readonly: { clear: EntryBit.WRITE, set: 0 },
  invalid: { clear: EntryBit.VALID, set: 0 },
  clean: { clear: EntryBit.DIRTY, set: 0 },
  unaccessed: { clear: EntryBit.ACCESSED | EntryBit.DIRTY, set: 0 },
  global: { clear: 0, set: EntryBit.GLOBAL },
  user: { clear: 0, set: EntryBit.USER },
};

/** An entry with the options of these names; null when there is no such option. */
export function pageEntry(target: string, options: readonly string[]): PageEntry | null {
  let flags = WHOLE;
  for (const name of options) {
    if (!Object.hasOwn(OPTIONS, name)) return null;
    flags = flags & ~OPTIONS[name].clear | OPTIONS[name].set;
  }
  return { target, flags };
}

/** Can any access through the entry be made without changing it? */
export function isWhole({ flags }: PageEntry): boolean {
  return (flags & (WHOLE | EntryBit.USER)) === WHOLE;
}

/** Does the hart leave accessed and dirty bits to software, as a test says that it needs? */
export function leavesBitsToSoftware(properties: ReadonlyMap<string, string>): boolean {
  return properties.get("Svade") === "on";
}

/** Name of the location that a page's entry is. */
export function entryName(page: string): string {
  return `PTE(${page})`;
}

/** Is this the name of an entry? */
export function isEntryName(name: string): boolean {
  return name.startsWith("PTE(");
}

/** Value of an entry that maps the page at a physical address. */
export function entryValue(address: bigint, flags: number): bigint {
  return (address >> BigInt(PAGE_OFFSET_BITS) << BigInt(ENTRY_FLAG_BITS)) | BigInt(flags);
}

/** Flags of an entry's value. */
export function entryFlags(value: bigint): number {
  return Number(BigInt.asUintN(ENTRY_FLAG_BITS, value));
}

/** Physical address of the page that an entry's value maps. */
export function entryPage(value: bigint): number {
  const bits = BigInt(PAGE_OFFSET_BITS);
  return Number(value >> BigInt(ENTRY_FLAG_BITS) << bits);
}
