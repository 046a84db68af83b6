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

/** All of them. */
export const HOST_FUNCTIONS: readonly FunctionSignature[] = [
  GUEST_TIME,
  RETIRED_INSTRUCTIONS,
  TIMER_CHANGED,
];
