/**
 * Guest code as lines that stay valid when lines between them go: jumps name labels, so that a failing program
 * can be made smaller. Assembled in two passes, for every line's size is known.
 */
import { assemble, type OperandFields } from "../../frontend/riscv/encoder.ts";

/** Number of a label. */
export type Label = number;

/** One line. */
export type Line =
  /** A place. */
  | { readonly kind: "label"; readonly label: Label }
  /** An instruction, compressed ones included; `target` gives it the distance to a label as immediate. */
  | {
    readonly kind: "instruction";
    readonly name: string;
    readonly fields: OperandFields;
    readonly target: Label | null;
  }
  /** Any 32 bits. */
  | { readonly kind: "raw"; readonly bits: number }
  /** Any 16 bits. */
  | { readonly kind: "parcel"; readonly bits: number }
  /** Bytes that are never executed. */
  | { readonly kind: "space"; readonly bytes: number }
  /** An instruction that is another one in the copy of the code. */
  | { readonly kind: "variant"; readonly bits: number; readonly copyBits: number }
  /** The address of a label, made relative to the program counter. */
  | { readonly kind: "address"; readonly rd: number; readonly label: Label }
  /** A distance from the program's base, likewise. */
  | { readonly kind: "place"; readonly rd: number; readonly offset: number }
  /** A 32-bit constant, sign-extended. */
  | { readonly kind: "constant"; readonly rd: number; readonly value: number };

/** Makes an instruction line. */
export function instruction(
  name: string,
  fields: OperandFields = {},
  target: Label | null = null,
): Line {
  return { kind: "instruction", name, fields, target };
}

const WORD_BYTES = 4;
const PARCEL_BYTES = 2;
const UPPER_SHIFT = 12;
const HALF_LOWER = 0x800;

function sizeOf(line: Line): number {
  switch (line.kind) {
    case "label":
      return 0;
    case "instruction":
      return line.name.startsWith("c.") ? PARCEL_BYTES : WORD_BYTES;
    case "parcel":
      return PARCEL_BYTES;
    case "space":
      return line.bytes;
    case "raw":
    case "variant":
      return WORD_BYTES;
    default:
      return 2 * WORD_BYTES;
  }
}

/** Assembled code. */
export interface AssembledProgram {
  /** The bytes. */
  readonly bytes: Uint8Array;
  /** Offset of each label. */
  readonly labels: ReadonlyMap<Label, number>;
}

/** Splits a number for an instruction that adds the upper part and one that adds the lower. */
function split(value: number): { upper: number; lower: number } {
  const upper = ((value + HALF_LOWER) >> UPPER_SHIFT) << UPPER_SHIFT;
  return { upper, lower: (value - upper) | 0 };
}

/** Assembles lines; the first stands at offset 0. `isCopy` asks for the copy's instructions. */
export function assembleProgram(lines: readonly Line[], isCopy = false): AssembledProgram {
  const labels = new Map<Label, number>();
  let size = 0;
  for (const line of lines) {
    if (line.kind === "label") labels.set(line.label, size);
    size += sizeOf(line);
  }
  const bytes = new Uint8Array(size);
  const view = new DataView(bytes.buffer);
  let at = 0;
  const offsetOf = (label: Label): number => {
    const offset = labels.get(label);
    if (offset === undefined) throw new RangeError(`Cannot find label ${label}`);
    return offset;
  };
  const words = (...bits: number[]): void => {
    bits.forEach((word, index) => view.setUint32(at + index * WORD_BYTES, word, true));
  };
  for (const line of lines) {
    const relative = (first: "auipc" | "lui", second: string, rd: number, value: number): void => {
      const { upper, lower } = split(value);
      words(assemble(first, { rd, imm: upper }), assemble(second, { rd, rs1: rd, imm: lower }));
    };
    switch (line.kind) {
      case "instruction": {
        const { name, target } = line;
        const fields = target === null
          ? line.fields
          : { ...line.fields, imm: offsetOf(target) - at };
        const bits = assemble(name, fields);
        if (sizeOf(line) === PARCEL_BYTES) view.setUint16(at, bits, true);
        else words(bits);
        break;
      }
      case "raw":
        words(line.bits);
        break;
      case "parcel":
        view.setUint16(at, line.bits, true);
        break;
      case "variant":
        words(isCopy ? line.copyBits : line.bits);
        break;
      case "address":
        relative("auipc", "addi", line.rd, offsetOf(line.label) - at);
        break;
      case "place":
        relative("auipc", "addi", line.rd, line.offset - at);
        break;
      case "constant":
        relative("lui", "addiw", line.rd, line.value);
        break;
      case "label":
      case "space":
        break;
    }
    at += sizeOf(line);
  }
  return { bytes, labels };
}
