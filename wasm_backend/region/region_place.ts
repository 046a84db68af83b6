/**
 * Where a region is, as the constants in its code: its slot, and the pages it was built from with their
 * generations. Nothing else in the code depends on the machine, the run or the place.
 *
 * A region that is to be moved is compiled with marks in place of the constants: numbers that code has no other
 * reason to hold, and that are counted afterwards, because a guest may hold them all the same.
 */
import { PAGE_STORES_BEGUN } from "../../runtime/atomics/shared_layout.ts";
import { MappingChecks } from "../abi/vcpu_layout.ts";
import { type FunctionObject, OperandKind } from "../link/function_object.ts";

/** A page that a region was built from. */
export interface RegionPage {
  /** Distance in pages from the origin. */
  readonly distance: number;
  /** Index in shared memory. */
  readonly hostPage: number;
  /** Generation of its code. */
  readonly generation: number;
}

/** Indices of the constants; those of the pages follow, {@linkcode PAGE_CONSTANTS} for each. */
export const PlaceConstant = {
  /** Slot of the region. */
  SLOT: 0,
  /** Address of the slot's mapping check in private memory. */
  MAPPING_CHECK: 1,
  /** Address of the first page's count of begun stores; behind it the count that the region stands for. */
  FIRST_PAGE: 2,
} as const;
/** Constants of each page. */
export const PAGE_CONSTANTS = 2;

/** Any 32-bit number that is no likely constant of a program; the marks are the numbers from here. */
const FIRST_MARK = 0x57e4_c0de | 0;
/** More than a region has. */
const MARKS = 64;
const GENERATION_BYTES = 4;

/** The numbers that stand for constants. */
export const PLACE_MARKS = { first: FIRST_MARK, count: MARKS } as const;

/** The constants of a region in that slot, on those pages. */
export function placeConstants(slot: number, pages: readonly RegionPage[]): number[] {
  const place = pages.flatMap(({ hostPage, generation }) => [
    PAGE_STORES_BEGUN + hostPage * GENERATION_BYTES,
    generation,
  ]);
  return [slot, MappingChecks.BASE + (slot << MappingChecks.ENTRY_SHIFT), ...place];
}

/** Marks in place of the constants of a region on so many pages. */
export function markedPlace(pageCount: number): number[] {
  const count = PlaceConstant.FIRST_PAGE + pageCount * PAGE_CONSTANTS;
  return Array.from({ length: count }, (_, index) => FIRST_MARK + index);
}

/** Does the function hold each mark as often as the entry checks use it, so that all of them are marks? */
export function hasItsMarks({ operands }: FunctionObject, pageCount: number): boolean {
  const counts: number[] = markedPlace(pageCount).map(() => 0);
  for (const { kind, index } of operands) {
    if (kind !== OperandKind.CONSTANT) continue;
    if (index >= counts.length) return false;
    counts[index]++;
  }
  const mappingUses = pageCount > 1 ? 1 : 0;
  return counts.every((uses, index) =>
    uses === (index < PlaceConstant.FIRST_PAGE ? mappingUses : 1)
  );
}

/** Name of a region's function in its module. */
export function regionName({ slot }: { readonly slot: number }): string {
  return `r${slot}`;
}

/** Was the callee, so many pages behind the caller, built from pages that the caller was built from as well? */
export function isCovered(
  callee: { readonly pages: readonly RegionPage[] },
  caller: { readonly pages: readonly RegionPage[] },
  distance: number,
): boolean {
  return callee.pages.every((page) =>
    caller.pages.some((own) =>
      own.distance === page.distance + distance && own.hostPage === page.hostPage &&
      own.generation === page.generation
    )
  );
}
