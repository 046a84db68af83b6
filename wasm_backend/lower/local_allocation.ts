/**
 * Numbers of Wasm locals: named ones live for the whole function, scratch ones until the block ends.
 */
import type { ValueType } from "../../ir/types.ts";
import { type WasmType, wasmType } from "../module_builder.ts";

/** Hands out the locals of one function. */
export class LocalAllocation {
  readonly #firstIndex: number;
  readonly #types: WasmType[] = [];
  readonly #free = new Map<ValueType, number[]>();
  #inUse: [ValueType, number][] = [];

  /** Locals are numbered from the count of the function's parameters. */
  constructor(parameterCount: number) {
    this.#firstIndex = parameterCount;
  }

  /** A local for the whole function. */
  permanent(type: ValueType): number {
    this.#types.push(wasmType(type));
    return this.#firstIndex + this.#types.length - 1;
  }

  /** A local until {@linkcode LocalAllocation.releaseScratch}. */
  scratch(type: ValueType): number {
    const index = this.#free.get(type)?.pop() ?? this.permanent(type);
    this.#inUse.push([type, index]);
    return index;
  }

  /** Ends the life of all scratch locals. */
  releaseScratch(): void {
    for (const [type, index] of this.#inUse) {
      const list = this.#free.get(type);
      if (list === undefined) this.#free.set(type, [index]);
      else list.push(index);
    }
    this.#inUse = [];
  }

  /** Types of all locals, in index order. */
  get types(): readonly WasmType[] {
    return this.#types;
  }
}
