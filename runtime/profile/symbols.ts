/** All names that a profile can use: tables for code that runs with the privilege of a system, or with any. */

import type { SymbolTable } from "./symbol_table.ts";

/** A table, and whose code it names. */
export interface SymbolSet {
  /** The names. */
  readonly table: SymbolTable;
  /** Are they an operating system's, which user programs do not see? */
  readonly isSystem: boolean;
}

/** See the header of this file. */
export class Symbols {
  /** What the user should know about names that are missing. */
  readonly notes: readonly string[];
  readonly #sets: readonly SymbolSet[];

  /** The first table that knows an address names it. */
  constructor(sets: readonly SymbolSet[], notes: readonly string[] = []) {
    this.#sets = sets;
    this.notes = notes;
  }

  /** Name of the function around an address. */
  nameOf(address: number, isUser: boolean): string | undefined {
    for (const { table, isSystem } of this.#sets) {
      if (isSystem && isUser) continue;
      const symbol = table.find(address);
      if (symbol !== undefined) return symbol.name;
    }
    return undefined;
  }
}
