/**
 * From the bits of an instruction to its row and operand fields, for one choice of extensions.
 *
 * 32-bit patterns lie in buckets by major opcode and the three function bits, the more specific ones first.
 * A bucket is filled when it is used first, for each 16-bit parcel the pattern is looked up once: a short
 * program uses few of them.
 */
import { COMPRESSED_ROWS, type CompressedRow } from "./compressed.ts";
import { isMet } from "./extension_condition.ts";
import type { DecodedInstruction, FieldName } from "./instruction.ts";
import {
  bySpecificity,
  extractField,
  matches,
  parsePattern,
  type Pattern,
  type PatternField,
} from "./pattern.ts";
import { EXTENSIONS, hasRow, ILLEGAL_ROW, rowIndex, ROWS } from "./rows.ts";

/** Low bits of a parcel that starts a 32-bit instruction. */
const LONG_FORM = 3;
const PARCEL_BITS = 16;
const PARCEL_MASK = 0xffff;
const PARCEL_COUNT = 0x10000;

/** Bits 2..6 of a word, the major opcode, and bits 12..14, the function, make the number of a bucket. */
const OPCODE_SHIFT = 2;
const OPCODE_MASK = 0x1f;
const FUNCTION_SHIFT = 7;
const FUNCTION_MASK = 0xe0;
const BUCKET_COUNT = 256;
/** All bits of the word that the bucket fixes: opcode with its two low bits, and function. */
const BUCKET_FIXED_BITS = 0x707f;

/** The extension of compressed instructions. */
const COMPRESSED_EXTENSION = "c";

/** Marks a parcel that was not looked up yet. */
const UNKNOWN_FORM = 0;

/** One way to write a row in bits. */
interface Form {
  readonly pattern: Pattern;
  readonly row: number;
  readonly length: 2 | 4;
  readonly fields: readonly PatternField[];
  readonly fixed: Readonly<Record<FieldName, number>>;
  readonly compressed: CompressedRow | null;
}

const NO_FIELDS: Form["fixed"] = { rd: 0, rs1: 0, rs2: 0, rs3: 0, rm: 0, imm: 0 };

function wordForms(extensions: ReadonlySet<string>): Form[] {
  return ROWS.flatMap(({ pattern, extension }, row) =>
    isMet(extension, extensions) ? parsePattern(pattern).map((form) => wordForm(form, row)) : []
  );
}

function wordForm(pattern: Pattern, row: number): Form {
  return { pattern, row, length: 4, fields: pattern.fields, fixed: NO_FIELDS, compressed: null };
}

/** A compressed instruction stands for its base row, if both are enabled. */
function baseRow(compressed: CompressedRow, extensions: ReadonlySet<string>): number {
  if (!hasRow(compressed.base) || !extensions.has(compressed.extension)) return ILLEGAL_ROW;
  const row = rowIndex(compressed.base);
  return isMet(ROWS[row].extension, extensions) ? row : ILLEGAL_ROW;
}

function parcelForms(extensions: ReadonlySet<string>): Form[] {
  if (!extensions.has(COMPRESSED_EXTENSION)) return [];
  return COMPRESSED_ROWS.flatMap((compressed) => {
    const row = baseRow(compressed, extensions);
    const fixed = { ...NO_FIELDS, ...compressed.fixed };
    return parsePattern(compressed.pattern).map((pattern): Form =>
      row === ILLEGAL_ROW
        ? { pattern, row, length: 2, fields: [], fixed: NO_FIELDS, compressed: null }
        : { pattern, row, length: 2, fields: pattern.fields, fixed, compressed }
    );
  }).sort((a, b) => bySpecificity(a.pattern, b.pattern));
}

function illegalForm(length: 2 | 4): Form {
  const pattern: Pattern = { width: length === 2 ? 16 : 32, mask: 0, match: 0, fields: [] };
  return { pattern, row: ILLEGAL_ROW, length, fields: [], fixed: NO_FIELDS, compressed: null };
}

function bucketOf(bits: number): number {
  return ((bits >>> OPCODE_SHIFT) & OPCODE_MASK) | ((bits >>> FUNCTION_SHIFT) & FUNCTION_MASK);
}

/** The word bits that all words of a bucket share. */
function bucketBits(bucket: number): number {
  return ((bucket & OPCODE_MASK) << OPCODE_SHIFT) | ((bucket & FUNCTION_MASK) << FUNCTION_SHIFT) |
    LONG_FORM;
}

/** Length in bytes of the instruction that starts with this parcel; longer ones than 4 do not exist here. */
export function instructionLength(firstParcel: number): 2 | 4 {
  return (firstParcel & LONG_FORM) === LONG_FORM ? 4 : 2;
}

/** An empty instruction to decode into. */
export function blankInstruction(): DecodedInstruction {
  return { row: ILLEGAL_ROW, length: 4, ...NO_FIELDS, bits: 0 };
}

/** See the header of this file. */
export class Decoder {
  readonly #wordForms: readonly Form[];
  readonly #buckets: (readonly Form[] | undefined)[] = Array.from({ length: BUCKET_COUNT });
  readonly #parcelForms: readonly Form[];
  /** For each parcel 1 + the index of its form. */
  readonly #formOfParcel = new Uint8Array(PARCEL_COUNT);
  readonly #illegalWord = illegalForm(4);

  /** Prepares the tables for the extensions whose names are given. */
  constructor(extensions: ReadonlySet<string>) {
    this.#wordForms = wordForms(extensions);
    this.#parcelForms = [...parcelForms(extensions), illegalForm(2)];
  }

  /** Decodes a word, or a parcel when its low bits say that it is one. */
  decode(bits: number): DecodedInstruction {
    const instruction = blankInstruction();
    this.decodeInto(bits, instruction);
    return instruction;
  }

  /** The same without an allocation. */
  decodeInto(bits: number, out: DecodedInstruction): void {
    const form = this.#form(bits);
    const { fixed } = form;
    out.row = form.row;
    out.length = form.length;
    out.rd = fixed.rd;
    out.rs1 = fixed.rs1;
    out.rs2 = fixed.rs2;
    out.rs3 = fixed.rs3;
    out.rm = fixed.rm;
    out.imm = fixed.imm;
    out.bits = form.length === 2 ? bits & PARCEL_MASK : bits >>> 0;
    for (const field of form.fields) out[field.name] = extractField(field, bits);
  }

  /** The compressed instruction that a parcel is; null when it is none. */
  compressedRow(parcel: number): CompressedRow | null {
    return instructionLength(parcel) === 2 ? this.#parcelForm(parcel).compressed : null;
  }

  #form(bits: number): Form {
    if (instructionLength(bits) === 2) return this.#parcelForm(bits & PARCEL_MASK);
    for (const form of this.#bucket(bucketOf(bits))) {
      if (matches(form.pattern, bits)) return form;
    }
    return this.#illegalWord;
  }

  #bucket(bucket: number): readonly Form[] {
    return this.#buckets[bucket] ??= this.#formsOfBucket(bucket);
  }

  #formsOfBucket(bucket: number): Form[] {
    const bits = bucketBits(bucket);
    return this.#wordForms.filter(({ pattern: { mask, match } }) =>
      ((bits ^ match) & mask & BUCKET_FIXED_BITS) === 0
    ).sort((a, b) => bySpecificity(a.pattern, b.pattern));
  }

  #parcelForm(parcel: number): Form {
    if (this.#formOfParcel[parcel] === UNKNOWN_FORM) {
      this.#formOfParcel[parcel] = 1 +
        this.#parcelForms.findIndex(({ pattern }) => matches(pattern, parcel));
    }
    return this.#parcelForms[this.#formOfParcel[parcel] - 1];
  }
}

/** A decoder for the extensions of that names, all when absent. */
export function createDecoder(extensions: ReadonlySet<string> = EXTENSIONS): Decoder {
  return new Decoder(extensions);
}

/** Joins two parcels to the bits of an instruction. */
export function joinParcels(first: number, second: number): number {
  return instructionLength(first) === 2 ? first : (first | (second << PARCEL_BITS)) >>> 0;
}
