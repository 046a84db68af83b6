/** A site is one encoded instruction at one address, with the cases that it is executed with. */
import type { DecodedInstruction, InstructionRow } from "../../../frontend/riscv/instruction.ts";

/** What one execution starts from. */
export interface CaseInput {
  /** Values of {@linkcode Site.x}, in order. */
  readonly x: readonly bigint[];
  /** Values of {@linkcode Site.f}, in order. */
  readonly f: readonly bigint[];
  /** The float control register; sites that do not set all of it take the flags. */
  readonly fcsr: number;
  /** The record's memory. */
  readonly memory: readonly bigint[];
}

/** See the header of this file. */
export interface Site {
  /** The form's mnemonic. */
  readonly name: string;
  /** Bits of the instruction. */
  readonly bits: number;
  /** Its length in bytes. */
  readonly length: 2 | 4;
  /** Its address. */
  readonly pc: number;
  /** Dynamic rounding mode; null when floats are not concerned. */
  readonly frm: number | null;
  /** Does each case set the whole float control register? */
  readonly setsFcsr: boolean;
  /** Bits of the load-reserved before it, or null. */
  readonly reserve: number | null;
  /** Addresses that it may jump to. */
  readonly places: readonly number[];
  /** Register with the record's address, and one that is free: the instruction names neither. */
  readonly base: number;
  readonly spare: number;
  /** Integer and float registers that the instruction names. */
  readonly x: readonly number[];
  readonly f: readonly number[];
  /** Number of the first case's record; the others follow. */
  readonly firstRecord: number;
  /** Is it the same in a process? */
  readonly onQemu: boolean;
  /** The cases. */
  readonly cases: readonly CaseInput[];
}

/** Registers by file. */
export interface NamedRegisters {
  readonly x: readonly number[];
  readonly f: readonly number[];
}

/** Registers that an instruction names as operands, each once, x0 left out. */
export function namedRegisters(
  instruction: DecodedInstruction,
  { syntax }: InstructionRow,
): NamedRegisters {
  const x = new Set<number>();
  const f = new Set<number>();
  for (const part of syntax.split(/[ ,()?]+/)) {
    const match = /^([rf])(d|s[123])$/.exec(part);
    if (match === null) continue;
    const register = instruction[`r${match[2]}` as "rd" | "rs1" | "rs2" | "rs3"];
    if (match[1] === "f") f.add(register);
    else if (register !== 0) x.add(register);
  }
  return { x: [...x], f: [...f] };
}
