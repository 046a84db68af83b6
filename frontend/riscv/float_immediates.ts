/**
 * The numbers that `fli` loads, by the field in the place of `rs1`. Source: Unprivileged ISA, `"Zfa" Extension
 * for Additional Floating-Point Instructions`, "Load-Immediate Instructions".
 *
 * Their encodings have zeros below the upper 16 bits, in every format.
 */
import { BINARY16, BINARY32, BINARY64, type FloatFormat } from "../softfloat/format.ts";
import { type HalfwordTable, halfwordTable } from "./bit_functions/halfword_table.ts";

/** Stands for the smallest normal number of the format. */
const SMALLEST = "min";

const VALUES: readonly (number | typeof SMALLEST)[] = [
  ...[-1, SMALLEST, 2 ** -16, 2 ** -15, 2 ** -8, 2 ** -7, 2 ** -4, 2 ** -3] as const,
  ...[0.25, 0.3125, 0.375, 0.4375, 0.5, 0.625, 0.75, 0.875],
  ...[1, 1.25, 1.5, 1.75, 2, 2.5, 3, 4],
  ...[8, 16, 128, 256, 2 ** 15, 2 ** 16, Infinity, NaN],
];

/** Encoding of a number that the format holds, or that is beyond its range. */
function encodingOf(value: number, format: FloatFormat): bigint {
  if (Number.isNaN(value)) return format.canonicalNaN;
  if (value < 0) return format.signBit | encodingOf(-value, format);
  const lowest = 1 - format.bias;
  if (value >= 2 ** (format.bias + 1)) return format.infinity;
  const exponent = Math.max(Math.floor(Math.log2(value)), lowest);
  const significand = BigInt(value * 2 ** (format.fractionBits - exponent));
  return BigInt(exponent - lowest) * format.hiddenBit + significand;
}

const ENTRY_BITS = 16;

function tableOf(format: FloatFormat): HalfwordTable {
  const encodings = VALUES.map((value) =>
    value === SMALLEST ? format.hiddenBit : encodingOf(value, format)
  );
  const entries = encodings.map((bits) => Number(bits >> BigInt(format.width - ENTRY_BITS)));
  return halfwordTable(`${format.name}_immediate`, entries);
}

/** Upper 16 bits of the numbers in each format. */
export const FLOAT_IMMEDIATES: Readonly<Record<FloatFormat["name"], HalfwordTable>> = {
  f16: tableOf(BINARY16),
  f32: tableOf(BINARY32),
  f64: tableOf(BINARY64),
};

const HEXADECIMAL = 16;

/** As `%a` of C prints it. */
function hexadecimalFloat(value: number): string {
  if (value < 0) return `-${hexadecimalFloat(-value)}`;
  const exponent = Math.floor(Math.log2(value));
  const fraction = (value / 2 ** exponent - 1).toString(HEXADECIMAL).slice(1);
  return `0x1${fraction}p${exponent < 0 ? "" : "+"}${exponent}`;
}

/** Text of each number, in GNU syntax. */
export const FLOAT_IMMEDIATE_NAMES: readonly string[] = VALUES.map((value) => {
  if (value === SMALLEST) return value;
  if (Number.isNaN(value)) return "nan";
  return value === Infinity ? "inf" : hexadecimalFloat(value);
});
