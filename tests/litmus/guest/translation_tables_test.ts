import { assert, assertEquals } from "@std/assert";
import { ENTRY_BYTES, entryFlags, entryPage } from "../syntax/page_entry.ts";
import { Area, BATCH_SLOTS, RAM_BASE, RAM_BYTES } from "./guest_layout.ts";
import { entriesAddress, PAGE_LIMIT, pagesAddress, writeTables } from "./translation_tables.ts";

const LEVELS = 3;
const IS_LEAF = 0xe;
const UART = 0x1000_0000;

/** What a walk of the tables finds: the address of the last entry, and the entry if it is there already. */
function walk(image: DataView, address: number): { level: number; at: number; value: bigint } {
  let table = Area.ROOT_TABLE;
  for (let level = LEVELS - 1;; level--) {
    const index = Math.floor(address / 2 ** (12 + 9 * level)) % 512;
    const at = table + index * ENTRY_BYTES;
    if (at >= image.byteLength) return { level, at: RAM_BASE + at, value: 0n };
    const value = image.getBigUint64(at, true);
    if ((entryFlags(value) & IS_LEAF) !== 0) return { level, at: RAM_BASE + at, value };
    assertEquals(entryFlags(value), 1);
    table = entryPage(value) - RAM_BASE;
  }
}

function tables(): DataView {
  const image = new DataView(new ArrayBuffer(Area.MAILBOX));
  writeTables(image);
  return image;
}

Deno.test("what the driver uses has its physical address", () => {
  const image = tables();
  for (const address of [UART, RAM_BASE, RAM_BASE + RAM_BYTES - 1]) {
    const { level, value } = walk(image, address);
    const span = 2 ** (12 + 9 * level);
    assertEquals(entryPage(value), address - address % span);
  }
});

Deno.test("pages of slots have the entries that tests are given", () => {
  const image = tables();
  for (let page = 0; page < PAGE_LIMIT; page++) {
    for (const slot of [0, 511, 512, BATCH_SLOTS - 1]) {
      const { level, at } = walk(image, Number(pagesAddress(page)) + slot * 4096);
      assertEquals([level, at], [0, Number(entriesAddress(page)) + slot * ENTRY_BYTES]);
    }
  }
  assert(entriesAddress(PAGE_LIMIT) < BigInt(RAM_BASE + Area.RESULTS));
});
