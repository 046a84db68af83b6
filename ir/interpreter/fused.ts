/**
 * Product and sum rounded once, on the host's numbers: the host's own arithmetic rounds twice, so finite
 * operands are computed with as integers.
 */

/** What numbers of a format look like. */
export interface FusedFormat {
  /** Bits of the significand, the implied one counted. */
  readonly precision: number;
  /** Exponent of the smallest subnormal number. */
  readonly lowestExponent: number;
}

const DOUBLE_FRACTION = 2n ** 52n;
const DOUBLE_TOP_FIELD = 2047n;
const DOUBLE_LOWEST = -1074;

/** A finite number as `significand * 2 ** exponent`. */
interface Scaled {
  readonly significand: bigint;
  readonly exponent: number;
}

function scaled(value: number): Scaled {
  const bits = new BigUint64Array(Float64Array.of(Math.abs(value)).buffer)[0];
  const field = (bits / DOUBLE_FRACTION) & DOUBLE_TOP_FIELD;
  const fraction = bits % DOUBLE_FRACTION;
  const magnitude = field === 0n ? fraction : fraction + DOUBLE_FRACTION;
  const exponent = DOUBLE_LOWEST + Math.max(Number(field) - 1, 0);
  return { significand: value < 0 ? -magnitude : magnitude, exponent };
}

/** To nearest even; a number that is too large for a double becomes infinite. */
function rounded(magnitude: bigint, exponent: number, format: FusedFormat): number {
  const length = magnitude.toString(2).length;
  const unit = Math.max(exponent + length - format.precision, format.lowestExponent);
  const lost = unit - exponent;
  if (lost <= 0) return Number(magnitude) * 2 ** exponent;
  const half = 1n << BigInt(lost - 1);
  const kept = magnitude >> BigInt(lost);
  const rest = magnitude - (kept << BigInt(lost));
  const isUp = rest > half || (rest === half && kept % 2n === 1n);
  return Number(isUp ? kept + 1n : kept) * 2 ** unit;
}

/** `a * b + c` of numbers of the format. */
export function fusedMultiplyAdd(a: number, b: number, c: number, format: FusedFormat): number {
  if (!Number.isFinite(a) || !Number.isFinite(b)) return a * b + c;
  if (!Number.isFinite(c)) return c;
  const [x, y, addend] = [scaled(a), scaled(b), scaled(c)];
  const product = { significand: x.significand * y.significand, exponent: x.exponent + y.exponent };
  const exponent = Math.min(product.exponent, addend.exponent);
  const sum = [product, addend]
    .map((term) => term.significand << BigInt(term.exponent - exponent))
    .reduce((one, other) => one + other);
  // Only zeros can sum up to minus zero.
  if (sum === 0n) return product.significand === 0n ? a * b + c : 0;
  return sum < 0n ? -rounded(-sum, exponent, format) : rounded(sum, exponent, format);
}
