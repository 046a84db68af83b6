/**
 * Lets a region be entered only where a register that holds 32-bit words whenever the region itself comes
 * there holds one.
 *
 * ```text
 * entry b1 +8                          entry b1 +8 if x[5] s32
 * b1:                                  b1:
 * %1 = state.get x[5]                  %1 = state.get x[5]
 * %2 = i32.wrap_i64 %1            =>   %2 = i32.wrap_i64 %1
 * %3 = i64.extend_i32_s %2             %3 = i64.extend_i32_s %2
 * state.set x[5] %3                    state.set x[5] %3
 * branch ..., b1, b2                   branch ..., b1, b2
 * ```
 *
 * Loop headers are entries, because a region is left and entered again there. Without a condition nothing
 * would be known of registers in any loop. A loop that finds its own registers as it leaves them is entered
 * at each of its headers; code that comes with something else is rare, and the cold tier runs it.
 * Conditions are on registers that are read before they are written: nothing else can profit.
 */
import { analyzeControlFlow, type ControlFlow, successors } from "../../ir/control_flow.ts";
import { elementOffset } from "../../ir/guest_state.ts";
import type { Block, EntryCondition, Region, RegionEntry, SlotAttribute } from "../../ir/region.ts";
import { ExtensionFact } from "../extension_facts.ts";
import type { Pass } from "../pass.ts";
import { StateFacts } from "../state_facts.ts";

const { NONE, SIGN, BOTH } = ExtensionFact;

/** See the header of this file. */
export const entryConditions: Pass = {
  name: "entry_conditions",
  run: (region) => region.kind === "region" ? addConditions(region) : 0,
};

function addConditions(region: Region): number {
  const flow = analyzeControlFlow(region);
  const isOpen = ({ block }: RegionEntry): boolean => flow.predecessors[block.id].length === 0;
  if (region.entries.every(isOpen)) return 0;
  const usage = new ElementUsage(flow);
  const facts = new StateFacts(region, flow, (entry, { slot, index }) => {
    const isWritten = usage.writtenBefore(entry.block).has(elementOffset(slot, index));
    return isWritten && !isOpen(entry) ? BOTH : NONE;
  });
  let added = 0;
  region.entries = region.entries.map((entry) => {
    const conditions = [...usage.readFirst(entry.block).values()].flatMap((element) => {
      const known = facts.atStart(entry.block, element);
      return (known & SIGN) === 0 ? [] : [conditionOf(element, known)];
    });
    added += conditions.length;
    return conditions.length === 0 ? entry : { ...entry, conditions };
  });
  return added;
}

function conditionOf({ slot, index }: SlotAttribute, known: number): EntryCondition {
  return { slot, index, range: known === BOTH ? "u31" : "s32" };
}

/** Elements by offset. */
type Elements = Map<number, SlotAttribute>;

/** Where elements are read and written. */
class ElementUsage {
  readonly #written: Set<number>[] = [];
  readonly #writtenBefore: Set<number>[] = [];
  readonly #readFirst: Elements[] = [];

  constructor({ reversePostorder }: ControlFlow) {
    for (const block of reversePostorder) this.#scan(block);
    repeat(reversePostorder, (block) => this.#passWrites(block));
    repeat(reversePostorder.toReversed(), (block) => this.#passReads(block));
  }

  /** Elements that are written on some way through the region to the block. */
  writtenBefore({ id }: Block): ReadonlySet<number> {
    return this.#writtenBefore[id];
  }

  /** Elements that are read after the start of the block before they are written. */
  readFirst({ id }: Block): Elements {
    return this.#readFirst[id];
  }

  #scan({ id, operations }: Block): void {
    const reads: Elements = new Map();
    const writes = new Set<number>();
    for (const { opcode, attribute } of operations) {
      if (opcode !== "state.get" && opcode !== "state.set") continue;
      const element = attribute as SlotAttribute;
      if (!element.slot.promotable || element.slot.type !== "i64") continue;
      const offset = elementOffset(element.slot, element.index);
      if (opcode === "state.set") writes.add(offset);
      else if (!writes.has(offset)) reads.set(offset, element);
    }
    this.#written[id] = writes;
    this.#writtenBefore[id] = new Set();
    this.#readFirst[id] = reads;
  }

  #passWrites(block: Block): boolean {
    let isChanged = false;
    for (const { id } of successors(block)) {
      const known = this.#writtenBefore[id];
      const before = known.size;
      for (const offset of this.#written[block.id]) known.add(offset);
      for (const offset of this.#writtenBefore[block.id]) known.add(offset);
      if (known.size > before) isChanged = true;
    }
    return isChanged;
  }

  #passReads(block: Block): boolean {
    if (block.terminator?.kind === "call") return false;
    const mine = this.#readFirst[block.id];
    const before = mine.size;
    for (const { id } of successors(block)) {
      for (const [offset, element] of this.#readFirst[id]) {
        if (!this.#written[block.id].has(offset)) mine.set(offset, element);
      }
    }
    return mine.size > before;
  }
}

/** Visits blocks in order until a round changes nothing. */
function repeat(blocks: readonly Block[], visit: (block: Block) => boolean): void {
  for (let isChanged = true; isChanged;) {
    isChanged = false;
    for (const block of blocks) if (visit(block)) isChanged = true;
  }
}
