/** Breakpoints as a caller names them, for the harts' thread. */

import type { WaitedInstruction } from "../atomics/seek_request.ts";
import { ANY_HART, MOST_BREAKPOINTS } from "../atomics/shared_layout.ts";
import { AccessError } from "./machine_error.ts";
import type { Breakpoint } from "./machine_interface.ts";

const ADDRESS_BITS = 64;
const HALF_BITS = 32;

/** Checks a list. Throws {@linkcode AccessError} for what no hart of so many can meet. */
export function waitedInstructions(
  what: string,
  breakpoints: readonly Breakpoint[],
  harts: number,
): WaitedInstruction[] {
  if (breakpoints.length === 0 || breakpoints.length > MOST_BREAKPOINTS) {
    throw new AccessError({
      what: `${what}: ${breakpoints.length} breakpoints`,
      cause: `1 to ${MOST_BREAKPOINTS} can be looked for`,
      fix: breakpoints.length === 0 ? "name one" : "name fewer of them",
    });
  }
  return breakpoints.map(({ pc, hart }) => {
    if (hart !== undefined) checkHart(what, hart, harts);
    checkAddress(what, pc);
    return {
      low: Number(BigInt.asIntN(HALF_BITS, pc)),
      high: Number(BigInt.asIntN(HALF_BITS, pc >> BigInt(HALF_BITS))),
      hart: hart ?? ANY_HART,
    };
  });
}

function checkHart(what: string, hart: number, harts: number): void {
  if (Number.isInteger(hart) && hart >= 0 && hart < harts) return;
  throw new AccessError({
    what: `${what}: a breakpoint of hart ${hart}`,
    cause: harts === 1 ? "the machine has hart 0 alone" : `the machine has harts 0 to ${harts - 1}`,
    fix: "name one of its harts, or leave hart out",
  });
}

function checkAddress(what: string, pc: bigint): void {
  if (typeof pc === "bigint" && BigInt.asUintN(ADDRESS_BITS, pc) === pc && (pc & 1n) === 0n) return;
  throw new AccessError({
    what: `${what}: a breakpoint at ${typeof pc === "bigint" ? `0x${pc.toString(16)}` : pc}`,
    cause: "instructions are at even addresses of 64 bits, given as a bigint",
    fix: "name the address of an instruction, such as 0x80000000n",
  });
}
