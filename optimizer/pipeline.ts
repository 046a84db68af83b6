/**
 * The order of passes. Each line says why it stands where it does.
 */
import type { Region } from "../ir/region.ts";
import { verify } from "../ir/verifier.ts";
import type { Pass } from "./pass.ts";
import { blockMerging } from "./passes/block_merging.ts";
import { constantFolding } from "./passes/constant_folding.ts";
import { copyPropagation } from "./passes/copy_propagation.ts";
import { deadCode } from "./passes/dead_code.ts";
import { deadStateWrites } from "./passes/dead_state_writes.ts";
import { entryConditions } from "./passes/entry_conditions.ts";
import { extensionNarrowing } from "./passes/extension_narrowing.ts";
import { fenceMerging } from "./passes/fence_merging.ts";
import { stateReuse } from "./passes/state_reuse.ts";

/** All passes, in order. */
export const PIPELINE: readonly Pass[] = [
  // First, because most others look at one block at a time.
  blockMerging,
  // Right behind it, which brings fences together; no other pass adds or moves any.
  fenceMerging,
  // Next, so that the others see through registers from one instruction to the next.
  copyPropagation,
  // Before narrowing, which then finds constants where there are any.
  constantFolding,
  // After propagation took away reads; before narrowing, for which a dead write would be a second user.
  deadStateWrites,
  // Just before narrowing, which relies on the conditions.
  entryConditions,
  extensionNarrowing,
  // Sweeps up after all of the above.
  deadCode,
  // Last, because it hides values behind state again.
  stateReuse,
];

/** How to optimize. */
export interface OptimizeOptions {
  /** Verify before the first and after each pass? For tests; false when absent. */
  readonly verifies?: boolean;
  /** Called after each pass with its number of changes. */
  readonly onPass?: (pass: Pass, changes: number) => void;
}

/**
 * Runs all passes over a region, in place.
 * @throws {VerificationError} when asked to verify and a pass broke the region.
 */
export function optimize(region: Region, options: OptimizeOptions = {}): void {
  runPasses(region, PIPELINE, options);
}

/** Runs the given passes over a region, in place; see {@linkcode optimize}. */
export function runPasses(
  region: Region,
  passes: readonly Pass[],
  { verifies = false, onPass }: OptimizeOptions = {},
): void {
  if (verifies) verify(region);
  for (const pass of passes) {
    const changes = pass.run(region);
    onPass?.(pass, changes);
    if (verifies) verify(region);
  }
}

/**
 * The passes of those names, in the order given.
 * @throws {RangeError} when there is no pass of a name.
 */
export function passesByName(names: readonly string[]): Pass[] {
  return names.map((name) => {
    const pass = PIPELINE.find((known) => known.name === name);
    if (pass === undefined) {
      const known = PIPELINE.map((other) => other.name).join(", ");
      throw new RangeError(`Cannot find pass "${name}": known are ${known}`);
    }
    return pass;
  });
}
