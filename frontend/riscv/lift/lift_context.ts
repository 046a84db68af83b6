/**
 * What a lifter sees of the instruction it lifts.
 *
 * A lifter names fields; it never learns their values. With an instruction bound, fields are constants and
 * the operations become part of a hot region. Unbound, fields are read from a decoded record at run time and
 * the operations become a handler of the cold tier. Reading x0 and dropping writes to it is done here.
 *
 * Order inside a lifter: whatever can fault comes before the first register write, so that state at a fault
 * is that before the instruction.
 */
import type { Builder } from "../../../ir/builder.ts";
import type { TransferKind, Value } from "../../../ir/region.ts";
import { RoundingMode } from "../../softfloat/format.ts";
import type { HalfwordTable } from "../bit_functions/halfword_table.ts";
import type { DecodedInstruction, FieldName } from "../instruction.ts";
import { Cause } from "../privileged/causes.ts";
import { slot } from "../registers.ts";

/** Field FS of `mstatus`; zero when float instructions are off. */
const MSTATUS_FS = 0x6000n;
/** Bit C of `misa`. */
const MISA_C = 4n;
/** Value of the rounding mode field that stands for the mode in `frm`. */
const DYNAMIC_ROUNDING = 7;
/** Rounding modes from here on are reserved. */
const FIRST_RESERVED_ROUNDING = 5;

/** Registers that calls keep return addresses in: `ra` and `t0`. */
const LINK_REGISTERS: ReadonlySet<number> = new Set([1, 5]);

/** What is known of the hart's mode when a region is compiled; part of the region's key. */
export interface BoundMode {
  /** Are float instructions enabled (FS not off)? */
  readonly floatEnabled: boolean;
  /** Is the dynamic rounding mode round-to-nearest-even? */
  readonly roundsToNearest: boolean;
  /** Are there compressed instructions, so that instructions may stand at any even address? */
  readonly hasCompressed: boolean;
}

/** An instruction with its place: what a bound context lifts. */
export interface BoundInstruction {
  /** The decoded instruction. */
  readonly instruction: DecodedInstruction;
  /** Its distance in bytes from the region's origin. */
  readonly offset: number;
  /** See {@linkcode BoundMode}. */
  readonly mode: BoundMode;
  /** Does the host fuse multiplication and addition? */
  readonly hostFuses: boolean;
}

/** See the header of this file. */
export class LiftContext {
  /** Where operations go. */
  readonly b: Builder;
  /** The instruction, or null when a handler is lifted. */
  readonly bound: BoundInstruction | null;
  /** The instruction's bits, once something has needed them. */
  #encoding: Value | null = null;

  /** Lifts into the builder's current block. */
  constructor(builder: Builder, bound: BoundInstruction | null) {
    this.b = builder;
    this.bound = bound;
  }

  /** Integer register named by a source field. */
  x(field: "rs1" | "rs2" | "rd"): Value {
    if (this.bound === null) return this.b.getStateAt(slot("x"), this.field(field));
    const index = this.bound.instruction[field];
    return index === 0 ? this.b.i64(0) : this.b.getState(slot("x"), index);
  }

  /** Low 32 bits of an integer register. */
  w(field: "rs1" | "rs2"): Value {
    return this.b.wrap(this.x(field));
  }

  /** Writes the destination integer register; a write to x0 goes nowhere. */
  setX(value: Value): void {
    if (this.bound === null) this.b.setStateAt(slot("x"), this.field("rd"), value);
    else if (this.bound.instruction.rd !== 0) {
      this.b.setState(slot("x"), value, this.bound.instruction.rd);
    }
  }

  /** Writes a 32-bit result, sign-extended. */
  setW(value: Value): void {
    this.setX(this.b.signExtend(value));
  }

  /** Float register named by a source field, as its 64 raw bits. */
  f(field: "rs1" | "rs2" | "rs3"): Value {
    if (this.bound === null) return this.b.getStateAt(slot("f"), this.field(field));
    return this.b.getState(slot("f"), this.bound.instruction[field]);
  }

  /** Writes the destination float register's 64 raw bits and marks float state dirty. */
  setF(value: Value): void {
    if (this.bound === null) this.b.setStateAt(slot("f"), this.field("rd"), value);
    else this.b.setState(slot("f"), value, this.bound.instruction.rd);
    this.b.setState(slot("fs_dirty"), this.b.i32(1));
  }

  /** A field as an i32. */
  field(name: FieldName): Value {
    if (this.bound === null) return this.b.append("field.i32", "i32", [], { field: name });
    return this.b.i32(this.bound.instruction[name]);
  }

  /** The immediate, sign-extended to 64 bits. */
  immediate(): Value {
    if (this.bound === null) return this.b.append("field.i64", "i64", [], { field: "imm" });
    return this.b.i64(this.bound.instruction.imm);
  }

  /** Address of the instruction. */
  pc(): Value {
    if (this.bound === null) return this.b.op("guest.pc");
    return this.#pcRelative(this.bound.offset);
  }

  /** Address of the following instruction. */
  nextPc(): Value {
    if (this.bound === null) return this.b.op("guest.next_pc");
    return this.#pcRelative(this.bound.offset + this.bound.instruction.length);
  }

  /** Address of the instruction plus the immediate. */
  pcPlusImmediate(): Value {
    if (this.bound === null) return this.b.add(this.pc(), this.immediate());
    return this.#pcRelative(this.bound.offset + this.bound.instruction.imm);
  }

  /**
   * Ends with a jump. A bound jump that uses a link register is told as call or return, so that returns can
   * be predicted; unbound, it is `plain`, for nothing is predicted in the cold tier.
   */
  transferTo(target: Value, plain: TransferKind): void {
    const transfer = this.transferKind(plain);
    this.b.goto(target, transfer, transfer === "call" ? this.nextPc() : null);
  }

  /** Exception when the i32 condition holds and no instruction can stand at the target, an even address. */
  requireAligned(target: Value, condition: Value): void {
    const { b, bound } = this;
    if (bound !== null && bound.mode.hasCompressed) return;
    const isOdd = b.and(b.wrap(b.shrU(target, b.i64(1))), b.i32(1));
    const isLong = bound === null
      ? b.eqz(b.and(b.getState(slot("misa")), b.i64(MISA_C)))
      : b.i32(1);
    b.trapIf(b.and(condition, b.and(isOdd, isLong)), b.i32(Cause.INSTRUCTION_MISALIGNED), target);
  }

  /** The kind of jump, by the return-address hints of the manual; `plain` when they say nothing. */
  transferKind(plain: TransferKind): TransferKind {
    if (this.bound === null) return plain;
    const { rd, rs1 } = this.bound.instruction;
    if (LINK_REGISTERS.has(rd)) return "call";
    return LINK_REGISTERS.has(rs1) ? "return" : plain;
  }

  /** Bits of the instruction, zero-extended: what an illegal-instruction exception reports. */
  encoding(): Value {
    this.#encoding ??= this.bound === null
      ? this.b.op("guest.encoding")
      : this.b.i64(this.bound.instruction.bits >>> 0);
    return this.#encoding;
  }

  /** Illegal-instruction exception when the i32 condition is not 0. */
  illegalIf(condition: Value): void {
    this.b.trapIf(condition, this.b.i32(Cause.ILLEGAL_INSTRUCTION), this.encoding());
  }

  /** Illegal-instruction exception when float instructions are off. */
  requireFloat(): void {
    if (this.bound === null) {
      this.illegalIf(
        this.b.eqz(this.b.and(this.b.getState(slot("mstatus")), this.b.i64(MSTATUS_FS))),
      );
    } else if (!this.bound.mode.floatEnabled) this.illegalIf(this.b.i32(1));
  }

  /** Does the host fuse multiplication and addition? Handlers are built for all hosts. */
  get hostFuses(): boolean {
    return this.bound !== null && this.bound.hostFuses;
  }

  /** The rounding mode if it is known while lifting, which it never is when unbound; else null. */
  staticRoundingMode(): number | null {
    if (this.bound === null) return null;
    const { instruction: { rm }, mode } = this.bound;
    if (rm < FIRST_RESERVED_ROUNDING) return rm;
    return rm === DYNAMIC_ROUNDING && mode.roundsToNearest ? RoundingMode.NEAREST_EVEN : null;
  }

  /** The entry of a table that a field chooses. */
  tableEntry(field: FieldName, { signature, entries }: HalfwordTable): Value {
    if (this.bound === null) return this.b.callPure(signature, this.field(field));
    return this.b.i64(entries[this.bound.instruction[field]]);
  }

  /** Rounding mode 0..4 as an i32, from the field or `frm`; illegal-instruction exception when reserved. */
  roundingMode(): Value {
    if (this.bound !== null) return this.#boundRoundingMode(this.bound);
    const field = this.field("rm");
    const isDynamic = this.b.eq(field, this.b.i32(DYNAMIC_ROUNDING));
    return this.#legalRounding(this.b.select(isDynamic, this.b.getState(slot("frm")), field));
  }

  #boundRoundingMode({ instruction }: BoundInstruction): Value {
    const known = this.staticRoundingMode();
    if (known !== null) return this.b.i32(known);
    if (instruction.rm !== DYNAMIC_ROUNDING) return this.#legalRounding(this.b.i32(instruction.rm));
    return this.#legalRounding(this.b.getState(slot("frm")));
  }

  #legalRounding(mode: Value): Value {
    this.illegalIf(this.b.geU(mode, this.b.i32(FIRST_RESERVED_ROUNDING)));
    return mode;
  }

  #pcRelative(offset: number): Value {
    return this.b.append("guest.pc_relative", "i64", [], { offset });
  }
}
