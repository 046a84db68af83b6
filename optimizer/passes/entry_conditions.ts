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
import type { Block, EntryCondition, Region, RegionEntry, SlotAttribute } from "../../ir/region.ts";
import { ElementNumbers } from "../element_numbers.ts";
import { ExtensionFact } from "../extension_facts.ts";
import type { Pass } from "../pass.ts";
import { isElementAccess, StateFacts } from "../state_facts.ts";

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
  const facts = new StateFacts(
    region,
    flow,
    (entry, element) => !isOpen(entry) && usage.isWrittenBefore(entry.block, element) ? BOTH : NONE,
  );
  let added = 0;
  region.entries = region.entries.map((entry) => {
    const conditions = usage.readFirst(entry.block).flatMap((element) => {
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

const WORD_BITS = 32;

/** Where elements are read and written: sets of elements of each block, as rows of bits. */
class ElementUsage {
  readonly #numbers = new ElementNumbers();
  /** Words of a row. */
  readonly #width: number;
  readonly #written: Uint32Array;
  /** On some way through the region to the block. */
  readonly #writtenBefore: Uint32Array;
  /** After the start of the block, before they are written. */
  readonly #readFirst: Uint32Array;

  constructor({ reversePostorder }: ControlFlow) {
    for (const operation of reversePostorder.flatMap(({ operations }) => operations)) {
      if (isElementAccess(operation)) this.#numbers.add(operation.attribute as SlotAttribute);
    }
    this.#width = Math.ceil(this.#numbers.elements.length / WORD_BITS);
    const rows = reversePostorder.reduce((most, { id }) => Math.max(most, id + 1), 0);
    this.#written = new Uint32Array(rows * this.#width);
    this.#writtenBefore = new Uint32Array(rows * this.#width);
    this.#readFirst = new Uint32Array(rows * this.#width);
    for (const block of reversePostorder) this.#scan(block);
    repeat(reversePostorder, (block) => this.#passWrites(block));
    repeat(reversePostorder.toReversed(), (block) => this.#passReads(block));
  }

  /** Is the element written on some way through the region to the block? */
  isWrittenBefore({ id }: Block, element: SlotAttribute): boolean {
    const number = this.#numbers.of(element);
    return number !== undefined && this.#has(this.#writtenBefore, id, number);
  }

  /** Elements that are read after the start of the block before they are written. */
  readFirst({ id }: Block): SlotAttribute[] {
    return this.#numbers.elements.filter((_, number) => this.#has(this.#readFirst, id, number));
  }

  #has(sets: Uint32Array, row: number, number: number): boolean {
    return (sets[row * this.#width + (number >>> 5)] >>> (number & 31) & 1) !== 0;
  }

  #scan({ id, operations }: Block): void {
    const row = id * this.#width;
    for (const operation of operations) {
      if (!isElementAccess(operation)) continue;
      const number = this.#numbers.add(operation.attribute as SlotAttribute);
      const [word, bit] = [row + (number >>> 5), 1 << (number & 31)];
      if (operation.opcode === "state.set") this.#written[word] |= bit;
      else if ((this.#written[word] & bit) === 0) this.#readFirst[word] |= bit;
    }
  }

  #passWrites(block: Block): boolean {
    let isChanged = false;
    const mine = block.id * this.#width;
    for (const { id } of successors(block)) {
      for (let word = 0; word < this.#width; word++) {
        const known = this.#writtenBefore[id * this.#width + word];
        const all = known | this.#written[mine + word] | this.#writtenBefore[mine + word];
        this.#writtenBefore[id * this.#width + word] = all;
        if (all >>> 0 !== known) isChanged = true;
      }
    }
    return isChanged;
  }

  #passReads(block: Block): boolean {
    if (block.terminator?.kind === "call") return false;
    let isChanged = false;
    const mine = block.id * this.#width;
    for (const { id } of successors(block)) {
      for (let word = 0; word < this.#width; word++) {
        const known = this.#readFirst[mine + word];
        const read = this.#readFirst[id * this.#width + word] & ~this.#written[mine + word];
        this.#readFirst[mine + word] = known | read;
        if ((known | read) >>> 0 !== known) isChanged = true;
      }
    }
    return isChanged;
  }
}

/** Visits blocks in order until a round changes nothing. */
function repeat(blocks: readonly Block[], visit: (block: Block) => boolean): void {
  for (let isChanged = true; isChanged;) {
    isChanged = false;
    for (const block of blocks) if (visit(block)) isChanged = true;
  }
}
