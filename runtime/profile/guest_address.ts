/**
 * Guest addresses as numbers: 64-bit values read as signed, so that the upper half of the address space, where
 * kernels are, lies just below zero and both halves are exact up to 2^53.
 */

const HALF_RANGE = 0x1_0000_0000;
const WIDTH_BITS = 64;
const HEX = 16;

/** The address with these halves. */
export function guestAddress(low: number, high: number): number {
  return (high | 0) * HALF_RANGE + (low >>> 0);
}

/** The address that an unsigned 64-bit value is. */
export function addressFromBits(bits: bigint): number {
  return Number(BigInt.asIntN(WIDTH_BITS, bits));
}

/** An address as people write it. */
export function addressText(address: number): string {
  return `0x${BigInt.asUintN(WIDTH_BITS, BigInt(address)).toString(HEX)}`;
}
