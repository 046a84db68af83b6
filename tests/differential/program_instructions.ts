/** Runs of random instructions, of all kinds that a program's features allow. */
import { addAccess, addReservation, addUpdate } from "./program_accesses.ts";
import type { CodeChanges } from "./program_code_changes.ts";
import { addCsrAccess, addTrap } from "./program_privileged.ts";
import { Register } from "./program_registers.ts";
import type { ProgramText } from "./program_text.ts";
import {
  ARITHMETIC,
  FENCES,
  FLOAT_LOADS,
  FLOAT_REGISTERS,
  FLOAT_ROWS,
  FLOAT_STORES,
} from "./random_rows.ts";

/** Registers that compressed instructions with short fields use. */
const SHORT_REGISTERS: readonly number[] = [10, 11, 12, 13, 14, 15];

/** See the header of this file. */
export class InstructionMix {
  readonly #text: ProgramText;
  readonly #changes: CodeChanges;

  /** Writes into the text. */
  constructor(text: ProgramText, changes: CodeChanges) {
    this.#text = text;
    this.#changes = changes;
  }

  /** So many instructions, or short sequences. */
  run(count: number): void {
    for (let i = 0; i < count; i++) this.#one();
  }

  #one(): void {
    const text = this.#text;
    const { features, random } = text;
    if (random.chance(features.accessPercent)) return addAccess(text, false);
    const roll = random.below(100);
    if (roll < 55) return this.#arithmetic();
    if (features.selfModifying && random.chance(10)) return this.#changes.addPatch();
    if (features.remaps && random.chance(10)) return this.#changes.addVariant();
    if (features.remaps && random.chance(8)) return this.#changes.addRemap();
    if (roll < 65 && features.traps) return addTrap(text);
    if (roll < 76 && features.csrs) return addCsrAccess(text, (count) => this.run(count));
    if (roll < 80 && features.atomics) return addUpdate(text);
    if (roll < 82 && features.reservations) return addReservation(text);
    if (roll < 90 && features.floats) return this.#float();
    if (roll < 96 && features.compressed) return this.#compressed();
    if (roll < 98) return text.addRow(random.pick(FENCES));
    this.#arithmetic();
  }

  #arithmetic(): void {
    const text = this.#text;
    const { random } = text;
    if (random.chance(10)) return text.constant(text.destination() || 6, random.word() | 0);
    if (random.chance(20)) {
      const imm = random.between(-2048, 2047);
      return text.add("addi", { rd: text.destination(), rs1: text.source(), imm });
    }
    if (random.chance(8)) {
      return text.add("addi", { rd: text.destination(), rs1: text.source(), imm: 0 });
    }
    if (random.chance(5)) return this.#keptCopy();
    if (random.chance(15)) return this.#extension();
    text.addRow(random.pick(ARITHMETIC));
  }

  /** A copy that is used when what was copied has gone. */
  #keptCopy(): void {
    const text = this.#text;
    const [first, second] = [0, 1].map(() => text.random.pick(text.common));
    text.add("add", { rd: first, rs1: text.source(), rs2: text.source() });
    text.add("addi", { rd: second, rs1: first, imm: 0 });
    addAccess(text, false);
    text.add("xor", { rd: first, rs1: text.source(), rs2: text.source() });
    text.add("sub", { rd: text.destination(), rs1: text.source(), rs2: second });
  }

  /** What compilers write where numbers of 32 bits and less meet those of 64. */
  #extension(): void {
    const text = this.#text;
    const { random } = text;
    const [rd, rs1] = [text.destination(), text.source()];
    switch (random.below(5)) {
      case 0:
      case 1:
        return text.add("addiw", { rd, rs1, imm: 0 });
      case 2:
        return text.add("add.uw", { rd, rs1, rs2: 0 });
      case 3:
        return this.#extendedLoad(rd);
      default: {
        const imm = random.pick([32, 32, 33, 48, 56, 63]);
        text.add("slli", { rd, rs1, imm });
        text.add(random.pick(["srli", "srai"]), { rd, rs1: rd, imm });
      }
    }
  }

  /** A load, and perhaps the extension that it may make needless. */
  #extendedLoad(rd: number): void {
    const text = this.#text;
    const { random } = text;
    const name = random.pick(["lwu", "lwu", "lw", "lhu", "lbu"]);
    text.add(name, { rd, rs1: Register.DATA, imm: 4 * random.between(-8, 8) });
    const roll = random.below(10);
    if (roll < 4) text.add("addiw", { rd: text.destination(), rs1: rd, imm: 0 });
    else if (roll < 6) text.add("add.uw", { rd: text.destination(), rs1: rd, rs2: 0 });
  }

  #float(): void {
    const text = this.#text;
    const { random } = text;
    if (random.chance(70)) return text.addRow(random.pick(FLOAT_ROWS));
    const imm = 4 * random.between(-12, 12);
    const register = random.below(FLOAT_REGISTERS);
    if (random.chance(60)) {
      text.add(random.pick(FLOAT_LOADS), { rd: register, rs1: Register.DATA, imm });
    } else {
      text.add(random.pick(FLOAT_STORES), { rs1: Register.DATA, rs2: register, imm });
    }
  }

  #compressed(): void {
    const text = this.#text;
    const { random } = text;
    const near = random.pick(SHORT_REGISTERS);
    const other = random.pick(SHORT_REGISTERS);
    const imm = random.between(-32, 31) || 1;
    const distance = 8 * random.below(16);
    switch (random.below(12)) {
      case 0:
        return text.add("c.addi", { rd: near, rs1: near, imm });
      case 1:
        return text.add("c.li", { rd: near, imm });
      case 2:
        return text.add("c.mv", { rd: near, rs2: random.pick(text.common) });
      case 3:
        return text.add("c.add", { rd: near, rs1: near, rs2: random.pick(text.common) });
      case 4:
        return text.add(random.pick(["c.ld", "c.lw"]), {
          rd: near,
          rs1: Register.DATA,
          imm: random.chance(50) ? 0 : 8,
        });
      case 5:
        return text.add("c.sd", { rs1: Register.DATA, rs2: near, imm: distance });
      case 6:
        return text.add("c.addiw", { rd: near, rs1: near, imm });
      case 7:
        return text.add(random.pick(["c.subw", "c.addw", "c.and", "c.xor"]), {
          rd: near,
          rs1: near,
          rs2: other,
        });
      case 8:
        return this.#compressedSkip(near);
      case 9:
        return text.add(random.pick(["c.ldsp", "c.lwsp"]), { rd: near, imm: 8 * random.below(4) });
      case 10:
        if (!text.features.floats) return text.add("c.nop");
        return random.chance(50)
          ? text.add("c.fld", { rd: near, rs1: Register.DATA, imm: distance })
          : text.add("c.fsd", { rs1: Register.DATA, rs2: near, imm: distance });
      default:
        return text.add("c.slli", { rd: near, rs1: near, imm: random.between(1, 63) });
    }
  }

  /** A compressed jump or branch over a few instructions. */
  #compressedSkip(register: number): void {
    const text = this.#text;
    const { random } = text;
    const after = text.newLabel();
    const name = random.pick(["c.beqz", "c.bnez", "c.j"]);
    text.add(name, name === "c.j" ? {} : { rs1: register }, after);
    for (let i = random.between(1, 3); i > 0; i--) this.#arithmetic();
    text.push({ kind: "label", label: after });
  }
}
