/**
 * Windows of load-reserved and store-conditional that a region leaves in between.
 *
 * The lifter pairs the two only where no path leaves the region before the store-conditional. Making the graph
 * reducible may cut such a path afterwards, when other code jumps into the window. A pair on it would lose its
 * reservation every time round, so these load-reserveds are left to the cold tier, whose reservations stay.
 */
import { successors } from "../../ir/builder.ts";
import type { Block, Operation, Region } from "../../ir/region.ts";

/** Load-reserveds from which an edge that `isCut` is reached before a store-conditional. */
export function cutWindows(
  region: Region,
  isCut: (from: Block, to: Block) => boolean,
): ReadonlySet<Operation> {
  const found = new Set<Operation>();
  for (const block of region.blocks) {
    block.operations.forEach((operation, at) => {
      if (operation.opcode !== "guest.load_reserved") return;
      if (losesReservation(block, at + 1, isCut)) found.add(operation);
    });
  }
  return found;
}

function losesReservation(
  start: Block,
  from: number,
  isCut: (from: Block, to: Block) => boolean,
): boolean {
  const seen = new Set<Block>();
  const pending = endsWindow(start, from) ? [] : [start];
  for (let block = pending.pop(); block !== undefined; block = pending.pop()) {
    for (const next of successors(block)) {
      if (isCut(block, next)) return true;
      if (seen.has(next)) continue;
      seen.add(next);
      if (!endsWindow(next, 0)) pending.push(next);
    }
  }
  return false;
}

function endsWindow({ operations }: Block, from: number): boolean {
  return operations.slice(from).some(({ opcode }) =>
    opcode === "guest.store_conditional" || opcode === "guest.load_reserved"
  );
}
