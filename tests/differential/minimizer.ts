/**
 * Makes a failing program smaller: drops runs of lines, longest first, as long as it still fails. Labels stay,
 * so that what is left can be assembled.
 */
import type { Line } from "./guest_program.ts";
import { smallerList } from "../fuzz/smaller_list.ts";
import type { GeneratedProgram } from "./program_features.ts";

/** Does the program still fail? One that cannot be assembled or does not end must say no. */
export type FailureTest = (program: GeneratedProgram) => boolean;

/** The program with as many lines dropped as the test allows. */
export function minimize(program: GeneratedProgram, fails: FailureTest): GeneratedProgram {
  const lines = smallerList(
    program.lines,
    (candidate) => fails({ ...program, lines: candidate }),
    ({ kind }) => kind === "label",
  );
  return { ...program, lines: lines.filter((line) => isUsed(line, lines)) };
}

function isUsed(line: Line, lines: readonly Line[]): boolean {
  if (line.kind !== "label") return true;
  return lines.some((other) =>
    (other.kind === "instruction" && other.target === line.label) ||
    (other.kind === "address" && other.label === line.label)
  );
}
