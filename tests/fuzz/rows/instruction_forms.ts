/**
 * All ways to write an instruction: the patterns of every row, those of the compressed instructions, and what
 * is no instruction. Derived from the tables, so that a new row is fuzzed without an edit here.
 */
import { COMPRESSED_ROWS } from "../../../frontend/riscv/compressed.ts";
import { createDecoder, instructionLength } from "../../../frontend/riscv/decoder.ts";
import type { DecodedInstruction, InstructionRow } from "../../../frontend/riscv/instruction.ts";
import { parsePattern, type Pattern } from "../../../frontend/riscv/pattern.ts";
import { ILLEGAL_ROW, ROWS } from "../../../frontend/riscv/rows.ts";

/** One instruction of the tables. */
export interface InstructionForm {
  /** Mnemonic. */
  readonly name: string;
  /** Its encodings; none for what is no instruction. */
  readonly patterns: readonly Pattern[];
  /** The row it is, or stands for. */
  readonly row: InstructionRow;
  /** Extensions that it belongs to. */
  readonly extension: string;
}

/** What the decoder makes of bits. */
export interface Reading {
  /** The instruction. */
  readonly instruction: DecodedInstruction;
  /** Its row. */
  readonly row: InstructionRow;
}

/** Extensions whose instructions look at or change the privileged state. */
const PRIVILEGED: ReadonlySet<string> = new Set(["machine", "supervisor", "svinval", "zicsr"]);

/** Does the form work on privileged state, so that its cases set all state and not just operands? */
export function isPrivileged({ row: { extension, name } }: InstructionForm): boolean {
  return PRIVILEGED.has(extension) || name === "ecall";
}

/** Extensions that a process under QEMU does not have: it refuses to manage caches. */
const NOT_IN_PROCESS: ReadonlySet<string> = new Set(["zicbom"]);

/** May a process execute the form? Control registers of floats exist there as well. */
export function isForProcess(form: InstructionForm): boolean {
  const { extension } = form.row;
  return (!isPrivileged(form) || extension === "zicsr") && !NOT_IN_PROCESS.has(extension);
}

function compressedForms(): InstructionForm[] {
  const byName = new Map<string, { patterns: Pattern[]; base: string; extension: string }>();
  for (const { name, pattern, base, extension } of COMPRESSED_ROWS) {
    const known = byName.get(name) ?? { patterns: [], base, extension };
    known.patterns.push(...parsePattern(pattern));
    byName.set(name, known);
  }
  return [...byName].flatMap(([name, { patterns, base, extension }]) => {
    const row = ROWS.find((candidate) => candidate.name === base);
    return row === undefined ? [] : [{ name, patterns, row, extension }];
  });
}

/** Every form, rows first. */
export function instructionForms(): InstructionForm[] {
  const rows = ROWS.map((row) => {
    return { name: row.name, patterns: parsePattern(row.pattern), row, extension: row.extension };
  });
  return [...rows, ...compressedForms()];
}

/** Reads bits as the hart does. */
export class FormReader {
  readonly #decoder = createDecoder();

  /** What the bits are. */
  read(bits: number): Reading {
    const instruction = this.#decoder.decode(bits);
    return { instruction, row: ROWS[instruction.row] };
  }

  /** Do the bits stand for the form, and not for a more specific one? */
  isOfForm(bits: number, form: InstructionForm): boolean {
    const { instruction, row } = this.read(bits);
    if (instructionLength(bits) === 4) return row === form.row;
    const name = this.#decoder.compressedRow(bits)?.name;
    return name === undefined
      ? instruction.row === ILLEGAL_ROW && form.row === row
      : name === form.name;
  }
}
