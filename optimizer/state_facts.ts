/**
 * What is known of the upper half of registers, across the blocks of a region.
 *
 * A forward analysis from the top: facts of an element at the start of a block are those that hold on every
 * way into it. An entry gives what its conditions say; a guest call gives nothing. Loops need a fixed point;
 * facts only get fewer, so each block is walked a few times at most.
 */
import { type ControlFlow, successors } from "../ir/control_flow.ts";
import type { Block, Operation, Region, RegionEntry, SlotAttribute } from "../ir/region.ts";
import { ElementNumbers } from "./element_numbers.ts";
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

/** An operation that reads or writes elements; all of a slot's where there is no number. */
interface Access {
  readonly operation: Operation;
  /** Number of the element. */
  readonly number: number | null;
}

/** See the header of this file. */
export class StateFacts {
  readonly #numbers = new ElementNumbers();
  /** Accesses in a block, by its id: all that a walk looks at. */
  readonly #accesses: Access[][] = [];
  /** Facts of elements at the start of a block, by its id. */
  readonly #atStart: Uint8Array[] = [];
  /** Facts of reads, by operation id. */
  readonly #ofRead: Uint8Array;
  /** By operation id: number of the walk that saw the read. */
  readonly #walkOf: Uint32Array;
  readonly #facts: ExtensionFacts;
  #walks = 0;

  /** Analyses a region. */
  constructor(region: Region, flow: ControlFlow, ofEntry: EntryFacts = conditionFacts) {
    this.#ofRead = new Uint8Array(region.operationCount);
    this.#walkOf = new Uint32Array(region.operationCount);
    // A read in another block may have been walked with facts that are lost by now.
    this.#facts = new ExtensionFacts(
      region.operationCount,
      ({ id }) => this.#walkOf[id] === this.#walks ? this.#ofRead[id] : NONE,
    );
    for (const block of region.blocks) this.#accesses[block.id] = this.#findAccesses(block);
    for (const { id } of region.blocks) this.#atStart[id] = this.#all(BOTH);
    if (region.entries.length === 0) this.#atStart[region.blocks[0].id].fill(NONE);
    for (const entry of region.entries) this.#enter(entry, ofEntry);
    this.#propagate(flow);
  }

  /** Facts of a read of state. */
  ofRead(read: Operation): number {
    return this.#ofRead[read.id] ?? NONE;
  }

  /** Facts of an element at the start of a block. */
  atStart(block: Block, element: SlotAttribute): number {
    const number = this.#numbers.of(element);
    return number === undefined ? NONE : this.#atStart[block.id][number];
  }

  #all(facts: number): Uint8Array {
    return new Uint8Array(this.#numbers.elements.length).fill(facts);
  }

  #findAccesses({ operations }: Block): Access[] {
    const accesses: Access[] = [];
    for (const operation of operations) {
      if (isElementAccess(operation)) {
        accesses.push({
          operation,
          number: this.#numbers.add(operation.attribute as SlotAttribute),
        });
      } else if (operation.opcode === "state.set_at") accesses.push({ operation, number: null });
    }
    return accesses;
  }

  #enter(entry: RegionEntry, ofEntry: EntryFacts): void {
    const known = this.#atStart[entry.block.id];
    for (let number = 0; number < known.length; number++) {
      if (known[number] !== NONE) known[number] &= ofEntry(entry, this.#numbers.elements[number]);
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
  #walk({ id }: Block): Uint8Array {
    const current = this.#atStart[id].slice();
    const walk = ++this.#walks;
    this.#facts.lookAgain();
    for (const { operation, number } of this.#accesses[id]) {
      if (number === null) this.#forget(operation.attribute as SlotAttribute, current);
      else if (operation.opcode === "state.set") {
        current[number] = this.#facts.of(operation.operands[0]);
      } else {
        this.#ofRead[operation.id] = current[number];
        this.#walkOf[operation.id] = walk;
      }
    }
    return current;
  }

  #forget({ slot }: SlotAttribute, current: Uint8Array): void {
    for (let index = 0; index < slot.count; index++) {
      const number = this.#numbers.of({ slot, index });
      if (number !== undefined) current[number] = NONE;
    }
  }
}

/** Is this a read or write of an element of which facts are kept? Calls leave those alone; of others nothing is known. */
export function isElementAccess({ opcode, attribute }: Operation): boolean {
  if (opcode !== "state.get" && opcode !== "state.set") return false;
  const { slot } = attribute as SlotAttribute;
  return slot.promotable && slot.type === "i64";
}
