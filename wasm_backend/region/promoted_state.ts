/**
 * Which guest registers a region keeps in locals, and when they must be loaded and stored.
 *
 * `dirty` is a forward analysis: elements that may have been written since they were last in memory. At each
 * place where state is observed (an access that may leave, an exit, a call, a safepoint at the start of a
 * loop) the dirty elements are stored: all of them, also on paths that have not written them.
 * `live` is a backward analysis: elements whose local value is needed, be it only for such a store. What is
 * live at an entry is loaded there; after a guest call, everything live is loaded again.
 */
import { successors } from "../../ir/builder.ts";
import type { Block, Operation, Region, SlotAttribute } from "../../ir/region.ts";
import { elementOffset, type StateSlot } from "../../ir/guest_state.ts";
import { ElementSet } from "./element_set.ts";

/** One promoted element. */
export interface PromotedElement {
  /** Its slot. */
  readonly slot: StateSlot;
  /** Its index in the slot. */
  readonly index: number;
}

interface BlockFacts {
  readonly written: ElementSet;
  readonly read: ElementSet;
  /** Elements written before the first observation in the block; null when nothing observes. */
  writtenAtObservation: ElementSet | null;
  readonly dirtyIn: ElementSet;
  readonly liveIn: ElementSet;
}

/** See the header of this file. */
export class PromotedState {
  /** The elements, by number. */
  readonly elements: PromotedElement[] = [];
  /** By offset in the guest's state. */
  readonly #numbers = new Map<number, number>();
  readonly #facts = new Map<Block, BlockFacts>();
  readonly #region: Region;

  /** Analyses a region; at the starts of `observedStarts` the backend itself may leave. */
  constructor(region: Region, observedStarts: ReadonlySet<Block>) {
    this.#region = region;
    for (const block of region.blocks) {
      this.#facts.set(block, this.#scan(block, observedStarts.has(block)));
    }
    this.#propagateDirty();
    this.#propagateLive();
  }

  /** Number of an element. */
  number({ slot, index }: SlotAttribute): number {
    const key = elementOffset(slot, index);
    const known = this.#numbers.get(key);
    if (known !== undefined) return known;
    const number = this.elements.push({ slot, index }) - 1;
    this.#numbers.set(key, number);
    return number;
  }

  /** Elements that may be dirty when the block starts. */
  dirtyIn(block: Block): ElementSet {
    return this.#of(block).dirtyIn.copy();
  }

  /** Elements that may be dirty when the block ends. */
  dirtyOut(block: Block): ElementSet {
    const dirty = this.dirtyIn(block);
    dirty.addAll(this.#of(block).written);
    return dirty;
  }

  /** Elements whose value is needed when the block starts. */
  liveIn(block: Block): ElementSet {
    return this.#of(block).liveIn;
  }

  #of(block: Block): BlockFacts {
    const facts = this.#facts.get(block);
    if (facts === undefined) throw new RangeError(`Cannot find block ${block.id}`);
    return facts;
  }

  #scan(block: Block, isStartObserved: boolean): BlockFacts {
    const facts: BlockFacts = {
      written: new ElementSet(),
      read: new ElementSet(),
      writtenAtObservation: isStartObserved ? new ElementSet() : null,
      dirtyIn: new ElementSet(),
      liveIn: new ElementSet(),
    };
    for (const operation of block.operations) this.#scanOperation(operation, facts);
    if (observesAtEnd(block)) facts.writtenAtObservation ??= facts.written.copy();
    return facts;
  }

  #scanOperation(operation: Operation, facts: BlockFacts): void {
    if (operation.opcode === "state.get" || operation.opcode === "state.set") {
      const attribute = operation.attribute as SlotAttribute;
      if (!attribute.slot.promotable) return;
      const element = this.number(attribute);
      if (operation.opcode === "state.set") facts.written.add(element);
      else if (!facts.written.has(element)) facts.read.add(element);
    } else if (observes(operation)) {
      facts.writtenAtObservation ??= facts.written.copy();
    }
  }

  #propagateDirty(): void {
    for (let changed = true; changed;) {
      changed = false;
      for (const block of this.#region.blocks) {
        if (block.terminator?.kind === "call") continue;
        const facts = this.#of(block);
        const out = facts.dirtyIn.copy();
        out.addAll(facts.written);
        for (const next of successors(block)) {
          if (this.#of(next).dirtyIn.addAll(out)) changed = true;
        }
      }
    }
  }

  #propagateLive(): void {
    for (let changed = true; changed;) {
      changed = false;
      for (let i = this.#region.blocks.length - 1; i >= 0; i--) {
        if (this.#updateLive(this.#region.blocks[i])) changed = true;
      }
    }
  }

  #updateLive(block: Block): boolean {
    const { written, read, writtenAtObservation, dirtyIn, liveIn } = this.#of(block);
    const live = new ElementSet();
    if (block.terminator?.kind !== "call") {
      for (const next of successors(block)) live.addAll(this.#of(next).liveIn);
    }
    const needed = live.without(written);
    needed.addAll(read);
    if (writtenAtObservation !== null) needed.addAll(dirtyIn.without(writtenAtObservation));
    return liveIn.addAll(needed);
  }
}

/** Does the operation look at all guest state, because it may leave there? */
export function observes({ effect }: Operation): boolean {
  return effect === "access" || effect === "leave";
}

function observesAtEnd({ terminator }: Block): boolean {
  switch (terminator?.kind) {
    case "jump":
    case "branch":
    case "switch":
      return false;
    default:
      return true;
  }
}
