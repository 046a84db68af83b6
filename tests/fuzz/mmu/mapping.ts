/**
 * How tables map pages, permissions aside, and which fences cover a change of it.
 *
 * Source: RISC-V Privileged ISA, "Supervisor Memory-Management Fence Instruction".
 */
import { Entry, PAGE_BYTES, ramOffset } from "./mmu_layout.ts";
import type { Fence } from "./mmu_script.ts";

const PAGE = BigInt(PAGE_BYTES);
const MODE_SHIFT = 60n;
const SPACE_SHIFT = 44n;
const SPACE_ONES = 0xffffn;
const LEVEL_BIAS = 5;
const LEVEL_BITS = 9n;
const PAGE_SHIFT = 12n;
const NUMBER_ONES = (1n << 44n) - 1n;
const INDEX_ONES = 511n;
const ENTRY_BYTES = 8n;

/** Where a page is mapped. */
export interface Mapping {
  /** Addresses of the entries on the way. */
  readonly path: readonly bigint[];
  /** The leaf; null when there is none. */
  readonly leaf: bigint | null;
  /** Level of the last entry on the way. */
  readonly level: number;
  /** Is there a leaf, and is it or an entry before it global? */
  readonly isGlobal: boolean;
}

/** How RAM's tables map a page in an address space, given as a value of `satp`. */
export function mappingOf(ram: DataView, space: bigint, page: bigint): Mapping {
  let table = (space & NUMBER_ONES) * PAGE;
  const path: bigint[] = [];
  let isGlobal = false;
  const nothing = (level: number): Mapping => ({ path, leaf: null, level, isGlobal: false });
  for (let level = Number(space >> MODE_SHIFT) - LEVEL_BIAS - 1; level >= 0; level--) {
    const index = (page >> (PAGE_SHIFT + LEVEL_BITS * BigInt(level))) & INDEX_ONES;
    const address = table + index * ENTRY_BYTES;
    path.push(address);
    const offset = ramOffset(address);
    if (offset < 0) return nothing(level);
    const entry = ram.getBigUint64(offset, true);
    if ((entry & Entry.VALID) === 0n) return nothing(level);
    isGlobal ||= (entry & Entry.GLOBAL) !== 0n;
    if ((entry & (Entry.READ | Entry.EXECUTE)) !== 0n) {
      return { path, leaf: entry, level, isGlobal };
    }
    table = ((entry >> Entry.NUMBER_SHIFT) & NUMBER_ONES) * PAGE;
  }
  return nothing(0);
}

/** Does a fence cover what may be cached of a page in an address space? */
export function covers(
  fence: Fence,
  space: bigint,
  page: bigint,
  { leaf, level, isGlobal }: Mapping,
): boolean {
  const shift = PAGE_SHIFT + LEVEL_BITS * BigInt(leaf === null ? 0 : level);
  const isNear = fence.address === null || fence.address >> shift === page >> shift;
  if (fence.space === null) return isNear;
  const id = (space >> SPACE_SHIFT) & SPACE_ONES;
  return isNear && !isGlobal && fence.space === id;
}
