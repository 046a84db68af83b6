/**
 * What may come of an access to a virtual page: for each value that its entry may have the physical address and
 * the walk, or a page fault.
 *
 * The threads run in supervisor mode, which may not access a user's pages. A walk of an entry that nothing changes is left out: it orders nothing. Of a load-reserved the walk is that of
 * a load, of all other atomic instructions that of a store.
 */
import {
  ENTRY_BYTES,
  EntryBit,
  entryFlags,
  entryName,
  entryPage,
  PageFault,
} from "../syntax/page_entry.ts";
import type { MemoryLayout } from "./memory_layout.ts";
import type { ReadableValues } from "./readable_values.ts";

/** What an instruction does with memory. */
export type AccessDirection = "load" | "store";

/** A walk: the entry, what was read of it, and what was written when the hart changed it. */
export interface Walk {
  readonly entry: number;
  readonly bytes: number;
  readonly read: bigint;
  readonly written: bigint | null;
}

/** One way for a translation to end. */
export interface Translation {
  /** Physical address; null when the walk found a page fault. */
  readonly address: number | null;
  /** Null when there is nothing to tell of it. */
  readonly walk: Walk | null;
  /** Cause of the page fault, if it is one. */
  readonly cause: number;
}

const CAUSES = { load: PageFault.LOAD, store: PageFault.STORE } as const;
const NEEDED = {
  load: EntryBit.VALID | EntryBit.READ,
  store: EntryBit.VALID | EntryBit.READ | EntryBit.WRITE,
} as const;
const SET = { load: EntryBit.ACCESSED, store: EntryBit.ACCESSED | EntryBit.DIRTY } as const;

/** All ways to translate an address. */
export function translations(
  address: number,
  direction: AccessDirection,
  layout: MemoryLayout,
  values: ReadableValues,
): Translation[] {
  const page = layout.pageOf(address);
  const cause = CAUSES[direction];
  if (page === null) return [{ address, walk: null, cause }];
  const entry = layout.address(entryName(page.name));
  const offset = address - layout.address(page.name);
  const readable = values.values(entry, ENTRY_BYTES);
  return readable.map((read) => {
    const flags = entryFlags(read);
    const walk = { entry, bytes: ENTRY_BYTES, read, written: null };
    const isAllowed = (flags & (NEEDED[direction] | EntryBit.USER)) === NEEDED[direction];
    if (!isAllowed) return { address: null, walk, cause };
    const translated = entryPage(read) + offset;
    const updated = read | BigInt(SET[direction]);
    if (updated !== read && layout.faultsOnClearBits) return { address: null, walk, cause };
    if (updated !== read) {
      return { address: translated, walk: { ...walk, written: updated }, cause };
    }
    return { address: translated, walk: readable.length === 1 ? null : walk, cause };
  });
}
