/**
 * Which callees are lifted into their caller's region: short ones that end in returns. A call costs the
 * registers' way through memory and two checks, which for such functions is more than they do.
 */
import type { DecodedInstruction } from "../instruction.ts";
import type { Flow } from "./flow.ts";

/** Most instructions of a callee. */
const INSTRUCTION_LIMIT = 60;

/** What lifting the callee would mean. */
export interface InlineCandidate {
  /** Its size. */
  readonly instructions: number;
  /** Does it leave the link register alone? */
  readonly keepsLink: boolean;
}

/** Guest code as the search sees it. */
export interface CallableCode {
  /** The instruction at a distance from the origin, or null where there is none to be had. */
  instructionAt(offset: number): DecodedInstruction | null;
  /** How it continues. */
  flowOf(instruction: DecodedInstruction, offset: number): Flow;
  /** Was it ever executed? */
  wasExecuted(offset: number): boolean;
  /** Is it a load-reserved, which has to be looked at with what follows it? */
  reserves(instruction: DecodedInstruction): boolean;
}

/** The candidate that starts at a distance from the origin, or null when it is none. */
export function inlineCandidate(
  code: CallableCode,
  entry: number,
  linkRegister: number,
): InlineCandidate | null {
  const seen = new Set<number>();
  const pending = [entry];
  let keepsLink = true;
  let returns = 0;
  for (let offset = pending.pop(); offset !== undefined; offset = pending.pop()) {
    if (seen.has(offset) || !code.wasExecuted(offset)) continue;
    const instruction = code.instructionAt(offset);
    if (instruction === null || code.reserves(instruction)) return null;
    if (seen.add(offset).size > INSTRUCTION_LIMIT) return null;
    if (instruction.rd === linkRegister) keepsLink = false;
    const next = offset + instruction.length;
    const target = offset + instruction.imm;
    switch (code.flowOf(instruction, offset)) {
      case "next":
      case "call":
      case "indirect call":
        pending.push(next);
        break;
      case "branch":
        pending.push(target, next);
        break;
      case "jump":
        pending.push(target);
        break;
      case "return":
        if (instruction.rs1 !== linkRegister) return null;
        returns++;
        break;
      default:
        return null;
    }
  }
  return returns === 0 ? null : { instructions: seen.size, keepsLink };
}
