/** Value types of the IR: those of Wasm, because every host tier computes in them. */
export type ValueType = "i32" | "i64" | "f32" | "f64";

/** Widths of a memory access in bits. */
export type MemoryWidth = 8 | 16 | 32 | 64;

/** All value types, in text order. */
export const VALUE_TYPES: readonly ValueType[] = ["i32", "i64", "f32", "f64"];
