/** Names of operators, as WebAssembly's text has them, and the keys under which Binaryen keeps its numbers for them. */

const UNARY_KEYS: readonly [string, string][] = [
  ["i32.clz", "ClzInt32"],
  ["i32.ctz", "CtzInt32"],
  ["i32.popcnt", "PopcntInt32"],
  ["i32.eqz", "EqZInt32"],
  ["i64.clz", "ClzInt64"],
  ["i64.ctz", "CtzInt64"],
  ["i64.popcnt", "PopcntInt64"],
  ["i64.eqz", "EqZInt64"],
  ["i32.extend8_s", "ExtendS8Int32"],
  ["i32.extend16_s", "ExtendS16Int32"],
  ["i64.extend8_s", "ExtendS8Int64"],
  ["i64.extend16_s", "ExtendS16Int64"],
  ["i64.extend32_s", "ExtendS32Int64"],
  ["i64.extend_i32_s", "ExtendSInt32"],
  ["i64.extend_i32_u", "ExtendUInt32"],
  ["i32.wrap_i64", "WrapInt64"],
  ["f32.sqrt", "SqrtFloat32"],
  ["f32.abs", "AbsFloat32"],
  ["f64.sqrt", "SqrtFloat64"],
  ["f64.abs", "AbsFloat64"],
  ["f64.ceil", "CeilFloat64"],
  ["f64.floor", "FloorFloat64"],
  ["f64.trunc", "TruncFloat64"],
  ["f64.nearest", "NearestFloat64"],
  ["f32.demote_f64", "DemoteFloat64"],
  ["f64.promote_f32", "PromoteFloat32"],
  ["f32.reinterpret_i32", "ReinterpretInt32"],
  ["f64.reinterpret_i64", "ReinterpretInt64"],
  ["i32.reinterpret_f32", "ReinterpretFloat32"],
  ["i64.reinterpret_f64", "ReinterpretFloat64"],
  ["f32.convert_i32_s", "ConvertSInt32ToFloat32"],
  ["f32.convert_i32_u", "ConvertUInt32ToFloat32"],
  ["f32.convert_i64_s", "ConvertSInt64ToFloat32"],
  ["f32.convert_i64_u", "ConvertUInt64ToFloat32"],
  ["f64.convert_i32_s", "ConvertSInt32ToFloat64"],
  ["f64.convert_i32_u", "ConvertUInt32ToFloat64"],
  ["f64.convert_i64_s", "ConvertSInt64ToFloat64"],
  ["f64.convert_i64_u", "ConvertUInt64ToFloat64"],
  ["i32.trunc_sat_f64_s", "TruncSatSFloat64ToInt32"],
  ["i64.trunc_sat_f64_s", "TruncSatSFloat64ToInt64"],
  ["i64.trunc_sat_f64_u", "TruncSatUFloat64ToInt64"],
];

const BINARY_STEMS: readonly [string, string][] = [
  ["add", "Add"],
  ["sub", "Sub"],
  ["mul", "Mul"],
  ["div_s", "DivS"],
  ["div_u", "DivU"],
  ["rem_s", "RemS"],
  ["rem_u", "RemU"],
  ["and", "And"],
  ["or", "Or"],
  ["xor", "Xor"],
  ["shl", "Shl"],
  ["shr_s", "ShrS"],
  ["shr_u", "ShrU"],
  ["rotl", "RotL"],
  ["rotr", "RotR"],
  ["eq", "Eq"],
  ["ne", "Ne"],
  ["lt_s", "LtS"],
  ["lt_u", "LtU"],
  ["ge_s", "GeS"],
  ["ge_u", "GeU"],
];

const FLOAT_BINARY_STEMS: readonly [string, string][] = [
  ["add", "Add"],
  ["sub", "Sub"],
  ["mul", "Mul"],
  ["div", "Div"],
  ["eq", "Eq"],
  ["lt", "Lt"],
  ["le", "Le"],
];

/** Key of each operator, by its name. */
export function operatorKeys(): Map<string, string> {
  const keys = new Map<string, string>(UNARY_KEYS);
  for (const bits of ["32", "64"]) {
    for (const [name, key] of BINARY_STEMS) {
      keys.set(`i${bits}.${name}`, `${key}Int${bits}`);
    }
    for (const [name, key] of FLOAT_BINARY_STEMS) {
      keys.set(`f${bits}.${name}`, `${key}Float${bits}`);
    }
  }
  return keys;
}
