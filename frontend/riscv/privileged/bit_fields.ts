/** Tests and changes of bit fields, as the privileged functions need them. */
import type { Builder } from "../../../ir/builder.ts";
import type { Value } from "../../../ir/region.ts";

/** 1 when any bit of the mask is set in the i64. */
export function anySet(b: Builder, value: Value, mask: bigint): Value {
  return b.ne(b.and(value, b.i64(mask)), b.i64(0));
}

/** 1 when no bit of the mask is set in the i64. */
export function noneSet(b: Builder, value: Value, mask: bigint): Value {
  return b.eqz(b.and(value, b.i64(mask)));
}

/** The i64 with its bits under the mask taken from `source`. */
export function replaceBits(b: Builder, value: Value, source: Value, mask: Value): Value {
  return b.xor(value, b.and(b.xor(value, source), mask));
}

/** The field of an i64 that starts at `shift` and has the low bits `ones`, as an i32. */
export function field(b: Builder, value: Value, shift: bigint, ones: number): Value {
  return b.and(b.wrap(b.shrU(value, b.i64(shift))), b.i32(ones));
}

/** 1 when bit `index` (an i32) of the i64 is set. */
export function bitAt(b: Builder, value: Value, index: Value): Value {
  return b.and(b.wrap(b.shrU(value, b.zeroExtend(index))), b.i32(1));
}

/** The i64 mask when the flag is 1, else 0. */
export function maskIf(b: Builder, flag: Value, mask: bigint): Value {
  return b.select(flag, b.i64(mask), b.i64(0));
}
