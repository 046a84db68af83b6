/** Binaryen's C interface: its functions, its codes for types, and what lives in its heap. */
import { type WasmType, wasmType } from "../module_builder.ts";
import { loadBinaryen } from "./binaryen_package.ts";
import { operatorKeys } from "./operator_keys.ts";

/** Functions of the C interface, and its allocator. */
interface RawBinaryen {
  [name: `_Binaryen${string}`]: (...operands: (number | bigint | boolean)[]) => number;
  [name: `__i32_store${string}`]: (address: number, value: number) => void;
  _malloc(bytes: number): number;
}

/** The package. */
export const binaryen = await loadBinaryen();
/** Its C interface, and numbers by their keys. */
export const raw = binaryen as unknown as RawBinaryen & Record<string, number>;

/** What outlives a module: strings, interned once per process of the compiler, scratch for arrays and literals. */
export class BinaryenHeap {
  readonly #strings = new Map<string, number>();
  /** Binaryen's numbers of operators, by their names. */
  readonly operators: ReadonlyMap<string, number> = new Map(
    [...operatorKeys()].map(([name, key]) => [name, raw[key]]),
  );
  /** Room for a literal. */
  readonly literal: number = raw._malloc(64);
  #array = 0;
  #arrayLength = 0;

  /** Address of the zero-terminated string. */
  string(text: string): number {
    let address = this.#strings.get(text);
    if (address === undefined) {
      const bytes = new TextEncoder().encode(text + "\0");
      address = raw._malloc(bytes.length);
      for (let i = 0; i < bytes.length; i++) raw.__i32_store8(address + i, bytes[i]);
      this.#strings.set(text, address);
    }
    return address;
  }

  /** Address of a scratch array with these elements; valid until the next call. */
  array(elements: readonly number[]): number {
    if (elements.length > this.#arrayLength) {
      this.#arrayLength = elements.length * 2;
      this.#array = raw._malloc(this.#arrayLength * 4);
    }
    for (let i = 0; i < elements.length; i++) raw.__i32_store(this.#array + i * 4, elements[i]);
    return this.#array;
  }
}

const VOID = wasmType("void");

/** Binaryen's types by their codes in the binary format. */
const TYPES = new Map<WasmType, number>([
  [VOID, binaryen.none],
  ...(["i32", "i64", "f32", "f64"] as const).map((name): [WasmType, number] => [
    wasmType(name),
    binaryen[name],
  ]),
]);

/** Binaryen's code of a type. */
export function typeOf(type: WasmType): number {
  return TYPES.get(type) ?? binaryen.none;
}

/** The same of several. */
export function typesOf(types: readonly WasmType[]): number {
  return binaryen.createType(types.map(typeOf));
}
