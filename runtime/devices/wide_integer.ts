/**
 * 64-bit integers as two i32 halves, for device registers that count nanoseconds: a number cannot hold them
 * exactly and a vCPU must not touch BigInt.
 */

/** A 64-bit integer; arithmetic wraps. */
export interface WideInteger {
  /** Bits 0 to 31, as i32. */
  readonly low: number;
  /** Bits 32 to 63, as i32. */
  readonly high: number;
}

const HALF_RANGE = 0x1_0000_0000;
const NANOSECONDS_PER_MILLISECOND = 1_000_000;

/** `a + b`. */
export function addWide(a: WideInteger, b: WideInteger): WideInteger {
  const low = (a.low >>> 0) + (b.low >>> 0);
  const carry = low >= HALF_RANGE ? 1 : 0;
  return { low: low | 0, high: (a.high + b.high + carry) | 0 };
}

/** `a - b`. */
export function subtractWide(a: WideInteger, b: WideInteger): WideInteger {
  const low = (a.low >>> 0) - (b.low >>> 0);
  const borrow = low < 0 ? 1 : 0;
  return { low: low | 0, high: (a.high - b.high - borrow) | 0 };
}

/** The nearest number to a wide integer read as signed. */
export function signedWideToNumber(value: WideInteger): number {
  return value.high * HALF_RANGE + (value.low >>> 0);
}

/** Nanoseconds of a whole, non-negative count of milliseconds, exactly. */
export function nanosecondsOf(milliseconds: number): WideInteger {
  const upper = Math.floor(milliseconds / HALF_RANGE);
  // Exact: a 32-bit count times a million stays below 2^53.
  const product = (milliseconds % HALF_RANGE) * NANOSECONDS_PER_MILLISECOND;
  const carry = Math.floor(product / HALF_RANGE);
  return { low: product | 0, high: (upper * NANOSECONDS_PER_MILLISECOND + carry) | 0 };
}
