/**
 * Opcodes of the operators that lowerings use, by their IR names, with the type of what they give. An opcode behind a
 * prefix byte stands as the prefix above bit 16 and the number below.
 *
 * Source: WebAssembly Core Specification, "Binary Format", "Instructions"; "Threads" and "Relaxed SIMD" proposals,
 * "Binary format".
 */
import type { ValueType } from "../../ir/types.ts";
import type { AtomicUpdate, WasmType } from "../module_builder.ts";
import { wasmType } from "../module_builder.ts";

/** Where the prefix of an opcode stands. */
export const PREFIX_SHIFT = 16;

/** Opcodes that `code_reader.ts` does not know, for which it has no use. */
export const Opcode = {
  UNREACHABLE: 0x00,
  ELSE: 0x05,
  RETURN: 0x0f,
  DROP: 0x1a,
  SELECT: 0x1b,
  LOCAL_SET: 0x21,
  LOCAL_TEE: 0x22,
  MEMORY_FILL: 0xfc_000b,
  F32X4_SPLAT: 0xfd_0013,
  F64X2_SPLAT: 0xfd_0014,
  F32X4_EXTRACT_LANE: 0xfd_001f,
  F64X2_EXTRACT_LANE: 0xfd_0021,
  F32X4_RELAXED_MADD: 0xfd_0105,
  F64X2_RELAXED_MADD: 0xfd_0107,
  ATOMIC_FENCE: 0xfe_0003,
} as const;

/** An operator. */
export interface Operator {
  /** Its opcode. */
  readonly code: number;
  /** Type of what it gives. */
  readonly result: WasmType;
}

/** Operators that stand one behind the other in the binary format, from an opcode on. */
interface Row {
  readonly first: number;
  readonly result: ValueType;
  readonly names: string;
}

const COMPARISONS = "eq ne lt_s lt_u gt_s gt_u le_s le_u ge_s ge_u";
const ARITHMETIC =
  "clz ctz popcnt add sub mul div_s div_u rem_s rem_u and or xor shl shr_s shr_u rotl rotr";
const FLOAT_COMPARISONS = "eq ne lt gt le ge";
const FLOAT_ARITHMETIC = "abs neg ceil floor trunc nearest sqrt add sub mul div min max copysign";

const named = (type: ValueType, names: string): string =>
  names.split(" ").map((name) => `${type}.${name}`).join(" ");

const ROWS: readonly Row[] = [
  { first: 0x45, result: "i32", names: named("i32", `eqz ${COMPARISONS}`) },
  { first: 0x50, result: "i32", names: named("i64", `eqz ${COMPARISONS}`) },
  { first: 0x5b, result: "i32", names: named("f32", FLOAT_COMPARISONS) },
  { first: 0x61, result: "i32", names: named("f64", FLOAT_COMPARISONS) },
  { first: 0x67, result: "i32", names: named("i32", ARITHMETIC) },
  { first: 0x79, result: "i64", names: named("i64", ARITHMETIC) },
  { first: 0x8b, result: "f32", names: named("f32", FLOAT_ARITHMETIC) },
  { first: 0x99, result: "f64", names: named("f64", FLOAT_ARITHMETIC) },
  { first: 0xa7, result: "i32", names: "i32.wrap_i64" },
  { first: 0xac, result: "i64", names: "i64.extend_i32_s i64.extend_i32_u" },
  {
    first: 0xb2,
    result: "f32",
    names: named("f32", "convert_i32_s convert_i32_u convert_i64_s convert_i64_u demote_f64"),
  },
  {
    first: 0xb7,
    result: "f64",
    names: named("f64", "convert_i32_s convert_i32_u convert_i64_s convert_i64_u promote_f32"),
  },
  { first: 0xbc, result: "i32", names: "i32.reinterpret_f32" },
  { first: 0xbd, result: "i64", names: "i64.reinterpret_f64" },
  { first: 0xbe, result: "f32", names: "f32.reinterpret_i32" },
  { first: 0xbf, result: "f64", names: "f64.reinterpret_i64" },
  { first: 0xc0, result: "i32", names: named("i32", "extend8_s extend16_s") },
  { first: 0xc2, result: "i64", names: named("i64", "extend8_s extend16_s extend32_s") },
  {
    first: 0xfc_0000,
    result: "i32",
    names: named("i32", "trunc_sat_f32_s trunc_sat_f32_u trunc_sat_f64_s trunc_sat_f64_u"),
  },
  {
    first: 0xfc_0004,
    result: "i64",
    names: named("i64", "trunc_sat_f32_s trunc_sat_f32_u trunc_sat_f64_s trunc_sat_f64_u"),
  },
];

/** All operators of one and two operands. */
export const OPERATORS: ReadonlyMap<string, Operator> = new Map(
  ROWS.flatMap(({ first, result, names }) =>
    names.split(" ").map((name, index): [string, Operator] => [
      name,
      { code: first + index, result: wasmType(result) },
    ])
  ),
);

const LOADS: Readonly<Record<string, number>> = {
  ...{ "i32.4": 0x28, "i64.8": 0x29, "f32.4": 0x2a, "f64.8": 0x2b },
  ...{ "i32.1_s": 0x2c, "i32.1_u": 0x2d, "i32.2_s": 0x2e, "i32.2_u": 0x2f },
  ...{ "i64.1_s": 0x30, "i64.1_u": 0x31, "i64.2_s": 0x32, "i64.2_u": 0x33 },
  ...{ "i64.4_s": 0x34, "i64.4_u": 0x35 },
};

const STORES: Readonly<Record<string, number>> = {
  ...{ "i32.4": 0x36, "i64.8": 0x37, "f32.4": 0x38, "f64.8": 0x39 },
  ...{ "i32.1": 0x3a, "i32.2": 0x3b, "i64.1": 0x3c, "i64.2": 0x3d, "i64.4": 0x3e },
};

/** The first opcode of each kind of atomic access; those of its forms follow in one order. */
const ATOMICS: Readonly<Record<AtomicUpdate | "load" | "store" | "cmpxchg", number>> = {
  ...{ load: 0xfe_0010, store: 0xfe_0017, add: 0xfe_001e, sub: 0xfe_0025, and: 0xfe_002c },
  ...{ or: 0xfe_0033, xor: 0xfe_003a, xchg: 0xfe_0041, cmpxchg: 0xfe_0048 },
};
const ATOMIC_FORMS = ["i32.4", "i64.8", "i32.1", "i32.2", "i64.1", "i64.2", "i64.4"];

const TYPE_NAMES = new Map(
  (["i32", "i64", "f32", "f64"] as const).map((name) => [wasmType(name), name]),
);

/** Bytes and type of an access as one small number, to look opcodes up by. */
function formKey(type: WasmType, bytes: number): number {
  return (type << 4) | bytes;
}

function byForm(codeOf: (form: string) => number | undefined): ReadonlyMap<number, number> {
  const widths = [1, 2, 4, 8];
  return new Map(
    [...TYPE_NAMES].flatMap(([type, name]) =>
      widths.flatMap((bytes): [number, number][] => {
        const code = codeOf(`${name}.${bytes}`);
        return code === undefined ? [] : [[formKey(type, bytes), code]];
      })
    ),
  );
}

const SIGNED_LOADS = byForm((form) => LOADS[form] ?? LOADS[`${form}_s`]);
const UNSIGNED_LOADS = byForm((form) => LOADS[form] ?? LOADS[`${form}_u`]);
const STORES_BY_FORM = byForm((form) => STORES[form]);
const ATOMICS_BY_FORM = new Map(
  Object.entries(ATOMICS).map(([kind, first]) => [
    kind,
    byForm((form) => {
      const index = ATOMIC_FORMS.indexOf(form);
      return index < 0 ? undefined : first + index;
    }),
  ]),
);

function required(codes: ReadonlyMap<number, number> | undefined, type: WasmType, bytes: number) {
  const code = codes?.get(formKey(type, bytes));
  if (code === undefined) {
    throw new RangeError(`Cannot encode an access of ${bytes} bytes of type ${type}`);
  }
  return code;
}

/** Opcode of a plain load. @throws {RangeError} when there is none */
export function loadCode(type: WasmType, bytes: number, signed: boolean): number {
  return required(signed ? SIGNED_LOADS : UNSIGNED_LOADS, type, bytes);
}

/** Opcode of a plain store. @throws {RangeError} when there is none */
export function storeCode(type: WasmType, bytes: number): number {
  return required(STORES_BY_FORM, type, bytes);
}

/** Opcode of an atomic access. @throws {RangeError} when there is none */
export function atomicCode(
  kind: AtomicUpdate | "load" | "store" | "cmpxchg",
  type: WasmType,
  bytes: number,
): number {
  return required(ATOMICS_BY_FORM.get(kind), type, bytes);
}
