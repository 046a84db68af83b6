/**
 * Adds the `metadata.code.branch_hint` section to an encoded module: V8 then moves rare code out of line.
 *
 * Binaryen has no call for it. `ModuleBuilder.ifRare` marks an unlikely `if` by starting its body with a
 * `nop`, which costs one byte and no instruction; this walks the code section, finds those, and lists them.
 *
 * Source: WebAssembly "Branch Hinting" proposal, "Binary Format".
 */
import { CodeReader, HEADER_BYTES, Op, SectionId } from "./code_reader.ts";

const SECTION_NAME = "metadata.code.branch_hint";
const UNLIKELY = 0;

interface FunctionHints {
  readonly index: number;
  readonly offsets: number[];
}

/** Offsets, from the start of the function's locals, of the marked conditionals. */
function hintsOfFunction(bytes: Uint8Array, start: number, end: number): number[] {
  const reader = new CodeReader(bytes, start);
  for (let groups = reader.unsigned(); groups > 0; groups--) {
    reader.skipNumber();
    reader.position++;
  }
  const offsets: number[] = [];
  while (reader.position < end) {
    const at = reader.position;
    const opcode = bytes[reader.position++];
    reader.skipOperands(opcode);
    if (opcode === Op.IF && bytes[reader.position] === Op.NOP) offsets.push(at - start);
  }
  return offsets;
}

function countImportedFunctions(bytes: Uint8Array, start: number): number {
  const reader = new CodeReader(bytes, start);
  let functions = 0;
  for (let count = reader.unsigned(); count > 0; count--) {
    for (let name = 0; name < 2; name++) {
      const length = reader.unsigned();
      reader.position += length;
    }
    functions += skipImport(reader);
  }
  return functions;
}

/** Skips an import's description. @returns 1 for a function. */
function skipImport(reader: CodeReader): number {
  const kind = reader.bytes[reader.position++];
  if (kind === 0) {
    reader.skipNumber();
    return 1;
  }
  if (kind !== 2) reader.position++;
  const hasMaximum = (reader.unsigned() & 1) !== 0;
  reader.skipNumber();
  if (hasMaximum) reader.skipNumber();
  return 0;
}

function encodeUnsigned(value: number, into: number[]): void {
  while (value >= 0x80) {
    into.push((value & 0x7f) | 0x80);
    value >>>= 7;
  }
  into.push(value);
}

function encodeSection(functions: readonly FunctionHints[]): number[] {
  const body: number[] = [];
  encodeUnsigned(SECTION_NAME.length, body);
  for (const character of SECTION_NAME) body.push(character.charCodeAt(0));
  encodeUnsigned(functions.length, body);
  for (const { index, offsets } of functions) {
    encodeUnsigned(index, body);
    encodeUnsigned(offsets.length, body);
    for (const offset of offsets) {
      encodeUnsigned(offset, body);
      body.push(1, UNLIKELY);
    }
  }
  const section: number[] = [SectionId.CUSTOM];
  encodeUnsigned(body.length, section);
  return section.concat(body);
}

/** The module with its marked conditionals listed in a branch-hint section. */
export function addBranchHints(bytes: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  let imported = 0;
  const reader = new CodeReader(bytes, HEADER_BYTES);
  while (reader.position < bytes.length) {
    const sectionStart = reader.position;
    const id = bytes[reader.position++];
    const length = reader.unsigned();
    const contents = reader.position;
    if (id === SectionId.IMPORT) imported = countImportedFunctions(bytes, contents);
    if (id === SectionId.CODE) {
      return withSection(bytes, sectionStart, hintsOfCode(bytes, contents, imported));
    }
    reader.position = contents + length;
  }
  return bytes;
}

function hintsOfCode(bytes: Uint8Array, start: number, imported: number): FunctionHints[] {
  const reader = new CodeReader(bytes, start);
  const hints: FunctionHints[] = [];
  const count = reader.unsigned();
  for (let index = 0; index < count; index++) {
    const length = reader.unsigned();
    const offsets = hintsOfFunction(bytes, reader.position, reader.position + length);
    if (offsets.length > 0) hints.push({ index: imported + index, offsets });
    reader.position += length;
  }
  return hints;
}

function withSection(
  bytes: Uint8Array,
  before: number,
  hints: readonly FunctionHints[],
): Uint8Array<ArrayBuffer> {
  const section = encodeSection(hints);
  const result = new Uint8Array(bytes.length + section.length);
  result.set(bytes.subarray(0, before));
  result.set(section, before);
  result.set(bytes.subarray(before), before + section.length);
  return result;
}
