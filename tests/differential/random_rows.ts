/** The instructions of the tables by what random programs use them for, and random operands for them. */
import { encode, type OperandFields } from "../../frontend/riscv/encoder.ts";
import type { InstructionRow } from "../../frontend/riscv/instruction.ts";
import { extractField, parsePattern } from "../../frontend/riscv/pattern.ts";
import { destinationFile, ROWS } from "../../frontend/riscv/rows.ts";
import type { SeededRandom } from "./seeded_random.ts";

/** Float registers that programs use. */
export const FLOAT_REGISTERS = 8;

/** From integer registers to an integer register, and nothing else. */
export const ARITHMETIC: readonly InstructionRow[] = ROWS.filter(({ name, syntax }) =>
  /^rd, (rs1|upper)/.test(syntax) && name !== "jalr"
);
/** With a float operand, memory apart. */
export const FLOAT_ROWS: readonly InstructionRow[] = ROWS.filter(({ syntax }) =>
  /\bf[ds]/.test(syntax) && !syntax.includes("(")
);
/** Names of the float loads and stores. */
export const FLOAT_LOADS: readonly string[] = namesOf(/^fd, imm\(rs1\)$/);
export const FLOAT_STORES: readonly string[] = namesOf(/^fs2, imm\(rs1\)$/);
/** Names of the atomic updates. */
export const UPDATES: readonly string[] = ROWS.filter(({ name }) => name.startsWith("amo"))
  .map(({ name }) => name);
/** Fences of memory and of code. */
export const FENCES: readonly InstructionRow[] = ROWS.filter(({ name }) =>
  name.startsWith("fence")
);

function namesOf(syntax: RegExp): string[] {
  return ROWS.filter((row) => syntax.test(row.syntax)).map(({ name }) => name);
}

/** Gives registers to instructions. */
export interface RegisterChoice {
  /** An integer register to write. */
  readonly destination: () => number;
  /** An integer register to read. */
  readonly source: () => number;
}

/** Bits of an instruction of the row with random operands. */
export function randomInstruction(
  random: SeededRandom,
  row: InstructionRow,
  { destination, source }: RegisterChoice,
): number {
  const pattern = random.pick(parsePattern(row.pattern));
  const fields: OperandFields = {};
  for (const field of pattern.fields) {
    if (field.name === "rd") {
      fields.rd = destinationFile(row) === "f" ? random.below(FLOAT_REGISTERS) : destination();
    } else if (field.name === "imm") fields.imm = extractField(field, random.word());
    else if (field.name === "rm") fields.rm = random.pick([0, 1, 2, 3, 4, 7, 7, 7]);
    else if (row.syntax.includes(field.name.replace("r", "f"))) {
      fields[field.name] = random.below(FLOAT_REGISTERS);
    } else fields[field.name] = source();
  }
  return encode(pattern, fields);
}
