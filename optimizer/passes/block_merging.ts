/**
 * Joins a block to the only one that jumps to it, so that the block-local passes and the backend see one
 * straight run.
 *
 * ```text
 * b0:                                   b0:
 *   guest.boundary +0 length 4 index 0    guest.boundary +0 length 4 index 0
 *   jump b1                       =>      guest.boundary +8 length 4 index 1
 * b1:                                     goto return %0
 *   guest.boundary +8 length 4 index 0
 *   goto return %0
 * ```
 *
 * Code of inlined callees comes in such pieces. Regions alone have them: entries stay blocks of their own.
 */
import { analyzeControlFlow, dropUnreachable, roots } from "../../ir/control_flow.ts";
import type { Block, BoundaryAttribute, Operation, Region } from "../../ir/region.ts";
import type { Pass } from "../pass.ts";

/** See the header of this file. */
export const blockMerging: Pass = {
  name: "block_merging",
  run: (region) => region.kind === "region" ? mergeBlocks(region) : 0,
};

function mergeBlocks(region: Region): number {
  const flow = analyzeControlFlow(region);
  const changes = dropUnreachable(region, flow);
  const kept = new Set(roots(region));
  const merged = new Set<Block>();
  for (const block of flow.reversePostorder) {
    if (merged.has(block)) continue;
    for (let next = soleSuccessor(block); next !== null; next = soleSuccessor(block)) {
      if (next === block || kept.has(next) || flow.predecessors[next.id].length !== 1) break;
      join(region, block, next);
      merged.add(next);
    }
  }
  if (merged.size > 0) region.blocks = region.blocks.filter((block) => !merged.has(block));
  return changes + merged.size;
}

function soleSuccessor({ terminator }: Block): Block | null {
  return terminator?.kind === "jump" ? terminator.target : null;
}

function join(region: Region, block: Block, next: Block): void {
  const { instructions } = block;
  for (const operation of next.operations) {
    block.operations.push(
      operation.opcode === "guest.boundary" ? moved(region, operation, instructions) : operation,
    );
  }
  block.instructions += next.instructions;
  block.terminator = next.terminator;
}

/** A boundary counts the instructions of its block that stand before it. */
function moved(region: Region, { type, attribute }: Operation, by: number): Operation {
  const boundary = attribute as BoundaryAttribute;
  const index = boundary.index + by;
  return region.makeOperation("guest.boundary", type, [], { ...boundary, index });
}
