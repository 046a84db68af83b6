/** The instructions of litmus tests, and their text. */
import type { OrderSet } from "../../../ir/memory_order.ts";

/** `aq` and `rl` of an atomic instruction. */
export interface Annotation {
  readonly acquire: boolean;
  readonly release: boolean;
}

/** Register arithmetic. */
export type AluOperation = "add" | "sub" | "and" | "or" | "xor" | "sll" | "srl";

/** What an AMO does to memory. */
export type AmoOperation =
  | "swap"
  | "add"
  | "and"
  | "or"
  | "xor"
  | "min"
  | "max"
  | "minu"
  | "maxu";

/** One instruction. */
export type Instruction =
  | { readonly kind: "li"; readonly rd: number; readonly value: bigint }
  | {
    readonly kind: "alu";
    readonly operation: AluOperation;
    readonly rd: number;
    readonly left: number;
    /** A register, or an immediate. */
    readonly right: number | bigint;
  }
  | {
    readonly kind: "load";
    readonly bytes: number;
    readonly signed: boolean;
    readonly rd: number;
    readonly base: number;
    readonly offset: bigint;
  }
  | {
    readonly kind: "store";
    readonly bytes: number;
    readonly source: number;
    readonly base: number;
    readonly offset: bigint;
  }
  | {
    readonly kind: "lr";
    readonly bytes: number;
    readonly rd: number;
    readonly base: number;
    readonly annotation: Annotation;
  }
  | {
    readonly kind: "sc";
    readonly bytes: number;
    readonly rd: number;
    readonly source: number;
    readonly base: number;
    readonly annotation: Annotation;
  }
  | {
    readonly kind: "amo";
    readonly operation: AmoOperation;
    readonly bytes: number;
    readonly rd: number;
    readonly source: number;
    readonly base: number;
    readonly annotation: Annotation;
  }
  | {
    readonly kind: "branch";
    readonly isEqual: boolean;
    readonly left: number;
    readonly right: number;
    readonly label: string;
  }
  | { readonly kind: "jump"; readonly label: string }
  | {
    readonly kind: "fence";
    readonly order: OrderSet;
    /** What stands before and after the comma; null for `fence.tso`. */
    readonly sets: { readonly before: string; readonly after: string } | null;
  }
  | { readonly kind: "fence.i" }
  | {
    readonly kind: "sfence.vma" | "sinval.vma";
    /** Registers with the address and the address space; 0 for all of them. */
    readonly address: number;
    readonly space: number;
  }
  | { readonly kind: "sfence.w.inval" | "sfence.inval.ir" }
  | { readonly kind: "nop" };

/** An instruction where it stands. */
export interface PlacedInstruction {
  readonly instruction: Instruction;
  /** As it was written. */
  readonly text: string;
  readonly line: number;
  readonly column: number;
}

/** A thread: its instructions, and the index of the instruction behind each label. */
export interface ThreadProgram {
  readonly instructions: readonly PlacedInstruction[];
  readonly labels: ReadonlyMap<string, number>;
}
