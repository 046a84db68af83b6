/**
 * Accesses of control words as Wasm text.
 */

/** Reads an i32. */
export const get32 = (offset: number): string => `(i32.load $cpu (i32.const ${offset}))`;
/** Reads an i64. */
export const get64 = (offset: number): string => `(i64.load $cpu (i32.const ${offset}))`;
/** Writes an i32. */
export const set32 = (offset: number, value: string): string =>
  `(i32.store $cpu (i32.const ${offset}) ${value})`;
/** Writes an i64. */
export const set64 = (offset: number, value: string): string =>
  `(i64.store $cpu (i32.const ${offset}) ${value})`;
