/**
 * Every float instruction of every precision against fractions of big integers: results, flags and boxes, in
 * all rounding modes.
 */
import { assertEquals } from "@std/assert";
import {
  BINARY16,
  BINARY32,
  BINARY64,
  FloatFlag,
  type FloatFormat,
  RoundingMode,
} from "../../softfloat/format.ts";
import { OperandSource } from "../../softfloat/operand_source.ts";
import {
  decode,
  RationalReference,
  type ReferenceResult,
  roundToInteger,
} from "../../softfloat/rational_reference.ts";
import { double, DYNAMIC, execute, floatResult, integerResult, RAM_BASE } from "./float_fixture.ts";

const CASES = 24;
const MODES = Object.values(RoundingMode);
const FORMATS = { h: BINARY16, s: BINARY32, d: BINARY64 } as const;
type Suffix = keyof typeof FORMATS;
const SUFFIXES = Object.keys(FORMATS) as Suffix[];
const { INEXACT, INVALID } = FloatFlag;

/** As it stands in a register. */
function inBox(format: FloatFormat, bits: bigint): bigint {
  return BigInt.asUintN(64, -1n << BigInt(format.width)) | bits;
}

/** Result of an instruction on one format, from operands and rounding mode. */
type Model = (operands: readonly bigint[], mode: number) => ReferenceResult;

interface ModelRow {
  readonly name: string;
  readonly operands: FloatFormat;
  readonly count: number;
  /** Format of the result, or null for an integer register. */
  readonly result: FloatFormat | null;
  /** Does the rounding mode matter, in field or register? */
  readonly isRounded: boolean;
  readonly model: Model;
}

function operandsOf(source: OperandSource, count: number): bigint[] {
  const operands = [source.operand()];
  while (operands.length < count) {
    operands.push(source.below(2) === 0 ? source.operand() : source.related(operands[0]));
  }
  return operands;
}

function checkRow({ name, operands: format, count, result, isRounded, model }: ModelRow): void {
  const source = new OperandSource(format, BigInt(name.length));
  for (let i = 0; i < CASES; i++) {
    const operands = operandsOf(source, count);
    for (const mode of isRounded ? MODES : [0]) {
      const isDynamic = i % 2 === 0;
      const rounding = isDynamic
        ? { fields: { rm: DYNAMIC }, frm: mode }
        : { fields: { rm: mode } };
      const setting = {
        f: operands.map((bits) => inBox(format, bits)),
        ...(isRounded ? rounding : {}),
      };
      const expected = model(operands, mode);
      const text = `${name} ${operands.map((bits) => bits.toString(16))} mode ${mode}`;
      if (result === null) {
        const register = BigInt.asIntN(64, expected.bits);
        assertEquals(integerResult(name, setting), [register, expected.flags], text);
      } else {
        const register = inBox(result, expected.bits);
        assertEquals(floatResult(name, setting), [register, expected.flags], text);
      }
    }
  }
}

/** Value for comparison: infinities are larger than any number of the format. */
function ordinal(format: FloatFormat, bits: bigint): bigint {
  const magnitude = bits & (format.signBit - 1n);
  return (bits & format.signBit) === 0n ? magnitude : -magnitude;
}

function isNaN(format: FloatFormat, bits: bigint): boolean {
  return decode(format, bits).kind === "nan";
}

function invalidIfSignaling(format: FloatFormat, operands: readonly bigint[]): number {
  const isSignaling = operands.map((bits) => decode(format, bits))
    .some((value) => value.kind === "nan" && value.isSignaling);
  return isSignaling ? INVALID : 0;
}

function extremum(format: FloatFormat, isLarger: boolean, keepsNumbers: boolean): Model {
  return ([a, b]) => {
    const flags = invalidIfSignaling(format, [a, b]);
    const numbers = [a, b].filter((bits) => !isNaN(format, bits));
    if (numbers.length === 0 || (!keepsNumbers && numbers.length === 1)) {
      return { bits: format.canonicalNaN, flags };
    }
    // Minus zero first: it is the smaller one of two zeros.
    numbers.sort((x, y) => {
      const difference = ordinal(format, x) - ordinal(format, y);
      if (difference !== 0n) return difference < 0n ? -1 : 1;
      return Number((y & format.signBit) - (x & format.signBit) > 0n) -
        Number((x & format.signBit) - (y & format.signBit) > 0n);
    });
    return { bits: numbers[isLarger ? numbers.length - 1 : 0], flags };
  };
}

function comparison(
  format: FloatFormat,
  holds: (difference: bigint) => boolean,
  isQuiet: boolean,
): Model {
  return ([a, b]) => {
    const hasNaN = isNaN(format, a) || isNaN(format, b);
    const flags = isQuiet ? invalidIfSignaling(format, [a, b]) : hasNaN ? INVALID : 0;
    const isTrue = !hasNaN && holds(ordinal(format, a) - ordinal(format, b));
    return { bits: isTrue ? 1n : 0n, flags };
  };
}

function toIntegral(format: FloatFormat, raisesInexact: boolean): Model {
  const reference = new RationalReference(format);
  return ([a], mode) => {
    const value = decode(format, a);
    if (value.kind === "nan") return reference.nan(value.isSignaling);
    if (value.kind === "infinite") return { bits: a, flags: 0 };
    const { integer, isInexact } = roundToInteger(value, mode);
    const { bits } = reference.round({ ...value, numerator: integer, denominator: 1n }, 0);
    return { bits, flags: raisesInexact && isInexact ? INEXACT : 0 };
  };
}

const INTEGERS = {
  w: { width: 32, minimum: -(2n ** 31n), maximum: 2n ** 31n - 1n },
  wu: { width: 32, minimum: 0n, maximum: 2n ** 32n - 1n },
  l: { width: 64, minimum: -(2n ** 63n), maximum: 2n ** 63n - 1n },
  lu: { width: 64, minimum: 0n, maximum: 2n ** 64n - 1n },
} as const;
type Integer = keyof typeof INTEGERS;
const INTEGER_NAMES = Object.keys(INTEGERS) as Integer[];

function rowsOf(suffix: Suffix): ModelRow[] {
  const format = FORMATS[suffix];
  const r = new RationalReference(format);
  const flip = (bits: bigint): bigint => bits ^ format.signBit;
  const row = (
    name: string,
    count: number,
    model: Model,
    { result = format as FloatFormat | null, isRounded = false } = {},
  ): ModelRow => ({ name: `${name}.${suffix}`, operands: format, count, result, isRounded, model });
  const rounded = (name: string, count: number, model: Model): ModelRow =>
    row(name, count, model, { isRounded: true });
  const tested = (name: string, holds: (difference: bigint) => boolean, isQuiet: boolean) =>
    row(name, 2, comparison(format, holds, isQuiet), { result: null });
  return [
    rounded("fadd", 2, ([a, b], mode) => r.add(a, b, mode)),
    rounded("fsub", 2, ([a, b], mode) => r.subtract(a, b, mode)),
    rounded("fmul", 2, ([a, b], mode) => r.multiply(a, b, mode)),
    rounded("fdiv", 2, ([a, b], mode) => r.divide(a, b, mode)),
    rounded("fsqrt", 1, ([a], mode) => r.squareRoot(a, mode)),
    rounded("fmadd", 3, ([a, b, c], mode) => r.multiplyAdd(a, b, c, mode)),
    rounded("fmsub", 3, ([a, b, c], mode) => r.multiplyAdd(a, b, flip(c), mode)),
    rounded("fnmsub", 3, ([a, b, c], mode) => r.multiplyAdd(flip(a), b, c, mode)),
    rounded("fnmadd", 3, ([a, b, c], mode) => r.multiplyAdd(flip(a), b, flip(c), mode)),
    row("fmin", 2, extremum(format, false, true)),
    row("fmax", 2, extremum(format, true, true)),
    row("fminm", 2, extremum(format, false, false)),
    row("fmaxm", 2, extremum(format, true, false)),
    tested("feq", (difference) => difference === 0n, true),
    tested("flt", (difference) => difference < 0n, false),
    tested("fle", (difference) => difference <= 0n, false),
    tested("fltq", (difference) => difference < 0n, true),
    tested("fleq", (difference) => difference <= 0n, true),
    rounded("fround", 1, toIntegral(format, false)),
    rounded("froundnx", 1, toIntegral(format, true)),
    ...INTEGER_NAMES.map((integer) => {
      const { width, minimum, maximum } = INTEGERS[integer];
      const model: Model = ([a], mode) => {
        const { bits, flags } = r.toInteger(a, minimum, maximum, mode);
        return { bits: BigInt.asIntN(width, bits), flags };
      };
      return row(`fcvt.${integer}`, 1, model, { result: null, isRounded: true });
    }),
    ...SUFFIXES.filter((target) => target !== suffix).map((target): ModelRow => {
      const result = FORMATS[target];
      const reference = new RationalReference(result);
      return {
        name: `fcvt.${target}.${suffix}`,
        operands: format,
        count: 1,
        result,
        isRounded: true,
        model: ([a], mode) => reference.convert(format, a, mode),
      };
    }),
  ];
}

for (const suffix of SUFFIXES) {
  for (const row of rowsOf(suffix)) {
    Deno.test(`${row.name} computes its model`, () => checkRow(row));
  }

  Deno.test(`integers convert to precision ${suffix} as their model does`, () => {
    const format = FORMATS[suffix];
    const reference = new RationalReference(format);
    const source = new OperandSource(format, 3n);
    for (let i = 0; i < CASES; i++) {
      const x = source.integer();
      for (const mode of MODES) {
        for (const integer of INTEGER_NAMES) {
          const { width, minimum } = INTEGERS[integer];
          const value = minimum < 0n ? BigInt.asIntN(width, x) : BigInt.asUintN(width, x);
          const { bits, flags } = reference.fromInteger(value, mode);
          const seen = floatResult(`fcvt.${suffix}.${integer}`, { x, fields: { rm: mode } });
          assertEquals(seen, [inBox(format, bits), flags], `${integer} ${value} mode ${mode}`);
        }
      }
    }
  });
}

Deno.test("fli loads the numbers of the manual's table", () => {
  const numbers = [
    ...[-1, null, 2 ** -16, 2 ** -15, 2 ** -8, 2 ** -7, 0.0625, 0.125],
    ...[0.25, 0.3125, 0.375, 0.4375, 0.5, 0.625, 0.75, 0.875],
    ...[1, 1.25, 1.5, 1.75, 2, 2.5, 3, 4, 8, 16, 128, 256, 32768, 65536, Infinity, NaN],
  ];
  for (const suffix of SUFFIXES) {
    const format = FORMATS[suffix];
    const reference = new RationalReference(format);
    numbers.forEach((number, rs1) => {
      const bits = number === null
        ? format.hiddenBit
        : reference.convert(BINARY64, double(number), 0).bits;
      const seen = floatResult(`fli.${suffix}`, { fields: { rs1 } });
      assertEquals(seen, [inBox(format, bits), 0], `fli.${suffix} ${rs1}`);
    });
  }
});

Deno.test("fcvtmod.w.d is the integer part modulo 2^32, and invalid beyond the signed range", () => {
  const source = new OperandSource(BINARY64, 77n);
  const near = [0.5, -0.5, 2 ** 31, -(2 ** 31), -(2 ** 31) - 1, 2 ** 31 - 0.5, 2 ** 32 + 1.5];
  const far = [2 ** 63, -(2 ** 63), 2 ** 63 + 2 ** 11, 2 ** 83 + 2 ** 31, 2 ** 84, 2 ** 85, NaN];
  const random = Array.from({ length: 20 * CASES }, () => source.operand());
  const scaled = random.map((bits) =>
    (bits & ~BINARY64.infinity) | BigInt(BINARY64.bias + source.below(90)) * BINARY64.hiddenBit
  );
  for (const bits of [...[...near, ...far].map(double), ...random, ...scaled]) {
    const value = decode(BINARY64, bits);
    let expected: [bigint, number] = [0n, INVALID];
    if (value.kind === "finite") {
      const { integer, isInexact } = roundToInteger(value, RoundingMode.TOWARD_ZERO);
      const whole = value.isNegative ? -integer : integer;
      const word = BigInt.asIntN(32, whole);
      expected = [word, word !== whole ? INVALID : isInexact ? INEXACT : 0];
    }
    assertEquals(integerResult("fcvtmod.w.d", { f: [bits] }), expected, bits.toString(16));
  }
});

Deno.test("Half precision moves, loads and stores keep bits, and boxes are made and checked", () => {
  const ram = Uint8Array.of(1, 2, 3, 4);
  assertEquals(floatResult("flh", { x: RAM_BASE, ram }), [inBox(BINARY16, 0x0201n), 0]);
  assertEquals(floatResult("fmv.h.x", { x: 0x1234_5678n }), [inBox(BINARY16, 0x5678n), 0]);
  assertEquals(integerResult("fmv.x.h", { f: [0x1234_8765n] }), [-0x789bn, 0]);
  const store = { x: RAM_BASE, fields: { imm: 4 }, f: [0n, 0x8877_6655_4433_2211n] };
  assertEquals([...execute("fsh", store).memory.bytes.slice(4, 7)], [0x11, 0x22, 0]);
  const one = 0x3c00n;
  for (const unboxed of [one, inBox(BINARY16, one) ^ (1n << 63n), inBox(BINARY32, one)]) {
    assertEquals(integerResult("fclass.h", { f: [unboxed] }), [1n << 9n, 0]);
    const canonical = inBox(BINARY16, BINARY16.canonicalNaN);
    assertEquals(floatResult("fadd.h", { f: [unboxed, inBox(BINARY16, one)] }), [canonical, 0]);
    assertEquals(floatResult("fcvt.d.h", { f: [unboxed] }), [BINARY64.canonicalNaN, 0]);
  }
});

Deno.test("Half precision classes and signs are those of the bits", () => {
  const magnitudes = [0n, 1n, 0x3ffn, 0x400n, 0x3c00n, 0x7bffn, 0x7c00n, 0x7c01n, 0x7e00n];
  const classes = [4, 5, 5, 6, 6, 6, 7, 8, 9];
  magnitudes.forEach((magnitude, i) => {
    const positive = inBox(BINARY16, magnitude);
    const negative = inBox(BINARY16, magnitude | BINARY16.signBit);
    const isNumber = classes[i] < 8;
    assertEquals(integerResult("fclass.h", { f: [positive] }), [1n << BigInt(classes[i]), 0]);
    const mirrored = isNumber ? 7 - classes[i] : classes[i];
    assertEquals(integerResult("fclass.h", { f: [negative] }), [1n << BigInt(mirrored), 0]);
    assertEquals(floatResult("fsgnj.h", { f: [positive, negative] }), [negative, 0]);
    assertEquals(floatResult("fsgnjn.h", { f: [negative, negative] }), [positive, 0]);
    assertEquals(floatResult("fsgnjx.h", { f: [negative, negative] }), [positive, 0]);
  });
});
