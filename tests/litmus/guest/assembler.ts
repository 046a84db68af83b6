/** Two-pass assembly of guest code with labels, by the rows of the emulator itself. */
import { assemble, type OperandFields } from "../../../frontend/riscv/encoder.ts";

const INSTRUCTION_BYTES = 4;
const IMMEDIATE_BITS = 12;
const WORD_BITS = 32;
const LOW_HALF = 0x800n;

interface Jump {
  readonly at: number;
  readonly name: string;
  readonly fields: OperandFields;
  readonly label: string;
}

/** Collects instructions. */
export class Assembler {
  readonly #words: number[] = [];
  readonly #labels = new Map<string, number>();
  readonly #jumps: Jump[] = [];

  /** Distance of the next instruction from the start, in bytes. */
  get position(): number {
    return this.#words.length * INSTRUCTION_BYTES;
  }

  /** An instruction by the name of its row. */
  emit(name: string, fields: OperandFields = {}): void {
    this.#words.push(assemble(name, fields));
  }

  /** An instruction by its bits. */
  emitBits(bits: number): void {
    this.#words.push(bits);
  }

  /** A branch, or `jal` to a label. */
  jump(name: string, label: string, fields: OperandFields = {}): void {
    this.#jumps.push({ at: this.#words.length, name, fields, label });
    this.#words.push(0);
  }

  label(name: string): void {
    if (this.#labels.has(name)) throw new RangeError(`Cannot place label "${name}" twice`);
    this.#labels.set(name, this.position);
  }

  /** Distance of a label from the start. */
  offsetOf(name: string): number {
    const offset = this.#labels.get(name);
    if (offset === undefined) throw new RangeError(`Cannot find label "${name}"`);
    return offset;
  }

  /** Any 64-bit constant. */
  constant(rd: number, value: bigint): void {
    const signed = BigInt.asIntN(64, value);
    if (signed === BigInt.asIntN(IMMEDIATE_BITS, signed)) {
      return this.emit("addi", { rd, rs1: 0, imm: Number(signed) });
    }
    const low = BigInt.asIntN(IMMEDIATE_BITS, signed);
    if (signed === BigInt.asIntN(WORD_BITS, signed)) {
      const high = BigInt.asIntN(WORD_BITS, signed + LOW_HALF) >> BigInt(IMMEDIATE_BITS);
      this.emit("lui", { rd, imm: Number(high << BigInt(IMMEDIATE_BITS)) });
      return this.emit("addiw", { rd, rs1: rd, imm: Number(low) });
    }
    this.constant(rd, (signed - low) >> BigInt(IMMEDIATE_BITS));
    this.emit("slli", { rd, rs1: rd, imm: IMMEDIATE_BITS });
    this.emit("addi", { rd, rs1: rd, imm: Number(low) });
  }

  /** The code. */
  finish(): Uint32Array {
    for (const { at, name, fields, label } of this.#jumps) {
      const imm = this.offsetOf(label) - at * INSTRUCTION_BYTES;
      this.#words[at] = assemble(name, { ...fields, imm });
    }
    return Uint32Array.from(this.#words);
  }
}
