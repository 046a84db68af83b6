/**
 * Pieces that the float functions have in common, as operations appended to the function being built.
 *
 * Inside a function all numbers are i64, those of narrower formats zero-extended. Significands in transit
 * are scaled: `normalize` puts the leading one at bit 63; what goes to `round_and_pack` has it at bit 62.
 * Bits lost to the right are jammed: if any was one, the lowest kept bit is set, which is enough to round
 * correctly as long as it lies below the rounding position.
 */
import { type Builder, buildFunction } from "../../ir/builder.ts";
import type { StateSlot } from "../../ir/guest_state.ts";
import type { FunctionSignature, Region, Value, Variable } from "../../ir/region.ts";
import { FloatFlag, type FloatFormat, type FormatName } from "./format.ts";
import { rangeOf } from "./nearest_in_place.ts";

/** Where the float functions keep what outlives them. */
export interface FloatState {
  /** Accrued exception flags, i32. */
  readonly flags: StateSlot;
  /** Set to 1 by a flag that was not raised yet, i32; null where callers do it, having a register to write. */
  readonly dirty: StateSlot | null;
  /** Which results need no test of their flags, i32: see `nearest_in_place.ts`. */
  readonly range: StateSlot;
}

/** A finite, non-zero number taken apart. */
export interface Normalized {
  /** Exponent with the format's bias; below 1 for subnormal numbers. */
  readonly exponent: Value;
  /** Significand, its leading one at bit 63. */
  readonly significand: Value;
}

const WORD_BITS = 64;
/** Bits of the narrower type that carries numbers. */
const CARRIER_BITS = 32;
/** Larger right shifts than this give what this one gives. */
const LONGEST_SHIFT = 63;

/** Builds one float function. */
export class FloatBuilder<Name extends FormatName = FormatName> {
  /** The plain builder. */
  readonly b: Builder;
  /** The format of operands and result. */
  readonly format: FloatFormat<Name>;
  readonly #state: FloatState;

  /** Appends to a plain builder. */
  constructor(b: Builder, format: FloatFormat<Name>, state: FloatState) {
    this.b = b;
    this.format = format;
    this.#state = state;
  }

  /** A number parameter as i64. */
  operand(index: number): Value {
    const value = this.b.parameter(index);
    if (value.type !== "i32") return value;
    const bits = this.b.zeroExtend(value);
    const isNarrower = this.format.width < CARRIER_BITS;
    return isNarrower ? this.b.and(bits, this.b.i64(2n * this.format.signBit - 1n)) : bits;
  }

  /** An i64 as number of the result's type. */
  carry(bits: Value): Value {
    return this.format.carrier === "i32" ? this.b.wrap(bits) : bits;
  }

  /** Ends the function with a number given as i64. */
  return(bits: Value): void {
    this.b.return(this.carry(bits));
  }

  /** Ends the function with a constant number. */
  returnConstant(bits: bigint): void {
    this.return(this.b.i64(bits));
  }

  /** Ends the function with a magnitude and a sign. */
  returnSigned(isNegative: Value, magnitude: bigint): void {
    this.return(this.b.or(this.signBitIf(isNegative), this.b.i64(magnitude)));
  }

  /** Adds constant flags to the accrued ones. */
  raise(flags: number): void {
    this.raiseFlags(this.b.i32(flags));
  }

  /** Adds flags to the accrued ones. */
  raiseFlags(flags: Value): void {
    const { flags: accrued, dirty, range } = this.#state;
    const before = this.b.getState(accrued);
    const raised = this.b.or(before, flags);
    this.b.setState(accrued, raised);
    this.b.setState(range, rangeOf(this.b, raised));
    if (dirty === null) return;
    this.b.setState(dirty, this.b.or(this.b.getState(dirty), this.b.ne(raised, before)));
  }

  /** 1 when the inexact flag is not raised yet. */
  isInexactClear(): Value {
    const flags = this.b.getState(this.#state.flags);
    return this.b.eqz(this.b.and(flags, this.b.i32(FloatFlag.INEXACT)));
  }

  /** Raises the invalid flag and ends the function with a NaN. */
  returnInvalid(): void {
    this.raise(FloatFlag.INVALID);
    this.returnConstant(this.format.canonicalNaN);
  }

  // --- parts of an encoded number -------------------------------------------------------------------

  /** 1 when the sign is minus. */
  isNegative(bits: Value): Value {
    return this.b.wrap(this.b.shrU(bits, this.b.i64(this.format.signPosition)));
  }

  /** The sign bit where the condition, 0 or 1, holds. */
  signBitIf(isNegative: Value): Value {
    return this.b.shl(this.b.zeroExtend(isNegative), this.b.i64(this.format.signPosition));
  }

  /** Bits without the sign. */
  magnitude(bits: Value): Value {
    return this.b.and(bits, this.b.i64(this.format.signBit - 1n));
  }

  /** Exponent field as an i32. */
  exponentField(bits: Value): Value {
    const shifted = this.b.wrap(this.b.shrU(bits, this.b.i64(this.format.fractionBits)));
    return this.b.and(shifted, this.b.i32(this.format.topExponent));
  }

  /** Significand with the hidden bit, at the bottom of the word. */
  significand(bits: Value): Value {
    const fraction = this.b.and(bits, this.b.i64(this.format.hiddenBit - 1n));
    const hidden = this.b.or(fraction, this.b.i64(this.format.hiddenBit));
    return this.b.select(this.b.eqz(this.exponentField(bits)), fraction, hidden);
  }

  /** Significand of a normal number, at the bottom of the word. */
  normalSignificand(bits: Value): Value {
    const fraction = this.b.and(bits, this.b.i64(this.format.hiddenBit - 1n));
    return this.b.or(fraction, this.b.i64(this.format.hiddenBit));
  }

  /** 1 for infinities and NaNs. */
  isSpecial(bits: Value): Value {
    return this.b.eq(this.exponentField(bits), this.b.i32(this.format.topExponent));
  }

  /** 1 for infinities. */
  isInfinite(bits: Value): Value {
    return this.b.eq(this.magnitude(bits), this.b.i64(this.format.infinity));
  }

  /** 1 for zeros. */
  isZero(bits: Value): Value {
    return this.b.eqz(this.magnitude(bits));
  }

  /** 1 for NaNs. */
  isNaN(bits: Value): Value {
    return this.b.ltU(this.b.i64(this.format.infinity), this.magnitude(bits));
  }

  /** 1 for signaling NaNs. */
  isSignaling(bits: Value): Value {
    const isQuiet = this.b.ne(this.b.and(bits, this.b.i64(this.format.quietBit)), this.b.i64(0));
    return this.b.and(this.isNaN(bits), this.b.not(isQuiet));
  }

  /** When any operand is a NaN: raises what that raises and ends the function with a NaN. */
  returnIfNaN(...operands: Value[]): void {
    const any = (test: (bits: Value) => Value): Value =>
      operands.map(test).reduce((a, b) => this.b.or(a, b));
    this.b.when(any((bits) => this.isNaN(bits)), () => {
      this.b.when(any((bits) => this.isSignaling(bits)), () => this.raise(FloatFlag.INVALID));
      this.returnConstant(this.format.canonicalNaN);
    });
  }

  /** Takes apart a finite number that is not zero. */
  normalize(bits: Value): Normalized {
    const { b } = this;
    const significand = this.significand(bits);
    const shift = b.op("i64.clz", significand);
    const field = this.exponentField(bits);
    const lowest = b.select(b.eqz(field), b.i32(1), field);
    const usualShift = b.i32(WORD_BITS - this.format.precision);
    return {
      exponent: b.sub(b.add(lowest, usualShift), b.wrap(shift)),
      significand: b.shl(significand, shift),
    };
  }

  // --- arithmetic on significands -------------------------------------------------------------------

  /** The i32 condition, 0 or 1, as an i64. */
  flag(condition: Value): Value {
    return this.b.zeroExtend(condition);
  }

  /** 1 as an i64 when the value is not zero. */
  jam(lost: Value): Value {
    return this.flag(this.b.ne(lost, this.b.i64(0)));
  }

  /** Right shift with jam of a word below 2^63, by any i32 amount that is not negative. */
  shiftRightJam(word: Value, amount: Value): Value {
    const { b } = this;
    const isShort = b.ltU(amount, b.i32(LONGEST_SHIFT));
    const shift = b.zeroExtend(b.select(isShort, amount, b.i32(LONGEST_SHIFT)));
    const kept = b.shrU(word, shift);
    return b.or(kept, this.flag(b.ne(b.shl(kept, shift), word)));
  }

  // --- variables ------------------------------------------------------------------------------------

  /** A new variable that starts with a value. */
  variable(name: string, value: Value): Variable {
    const variable = this.b.variable(name, value.type as Variable["type"]);
    this.b.setVariable(variable, value);
    return variable;
  }

  /** Reads a variable. */
  get(variable: Variable): Value {
    return this.b.getVariable(variable);
  }

  /** Writes a variable. */
  set(variable: Variable, value: Value): void {
    this.b.setVariable(variable, value);
  }
}

/** Builds a float function from its body. */
export function buildFloatFunction<Name extends FormatName>(
  signature: FunctionSignature,
  format: FloatFormat<Name>,
  state: FloatState,
  body: (f: FloatBuilder<Name>) => void,
): Region {
  return buildFunction(signature, (builder) => body(new FloatBuilder(builder, format, state)));
}
