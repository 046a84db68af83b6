/**
 * Adds the `metadata.code.branch_hint` section to an encoded module: V8 then moves rare code out of line.
 *
 * Binaryen has no call for it. `ModuleBuilder.ifRare` marks an unlikely `if` by starting its body with a
 * `nop`, which costs one byte and no instruction; this walks the code section, finds those, and lists them.
 *
 * Source: WebAssembly "Branch Hinting" proposal, "Binary Format"; WebAssembly Core Specification, "Binary
 * Format", "Instructions".
 */

const SectionId = { CUSTOM: 0, IMPORT: 2, CODE: 10 } as const;
const SECTION_NAME = "metadata.code.branch_hint";
const HEADER_BYTES = 8;
const Op = {
  NOP: 0x01,
  BLOCK: 0x02,
  LOOP: 0x03,
  IF: 0x04,
  BR: 0x0c,
  BR_IF: 0x0d,
  BR_TABLE: 0x0e,
  CALL: 0x10,
  CALL_INDIRECT: 0x11,
  RETURN_CALL: 0x12,
  RETURN_CALL_INDIRECT: 0x13,
  SELECT_TYPED: 0x1c,
  LOCAL_GET: 0x20,
  GLOBAL_SET: 0x24,
  TABLE_GET: 0x25,
  TABLE_SET: 0x26,
  FIRST_MEMORY: 0x28,
  LAST_MEMORY: 0x3e,
  MEMORY_SIZE: 0x3f,
  MEMORY_GROW: 0x40,
  I32_CONST: 0x41,
  I64_CONST: 0x42,
  F32_CONST: 0x43,
  F64_CONST: 0x44,
  REF_NULL: 0xd0,
  REF_FUNC: 0xd2,
  PREFIX_FC: 0xfc,
  PREFIX_FD: 0xfd,
  PREFIX_FE: 0xfe,
} as const;
/** Memory-argument flag: a memory index follows the alignment. */
const MULTI_MEMORY_FLAG = 0x40;
const MEMORY_FILL = 11;
const MEMORY_COPY = 10;
const MEMORY_INIT = 8;
const ATOMIC_FENCE = 3;
const VECTOR_CONST = 12;
const VECTOR_SHUFFLE = 13;
const FIRST_VECTOR_LANE = 21;
const LAST_VECTOR_LANE = 34;
const LAST_VECTOR_LOAD = 11;
const VECTOR_BYTES = 16;
const UNLIKELY = 0;

/** Reads LEB128 numbers and skips instructions. */
class CodeReader {
  readonly bytes: Uint8Array;
  position: number;

  constructor(bytes: Uint8Array, position: number) {
    this.bytes = bytes;
    this.position = position;
  }

  unsigned(): number {
    let value = 0;
    for (let shift = 0;; shift += 7) {
      const byte = this.bytes[this.position++];
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return value >>> 0;
    }
  }

  /** Skips a signed or unsigned number of any width. */
  skipNumber(): void {
    while (this.bytes[this.position++] >= 0x80);
  }

  #skipMemoryArgument(): void {
    if ((this.unsigned() & MULTI_MEMORY_FLAG) !== 0) this.skipNumber();
    this.skipNumber();
  }

  /** Skips the operands of an instruction whose opcode was read. */
  skipOperands(opcode: number): void {
    if (opcode >= Op.FIRST_MEMORY && opcode <= Op.LAST_MEMORY) return this.#skipMemoryArgument();
    switch (opcode) {
      case Op.BLOCK:
      case Op.LOOP:
      case Op.IF:
      case Op.BR:
      case Op.BR_IF:
      case Op.CALL:
      case Op.RETURN_CALL:
      case Op.MEMORY_SIZE:
      case Op.MEMORY_GROW:
      case Op.I32_CONST:
      case Op.I64_CONST:
      case Op.TABLE_GET:
      case Op.TABLE_SET:
      case Op.REF_NULL:
      case Op.REF_FUNC:
        return this.skipNumber();
      case Op.BR_TABLE: {
        for (let count = this.unsigned() + 1; count > 0; count--) this.skipNumber();
        return;
      }
      case Op.CALL_INDIRECT:
      case Op.RETURN_CALL_INDIRECT:
        this.skipNumber();
        return this.skipNumber();
      case Op.SELECT_TYPED: {
        for (let count = this.unsigned(); count > 0; count--) this.position++;
        return;
      }
      case Op.F32_CONST:
        this.position += 4;
        return;
      case Op.F64_CONST:
        this.position += 8;
        return;
      case Op.PREFIX_FC:
        return this.#skipBulk(this.unsigned());
      case Op.PREFIX_FD:
        return this.#skipVector(this.unsigned());
      case Op.PREFIX_FE:
        return this.#skipAtomic(this.unsigned());
      default:
        if (opcode >= Op.LOCAL_GET && opcode <= Op.GLOBAL_SET) this.skipNumber();
    }
  }

  #skipBulk(opcode: number): void {
    if (opcode === MEMORY_FILL) this.skipNumber();
    if (opcode === MEMORY_COPY || opcode === MEMORY_INIT) {
      this.skipNumber();
      this.skipNumber();
    }
  }

  #skipVector(opcode: number): void {
    if (opcode <= LAST_VECTOR_LOAD) this.#skipMemoryArgument();
    else if (opcode === VECTOR_CONST || opcode === VECTOR_SHUFFLE) this.position += VECTOR_BYTES;
    else if (opcode >= FIRST_VECTOR_LANE && opcode <= LAST_VECTOR_LANE) this.position++;
  }

  #skipAtomic(opcode: number): void {
    if (opcode === ATOMIC_FENCE) this.position++;
    else this.#skipMemoryArgument();
  }
}

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
