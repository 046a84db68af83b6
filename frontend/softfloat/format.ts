/**
 * The binary interchange formats and the numbers that describe them, and the encodings in which rounding
 * modes and exception flags are passed.
 *
 * Source: IEEE 754, "Binary interchange format encodings"; RISC-V Unprivileged ISA, "Floating-Point Control
 * and Status Register" and "NaN Generation and Propagation". Rounding modes, flag bits, the canonical NaN
 * and the results of conversions out of range are those of RISC-V.
 */

/** Rounding modes. */
export const RoundingMode = {
  /** To nearest, ties to even. */
  NEAREST_EVEN: 0,
  /** Toward zero. */
  TOWARD_ZERO: 1,
  /** Toward minus infinity. */
  DOWN: 2,
  /** Toward plus infinity. */
  UP: 3,
  /** To nearest, ties away from zero. */
  NEAREST_AWAY: 4,
} as const;

/** Exception flags. */
export const FloatFlag = {
  /** The result is not exact. */
  INEXACT: 1,
  /** The result is tiny after rounding, and not exact. */
  UNDERFLOW: 2,
  /** The result is beyond the format's range. */
  OVERFLOW: 4,
  /** A finite number was divided by zero. */
  DIVIDE_BY_ZERO: 8,
  /** The operation has no useful result. */
  INVALID: 16,
} as const;

/** Names of the formats; those that the host computes in are prefixes of opcodes. */
export type FormatName = "f16" | HostFormatName;
/** Names of the formats that the host computes in. */
export type HostFormatName = "f32" | "f64";

/** A binary format and what follows from its two sizes. */
export class FloatFormat<Name extends FormatName = FormatName> {
  /** Name, as the prefix of functions. */
  readonly name: Name;
  /** Type that carries the encoded number. */
  readonly carrier: "i32" | "i64";
  /** Bits of an encoded number. */
  readonly width: 16 | 32 | 64;
  /** Bits of the significand, the implied one counted. */
  readonly precision: number;
  /** Bits of the stored fraction. */
  readonly fractionBits: number;
  /** What is added to the exponent in its field. */
  readonly bias: number;
  /** Exponent field of infinities and NaNs. */
  readonly topExponent: number;
  /** Position of the sign. */
  readonly signPosition: number;
  /** The sign bit. */
  readonly signBit: bigint;
  /** Lowest bit of the exponent field: the implied bit of the significand. */
  readonly hiddenBit: bigint;
  /** Tells a quiet NaN from a signaling one. */
  readonly quietBit: bigint;
  /** Plus infinity. */
  readonly infinity: bigint;
  /** The one NaN that operations produce. */
  readonly canonicalNaN: bigint;

  /** Derives a format from its sizes. */
  constructor(name: Name, width: 16 | 32 | 64, precision: number) {
    const exponentBits = width - precision;
    this.name = name;
    this.carrier = width === 64 ? "i64" : "i32";
    this.width = width;
    this.precision = precision;
    this.fractionBits = precision - 1;
    this.bias = 2 ** (exponentBits - 1) - 1;
    this.topExponent = 2 ** exponentBits - 1;
    this.signPosition = width - 1;
    this.signBit = 1n << BigInt(width - 1);
    this.hiddenBit = 1n << BigInt(precision - 1);
    this.quietBit = this.hiddenBit >> 1n;
    this.infinity = BigInt(this.topExponent) * this.hiddenBit;
    this.canonicalNaN = this.infinity | this.quietBit;
  }
}

/** Half precision. */
export const BINARY16: FloatFormat<"f16"> = new FloatFormat("f16", 16, 11);
/** Single precision. */
export const BINARY32: FloatFormat<"f32"> = new FloatFormat("f32", 32, 24);
/** Double precision. */
export const BINARY64: FloatFormat<"f64"> = new FloatFormat("f64", 64, 53);
