/**
 * What the host provides to the guest's functions and handlers. All of them are cheap to cross into, or
 * rare; none of them waits.
 */
import type { FunctionSignature } from "../../ir/region.ts";

/** Guest time in ticks of the board's timebase. */
export const GUEST_TIME: FunctionSignature = { name: "guest_time", parameters: [], result: "f64" };

/** Instructions this hart has retired, the current one not counted. */
export const RETIRED_INSTRUCTIONS: FunctionSignature = {
  name: "retired_instructions",
  parameters: [],
  result: "i64",
};

/** The supervisor timer compare value in the state was changed. */
export const TIMER_CHANGED: FunctionSignature = {
  name: "timer_changed",
  parameters: [],
  result: "void",
};

/**
 * `(privilege, register) -> half`: reads a register of one of the hart's interrupt files, by the number that it has on
 * a hart of 32 bits; 0 for one that does not exist.
 */
export const FILE_READ: FunctionSignature = {
  name: "interrupt_file_read",
  parameters: ["i32", "i32"],
  result: "i32",
};

/** `(privilege, register, set, clear)`: sets bits of such a register and clears others; none is in both. */
export const FILE_UPDATE: FunctionSignature = {
  name: "interrupt_file_update",
  parameters: ["i32", "i32", "i32", "i32"],
  result: "void",
};

/** `(privilege) -> identity` of the most urgent interrupt of a file, or 0. */
export const FILE_TOP: FunctionSignature = {
  name: "interrupt_file_top",
  parameters: ["i32"],
  result: "i32",
};

/** `(privilege, identity)`: the interrupt is not pending any more. */
export const FILE_CLAIM: FunctionSignature = {
  name: "interrupt_file_claim",
  parameters: ["i32", "i32"],
  result: "void",
};

/** All of them. */
export const HOST_FUNCTIONS: readonly FunctionSignature[] = [
  GUEST_TIME,
  RETIRED_INSTRUCTIONS,
  TIMER_CHANGED,
  FILE_READ,
  FILE_UPDATE,
  FILE_TOP,
  FILE_CLAIM,
];
