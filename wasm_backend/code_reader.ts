/**
 * Walks the instructions of encoded functions without understanding them: where each one starts, and how long
 * its operands are.
 *
 * Source: WebAssembly Core Specification, "Binary Format", "Instructions".
 */

/** Sections that are looked into. */
export const SectionId = {
  CUSTOM: 0,
  TYPE: 1,
  IMPORT: 2,
  FUNCTION: 3,
  EXPORT: 7,
  CODE: 10,
} as const;
/** Bytes in front of the first section. */
export const HEADER_BYTES = 8;
/** Instructions. */
export const Op = {
  NOP: 0x01,
  BLOCK: 0x02,
  LOOP: 0x03,
  IF: 0x04,
  END: 0x0b,
  BR: 0x0c,
  BR_IF: 0x0d,
  BR_TABLE: 0x0e,
  CALL: 0x10,
  CALL_INDIRECT: 0x11,
  RETURN_CALL: 0x12,
  RETURN_CALL_INDIRECT: 0x13,
  SELECT_TYPED: 0x1c,
  LOCAL_GET: 0x20,
  GLOBAL_GET: 0x23,
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
/** Reads LEB128 numbers and skips instructions. */
export class CodeReader {
  /** The module. */
  readonly bytes: Uint8Array;
  /** Where it reads next. */
  position: number;

  /** Reads a module from a position on. */
  constructor(bytes: Uint8Array, position: number) {
    this.bytes = bytes;
    this.position = position;
  }

  /** An unsigned number of at most 32 bits. */
  unsigned(): number {
    let value = 0;
    for (let shift = 0;; shift += 7) {
      const byte = this.bytes[this.position++];
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return value >>> 0;
    }
  }

  /** A signed number of at most 32 bits. */
  signed(): number {
    let value = 0;
    for (let shift = 0;; shift += 7) {
      const byte = this.bytes[this.position++];
      value |= (byte & 0x7f) << shift;
      if (byte >= 0x80) continue;
      const unused = 32 - 7 - shift;
      return unused > 0 ? (value << unused) >> unused : value;
    }
  }

  /** A name. */
  name(): string {
    const length = this.unsigned();
    const start = this.position;
    this.position += length;
    return new TextDecoder().decode(this.bytes.subarray(start, this.position));
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
