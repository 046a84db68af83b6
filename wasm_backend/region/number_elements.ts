/**
 * Which promoted elements a region holds as the host's doubles, though the guest state has them as bits: those
 * that it computes with as doubles somewhere. A copy between the host's integer and float registers at each
 * use costs as much as an addition; locals that live across joins and loops would need one each way.
 */
import type { Operation, Region, SlotAttribute } from "../../ir/region.ts";

/** Finds the elements; `number` gives the number of a promoted element. */
export function findNumberElements(
  region: Region,
  number: (attribute: SlotAttribute) => number,
): ReadonlySet<number> {
  const found = new Set<number>();
  for (const { operations } of region.blocks) {
    for (const operation of operations) {
      const attribute = elementOfNumber(operation);
      if (attribute?.slot.promotable) found.add(number(attribute));
    }
  }
  return found;
}

/** The element that the operation writes a double to, or reads one from. */
function elementOfNumber({ opcode, operands, attribute }: Operation): SlotAttribute | null {
  const [first] = operands;
  const isWrite = opcode === "state.set" && first.opcode === "i64.reinterpret_f64";
  if (isWrite) return attribute as SlotAttribute;
  const isRead = opcode === "f64.reinterpret_i64" && first.opcode === "state.get";
  return isRead ? first.attribute as SlotAttribute : null;
}
