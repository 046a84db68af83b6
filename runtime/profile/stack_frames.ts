/**
 * From a sample's addresses to the names of functions, outermost first.
 *
 * The return address register holds the caller only in a function that has called nothing yet. Later it holds where
 * the last call came back to, in the same function; so it counts as a caller unless it lies in the function that is
 * executing, or the chain of frames begins with it anyway. Where neither place has a name it counts when there is no
 * chain.
 *
 * Where a system was entered from a program, registers and frames lead to what the program left there. A caller is in
 * the same half of the address space as what it called; the first one that is not ends the stack.
 */

import { addressText } from "./guest_address.ts";
import type { Symbols } from "./symbols.ts";

/** Addresses of a sample. */
export interface SampledStack {
  /** The next instruction. */
  readonly pc: number;
  /** What the return address register holds. */
  readonly link: number;
  /** Return addresses of the chain of frames, innermost first. */
  readonly chain: readonly number[];
  /** A letter for the privilege: `m`achine, `k`ernel, `u`ser. */
  readonly mark: string;
}

/** The privilege whose code operating systems' names do not apply to. */
const USER_MARK = "u";

/** Names of the functions on the stack; a place without a name is its privilege's letter and its address. */
export function stackFrames(stack: SampledStack, symbols: Symbols): string[] {
  const { pc, chain, mark } = stack;
  const isUser = mark === USER_MARK;
  const unnamed = (address: number): string => `[${mark}] ${addressText(address)}`;
  const found = hasFreshLink(stack, symbols) ? [stack.link, ...chain] : chain;
  const end = found.findIndex((address) => !isCaller(address, pc));
  const callers = end < 0 ? found : found.slice(0, end);
  const names = callers.map((address) =>
    symbols.nameOf(callSite(address), isUser) ?? unnamed(address)
  );
  return [...names.reverse(), symbols.nameOf(pc, isUser) ?? unnamed(pc)];
}

function isCaller(address: number, pc: number): boolean {
  return address % 2 === 0 && (address < 0) === (pc < 0);
}

function hasFreshLink({ pc, link, chain, mark }: SampledStack, symbols: Symbols): boolean {
  if (link === 0 || link === chain[0] || !isCaller(link, pc)) return false;
  const isUser = mark === USER_MARK;
  const caller = symbols.nameOf(callSite(link), isUser);
  const called = symbols.nameOf(pc, isUser);
  if (caller === undefined) return called === undefined && chain.length === 0;
  return caller !== called;
}

/** A call may be the last instruction of its function: what it returns to is another one then. */
function callSite(returnAddress: number): number {
  return returnAddress - 1;
}
