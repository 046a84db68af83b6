/** Exchanges of neighbouring groups of bits, of which reversals are made. */
import type { Builder } from "../../../ir/builder.ts";
import type { Value } from "../../../ir/region.ts";

/** All groups of `width` bits change places with the group beside them; `lower` has the bits of the lower ones. */
export interface NeighbourSwap {
  /** Bits of a group. */
  readonly width: number;
  /** Bits of every other group, the lowest one included. */
  readonly lower: bigint;
}

/** Steps that reverse the bits of every byte. */
export const BITS_OF_BYTES: readonly NeighbourSwap[] = [
  { width: 1, lower: 0x5555_5555_5555_5555n },
  { width: 2, lower: 0x3333_3333_3333_3333n },
  { width: 4, lower: 0x0f0f_0f0f_0f0f_0f0fn },
];

/** Steps that, with an exchange of the halves of the register, reverse the bytes of a register. */
const BYTES_OF_HALVES: readonly NeighbourSwap[] = [
  { width: 8, lower: 0x00ff_00ff_00ff_00ffn },
  { width: 16, lower: 0x0000_ffff_0000_ffffn },
];
const HALF_OF_REGISTER = 32;

/** Appends the exchanges. */
export function swapNeighbours(b: Builder, value: Value, swaps: readonly NeighbourSwap[]): Value {
  return swaps.reduce((swapped, { width, lower }) => {
    const mask = b.i64(lower);
    const distance = b.i64(width);
    const raised = b.shl(b.and(swapped, mask), distance);
    return b.or(raised, b.and(b.shrU(swapped, distance), mask));
  }, value);
}

/** Appends a reversal of the bytes of a register. */
export function reverseBytes(b: Builder, value: Value): Value {
  return b.rotl(swapNeighbours(b, value, BYTES_OF_HALVES), b.i64(HALF_OF_REGISTER));
}

/** Appends a reversal of the bits of a register. */
export function reverseBits(b: Builder, value: Value): Value {
  return reverseBytes(b, swapNeighbours(b, value, BITS_OF_BYTES));
}
