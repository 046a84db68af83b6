/**
 * What a thread did in one possible run: its memory operations with the values they read and wrote, and what
 * stands between them.
 */
import type { OrderSet } from "../../../ir/memory_order.ts";
import type { Annotation } from "../syntax/instruction.ts";

/** A set of a thread's operations, one bit for each by its position. */
export type OperationSet = number;

/**
 * One memory operation. An AMO reads and writes in one; a store-conditional that failed is none. A walk is the
 * hart's own read of a page table entry, which also writes when it sets accessed or dirty bits.
 */
export interface Operation {
  /** What made it. */
  readonly source: "load" | "store" | "lr" | "sc" | "amo" | "walk";
  readonly address: number;
  readonly bytes: number;
  /** Value that was read, zero-extended; null when it does not read. */
  readonly read: bigint | null;
  /** Value that was written; null when it does not write. */
  readonly written: bigint | null;
  readonly annotation: Annotation;
  /** Operations of the thread that the address depends on. */
  readonly addressFrom: OperationSet;
  /** Operations that the written value depends on. */
  readonly dataFrom: OperationSet;
  /** Operations that a branch before this one depends on. */
  readonly controlFrom: OperationSet;
  /** For a store-conditional: position of its load-reserved; else -1. */
  readonly pairedWith: number;
  /** Instruction and line, for people. */
  readonly text: string;
  readonly line: number;
  /** What it became on the host; absent for the guest's own operations. */
  readonly emitted?: HostAccess;
}

/** An access as Wasm has it. */
export type HostAccess = "plain" | "atomic" | "update";

/** A fence: it stands behind that many operations. */
export interface Fence {
  readonly position: number;
  readonly order: OrderSet;
  readonly text: string;
  /** Absent for fences of memory alone. */
  readonly invalidation?: Invalidation;
}

/**
 * What an instruction does to translations. Svinval has an instruction for each of the three parts of
 * `sfence.vma`: stores come before it, translations are invalidated, walks come behind it.
 */
export type Invalidation =
  | { readonly kind: "sfence.vma" | "sinval.vma"; readonly translations: TranslationSet }
  | { readonly kind: "sfence.w.inval" | "sfence.inval.ir" };

/** Walks that an invalidation is about. */
export interface TranslationSet {
  /** Address of the only entry; null for all of them. */
  readonly entry: number | null;
  /** The only address space, whose global entries are left out; null for all of them. */
  readonly space: bigint | null;
}

/** One run of a thread. */
export interface Trace {
  readonly operations: readonly Operation[];
  readonly fences: readonly Fence[];
  /** Registers at the end. */
  readonly registers: readonly bigint[];
}

/** No annotation. */
export const PLAIN: Annotation = { acquire: false, release: false };
