/**
 * Carry-less multiplication with the host's ordinary one.
 *
 * Of each factor only every fourth bit is taken, so that at most 16 products meet at a bit of the result and
 * their carries end in the three bits between, which are cut off; from the topmost one they leave the word.
 * Sixteen such multiplications cover all pairs of bits. The upper half of the product is the lower half of
 * that of the reversed factors, reversed.
 */
import { type Builder, buildFunction } from "../../../ir/builder.ts";
import type { FunctionSignature, Region, Value } from "../../../ir/region.ts";
import { reverseBits } from "./neighbour_swap.ts";

/** `(a, b)`: the lower 64 bits of the product. */
export const CARRYLESS_LOW: FunctionSignature = {
  name: "carryless_low",
  parameters: ["i64", "i64"],
  result: "i64",
};

/** `(a, b)`: bits 63 to 126 of the product. */
export const CARRYLESS_REVERSED: FunctionSignature = {
  name: "carryless_reversed",
  parameters: ["i64", "i64"],
  result: "i64",
};

/** Every bit whose number is a multiple of four. */
const EVERY_FOURTH = 0x1111_1111_1111_1111n;
const CLASSES = [0, 1, 2, 3] as const;

/** The bits whose number has that remainder by four, for each remainder. */
function classes(b: Builder, value: Value): Value[] {
  return CLASSES.map((first) => b.and(value, b.i64(EVERY_FOURTH << BigInt(first))));
}

function lowProduct(b: Builder, first: Value, second: Value): Value {
  const [ours, theirs] = [classes(b, first), classes(b, second)];
  const parts = CLASSES.map((sum) => {
    const products = CLASSES.map((i) => b.mul(ours[i], theirs[(sum - i) & (CLASSES.length - 1)]));
    const bits = products.reduce((x, y) => b.xor(x, y));
    return b.and(bits, b.i64(EVERY_FOURTH << BigInt(sum)));
  });
  return parts.reduce((x, y) => b.or(x, y));
}

/** Builds the functions. */
export function carrylessFunctions(): Region[] {
  return [
    buildFunction(
      CARRYLESS_LOW,
      (b) => b.return(lowProduct(b, b.parameter(0), b.parameter(1))),
    ),
    buildFunction(CARRYLESS_REVERSED, (b) => {
      const factors = [0, 1].map((index) => reverseBits(b, b.parameter(index)));
      b.return(reverseBits(b, b.callPure(CARRYLESS_LOW, ...factors)));
    }),
  ];
}
