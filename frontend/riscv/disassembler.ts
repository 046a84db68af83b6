/**
 * Text of instructions, made from the rows: GNU syntax, without pseudo-instructions.
 *
 * A row's syntax lists operands. In it these words stand for operands; anything else stands for itself:
 *
 * - `rd`, `rs1`, `rs2`, `rs3`: integer registers; `fd`, `fs1`, `fs2`, `fs3`: the same fields as float ones;
 * - `imm`: the immediate; `imm?`: the same, left out when 0; `shamt`: the same in hexadecimal;
 * - `upper`: the immediate's upper 20 bits; `target`: address of the instruction plus the immediate;
 * - `csr`: name or number of a CSR; `zimm`: the immediate in the place of `rs1`;
 * - `pred`, `succ`: sets of a fence; `rm`: rounding mode, left out when dynamic; `constant`: the number that the place of
 *   `rs1` stands for.
 *
 * The mnemonic is the row's name up to the first space; `imm` at its end stands for the immediate.
 */
import type { Decoder } from "./decoder.ts";
import type { DecodedInstruction } from "./instruction.ts";
import { FLOAT_IMMEDIATE_NAMES } from "./float_immediates.ts";
import { FLOAT_NAMES, INTEGER_NAMES } from "./registers.ts";
import { ILLEGAL_ROW, ROWS } from "./rows.ts";

/** What the text shall look like. */
export interface DisassemblerOptions {
  /** Are compressed instructions shown as such, not as what they stand for? false when absent. */
  readonly compressedNames?: boolean;
  /** Name of a CSR, or undefined to show its number. Numbers are shown when absent. */
  readonly csrName?: (csr: number) => string | undefined;
}

/** By the field's value; the dynamic mode goes without saying. */
const ROUNDING_NAMES: readonly string[] = [
  "rne",
  "rtz",
  "rdn",
  "rup",
  "rmm",
  "unknown",
  "unknown",
  "",
];
const UPPER_SHIFT = 12;
const UPPER_MASK = 0xfffff;
const ADDRESS_BITS = 64;
const HEXADECIMAL = 16;

/** Lowest bits of a fence's two sets in the word, and the letters of a set from its highest bit down. */
const PREDECESSOR_SHIFT = 24;
const SUCCESSOR_SHIFT = 20;
const FENCE_LETTERS = "iorw";

function hexadecimal(value: number | bigint): string {
  return `0x${value.toString(HEXADECIMAL)}`;
}

function fenceSet(bits: number, shift: number): string {
  const letters = [...FENCE_LETTERS].filter((_, i) => (bits >>> (shift + 3 - i)) & 1);
  return letters.length === 0 ? "unknown" : letters.join("");
}

type OperandFormatter = (
  instruction: DecodedInstruction,
  pc: bigint,
  options: DisassemblerOptions,
) => string;

const OPERANDS: ReadonlyMap<string, OperandFormatter> = new Map<string, OperandFormatter>([
  ["rd", ({ rd }) => INTEGER_NAMES[rd]],
  ["rs1", ({ rs1 }) => INTEGER_NAMES[rs1]],
  ["rs2", ({ rs2 }) => INTEGER_NAMES[rs2]],
  ["rs3", ({ rs3 }) => INTEGER_NAMES[rs3]],
  ["fd", ({ rd }) => FLOAT_NAMES[rd]],
  ["fs1", ({ rs1 }) => FLOAT_NAMES[rs1]],
  ["fs2", ({ rs2 }) => FLOAT_NAMES[rs2]],
  ["fs3", ({ rs3 }) => FLOAT_NAMES[rs3]],
  ["imm", ({ imm }) => String(imm)],
  ["imm?", ({ imm }) => imm === 0 ? "" : String(imm)],
  ["shamt", ({ imm }) => hexadecimal(imm)],
  ["upper", ({ imm }) => hexadecimal((imm >>> UPPER_SHIFT) & UPPER_MASK)],
  ["target", ({ imm }, pc) => hexadecimal(BigInt.asUintN(ADDRESS_BITS, pc + BigInt(imm)))],
  ["csr", ({ imm }, _pc, options) => options.csrName?.(imm) ?? hexadecimal(imm)],
  ["zimm", ({ rs1 }) => String(rs1)],
  ["pred", ({ bits }) => fenceSet(bits, PREDECESSOR_SHIFT)],
  ["succ", ({ bits }) => fenceSet(bits, SUCCESSOR_SHIFT)],
  ["constant", ({ rs1 }) => FLOAT_IMMEDIATE_NAMES[rs1]],
  ["rm", ({ rm }) => ROUNDING_NAMES[rm]],
]);

/** A word of the syntax column. */
const OPERAND_WORD = /[a-z]+[0-9]?\??/g;

/** Turns bits into text. */
export class Disassembler {
  readonly #decoder: Decoder;
  readonly #options: DisassemblerOptions;

  /** Knows the instructions that the decoder knows. */
  constructor(decoder: Decoder, options: DisassemblerOptions = {}) {
    this.#decoder = decoder;
    this.#options = options;
  }

  /** Text of the instruction with these bits at that address. */
  disassemble(bits: number, pc: bigint): string {
    const instruction = this.#decoder.decode(bits);
    if (instruction.row === ILLEGAL_ROW) {
      return `.${instruction.length}byte ${hexadecimal(instruction.bits)}`;
    }
    const { name, syntax } = this.#textForm(instruction);
    const mnemonic = name.split(" ")[0].replace(/\.imm$/, `.${instruction.imm}`);
    const operands = syntax.split(", ")
      .map((operand) => this.#operandText(operand, instruction, pc))
      .filter((text) => text !== "")
      .join(",");
    return operands === "" ? mnemonic : `${mnemonic} ${operands}`;
  }

  #operandText(operand: string, instruction: DecodedInstruction, pc: bigint): string {
    return operand.replace(OPERAND_WORD, (word) => {
      const format = OPERANDS.get(word);
      return format === undefined ? word : format(instruction, pc, this.#options);
    });
  }

  #textForm(instruction: DecodedInstruction): { name: string; syntax: string } {
    const compressed = this.#options.compressedNames === true
      ? this.#decoder.compressedRow(instruction.bits)
      : null;
    return compressed ?? ROWS[instruction.row];
  }
}
