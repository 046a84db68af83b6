/**
 * What a person needs to see of a difference: the smallest program that shows it, as assembly, which optimizer
 * passes it takes, and guest code, IR and Wasm text of its regions.
 */
import type { Pass } from "../../optimizer/pass.ts";
import { PIPELINE } from "../../optimizer/pipeline.ts";
import type { Difference, DifferentialRun, HotVariant } from "./differential_run.ts";
import { assembleProgram } from "./guest_program.ts";
import { minimize } from "./minimizer.ts";
import type { GeneratedProgram } from "./program_features.ts";

const WORD_BYTES = 4;

/** Does the program differ in this variant? Whatever breaks the engines counts as well. */
function differs(run: DifferentialRun, program: GeneratedProgram, variant: HotVariant): boolean {
  try {
    return (run.compare(program, [variant]) ?? null) !== null;
  } catch (error) {
    if (error instanceof RangeError) return false;
    return true;
  }
}

/** The program of a difference, made as small as it gets. */
export function minimizeDifference(
  run: DifferentialRun,
  program: GeneratedProgram,
  { variant }: Difference,
): GeneratedProgram {
  return minimize(program, (candidate) => differs(run, candidate, variant));
}

/** Which passes a difference needs. */
function neededPasses(
  run: DifferentialRun,
  program: GeneratedProgram,
  variant: HotVariant,
): string {
  const fails = (passes: readonly Pass[]): boolean => differs(run, program, { ...variant, passes });
  if (fails([])) return "none: the lifter or the backend";
  const alone = PIPELINE.filter((pass) => fails([pass])).map(({ name }) => name);
  if (alone.length > 0) return `any of ${alone.join(", ")}`;
  const needed = PIPELINE.filter((pass) => !fails(PIPELINE.filter((other) => other !== pass)));
  return `all of ${needed.map(({ name }) => name).join(", ")}`;
}

/** Text of a program's instructions. */
export function assemblyOf(run: DifferentialRun, { lines }: GeneratedProgram): string {
  const { bytes } = assembleProgram(lines);
  const view = new DataView(bytes.buffer);
  const text: string[] = [];
  for (let at = 0; at < bytes.length;) {
    const first = view.getUint16(at, true);
    const length = run.frontend.instructionLength(first);
    const bits = length === WORD_BYTES ? view.getUint32(at, true) : first;
    text.push(`${at.toString(16).padStart(6)}: ${run.frontend.disassemble(bits, BigInt(at))}`);
    at += length;
  }
  return text.join("\n");
}

/** The whole report of a difference; `small` is its program, made small. */
export function reportDifference(
  run: DifferentialRun,
  program: GeneratedProgram,
  difference: Difference,
  small: GeneratedProgram = minimizeDifference(run, program, difference),
): string {
  const { variant } = difference;
  const again = run.compare(small, [variant], true) ?? difference;
  return [
    `seed ${program.seed}: regions differ from the cold tier`,
    `features: ${JSON.stringify(program.features)}`,
    `variant: ${JSON.stringify({ ...variant, passes: variant.passes.map(({ name }) => name) })}`,
    `optimizer passes it needs: ${neededPasses(run, small, variant)}`,
    `smallest program, at ${small.start} bytes from the first code page:`,
    assemblyOf(run, small),
    "differences:",
    ...again.lines,
    ...again.reports,
  ].join("\n");
}
