/**
 * The integer and float tables against Wasm itself: each opcode is run as the Wasm instruction of its name,
 * in a module encoded here byte by byte.
 */
import { assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { type Opcode, opcodeRow, OPCODES } from "../opcodes.ts";
import type { ValueType } from "../types.ts";
import { FLOAT_FUNCTIONS } from "./float.ts";
import { INTEGER_FUNCTIONS, type PureFunction } from "./integer.ts";

const TYPE_BYTES: Readonly<Record<ValueType, number>> = {
  i32: 0x7f,
  i64: 0x7e,
  f32: 0x7d,
  f64: 0x7c,
};

/** Names in the order of the Wasm specification's "Numeric Instructions", from the given byte on. */
const ENCODINGS: readonly [first: number, names: string][] = [
  [0x45, "i32.eqz i32.eq i32.ne i32.lt_s i32.lt_u"],
  [0x4e, "i32.ge_s i32.ge_u i64.eqz i64.eq i64.ne i64.lt_s i64.lt_u"],
  [0x59, "i64.ge_s i64.ge_u f32.eq"],
  [0x5d, "f32.lt"],
  [0x5f, "f32.le"],
  [0x61, "f64.eq"],
  [0x63, "f64.lt"],
  [0x65, "f64.le"],
  [0x67, "i32.clz i32.ctz i32.popcnt i32.add i32.sub i32.mul i32.div_s i32.div_u i32.rem_s"],
  [0x70, "i32.rem_u i32.and i32.or i32.xor i32.shl i32.shr_s i32.shr_u i32.rotl i32.rotr"],
  [0x79, "i64.clz i64.ctz i64.popcnt i64.add i64.sub i64.mul i64.div_s i64.div_u i64.rem_s"],
  [0x82, "i64.rem_u i64.and i64.or i64.xor i64.shl i64.shr_s i64.shr_u i64.rotl i64.rotr"],
  [0x8b, "f32.abs"],
  [0x91, "f32.sqrt f32.add f32.sub f32.mul f32.div"],
  [0x99, "f64.abs"],
  [0x9b, "f64.ceil f64.floor f64.trunc f64.nearest f64.sqrt f64.add f64.sub f64.mul f64.div"],
  [0xa7, "i32.wrap_i64"],
  [0xac, "i64.extend_i32_s i64.extend_i32_u"],
  [0xb2, "f32.convert_i32_s f32.convert_i32_u f32.convert_i64_s f32.convert_i64_u"],
  [0xb6, "f32.demote_f64 f64.convert_i32_s f64.convert_i32_u f64.convert_i64_s"],
  [0xba, "f64.convert_i64_u f64.promote_f32 i32.reinterpret_f32 i64.reinterpret_f64"],
  [0xbe, "f32.reinterpret_i32 f64.reinterpret_i64"],
  [0xc0, "i32.extend8_s i32.extend16_s i64.extend8_s i64.extend16_s i64.extend32_s"],
];
const SELECT_BYTE = 0x1b;
const SATURATING_PREFIX = 0xfc;
const SATURATING: Readonly<Record<string, number>> = {
  "i32.trunc_sat_f64_s": 2,
  "i64.trunc_sat_f64_s": 6,
  "i64.trunc_sat_f64_u": 7,
};
/** Wasm has no such instruction. */
const WITHOUT_WASM: ReadonlySet<string> = new Set([
  "i64.mulh_s",
  "i64.mulh_u",
  "i64.mulh_su",
]);
/** Vector instructions that may do it, and what brings operands and result in and out of the first lane. */
const FUSED: Readonly<Record<string, { splat: number[]; code: number[] }>> = {
  "f32.fma": { splat: [0xfd, 0x13], code: [0xfd, 0x85, 0x02, 0xfd, 0x1f, 0] },
  "f64.fma": { splat: [0xfd, 0x14], code: [0xfd, 0x87, 0x02, 0xfd, 0x21, 0] },
};

function encodingOf(opcode: string): number[] {
  if (opcode.endsWith(".select")) return [SELECT_BYTE];
  if (opcode in FUSED) return FUSED[opcode].code;
  if (opcode in SATURATING) return [SATURATING_PREFIX, SATURATING[opcode]];
  for (const [first, names] of ENCODINGS) {
    const position = names.split(" ").indexOf(opcode);
    if (position >= 0) return [first + position];
  }
  throw new TypeError(`Cannot find the Wasm instruction "${opcode}"`);
}

function section(id: number, content: number[]): number[] {
  return [id, content.length, ...content];
}

/** Integers stand in for floats at the function's boundary, so that NaN payloads survive. */
const CARRIER: Readonly<Record<ValueType, "i32" | "i64">> = {
  i32: "i32",
  i64: "i64",
  f32: "i32",
  f64: "i64",
};
const TO_FLOAT: Readonly<Record<string, number[]>> = { f32: [0xbe], f64: [0xbf] };
const FROM_FLOAT: Readonly<Record<string, number[]>> = { f32: [0xbc], f64: [0xbd] };

function compile(opcode: Opcode): (...operands: bigint[]) => bigint {
  const { operands, result } = opcodeRow(opcode);
  if (operands === null || result === null || result === "void") throw new TypeError(opcode);
  const parameters = operands.map((type) => TYPE_BYTES[CARRIER[type]]);
  // `select` takes its condition last.
  const order = opcode.endsWith(".select") ? [1, 2, 0] : operands.map((_, index) => index);
  const splat = FUSED[opcode]?.splat ?? [];
  const code = order.flatMap((index) => [
    ...[0x20, index],
    ...(TO_FLOAT[operands[index]] ?? []),
    ...splat,
  ]);
  const body = [0, ...code, ...encodingOf(opcode), ...(FROM_FLOAT[result] ?? []), 0x0b];
  const bytes = [
    ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, [1, 0x60, operands.length, ...parameters, 1, TYPE_BYTES[CARRIER[result]]]),
    ...section(3, [1, 0]),
    ...section(7, [1, 1, 0x66, 0, 0]),
    ...section(10, [1, body.length, ...body]),
  ];
  const instance = new WebAssembly.Instance(new WebAssembly.Module(new Uint8Array(bytes)));
  const run = instance.exports.f as (...operands: (bigint | number)[]) => bigint | number;
  return (...values) =>
    BigInt(run(...values.map((v, i) => CARRIER[operands[i]] === "i32" ? Number(v) : v)));
}

const INTEGER_EDGES = {
  i32: [0n, 1n, -1n, 31n, 32n, -(2n ** 31n), 2n ** 31n - 1n, 0x80n, 0x8000n],
  i64: [0n, 1n, -1n, 63n, 64n, -(2n ** 63n), 2n ** 63n - 1n, 0x8000_0000n, 0xffff_ffffn],
};

function bits(type: ValueType): fc.Arbitrary<bigint> {
  const carrier = CARRIER[type];
  const width = carrier === "i32" ? 32 : 64;
  const random = fc.bigInt({ min: -(2n ** BigInt(width - 1)), max: 2n ** BigInt(width - 1) - 1n });
  if (type === "f32") {
    return fc.float().map((value) => BigInt(new Int32Array(Float32Array.of(value).buffer)[0]));
  }
  if (type === "f64") {
    return fc.oneof(fc.double(), fc.integer(), fc.double({ min: -1e20, max: 1e20 }))
      .map((value) => new BigInt64Array(Float64Array.of(value).buffer)[0]);
  }
  return fc.oneof(random, fc.constantFrom(...INTEGER_EDGES[carrier]), fc.bigInt(-9n, 9n));
}

function isNaN32(value: bigint): boolean {
  return (value & 0x7fff_ffffn) > 0x7f80_0000n;
}

function isNaN64(value: bigint): boolean {
  return (value & 0x7fff_ffff_ffff_ffffn) > 0x7ff0_0000_0000_0000n;
}

function breaksPrecondition(opcode: Opcode, [a, b]: bigint[]): boolean {
  if (!/\.(div|rem)_/.test(opcode) || opcode.startsWith("f")) return false;
  const lowest = opcode.startsWith("i32") ? -(2n ** 31n) : -(2n ** 63n);
  return b === 0n || (opcode.endsWith("div_s") && a === lowest && b === -1n);
}

function checkAgainstWasm(opcode: Opcode, evaluate: PureFunction): void {
  const { operands, result } = opcodeRow(opcode);
  if (operands === null) throw new TypeError(opcode);
  const wasm = compile(opcode);
  const isNaN = result === "f32" ? isNaN32 : result === "f64" ? isNaN64 : () => false;
  fc.assert(
    fc.property(fc.tuple(...operands.map(bits)), (values) => {
      fc.pre(!breaksPrecondition(opcode, values));
      const got = evaluate(values[0], values[1] ?? 0n, values[2] ?? 0n);
      const expected = wasm(...values);
      if (isNaN(expected)) assertEquals(isNaN(got), true, opcode);
      else assertEquals(got, expected, `${opcode}(${values})`);
    }),
    { numRuns: 300 },
  );
}

Deno.test("every pure opcode evaluates as the Wasm instruction of its name", () => {
  for (const [opcode, evaluate] of Object.entries({ ...INTEGER_FUNCTIONS, ...FLOAT_FUNCTIONS })) {
    if (WITHOUT_WASM.has(opcode) || opcode in FUSED) continue;
    checkAgainstWasm(opcode as Opcode, evaluate);
  }
});

Deno.test("fused multiply-add evaluates as a host that fuses does", () => {
  const [one, unit] = [0x3ff0_0000_0000_0000n, 1n];
  const wasm = compile("f64.fma");
  const isFused = wasm(one | unit, one - 2n * unit, one | 1n << 63n) !== 0n;
  const names = ["f32.fma", "f64.fma"] as const;
  if (isFused) names.forEach((name) => checkAgainstWasm(name, FLOAT_FUNCTIONS[name]));
});

Deno.test("every opcode of a numeric type is in exactly one table", () => {
  const numeric = Object.keys(OPCODES).filter((name) =>
    /^[if](32|64)\./.test(name) && !name.endsWith(".const")
  );
  const tabled = [...Object.keys(INTEGER_FUNCTIONS), ...Object.keys(FLOAT_FUNCTIONS)];
  assertEquals(tabled.sort(), numeric.sort());
});

Deno.test("high halves of products agree with division of the full product", () => {
  const unsigned = (value: bigint) => value < 0n ? value + 2n ** 64n : value;
  const high = (a: bigint, b: bigint) => {
    const product = a * b;
    const low = ((product % 2n ** 64n) + 2n ** 64n) % 2n ** 64n;
    const quotient = (product - low) / 2n ** 64n;
    return quotient >= 2n ** 63n ? quotient - 2n ** 64n : quotient;
  };
  fc.assert(fc.property(bits("i64"), bits("i64"), (a, b) => {
    assertEquals(INTEGER_FUNCTIONS["i64.mulh_s"](a, b, 0n), high(a, b));
    assertEquals(INTEGER_FUNCTIONS["i64.mulh_u"](a, b, 0n), high(unsigned(a), unsigned(b)));
    assertEquals(INTEGER_FUNCTIONS["i64.mulh_su"](a, b, 0n), high(a, unsigned(b)));
  }));
});

Deno.test("division throws where its precondition is broken", () => {
  assertThrows(() => INTEGER_FUNCTIONS["i32.div_u"](1n, 0n, 0n), RangeError);
  assertThrows(() => INTEGER_FUNCTIONS["i64.rem_s"](1n, 0n, 0n), RangeError);
  assertThrows(() => INTEGER_FUNCTIONS["i64.div_s"](-(2n ** 63n), -1n, 0n), RangeError);
});

Deno.test("64-bit integers convert to single precision in one rounding", () => {
  const convert = FLOAT_FUNCTIONS["f32.convert_i64_s"];
  // 2^54 + 2^30 + 1: a first rounding to double would lose the 1 and make a tie of it.
  assertEquals(convert(2n ** 54n + 2n ** 30n + 1n, 0n, 0n), 0x5a80_0001n);
  assertEquals(convert(2n ** 54n + 2n ** 30n, 0n, 0n), 0x5a80_0000n);
});
