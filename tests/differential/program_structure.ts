/**
 * Control flow of random programs: loops, choices, calls, recursions, jumps of every kind. Loops count down in
 * registers of their own, and jumps that may form loops burn fuel, so that no program runs for long.
 */
import type { Label } from "./guest_program.ts";
import type { InstructionMix } from "./program_instructions.ts";
import { Register } from "./program_registers.ts";
import type { ProgramText } from "./program_text.ts";

const PAGE_BYTES = 4096;
/** Most bytes between two functions that lie apart. */
const LARGEST_SPACE = PAGE_BYTES + PAGE_BYTES / 2;
const PARCEL_BYTES = 2;
const DEEPEST_LEVEL = 2;

interface ProgramFunction {
  readonly label: Label;
  /** Functions call those of higher levels. */
  readonly level: number;
  readonly link: number;
  /** Does it return behind the instruction after the call? */
  readonly skips: boolean;
}

/** See the header of this file. */
export class ProgramStructure {
  readonly #text: ProgramText;
  readonly #mix: InstructionMix;
  readonly #functions: readonly ProgramFunction[];
  #level = 0;
  #loopDepth = 0;

  /** Chooses the functions. */
  constructor(text: ProgramText, mix: InstructionMix) {
    this.#text = text;
    this.#mix = mix;
    const { random, features } = text;
    const count = features.calls ? random.between(1, 4) : 0;
    this.#functions = Array.from({ length: count }, () => {
      const level = random.between(1, DEEPEST_LEVEL);
      const link = level === DEEPEST_LEVEL && random.chance(30) ? Register.T0 : Register.RA;
      return { label: text.newLabel(), level, link, skips: random.chance(15) };
    });
  }

  /** The main part. */
  addMain(): void {
    this.#text.section(() => this.#statements(this.#text.random.between(2, 9)));
  }

  /** All functions. */
  addFunctions(): void {
    this.#text.enterFunction();
    for (const each of this.#functions) {
      if (this.#text.features.spread) {
        const bytes = PARCEL_BYTES * this.#text.random.below(LARGEST_SPACE / PARCEL_BYTES);
        this.#text.push({ kind: "space", bytes });
      }
      this.#addFunction(each);
    }
  }

  #statements(count: number): void {
    const text = this.#text;
    for (let i = 0; i < count; i++) {
      this.#statement();
      if (text.promised.length > 0 && text.random.chance(25)) {
        const [label] = text.promised.splice(text.random.below(text.promised.length), 1);
        text.place(label);
      }
    }
  }

  #statement(): void {
    const { features: { wildJumps, calls, dispatch }, random } = this.#text;
    const roll = random.below(100);
    if (roll < 43) this.#mix.run(random.between(1, 8));
    else if (roll < 60 && this.#loopDepth < 2) this.#loop();
    else if (roll < 74) this.#choice();
    else if (roll < 80 && dispatch) this.#dispatch();
    else if (roll < 89 && calls) this.#call();
    else if (roll < 97 && wildJumps) this.#wildJump();
    else this.#mix.run(2);
  }

  #choice(): void {
    const text = this.#text;
    const [otherwise, end] = [text.newLabel(), text.newLabel()];
    text.branch(otherwise);
    this.#statements(text.random.between(1, 2));
    if (text.random.chance(50)) {
      text.jump(end);
      text.place(otherwise);
      this.#statements(1);
      text.place(end);
    } else {
      text.place(otherwise);
    }
  }

  #loop(): void {
    const text = this.#text;
    const { random } = text;
    const counter = Register.FIRST_COUNTER + Math.min(this.#level, 1) * 2 + this.#loopDepth;
    const [head, test, out] = [text.newLabel(), text.newLabel(), text.newLabel()];
    text.add("addi", { rd: counter, rs1: 0, imm: random.between(1, 7) });
    const isTestedFirst = random.chance(30);
    if (!isTestedFirst && random.chance(40)) text.jump(test);
    text.place(head);
    if (isTestedFirst) text.add("bge", { rs1: 0, rs2: counter }, out);
    this.#loopDepth++;
    this.#statements(random.between(1, 3));
    if (random.chance(25)) text.branch(random.chance(50) ? out : test);
    if (random.chance(30)) this.#statements(1);
    this.#loopDepth--;
    text.place(test);
    text.add("addi", { rd: counter, rs1: counter, imm: -1 });
    if (isTestedFirst) text.jump(head);
    else text.add("blt", { rs1: 0, rs2: counter }, head);
    text.place(out);
  }

  /** A computed jump into a table of jumps, by the low bits of a register. */
  #dispatch(): void {
    const text = this.#text;
    const { random } = text;
    const cases = Array.from({ length: 4 }, () => text.newLabel());
    const [table, end] = [text.newLabel(), text.newLabel()];
    const [index, place] = [6, 7];
    text.add("andi", { rd: index, rs1: text.source(), imm: cases.length - 1 });
    text.add("slli", { rd: index, rs1: index, imm: 2 });
    text.address(place, table);
    text.add("add", { rd: place, rs1: place, rs2: index });
    text.add("jalr", { rd: 0, rs1: place, imm: 0 });
    text.push({ kind: "label", label: table });
    for (const label of cases) text.jump(label);
    for (const label of cases) {
      text.push({ kind: "label", label });
      this.#mix.run(random.between(1, 2));
      if (random.chance(80)) text.jump(end);
    }
    text.place(end);
  }

  /** A jump to any place of the section: backwards ones burn fuel. */
  #wildJump(): void {
    const text = this.#text;
    const { random } = text;
    const after = text.newLabel();
    let target: Label;
    if (text.placed.length > 0 && random.chance(60)) {
      target = random.pick(text.placed);
      text.add("addi", { rd: Register.FUEL, rs1: Register.FUEL, imm: -1 });
      text.add("bge", { rs1: 0, rs2: Register.FUEL }, after);
    } else {
      target = text.newLabel();
      text.promised.push(target);
    }
    if (random.chance(65)) text.branch(target);
    else this.#indirectJump(target);
    text.place(after);
  }

  #indirectJump(target: Label): void {
    const text = this.#text;
    const rd = text.random.pick(text.common);
    text.address(rd, target);
    if (text.features.compressed && text.random.chance(40)) text.add("c.jr", { rs1: rd });
    else text.add("jalr", { rd: 0, rs1: rd, imm: 0 });
  }

  #addFunction({ label, level, link, skips }: ProgramFunction): void {
    const text = this.#text;
    const isLeaf = level === DEEPEST_LEVEL && text.random.chance(50);
    this.#level = level;
    text.section(() => {
      text.place(label);
      if (!isLeaf) {
        text.add("addi", { rd: Register.SP, rs1: Register.SP, imm: -16 });
        text.add("sd", { rs1: Register.SP, rs2: link, imm: 8 });
      }
      this.#statements(text.random.between(1, 3));
      if (!isLeaf && level === DEEPEST_LEVEL && link === Register.RA) this.#recursion(label);
    });
    if (!isLeaf) {
      text.add("ld", { rd: link, rs1: Register.SP, imm: 8 });
      text.add("addi", { rd: Register.SP, rs1: Register.SP, imm: 16 });
    }
    text.add("jalr", { rd: 0, rs1: link, imm: skips ? 4 : 0 });
    this.#level = 0;
  }

  #recursion(label: Label): void {
    const text = this.#text;
    const after = text.newLabel();
    text.add("addi", { rd: Register.DEPTH, rs1: Register.DEPTH, imm: -1 });
    text.add("bge", { rs1: 0, rs2: Register.DEPTH }, after);
    text.add("jal", { rd: Register.RA }, label);
    text.add("addi", { rd: 6, rs1: 6, imm: 1 });
    text.place(after);
  }

  #call(): void {
    const text = this.#text;
    const { random } = text;
    const callees = this.#functions.filter(({ level }) => level > this.#level);
    if (callees.length === 0) return this.#mix.run(2);
    const { label, link, skips } = random.pick(callees);
    if (this.#level > 0 && link === Register.T0 && random.chance(50)) return this.#mix.run(2);
    const depth = random.chance(10) ? random.between(190, 260) : random.between(0, 6);
    text.add("addi", { rd: Register.DEPTH, rs1: 0, imm: depth });
    if (random.chance(60)) {
      text.add("jal", { rd: link }, label);
    } else {
      const rd = random.chance(50) ? link : random.pick(text.common);
      text.address(rd, label);
      const isShort = text.features.compressed && link === Register.RA && random.chance(40);
      if (isShort) text.add("c.jalr", { rs1: rd });
      else text.add("jalr", { rd: link, rs1: rd, imm: 0 });
    }
    if (skips) text.add("addi", { rd: random.pick(text.common), rs1: 0, imm: 99 });
  }
}
