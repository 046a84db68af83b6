/**
 * Makes a failing program smaller: drops runs of lines, longest first, as long as it still fails. Labels stay,
 * so that what is left can be assembled.
 */
import type { Line } from "./guest_program.ts";
import type { GeneratedProgram } from "./program_generator.ts";

/** Does the program still fail? One that cannot be assembled or does not end must say no. */
export type FailureTest = (program: GeneratedProgram) => boolean;

/** The program with as many lines dropped as the test allows. */
export function minimize(program: GeneratedProgram, fails: FailureTest): GeneratedProgram {
  let best = program;
  for (let size = largestRun(best.lines.length); size >= 1;) {
    const smaller = withoutSomeRun(best, size, fails);
    if (smaller !== null) best = smaller;
    else size = Math.floor(size / 2);
  }
  return { ...best, lines: best.lines.filter((line) => isUsed(line, best.lines)) };
}

function largestRun(lines: number): number {
  return Math.max(1, Math.floor(lines / 2));
}

/** The program after one walk that dropped every run it could, or null when it could drop none. */
function withoutSomeRun(
  program: GeneratedProgram,
  size: number,
  fails: FailureTest,
): GeneratedProgram | null {
  let best = program;
  for (let at = 0; at < best.lines.length;) {
    const lines = best.lines.filter((line, index) =>
      index < at || index >= at + size || line.kind === "label"
    );
    const candidate = { ...best, lines };
    if (lines.length < best.lines.length && fails(candidate)) best = candidate;
    else at += size;
  }
  return best === program ? null : best;
}

function isUsed(line: Line, lines: readonly Line[]): boolean {
  if (line.kind !== "label") return true;
  return lines.some((other) =>
    (other.kind === "instruction" && other.target === line.label) ||
    (other.kind === "address" && other.label === line.label)
  );
}
