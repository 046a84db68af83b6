/**
 * One access to a CSR while its function is being built: operands, the value to write, and what must happen
 * after the instruction.
 */
import type { Builder } from "../../../ir/builder.ts";
import type { Value, Variable } from "../../../ir/region.ts";
import { slot } from "../registers.ts";
import { maskIf } from "./bit_fields.ts";
import { AccessStatus, CsrOperation, MODE_KEY, PENDING_INTERRUPT } from "./signatures.ts";

const CSR_NUMBER_ONES = 0xfff;

/** See the header of this file. */
export class CsrUpdate {
  /** Where operations go. */
  readonly b: Builder;
  /** Number of the CSR. */
  readonly number: Value;
  /** Does the instruction write? 0 or 1. */
  readonly writes: Value;
  readonly #operation: Value;
  readonly #source: Value;
  readonly #status: Variable;

  /** Takes the parameters of the function being built. */
  constructor(b: Builder) {
    this.b = b;
    this.number = b.and(b.parameter(0), b.i32(CSR_NUMBER_ONES));
    this.#operation = b.parameter(1);
    this.writes = b.ne(b.parameter(2), b.i32(0));
    this.#source = b.parameter(3);
    this.#status = b.variable("status", "i32");
    b.setVariable(this.#status, b.i32(0));
  }

  #is(operation: number): Value {
    return this.b.eq(this.#operation, this.b.i32(operation));
  }

  /** The value to write, given the one that was read. */
  combine(old: Value): Value {
    const { b } = this;
    const set = b.or(old, this.#source);
    const cleared = b.and(old, b.xor(this.#source, b.i64(-1)));
    const changed = b.select(this.#is(CsrOperation.SET), set, cleared);
    return b.select(this.#is(CsrOperation.WRITE), this.#source, changed);
  }

  /** The bits that the instruction itself sets, whatever was read before. */
  bitsToSet(): Value {
    const { b } = this;
    return b.and(this.#source, maskIf(b, b.not(this.#is(CsrOperation.CLEAR)), -1n));
  }

  /** The bits that the instruction itself clears. */
  bitsToClear(): Value {
    const { b } = this;
    const inverted = b.xor(this.#source, b.i64(-1));
    const whenNotWritten = b.and(this.#source, maskIf(b, this.#is(CsrOperation.CLEAR), -1n));
    return b.select(this.#is(CsrOperation.WRITE), inverted, whenNotWritten);
  }

  /** Leaves to the trampoline after the instruction when the flag is 1. */
  leaveIf(flag: Value): void {
    const { b } = this;
    const leave = b.mul(flag, b.i32(AccessStatus.LEAVE));
    b.setVariable(this.#status, b.or(b.getVariable(this.#status), leave));
  }

  /** Leaves when an interrupt can be taken now. */
  leaveIfInterrupted(): void {
    this.leaveIf(this.b.geS(this.b.call(PENDING_INTERRUPT), this.b.i32(0)));
  }

  /** Runs `change` and leaves when it changed the mode key. */
  leaveIfModeChanges(change: () => void): void {
    const before = this.b.call(MODE_KEY);
    change();
    this.leaveIf(this.b.ne(this.b.call(MODE_KEY), before));
  }

  /** Drops all cached translations after the instruction when the flag is 1. */
  dropTranslationsIf(flag: Value): void {
    const { b } = this;
    const version = slot("translation_version");
    b.setState(version, b.add(b.getState(version), b.zeroExtend(flag)));
    this.leaveIf(flag);
  }

  /** Ends the function: the access was legal. */
  finish(): void {
    this.b.return(this.b.getVariable(this.#status));
  }

  /** A condition on the current privilege. */
  isPrivilege(privilege: number): Value {
    return this.b.eq(this.b.getState(slot("privilege")), this.b.i32(privilege));
  }
}
