/**
 * Rounding to nearest even in place: one host operation and a look at its result, with the function of
 * `nearest.ts` for what that does not settle.
 *
 * Once inexact is raised, which a program's first roundings do, nobody has to find out whether a result is
 * exact. Whether another flag may be due shows in the result's magnitude: overflow and invalid end beyond the
 * finite numbers, what is tiny ends at the smallest normal number or below. So a result is taken when its key,
 * exponent field first, is below a bound in guest state that is 0 as long as inexact is not raised. One
 * comparison answers both questions.
 */
import type { Builder } from "../../ir/builder.ts";
import type { StateSlot } from "../../ir/guest_state.ts";
import type { Value } from "../../ir/region.ts";
import type { FloatState } from "./float_builder.ts";
import { FloatFlag } from "./format.ts";
import type { HostOperation, RoundedOperation } from "./signatures.ts";

/** Lowest bit of the exponent field in a key. */
const FIELD_POSITION = { f32: 24, f64: 21 } as const;
/** Fields of results that may have been tiny: zero, subnormal numbers, and what those are rounded up to. */
const TINY_FIELDS = 2;
/**
 * The bound once inexact is raised: the key of infinity in single precision less the tiny fields. One bound for
 * all keys leaves some large numbers to the function, of both formats.
 */
const RANGE = -((TINY_FIELDS + 1) << FIELD_POSITION.f32);
/** Bits of a double below its key. */
const BITS_BELOW_KEY = 31;

/** The bound that belongs to accrued flags. */
export function rangeOf(b: Builder, flags: Value): Value {
  return b.mul(b.and(flags, b.i32(FloatFlag.INEXACT)), b.i32(RANGE));
}

/** The top bits of a number behind its sign, as an i32. */
function keyOf(b: Builder, number: Value): Value {
  if (number.type === "f32") return b.shl(b.op("i32.reinterpret_f32", number), b.i32(1));
  return b.wrap(b.shrU(b.op("i64.reinterpret_f64", number), b.i64(BITS_BELOW_KEY)));
}

/** 1 when no flag is due that is not raised already. */
function isSettled(b: Builder, result: Value, { flags }: HostOperation, range: StateSlot): Value {
  const bound = b.getState(range);
  if (flags === "inexact") return b.ne(bound, b.i32(0));
  const key = keyOf(b, result);
  if (flags === "overflow") return b.ltU(key, bound);
  const position = FIELD_POSITION[result.type as "f32" | "f64"];
  return b.ltU(b.sub(key, b.i32(TINY_FIELDS << position)), bound);
}

/** Where operations in place run, and what they look at. */
export interface PlaceOfRounding {
  /** Accrued flags and bound. */
  readonly state: FloatState;
  /** Does the host fuse multiplication and addition? */
  readonly hostFuses: boolean;
}

/** Appends the operation on numbers; gives a number. */
export function roundToNearest(
  b: Builder,
  { host, nearest }: RoundedOperation,
  numbers: Value[],
  { state: { flags, range }, hostFuses }: PlaceOfRounding,
): Value {
  if (host.needsFusing && !hostFuses) return b.call(nearest, ...numbers);
  const result = b.op(host.opcode, ...numbers);
  const callee = { callee: nearest, changes: [flags, range] };
  return b.callUnless(isSettled(b, result, host, range), result, callee, ...numbers);
}
