/**
 * What a RISC-V instruction is to every tool: one row, with its encoding, its place in the manual, its text
 * and its meaning. Decoder, disassembler, fuzz generator, coverage list and both tiers derive from the rows.
 */
import type { LiftContext } from "./lift/lift_context.ts";

/** Operand fields of a decoded instruction. `imm` also holds shift amounts, CSR numbers and fence sets. */
export type FieldName = "rd" | "rs1" | "rs2" | "rs3" | "rm" | "imm";

/** The meaning of an instruction: appends its operations to the context. */
export type Lifter = (context: LiftContext) => void;

/** One guest instruction. */
export interface InstructionRow {
  /** Mnemonic as in the manual. */
  readonly name: string;
  /** Encoding, most significant bit first: literal bits and named fields. See `pattern.ts`. */
  readonly pattern: string;
  /** Extensions that it belongs to, as in the ISA string: see `extension_condition.ts`. */
  readonly extension: string;
  /** Section of the manual, by title. */
  readonly section: string;
  /** Operands in assembly order, such as `rd, rs1, imm`. See `disassembler.ts`. */
  readonly syntax: string;
  /** Meaning. */
  readonly lift: Lifter;
}

/** An instruction as it stands in guest memory, fields extracted; compressed forms are expanded. */
export interface DecodedInstruction {
  /** Index of the row in `ROWS`; compressed forms give the row they stand for. */
  row: number;
  /** 2 or 4 bytes. */
  length: 2 | 4;
  /** Destination register, 0..31. */
  rd: number;
  /** First source register. */
  rs1: number;
  /** Second source register. */
  rs2: number;
  /** Third source register. */
  rs3: number;
  /** Rounding mode field. */
  rm: number;
  /** Immediate, sign-extended to 32 bits. */
  imm: number;
  /** The instruction's own bits. */
  bits: number;
}
