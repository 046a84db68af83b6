/**
 * Whether a compiler that is being loaded may still begin to serve.
 *
 * REQUIREMENT. Loading the compiler takes longer than a short program runs, so the end of a machine must not
 * wait for it. A worker that is done loading after the end must not touch the memory, which may belong to the
 * next power cycle by then.
 *
 * SOLUTION. Main offers the service under the number of the power cycle before any vCPU exists. The worker
 * that is ready exchanges its number for CLAIMED, main at the end for WITHDRAWN; both compare with the number,
 * so that one of them comes first and the other finds out. A claimed compiler is waited for. One of an earlier
 * power cycle finds another number.
 *
 * LIMITATION. The number is an i32 above 0.
 */

import { Machine } from "./shared_layout.ts";

const CLAIM = Machine.COMPILER_CLAIM.offset >> 2;
const CLAIMED = -1;
const WITHDRAWN = 0;

/** Lets the compiler of a power cycle claim the service; main, before any vCPU exists. */
export function offerCompilerService(words: Int32Array, powerCycle: number): void {
  // ORDER: sc store before the compiler's worker exists; partner: its claim.
  Atomics.store(words, CLAIM, powerCycle);
}

/** Begins to serve, once loaded. @returns false when it is too late: the memory must not be touched */
export function claimCompilerService(words: Int32Array, powerCycle: number): boolean {
  // ORDER: sc cmpxchg before the first access of the compiler; partner: the withdrawal.
  return Atomics.compareExchange(words, CLAIM, powerCycle, CLAIMED) === powerCycle;
}

/** Ends the offer; main, at the end. @returns false when the compiler serves and has to be waited for */
export function withdrawCompilerService(words: Int32Array, powerCycle: number): boolean {
  // ORDER: sc cmpxchg before the memory is used for anything else; partner: the claim.
  return Atomics.compareExchange(words, CLAIM, powerCycle, WITHDRAWN) === powerCycle;
}
