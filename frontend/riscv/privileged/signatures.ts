/**
 * Signatures of the privileged architecture's functions, apart from their bodies so that lifters can call
 * them without importing them.
 */
import type { FunctionSignature } from "../../../ir/region.ts";

/** Bits of the status that {@linkcode CSR_ACCESS} and its like return; 0 when there is nothing to do. */
export const AccessStatus = {
  /** The instruction is illegal here; nothing was changed. */
  ILLEGAL: 1,
  /** Mode, translation, interrupt enables or float mode may have changed: leave after the instruction. */
  LEAVE: 2,
} as const;

/** Values of the operation operand of {@linkcode CSR_ACCESS}. */
export const CsrOperation = { WRITE: 0, SET: 1, CLEAR: 2 } as const;

/**
 * `(CSR number, operation, writes, source) -> status`: reads a CSR into state `csr_result` and, when `writes`
 * is not 0, updates it. `writes` is 0 for set and clear with x0 or a zero immediate.
 */
export const CSR_ACCESS: FunctionSignature = {
  name: "csr_access",
  parameters: ["i32", "i32", "i32", "i64"],
  result: "i32",
};

/** `() -> status`: returns from a machine-mode trap; sets state `pc`. */
export const MRET: FunctionSignature = { name: "mret", parameters: [], result: "i32" };

/** `() -> status`: returns from a supervisor-mode trap; sets state `pc`. */
export const SRET: FunctionSignature = { name: "sret", parameters: [], result: "i32" };

/** `() -> status`: may this mode wait for an interrupt? */
export const CHECK_WFI: FunctionSignature = { name: "check_wfi", parameters: [], result: "i32" };

/** `() -> status`: may this mode fence its translations? */
export const CHECK_SFENCE: FunctionSignature = {
  name: "check_sfence",
  parameters: [],
  result: "i32",
};

/** `(address) -> cause` of the exception that a cache-block instruction raises there, or 0. */
export const CHECK_BLOCK: FunctionSignature = {
  name: "check_block",
  parameters: ["i64"],
  result: "i32",
};

/** `(cause, value)`: enters the handler of an exception at state `pc`; sets `pc`. */
export const TRAP_ENTER: FunctionSignature = {
  name: "trap_enter",
  parameters: ["i32", "i64"],
  result: "void",
};

/** `(cause)`: enters the handler of an interrupt at state `pc`; sets `pc`. */
export const INTERRUPT_ENTER: FunctionSignature = {
  name: "interrupt_enter",
  parameters: ["i32"],
  result: "void",
};

/** `(xcause, xtval, to supervisor, distance from the vector base)`: what both kinds of trap share. */
export const TAKE_TRAP: FunctionSignature = {
  name: "take_trap",
  parameters: ["i64", "i64", "i32", "i64"],
  result: "void",
};

/** `() -> cause`: the interrupt to take now, or -1. */
export const PENDING_INTERRUPT: FunctionSignature = {
  name: "pending_interrupt",
  parameters: [],
  result: "i32",
};

/** `() -> flag`: 1 when an interrupt is pending and enabled by itself: what ends a wait for one. */
export const WAKE_PENDING: FunctionSignature = {
  name: "wake_pending",
  parameters: [],
  result: "i32",
};

/** `() -> mode key`. */
export const MODE_KEY: FunctionSignature = { name: "mode_key", parameters: [], result: "i32" };

/** `(privilege) -> mmu index` of accesses made with that privilege now. */
export const MMU_INDEX: FunctionSignature = {
  name: "mmu_index",
  parameters: ["i32"],
  result: "i32",
};

/** `(mmu index) -> flag`: 1 when addresses are physical there. */
export const IS_BARE: FunctionSignature = { name: "is_bare", parameters: ["i32"], result: "i32" };

/** `() -> ASID` of the address space that translated accesses use now. */
export const ADDRESS_SPACE: FunctionSignature = {
  name: "address_space",
  parameters: [],
  result: "i32",
};

/** `(virtual address, access kind, mmu index) -> page and permissions, or -1 - cause`. */
export const WALK: FunctionSignature = {
  name: "walk",
  parameters: ["i64", "i32", "i32"],
  result: "i64",
};

/** `(physical address, is machine mode) -> permissions` that physical memory protection gives a page. */
export const PMP_PERMISSIONS: FunctionSignature = {
  name: "pmp_permissions",
  parameters: ["i64", "i32"],
  result: "i32",
};
