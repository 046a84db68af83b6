/**
 * What lies between a load-reserved and the store-conditionals that may follow it.
 *
 * With register work alone in between the pair is one atomic compare-and-swap; otherwise the cold tier executes
 * the window.
 */
import type { DecodedInstruction } from "../instruction.ts";
import { ROWS } from "../rows.ts";
import { BRANCHES } from "./flow.ts";

/** Instructions behind the load-reserved that are looked at. */
const WINDOW = 24;

/** Guest code as the search sees it. */
export interface WindowCode {
  /** The instruction at a distance from the origin, or null where there is none to be had. */
  instructionAt(offset: number): DecodedInstruction | null;
  /** Does the instruction touch registers alone and go on? */
  isRegisterWork(instruction: DecodedInstruction): boolean;
}

/**
 * Does only register work lie between the load-reserved at `offset` and every store-conditional that it can
 * reach, and are all of them in the region? Paths that leave the region, through targets that are not `isInside`,
 * are looked at only for store-conditionals.
 */
export function isPureWindow(
  code: WindowCode,
  offset: number,
  isInside: (target: number) => boolean,
): boolean {
  const seen = new Set<string>();
  const reserve = code.instructionAt(offset);
  const pending = [{ at: offset + (reserve?.length ?? 0), stays: true }];
  for (let place = pending.pop(); place !== undefined; place = pending.pop()) {
    const { at, stays } = place;
    const key = `${at}.${stays}`;
    if (seen.has(key)) continue;
    seen.add(key);
    const instruction = code.instructionAt(at);
    if (instruction === null || seen.size > WINDOW) return false;
    const { name } = ROWS[instruction.row];
    if (name.startsWith("sc.")) {
      if (!stays) return false;
      continue;
    }
    const next = at + instruction.length;
    const to = (target: number) => ({ at: target, stays: stays && isInside(target) });
    if (name === "jal") {
      pending.push(to(at + instruction.imm));
    } else if (BRANCHES.has(name)) {
      pending.push(to(next), to(at + instruction.imm));
    } else if (code.isRegisterWork(instruction) && name !== "jalr") {
      pending.push({ at: next, stays });
    } else if (reachesStoreConditional(code, next)) {
      return false;
    }
  }
  return true;
}

/** A look ahead in a straight line: is the impure instruction before it inside a window? */
function reachesStoreConditional(code: WindowCode, offset: number): boolean {
  let at = offset;
  for (let count = 0; count < WINDOW; count++) {
    const instruction = code.instructionAt(at);
    if (instruction === null) return false;
    const { name } = ROWS[instruction.row];
    if (name.startsWith("sc.")) return true;
    if (name.startsWith("lr.") || name === "jal" || name === "jalr") return false;
    at += instruction.length;
  }
  return false;
}
