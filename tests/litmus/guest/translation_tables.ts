/**
 * Page tables of the laboratory's guest. Everything that the driver uses has its physical address; behind it each
 * slot has a virtual page for every page of a test, whose entries the tests change.
 *
 * Source: RISC-V Privileged ISA, "Sv39: Page-Based 39-bit Virtual-Memory System".
 */
import {
  ADDRESS_SPACE,
  ENTRY_BYTES,
  EntryBit,
  entryValue,
  PAGE_OFFSET_BITS,
} from "../syntax/page_entry.ts";
import { addressOf, Area, BATCH_SLOTS, RAM_BASE, RAM_BYTES } from "./guest_layout.ts";

/** Virtual pages of a test at most. */
export const PAGE_LIMIT = 4;

const TABLE_BYTES = 1 << PAGE_OFFSET_BITS;
const TABLE_ENTRIES = TABLE_BYTES / ENTRY_BYTES;
/** Bytes that an entry of the root table covers. */
const ROOT_SPAN = 1 << 30;
/** The same for the tables below it. RAM has such leaves: larger ones make the emulator flush more than asked. */
const MIDDLE_SPAN = 1 << 21;
const SV39 = 8n;
const MODE_SHIFT = 60n;
const SPACE_SHIFT = 44n;
/** Entry of the root table under which the tests' pages are. */
const TEST_ROOT_INDEX = 4;
const LEAF = EntryBit.VALID | EntryBit.READ | EntryBit.WRITE | EntryBit.EXECUTE |
  EntryBit.ACCESSED | EntryBit.DIRTY;
/** Virtual pages from a page's slot 0 to the next page's. A power of two would let them share TLB entries. */
const PAGE_DISTANCE = BATCH_SLOTS + 40;
const TEST_TABLES = Math.ceil(PAGE_LIMIT * PAGE_DISTANCE / TABLE_ENTRIES);

/** Value of `satp` that turns the tables on. */
export const TRANSLATION_ON: bigint = (SV39 << MODE_SHIFT) |
  (BigInt(ADDRESS_SPACE) << SPACE_SHIFT) |
  (addressOf(Area.ROOT_TABLE) >> BigInt(PAGE_OFFSET_BITS));

/** Virtual address of slot 0's page; those of the next slots follow. */
export function pagesAddress(page: number): bigint {
  return BigInt(TEST_ROOT_INDEX * ROOT_SPAN + page * PAGE_DISTANCE * TABLE_BYTES);
}

/** Address of slot 0's entry; those of the next slots follow. */
export function entriesAddress(page: number): bigint {
  return addressOf(Area.ENTRIES + page * PAGE_DISTANCE * ENTRY_BYTES);
}

/** Writes all tables but the last ones, whose entries the tests set. @param image guest RAM from its start on */
export function writeTables(image: DataView): void {
  const put = (table: number, index: number, value: bigint): void =>
    image.setBigUint64(table + index * ENTRY_BYTES, value, true);
  const pointer = (table: number): bigint => entryValue(addressOf(table), EntryBit.VALID);
  put(Area.ROOT_TABLE, 0, entryValue(0n, LEAF));
  put(Area.ROOT_TABLE, RAM_BASE / ROOT_SPAN, pointer(Area.RAM_TABLE));
  put(Area.ROOT_TABLE, TEST_ROOT_INDEX, pointer(Area.MIDDLE_TABLE));
  for (let offset = 0; offset < RAM_BYTES; offset += MIDDLE_SPAN) {
    put(Area.RAM_TABLE, offset / MIDDLE_SPAN, entryValue(addressOf(offset), LEAF));
  }
  for (let index = 0; index < TEST_TABLES; index++) {
    put(Area.MIDDLE_TABLE, index, pointer(Area.ENTRIES + index * TABLE_BYTES));
  }
}
