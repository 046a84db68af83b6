/**
 * Makes one fence of fences with nothing but the hart's own work between them, at the place of the last one.
 *
 * ```text
 * guest.fence ww
 * %1 = state.get x[5]           =>   %1 = state.get x[5]
 * guest.fence wr                     guest.fence wr+ww
 * ```
 *
 * No access stands between them, so each orders the same accesses before it and behind it as the other. A
 * departure between them keeps them apart: what follows it is executed elsewhere.
 */
import type { OrderSet } from "../../ir/memory_order.ts";
import type { Block, Operation, Region } from "../../ir/region.ts";
import type { Pass } from "../pass.ts";

/** See the header of this file. */
export const fenceMerging: Pass = {
  name: "fence_merging",
  run: (region) => region.blocks.reduce((sum, block) => sum + mergeFences(region, block), 0),
};

function mergeFences(region: Region, block: Block): number {
  const merged = new Set<Operation>();
  let open: Operation | null = null;
  let departsAtBoundary = false;
  const operations = block.operations.map((operation) => {
    if (operation.opcode === "guest.fence") {
      const union = open === null ? operation : joined(region, open, operation);
      if (open !== null) merged.add(open);
      open = union;
      return union;
    }
    departsAtBoundary ||= operation.opcode === "leave_if";
    if (operation.opcode === "guest.boundary" && departsAtBoundary) {
      open = null;
      departsAtBoundary = false;
    }
    if (!isOwnWork(operation)) open = null;
    return operation;
  });
  if (merged.size > 0) block.operations = operations.filter((operation) => !merged.has(operation));
  return merged.size;
}

function joined(region: Region, first: Operation, second: Operation): Operation {
  const order = orderOf(first) | orderOf(second);
  return region.makeOperation("guest.fence", "void", [], { order });
}

function orderOf({ attribute }: Operation): OrderSet {
  return (attribute as { order: OrderSet }).order;
}

/** Interrupt lines are set by others. */
function isOwnWork({ effect, opcode }: Operation): boolean {
  const isLocal = effect === "pure" || effect === "read" || effect === "write";
  return effect === "marker" || (isLocal && opcode !== "lines.get");
}
