/**
 * Records that a hart takes over from another one of its thread, instead of decoding the same instructions once more.
 *
 * A record depends on nothing but the page's bytes and the mode. Harts of one thread take turns, so nothing moves while
 * one copies from another. What a hart may conclude about its own records it may conclude about those of a sibling
 * whose page has the same generation and is not provisional: they stand as long as the generation does
 * (`runtime/atomics/code_guard.ts`). An instruction across the page's end depends on more, and is decoded by each.
 */
import { PAGE_PARCELS, Record } from "../../wasm_backend/abi/vcpu_layout.ts";

/** log2 of the records that are copied at a time: as lie in a page of the host. More would take memory for nothing. */
const PART_SHIFT = 8;

const LAST_PARCEL = PAGE_PARCELS - 1;
const RECORD_WORDS_SHIFT = Record.SHIFT - 2;
const HANDLER_MASK = 0xffff;
const SECOND_WORD = 1;
const IMMEDIATE = Record.IMMEDIATE >> 2;
const HEAT = Record.HEAT >> 2;

/** Which part of a page a parcel lies in. */
export function partOf(parcel: number): number {
  return parcel >> PART_SHIFT;
}

/** Is a parcel's record decoded? `start` is the word where the page's records start. */
export function isDecoded(words: Int32Array, start: number, parcel: number): boolean {
  return (words[start + (parcel << RECORD_WORDS_SHIFT)] & HANDLER_MASK) >= Record.FIRST_HANDLER;
}

/**
 * Copies what a sibling has decoded of a part of a page; what is decoded already stays.
 * @param from the sibling's private memory, `fromStart` the word where its records of the page start
 * @param to the own private memory, `toStart` the same there
 * @param heat what a parcel's count of executions is to begin with; 0: with what it is
 */
export function copyRecords(
  from: Int32Array,
  fromStart: number,
  to: Int32Array,
  toStart: number,
  part: number,
  heat: (parcel: number) => number,
): void {
  const end = Math.min((part + 1) << PART_SHIFT, LAST_PARCEL);
  for (let parcel = part << PART_SHIFT; parcel < end; parcel++) {
    if (!isDecoded(from, fromStart, parcel) || isDecoded(to, toStart, parcel)) continue;
    const source = fromStart + (parcel << RECORD_WORDS_SHIFT);
    const target = toStart + (parcel << RECORD_WORDS_SHIFT);
    to[target] = from[source];
    to[target + SECOND_WORD] = from[source + SECOND_WORD];
    to[target + IMMEDIATE] = from[source + IMMEDIATE];
    const known = heat(parcel);
    if (known !== 0) to[target + HEAT] = known;
  }
}
