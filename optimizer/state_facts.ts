/**
 * What is known of the upper half of registers, across the blocks of a region.
 *
 * A forward analysis from the top: facts of an element at the start of a block are those that hold on every
 * way into it. An entry gives what its conditions say; a guest call gives nothing. Loops need a fixed point;
 * facts only get fewer, so each block is walked a few times at most.
 */
import { type ControlFlow, successors } from "../ir/control_flow.ts";
import { elementOffset } from "../ir/guest_state.ts";
import type { Block, Operation, Region, RegionEntry, SlotAttribute } from "../ir/region.ts";
import { ExtensionFact, ExtensionFacts } from "./extension_facts.ts";

const { NONE, SIGN, BOTH } = ExtensionFact;

/** Gives the facts of an element where a region is entered. */
export type EntryFacts = (entry: RegionEntry, element: SlotAttribute) => number;

/** Facts that the conditions of an entry give. */
export function conditionFacts({ conditions = [] }: RegionEntry, element: SlotAttribute): number {
  const condition = conditions.find(({ slot, index }) =>
    slot === element.slot && index === element.index
  );
  if (condition === undefined) return NONE;
  return condition.range === "u31" ? BOTH : SIGN;
}

/** See the header of this file. */
export class StateFacts {
  readonly #numbers = new Map<number, number>();
  readonly #elements: SlotAttribute[] = [];
  /** Facts of elements at the start of a block, by its id. */
  readonly #atStart: Uint8Array[] = [];
  /** Facts of reads, by operation id. */
  readonly #ofRead: Uint8Array;
  /** By operation id: number of the walk that saw the read. */
  readonly #walkOf: Uint32Array;
  #walks = 0;

  /** Analyses a region. */
  constructor(region: Region, flow: ControlFlow, ofEntry: EntryFacts = conditionFacts) {
    this.#ofRead = new Uint8Array(region.operationCount);
    this.#walkOf = new Uint32Array(region.operationCount);
    for (const block of region.blocks) this.#numberElements(block);
    for (const { id } of region.blocks) this.#atStart[id] = this.#all(BOTH);
    if (region.entries.length === 0) this.#atStart[region.blocks[0].id].fill(NONE);
    for (const entry of region.entries) {
      this.#meet(entry.block, Uint8Array.from(this.#elements, (one) => ofEntry(entry, one)));
    }
    this.#propagate(flow);
  }

  /** Facts of a read of state. */
  ofRead(read: Operation): number {
    return this.#ofRead[read.id] ?? NONE;
  }

  /** Facts of an element at the start of a block. */
  atStart(block: Block, element: SlotAttribute): number {
    const number = this.#number(element);
    return number === undefined ? NONE : this.#atStart[block.id][number];
  }

  #all(facts: number): Uint8Array {
    return new Uint8Array(this.#numbers.size).fill(facts);
  }

  #number({ slot, index }: SlotAttribute): number | undefined {
    return this.#numbers.get(elementOffset(slot, index));
  }

  #numberElements({ operations }: Block): void {
    for (const operation of operations) {
      if (!isElementAccess(operation)) continue;
      const { slot, index } = operation.attribute as SlotAttribute;
      const offset = elementOffset(slot, index);
      if (this.#numbers.has(offset)) continue;
      this.#numbers.set(offset, this.#elements.push({ slot, index }) - 1);
    }
  }

  /** @returns whether facts were lost. */
  #meet(block: Block, facts: Uint8Array): boolean {
    const known = this.#atStart[block.id];
    let isChanged = false;
    for (let number = 0; number < known.length; number++) {
      const both = known[number] & facts[number];
      if (both !== known[number]) isChanged = true;
      known[number] = both;
    }
    return isChanged;
  }

  #propagate({ reversePostorder }: ControlFlow): void {
    const isPending = new Set(reversePostorder);
    while (isPending.size > 0) {
      for (const block of reversePostorder) {
        if (!isPending.delete(block)) continue;
        const atEnd = block.terminator?.kind === "call"
          ? this.#afterCall(block)
          : this.#walk(block);
        for (const next of successors(block)) if (this.#meet(next, atEnd)) isPending.add(next);
      }
    }
  }

  #afterCall(block: Block): Uint8Array {
    this.#walk(block);
    return this.#all(NONE);
  }

  /** Facts at the end of a block; those of its reads are noted. */
  #walk({ id, operations }: Block): Uint8Array {
    const current = this.#atStart[id].slice();
    const walk = ++this.#walks;
    // A read in another block may have been walked with facts that are lost by now.
    const facts = new ExtensionFacts((read) =>
      this.#walkOf[read.id] === walk ? this.#ofRead[read.id] : NONE
    );
    for (const operation of operations) {
      const { opcode, attribute, operands } = operation;
      if (opcode === "state.set_at") this.#forget(attribute as SlotAttribute, current);
      if (!isElementAccess(operation)) continue;
      const number = this.#number(attribute as SlotAttribute) as number;
      if (opcode === "state.set") current[number] = facts.of(operands[0]);
      else {
        this.#ofRead[operation.id] = current[number];
        this.#walkOf[operation.id] = walk;
      }
    }
    return current;
  }

  #forget({ slot }: SlotAttribute, current: Uint8Array): void {
    for (let index = 0; index < slot.count; index++) {
      const number = this.#number({ slot, index });
      if (number !== undefined) current[number] = NONE;
    }
  }
}

/** Calls leave promotable elements alone; of others nothing is known. */
function isElementAccess({ opcode, attribute }: Operation): boolean {
  if (opcode !== "state.get" && opcode !== "state.set") return false;
  const { slot } = attribute as SlotAttribute;
  return slot.promotable && slot.type === "i64";
}
