/** From operand fields to bits: the inverse of the decoder, for tests and for generated guest code. */
import { COMPRESSED_ROWS } from "./compressed.ts";
import type { FieldName } from "./instruction.ts";
import { extractField, insertField, parsePattern, type Pattern } from "./pattern.ts";
import { rowIndex, ROWS } from "./rows.ts";

/** Operand fields by name; those that are absent are 0. */
export type OperandFields = Partial<Record<FieldName, number>>;

/** A register that is both destination and source may be given by either name. */
function operand(fields: OperandFields, name: FieldName, pattern: Pattern): number | undefined {
  if (name !== "rs1" || fields.rs1 !== undefined) return fields[name];
  const [own, destination] = (["rs1", "rd"] as const).map((wanted) =>
    pattern.fields.find((field) => field.name === wanted)
  );
  return own?.segments[0].source === destination?.segments[0].source ? fields.rd : undefined;
}

/**
 * Bits of an instruction in one pattern. The pattern's free bits are taken from `free`.
 * @throws {RangeError} when a field cannot hold its value.
 */
export function encode(pattern: Pattern, fields: OperandFields, free = 0): number {
  let taken = pattern.mask;
  let bits = pattern.match;
  for (const field of pattern.fields) {
    const value = operand(fields, field.name, pattern) ?? field.bias;
    bits |= insertField(field, value);
    taken |= insertField(field, field.bias - 1);
    if (extractField(field, insertField(field, value)) !== value) {
      throw new RangeError(`Cannot encode ${field.name} = ${value}: the field cannot hold it`);
    }
  }
  const unused = pattern.width === 16 ? free & 0xffff & ~taken : free & ~taken;
  return (bits | unused) >>> 0;
}

/** The pattern of the row or compressed instruction of that name. */
function patternOf(name: string): string {
  const compressed = COMPRESSED_ROWS.find((row) => row.name === name);
  return compressed === undefined ? ROWS[rowIndex(name)].pattern : compressed.pattern;
}

/**
 * Bits of the instruction of that name, compressed ones included. Of a row with several patterns the first is
 * used.
 * @throws {RangeError} when there is no such instruction, or a field cannot hold its value.
 */
export function assemble(name: string, fields: OperandFields = {}): number {
  const [pattern] = parsePattern(patternOf(name));
  if (pattern === undefined) throw new RangeError(`Cannot assemble "${name}": it has no encoding`);
  return encode(pattern, fields);
}
