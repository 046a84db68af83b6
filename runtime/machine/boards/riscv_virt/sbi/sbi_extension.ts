/** One extension of the supervisor binary interface. */

import type { SbiCaller, SbiHost } from "./sbi_host.ts";
import { SbiError } from "./sbi_codes.ts";

/** An extension: its number and what its functions do. */
export interface SbiExtension {
  /** Extension id, in a7. */
  readonly id: number;
  /** Carries out function `functionId` (a6) for the caller. */
  call(functionId: number, caller: SbiCaller, host: SbiHost): void;
}

/** Ends a call with an error code and no value. */
export function finish(caller: SbiCaller, error: number): void {
  caller.setResult(error, 0, 0);
}

/** Ends a call with success and a value of at most 32 bits. */
export function succeed(caller: SbiCaller, value = 0): void {
  caller.setResult(SbiError.SUCCESS, value | 0, 0);
}
