/**
 * Dominator tree and natural loops.
 *
 * Immediate dominators are found by iteration over the reverse postorder (Cooper, Harvey, Kennedy: "A Simple,
 * Fast Dominance Algorithm"). A region may have several roots: they hang below a virtual start that is no
 * block and is told as `null`.
 */
import { type ControlFlow, isReachable, isRetreating, successors } from "./control_flow.ts";
import type { Block } from "./region.ts";

/** Stands for the virtual start among positions of the reverse postorder. */
const START = -1;
const UNKNOWN = -2;

/** Who dominates whom among the reachable blocks. */
export class DominatorTree {
  readonly #flow: ControlFlow;
  /** Position of the immediate dominator by position. */
  readonly #parents: Int32Array;
  /** Interval of the block's subtree in a walk of the tree, by position. */
  readonly #enter: Int32Array;
  readonly #leave: Int32Array;

  /** Computes the tree. */
  constructor(flow: ControlFlow) {
    this.#flow = flow;
    this.#parents = immediateDominators(flow);
    const count = this.#parents.length;
    this.#enter = new Int32Array(count);
    this.#leave = new Int32Array(count);
    this.#number();
  }

  /**
   * The closest other block on every path from the roots; null for a block that only the virtual start
   * dominates, and for an unreachable one.
   */
  immediateDominator(block: Block): Block | null {
    if (!isReachable(this.#flow, block)) return null;
    const parent = this.#parents[this.#flow.position[block.id]];
    return parent === START ? null : this.#flow.reversePostorder[parent];
  }

  /** Does every path from a root to `block` pass `dominator`? A block dominates itself. */
  dominates(dominator: Block, block: Block): boolean {
    if (!isReachable(this.#flow, dominator) || !isReachable(this.#flow, block)) return false;
    const above = this.#flow.position[dominator.id];
    const below = this.#flow.position[block.id];
    return this.#enter[above] <= this.#enter[below] && this.#leave[below] <= this.#leave[above];
  }

  /** Blocks whose immediate dominator is the given one, in reverse postorder; of the start for `null`. */
  children(block: Block | null): Block[] {
    return this.#flow.reversePostorder.filter((child) => this.immediateDominator(child) === block);
  }

  /**
   * Numbers subtrees. A parent precedes its children in the order, so sizes add up backwards and each child
   * then takes the next free interval of its parent.
   */
  #number(): void {
    const count = this.#parents.length;
    const sizes = new Int32Array(count).fill(1);
    for (let at = count - 1; at >= 0; at--) {
      if (this.#parents[at] !== START) sizes[this.#parents[at]] += sizes[at];
    }
    const free = new Int32Array(count);
    let freeAtStart = 0;
    for (let at = 0; at < count; at++) {
      const parent = this.#parents[at];
      const first = parent === START ? freeAtStart : free[parent];
      if (parent === START) freeAtStart += sizes[at];
      else free[parent] += sizes[at];
      this.#enter[at] = first;
      this.#leave[at] = first + sizes[at];
      free[at] = first + 1;
    }
  }
}

function immediateDominators(flow: ControlFlow): Int32Array {
  const { reversePostorder, position, predecessors } = flow;
  const parents = new Int32Array(reversePostorder.length).fill(UNKNOWN);
  const isRoot = new Set(flow.roots);
  for (let isChanged = true; isChanged;) {
    isChanged = false;
    for (let at = 0; at < reversePostorder.length; at++) {
      const block = reversePostorder[at];
      let parent = isRoot.has(block) ? START : UNKNOWN;
      for (const predecessor of predecessors[block.id]) {
        const other = position[predecessor.id];
        if (parents[other] === UNKNOWN) continue;
        parent = parent === UNKNOWN ? other : meet(parents, parent, other);
      }
      if (parent !== parents[at]) {
        parents[at] = parent;
        isChanged = true;
      }
    }
  }
  return parents;
}

/** Closest common ancestor; the ancestor of two blocks lies before both in the order. */
function meet(parents: Int32Array, one: number, other: number): number {
  let a = one;
  let b = other;
  while (a !== b) {
    if (a > b) a = parents[a];
    else b = parents[b];
  }
  return a;
}

/** A natural loop: a header and the blocks that reach it again without leaving its dominance. */
export interface Loop {
  /** The only block through which control enters. */
  readonly header: Block;
  /** All blocks, the header among them. */
  readonly blocks: ReadonlySet<Block>;
  /** Innermost loop around this one. */
  readonly parent: Loop | null;
  /** Number of loops that hold the header, this one included. */
  readonly depth: number;
}

/** Natural loops, outer before inner; loops with the same header are one. */
export function findLoops(flow: ControlFlow, dominators: DominatorTree): Loop[] {
  const loops: Loop[] = [];
  for (const header of flow.reversePostorder) {
    const latches = flow.predecessors[header.id].filter((block) =>
      dominators.dominates(header, block)
    );
    if (latches.length === 0) continue;
    const parent = loops.findLast((loop) => loop.blocks.has(header)) ?? null;
    const blocks = loopBlocks(flow, header, latches);
    loops.push({ header, blocks, parent, depth: (parent?.depth ?? 0) + 1 });
  }
  return loops;
}

function loopBlocks(flow: ControlFlow, header: Block, latches: readonly Block[]): Set<Block> {
  const blocks = new Set([header]);
  const pending = [...latches];
  for (let block = pending.pop(); block !== undefined; block = pending.pop()) {
    if (blocks.has(block)) continue;
    blocks.add(block);
    pending.push(...flow.predecessors[block.id]);
  }
  return blocks;
}

/**
 * Is every cycle entered through one block only? Then which edges retreat does not depend on the order in
 * which blocks were visited.
 */
export function isReducible(flow: ControlFlow, dominators: DominatorTree): boolean {
  return flow.reversePostorder.every((block) =>
    successors(block).every((next) =>
      !isRetreating(flow, block, next) || dominators.dominates(next, block)
    )
  );
}
