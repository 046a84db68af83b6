/** The text of a random program while it is written: lines, labels, and which registers may be used here. */
import type { OperandFields } from "../../frontend/riscv/encoder.ts";
import type { InstructionRow } from "../../frontend/riscv/instruction.ts";
import { instruction, type Label, type Line } from "./guest_program.ts";
import type { ProgramFeatures } from "./program_features.ts";
import { OTHER_SOURCES, Register, WORK } from "./program_registers.ts";
import { randomInstruction } from "./random_rows.ts";
import type { SeededRandom } from "./seeded_random.ts";

const BRANCHES = ["beq", "bne", "blt", "bge", "bltu", "bgeu"];

/** See the header of this file. */
export class ProgramText {
  readonly random: SeededRandom;
  readonly features: ProgramFeatures;
  /** Distance of the first line from the first code page. */
  readonly start: number;
  readonly lines: Line[] = [];
  /** Registers that the program works with, in functions as well. */
  readonly common: readonly number[];
  /** Labels of the section that were placed, and those that it still has to place. */
  placed: Label[] = [];
  promised: Label[] = [];
  #work: readonly number[];
  #sources: readonly number[];
  #nextLabel = 0;

  /** An empty text. */
  constructor(random: SeededRandom, features: ProgramFeatures, start: number) {
    this.random = random;
    this.features = features;
    this.start = start;
    this.common = WORK.slice(0, features.registers);
    // Outside of functions links need not be kept.
    this.#work = [Register.RA, Register.T0, ...this.common];
    this.#sources = this.#commonSources();
  }

  #commonSources(): readonly number[] {
    return [...OTHER_SOURCES, ...this.common, ...this.common, ...this.common];
  }

  /** From here on functions are written, which keep their links. */
  enterFunction(): void {
    this.#work = this.common;
  }

  /** Writes a part in which other registers are written and read. */
  withRegisters(work: readonly number[], sources: readonly number[], body: () => void): void {
    const before = this.#work;
    this.#work = work;
    this.#sources = sources;
    body();
    this.#work = before;
    this.#sources = this.#commonSources();
  }

  /** A label of its own. */
  newLabel(): Label {
    return this.#nextLabel++;
  }

  /** Adds lines. */
  push(...lines: readonly Line[]): void {
    this.lines.push(...lines);
  }

  /** The label stands here, and may be jumped to. */
  place(label: Label): void {
    this.lines.push({ kind: "label", label });
    this.placed.push(label);
  }

  /** Adds an instruction. */
  add(name: string, fields: OperandFields = {}, target: Label | null = null): void {
    this.lines.push(instruction(name, fields, target));
  }

  /** Adds an instruction of the row with random operands. */
  addRow(row: InstructionRow): void {
    const bits = randomInstruction(this.random, row, {
      destination: () => this.destination(),
      source: () => this.source(),
    });
    this.lines.push({ kind: "raw", bits });
  }

  /** A jump. */
  jump(target: Label): void {
    this.add("jal", { rd: 0 }, target);
  }

  /** A constant. */
  constant(rd: number, value: number): void {
    this.lines.push({ kind: "constant", rd, value });
  }

  /** The address of a label. */
  address(rd: number, label: Label): void {
    this.lines.push({ kind: "address", rd, label });
  }

  /** A register to write. */
  destination(): number {
    return this.random.chance(3) ? 0 : this.random.pick(this.#work);
  }

  /** A register to read. */
  source(): number {
    return this.random.pick(this.#sources);
  }

  /** A conditional branch on registers. */
  branch(target: Label): void {
    const name = this.random.pick(BRANCHES);
    this.add(name, { rs1: this.source(), rs2: this.source() }, target);
  }

  /** A part whose labels can be jumped to from within it alone. */
  section(body: () => void): void {
    this.placed = [];
    this.promised = [];
    body();
    for (const label of this.promised) this.place(label);
    this.promised = [];
  }
}
