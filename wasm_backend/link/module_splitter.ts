/**
 * Takes an emitted module apart into {@linkcode FunctionObject}s.
 *
 * Modules come from our own lowering: what it never emits (globals, references to functions, blocks with
 * parameters) is refused and not handled.
 *
 * Source: WebAssembly Core Specification, "Binary Format", "Modules".
 */
import { CodeReader, HEADER_BYTES, Op, SectionId } from "../code_reader.ts";
import {
  type CalledFunction,
  type CutOperand,
  type FunctionObject,
  OperandKind,
  typeText,
} from "./function_object.ts";

const FUNCTION_TYPE = 0x60;
const ImportKind = { FUNCTION: 0, TABLE: 1, MEMORY: 2 } as const;
const HAS_MAXIMUM = 1;
/** Set in a block type that is no number of a function type. */
const PLAIN_BLOCK_TYPE = 0x40;
const MORE = 0x80;

/** Constants that stand for places: the ones from `first` on. */
export interface MarkedConstants {
  /** The first of them. */
  readonly first: number;
  /** How many there are. */
  readonly count: number;
}

interface ModuleContents {
  readonly types: string[];
  readonly imports: CalledFunction[];
  /** Numbers of the types of defined functions. */
  readonly defined: number[];
  readonly exports: Map<string, number>;
  /** Where the code section's contents start; 0 without one. */
  code: number;
}

/**
 * The functions of a module by name.
 * @param names of the defined functions, in order
 * @throws {TypeError} when the module has something that its functions could not be moved with
 */
export function splitModule(
  bytes: Uint8Array,
  names: readonly string[],
  marked: MarkedConstants,
): Map<string, FunctionObject> {
  const contents = readContents(bytes);
  checkNames(contents, names);
  const functions = new Map<string, FunctionObject>();
  if (contents.code === 0) return functions;
  const reader = new CodeReader(bytes, contents.code);
  const count = reader.unsigned();
  for (let index = 0; index < count; index++) {
    const length = reader.unsigned();
    const end = reader.position + length;
    const cut = new FunctionCut(reader, contents, names, marked);
    functions.set(names[index], cut.function(contents.types[contents.defined[index]], end));
  }
  return functions;
}

function checkNames({ defined, exports, imports }: ModuleContents, names: readonly string[]): void {
  const isOther = [...exports].some(([name, index]) => names[index - imports.length] !== name);
  if (defined.length === names.length && !isOther) return;
  throw new TypeError("Cannot split a module: its functions stand in another order than expected");
}

function readContents(bytes: Uint8Array): ModuleContents {
  const contents: ModuleContents = {
    types: [],
    imports: [],
    defined: [],
    exports: new Map(),
    code: 0,
  };
  const reader = new CodeReader(bytes, HEADER_BYTES);
  while (reader.position < bytes.length) {
    const id = bytes[reader.position++];
    const length = reader.unsigned();
    const end = reader.position + length;
    readSection(id, reader, contents);
    reader.position = end;
  }
  return contents;
}

function readSection(id: number, reader: CodeReader, contents: ModuleContents): void {
  switch (id) {
    case SectionId.TYPE:
      for (let left = reader.unsigned(); left > 0; left--) contents.types.push(readType(reader));
      return;
    case SectionId.IMPORT:
      for (let left = reader.unsigned(); left > 0; left--) readImport(reader, contents);
      return;
    case SectionId.FUNCTION:
      for (let left = reader.unsigned(); left > 0; left--) contents.defined.push(reader.unsigned());
      return;
    case SectionId.EXPORT:
      for (let left = reader.unsigned(); left > 0; left--) {
        const name = reader.name();
        reader.position++;
        contents.exports.set(name, reader.unsigned());
      }
      return;
    case SectionId.CODE:
      contents.code = reader.position;
  }
}

function readType(reader: CodeReader): string {
  const start = reader.position;
  if (reader.bytes[reader.position++] !== FUNCTION_TYPE) {
    throw new TypeError("Cannot split a module: a type is no function type");
  }
  for (let list = 0; list < 2; list++) {
    const length = reader.unsigned();
    reader.position += length;
  }
  return typeText(reader.bytes.subarray(start, reader.position));
}

function readImport(reader: CodeReader, { imports, types }: ModuleContents): void {
  reader.name();
  const name = reader.name();
  const kind = reader.bytes[reader.position++];
  if (kind === ImportKind.FUNCTION) {
    imports.push({ name, importType: types[reader.unsigned()] });
    return;
  }
  if (kind === ImportKind.TABLE) reader.position++;
  const hasMaximum = (reader.unsigned() & HAS_MAXIMUM) !== 0;
  reader.skipNumber();
  if (hasMaximum) reader.skipNumber();
}

/** Cuts one function. */
class FunctionCut {
  readonly #reader: CodeReader;
  readonly #contents: ModuleContents;
  readonly #names: readonly string[];
  readonly #marked: MarkedConstants;
  readonly #parts: Uint8Array[] = [];
  readonly #operands: CutOperand[] = [];
  readonly #calls = new Map<number, number>();
  readonly #types = new Map<number, number>();
  #length = 0;
  #copied: number;

  constructor(
    reader: CodeReader,
    contents: ModuleContents,
    names: readonly string[],
    marked: MarkedConstants,
  ) {
    this.#reader = reader;
    this.#contents = contents;
    this.#names = names;
    this.#marked = marked;
    this.#copied = reader.position;
  }

  /** The function whose code starts at the reader's position. */
  function(type: string, end: number): FunctionObject {
    const reader = this.#reader;
    for (let groups = reader.unsigned(); groups > 0; groups--) {
      reader.skipNumber();
      reader.position++;
    }
    let last = 0;
    while (reader.position < end) {
      last = reader.bytes[reader.position];
      this.#instruction();
    }
    if (reader.position !== end || last !== Op.END) {
      throw new TypeError("Cannot split a module: its instructions were not understood");
    }
    this.#copyTo(end);
    return {
      type,
      code: joined(this.#parts, this.#length),
      operands: this.#operands,
      calls: [...this.#calls.keys()].map((index) => this.#called(index)),
      types: [...this.#types.keys()].map((index) => this.#contents.types[index]),
    };
  }

  #called(index: number): CalledFunction {
    const { imports } = this.#contents;
    if (index < imports.length) return imports[index];
    return { name: this.#names[index - imports.length], importType: null };
  }

  #copyTo(position: number): void {
    const part = this.#reader.bytes.subarray(this.#copied, position);
    this.#parts.push(part);
    this.#length += part.length;
  }

  /** The operand that starts at `start` ends where the reader is: it is left out. */
  #cut(start: number, kind: number, index: number): void {
    this.#copyTo(start);
    this.#copied = this.#reader.position;
    this.#operands.push({ at: this.#length, kind, index });
  }

  #instruction(): void {
    const reader = this.#reader;
    const opcode = reader.bytes[reader.position++];
    const start = reader.position;
    switch (opcode) {
      case Op.CALL:
      case Op.RETURN_CALL:
        return this.#cut(start, OperandKind.FUNCTION, place(this.#calls, reader.unsigned()));
      case Op.CALL_INDIRECT:
      case Op.RETURN_CALL_INDIRECT:
        this.#cut(start, OperandKind.TYPE, place(this.#types, reader.unsigned()));
        return reader.skipNumber();
      case Op.I32_CONST: {
        const number = reader.signed() - this.#marked.first;
        if (number >= 0 && number < this.#marked.count) {
          this.#cut(start, OperandKind.CONSTANT, number);
        }
        return;
      }
      case Op.BLOCK:
      case Op.LOOP:
      case Op.IF:
        if ((reader.bytes[start] & (PLAIN_BLOCK_TYPE | MORE)) !== PLAIN_BLOCK_TYPE) refuse(opcode);
        return reader.skipNumber();
      case Op.GLOBAL_GET:
      case Op.GLOBAL_SET:
      case Op.REF_FUNC:
        return refuse(opcode);
      default:
        return reader.skipOperands(opcode);
    }
  }
}

function refuse(opcode: number): void {
  throw new TypeError(`Cannot split a module: instruction 0x${opcode.toString(16)} in a region`);
}

/** The place of a number among the different ones seen so far. */
function place(seen: Map<number, number>, number: number): number {
  let index = seen.get(number);
  if (index === undefined) seen.set(number, index = seen.size);
  return index;
}

function joined(parts: readonly Uint8Array[], length: number): Uint8Array {
  const whole = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
