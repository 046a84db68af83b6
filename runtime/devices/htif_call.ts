/**
 * System calls that a guest program makes through the host-target interface: it describes the call in eight
 * 64-bit words, number first, and finds the result in the first of them. Programs use it to print and to end;
 * every other call is answered with "no such call".
 *
 * Safety: addresses and lengths are the guest's; what does not lie in its RAM is refused.
 */

import type { GuestStores } from "../atomics/guest_store.ts";

/** Guest RAM as the host sees it. */
export interface HtifRam {
  /** The shared memory. */
  readonly words: Int32Array;
  /** Where RAM starts in it, in bytes. */
  readonly hostOffset: number;
  /** Guest physical address of RAM. */
  readonly base: number;
  /** Its size. */
  readonly bytes: number;
}

/** What a call asks for. */
export type HtifCall =
  | { readonly kind: "write"; readonly start: number; readonly length: number }
  | { readonly kind: "exit"; readonly code: number }
  | { readonly kind: "refused"; readonly error: number };

/** Errors, as the guest's C library numbers them. */
export const CallError = { BAD_FILE: -9, BAD_ADDRESS: -14, NO_SUCH_CALL: -38 } as const;

const WRITE = 64;
const EXIT = 93;
const STANDARD_OUTPUT = 1;
const STANDARD_ERROR = 2;
const DESCRIPTION_BYTES = 64;
const WORD_BYTES = 8;
const HALF_RANGE = 0x1_0000_0000;

/** Host offset of some bytes of guest RAM, or -1 when they do not all lie there. */
function placeOf(ram: HtifRam, address: number, bytes: number): number {
  const offset = address - ram.base;
  const isInside = offset >= 0 && bytes <= ram.bytes && offset <= ram.bytes - bytes;
  return isInside ? ram.hostOffset + offset : -1;
}

/** Host offset of a call's description, or -1 when it is not aligned in RAM. */
export function descriptionPlace(ram: HtifRam, address: number): number {
  return address % WORD_BYTES === 0 ? placeOf(ram, address, DESCRIPTION_BYTES) : -1;
}

/** Reads what the description at that host offset asks for. */
export function readCall(ram: HtifRam, place: number): HtifCall {
  const argument = (index: number): number => {
    const at = (place >> 2) + 2 * index;
    return (ram.words[at + 1] >>> 0) * HALF_RANGE + (ram.words[at] >>> 0);
  };
  switch (argument(0)) {
    case EXIT:
      return { kind: "exit", code: argument(1) | 0 };
    case WRITE:
      return writeCall(ram, argument(1), argument(2), argument(3));
    default:
      return { kind: "refused", error: CallError.NO_SUCH_CALL };
  }
}

function writeCall(ram: HtifRam, file: number, address: number, length: number): HtifCall {
  if (file !== STANDARD_OUTPUT && file !== STANDARD_ERROR) {
    return { kind: "refused", error: CallError.BAD_FILE };
  }
  const start = placeOf(ram, address, length);
  if (start < 0) return { kind: "refused", error: CallError.BAD_ADDRESS };
  return { kind: "write", start, length };
}

/** Stores the result of the call that is described at that host offset. */
export function storeResult(stores: GuestStores, place: number, result: number): void {
  stores.storeWord(place, result);
  stores.storeWord(place + 4, result < 0 ? -1 : 0);
}
