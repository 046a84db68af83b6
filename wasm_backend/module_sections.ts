/**
 * Writes a module of functions: both memories and the table are imported, and what else it has is given.
 *
 * A vCPU's private memory is memory 0: V8 keeps that one's start, and its size as it never grows, in registers, and
 * most accesses are to it.
 *
 * Source: WebAssembly Core Specification, "Binary Format", "Modules".
 */
import {
  ENVIRONMENT,
  REGION_TABLE,
  SHARED_MAXIMUM_PAGES,
  SHARED_MEMORY,
  SHARED_MINIMUM_PAGES,
  VCPU_MEMORY,
} from "./abi/module_shape.ts";
import { VCPU_MEMORY_PAGES } from "./abi/vcpu_layout.ts";
import { ByteWriter } from "./byte_writer.ts";
import { SectionId } from "./code_reader.ts";

const MODULE_HEADER = [0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00];
const ExternalKind = { FUNCTION: 0, TABLE: 1, MEMORY: 2 } as const;
const FUNCREF = 0x70;
const HAS_MAXIMUM = 1;
const SHARED = 2;
const IMPORTED_SPACES = 3;

/** The first byte of a function type. */
export const FUNCTION_TYPE = 0x60;

/** Something with a name, and a number that says what. */
export interface NamedNumber {
  /** Its name. */
  readonly name: string;
  /** Number of its type for an import, of the function for an export. */
  readonly number: number;
}

/** A module's contents; types and functions are numbered in order, functions behind imports. */
export interface ModuleContents {
  /** Encoded function types. */
  readonly types: readonly ArrayLike<number>[];
  /** Imported functions. */
  readonly imports: readonly NamedNumber[];
  /** Types of the module's own functions. */
  readonly functions: readonly number[];
  /** Exported functions. */
  readonly exports: readonly NamedNumber[];
  /** Code of the module's own functions. */
  readonly code: readonly Uint8Array[];
}

/** Encodes a module. */
export function encodeModule(contents: ModuleContents): Uint8Array<ArrayBuffer> {
  const module = new ByteWriter();
  module.raw(MODULE_HEADER);
  section(module, SectionId.TYPE, (w) => vector(w, contents.types, (type) => w.raw(type)));
  section(module, SectionId.IMPORT, (w) => writeImports(w, contents.imports));
  section(module, SectionId.FUNCTION, (w) => vector(w, contents.functions, (n) => w.unsigned(n)));
  section(module, SectionId.EXPORT, (w) => writeExports(w, contents.exports));
  section(module, SectionId.CODE, (w) => vector(w, contents.code, (code) => w.counted(code)));
  return module.take();
}

function writeImports(w: ByteWriter, functions: readonly NamedNumber[]): void {
  w.unsigned(IMPORTED_SPACES + functions.length);
  const named = (name: string, kind: number): void => {
    w.name(ENVIRONMENT);
    w.name(name);
    w.byte(kind);
  };
  named(VCPU_MEMORY, ExternalKind.MEMORY);
  limits(w, HAS_MAXIMUM, VCPU_MEMORY_PAGES, VCPU_MEMORY_PAGES);
  named(SHARED_MEMORY, ExternalKind.MEMORY);
  limits(w, HAS_MAXIMUM | SHARED, SHARED_MINIMUM_PAGES, SHARED_MAXIMUM_PAGES);
  named(REGION_TABLE, ExternalKind.TABLE);
  w.byte(FUNCREF);
  limits(w, 0, 0);
  for (const { name, number } of functions) {
    named(name, ExternalKind.FUNCTION);
    w.unsigned(number);
  }
}

function writeExports(w: ByteWriter, exports: readonly NamedNumber[]): void {
  vector(w, exports, ({ name, number }) => {
    w.name(name);
    w.byte(ExternalKind.FUNCTION);
    w.unsigned(number);
  });
}

function section(module: ByteWriter, id: number, write: (w: ByteWriter) => void): void {
  const contents = new ByteWriter();
  write(contents);
  module.byte(id);
  module.counted(contents.written);
}

function vector<Item>(w: ByteWriter, items: readonly Item[], write: (item: Item) => void): void {
  w.unsigned(items.length);
  for (const item of items) write(item);
}

function limits(w: ByteWriter, flags: number, minimum: number, maximum?: number): void {
  w.byte(flags);
  w.unsigned(minimum);
  if (maximum !== undefined) w.unsigned(maximum);
}
