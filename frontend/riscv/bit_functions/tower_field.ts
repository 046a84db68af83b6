/**
 * The field of 256 elements as a tower: pairs of elements of the field of 16, in which an inverse takes few
 * operations. All such fields are alike; `towerMap` finds where the elements of another one lie in this one.
 *
 * The field of 16 has polynomials in y modulo y^4 + y + 1. An element of the tower is `high * z + low` with
 * z^2 = z + SHIFT, the high one in the upper four bits.
 */

/** Low bits of y^4 + y + 1. */
const NIBBLE_REDUCTION = 0b0011;
const NIBBLE_BITS = 4;
const NIBBLE_MASK = 0xf;
const BYTE_BITS = 8;
const BYTES = 256;

/** What is added to z in z^2: makes z^2 + z + SHIFT irreducible. */
export const SHIFT = 0b1000;

/** Product in the field of 16. */
export function multiplyNibbles(a: number, b: number): number {
  let product = 0;
  for (let bit = NIBBLE_BITS - 1; bit >= 0; bit--) {
    const carry = product >> (NIBBLE_BITS - 1);
    product = ((product << 1) & NIBBLE_MASK) ^ (carry * NIBBLE_REDUCTION);
    if ((b >> bit) & 1) product ^= a;
  }
  return product;
}

/** Inverse in the field of 16; 0 for 0. */
export function invertNibble(a: number): number {
  const elements = Array.from({ length: 1 << NIBBLE_BITS }, (_, element) => element);
  return elements.find((element) => multiplyNibbles(a, element) === 1) ?? 0;
}

/** Product in the tower. */
export function multiplyInTower(a: number, b: number): number {
  const [aHigh, aLow] = [a >> NIBBLE_BITS, a & NIBBLE_MASK];
  const [bHigh, bLow] = [b >> NIBBLE_BITS, b & NIBBLE_MASK];
  const highs = multiplyNibbles(aHigh, bHigh);
  const low = multiplyNibbles(aLow, bLow) ^ multiplyNibbles(highs, SHIFT);
  const high = highs ^ multiplyNibbles(aHigh, bLow) ^ multiplyNibbles(aLow, bHigh);
  return (high << NIBBLE_BITS) | low;
}

/** A map of bytes. */
export type ByteMap = (byte: number) => number;

/** The inverse of a map that is one to one. */
export function inverseMap(map: ByteMap): ByteMap {
  const preimages = new Uint8Array(BYTES);
  for (let byte = 0; byte < BYTES; byte++) preimages[map(byte)] = byte;
  return (byte) => preimages[byte];
}

/** The exclusive or of `columns[i]` over the set bits i of a byte: a linear map. */
export function linearMap(columns: readonly number[]): ByteMap {
  return (byte) => columns.reduce((sum, column, bit) => (byte >> bit) & 1 ? sum ^ column : sum, 0);
}

/** Powers 0 to 8 of an element of the tower. */
function powersOf(element: number): number[] {
  const powers = [1];
  while (powers.length <= BYTE_BITS) {
    powers.push(multiplyInTower(powers[powers.length - 1], element));
  }
  return powers;
}

function sumOfPowers(powers: readonly number[], polynomial: number): number {
  return powers.reduce((sum, power, bit) => (polynomial >> bit) & 1 ? sum ^ power : sum, 0);
}

/** Takes the elements of the field with that polynomial to the tower, sums to sums, products to products. */
export function towerMap(polynomial: number): ByteMap {
  for (let root = 2; root < BYTES; root++) {
    const powers = powersOf(root);
    if (sumOfPowers(powers, polynomial) === 0) return linearMap(powers.slice(0, BYTE_BITS));
  }
  throw new RangeError(`Cannot find a root of polynomial ${polynomial}: it is not irreducible`);
}
