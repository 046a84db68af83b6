/**
 * Edges between the blocks of a region, in the forms analyses want them.
 *
 * Roots are where control comes in from outside: the entries of a `region`, else its first block. Blocks that
 * no root reaches are in no order and nobody's predecessor.
 */
import type { Block, Operation, Region, Terminator } from "./region.ts";

/** Blocks of the same region that control may reach next; one block may occur more than once. */
export function successors(block: Block): Block[] {
  const end = block.terminator;
  switch (end?.kind) {
    case "jump":
      return [end.target];
    case "branch":
      return [end.taken, end.otherwise];
    case "switch":
      return [...end.targets, end.otherwise];
    case "call":
      return [end.then];
    case "dispatch":
      return end.targets.map(({ block: target }) => target);
    default:
      return [];
  }
}

/** Values a terminator uses. */
export function terminatorOperands(end: Terminator): Operation[] {
  switch (end.kind) {
    case "jump":
    case "next":
      return [];
    case "branch":
      return [end.condition];
    case "switch":
      return [end.index];
    case "return":
      return end.value === null ? [] : [end.value];
    case "goto":
      return end.link === null ? [end.pc] : [end.pc, end.link];
    case "call":
      return [end.pc, end.link];
    case "dispatch":
      return [end.pc];
    case "goto_if":
      return [end.condition, end.taken, end.otherwise];
    case "exit":
      return [end.pc];
    case "trap":
      return [end.cause, end.value];
  }
}

/** Where control enters a region. */
export function roots(region: Region): Block[] {
  if (region.entries.length === 0) return region.blocks.slice(0, 1);
  if (region.entries.length === 1) return [region.entries[0].block];
  return [...new Set(region.entries.map((entry) => entry.block))];
}

/** Marks a block that no root reaches, in {@linkcode ControlFlow.position}. */
export const UNREACHABLE = -1;

/** Control flow of a region at the time of {@linkcode analyzeControlFlow}. */
export class ControlFlow {
  /** See the header of this file. */
  readonly roots: readonly Block[];
  /** Reachable blocks; each comes before its successors except over retreating edges. */
  readonly reversePostorder: readonly Block[];
  /** Position in the reverse postorder by block id; {@linkcode UNREACHABLE} when it has none. */
  readonly position: Int32Array;
  #predecessors: readonly (readonly Block[])[] | null = null;

  /** Made by {@linkcode analyzeControlFlow}. */
  constructor(region: Region) {
    this.roots = roots(region);
    this.reversePostorder = orderFrom(this.roots, region.blockCount);
    this.position = new Int32Array(region.blockCount).fill(UNREACHABLE);
    for (let at = 0; at < this.reversePostorder.length; at++) {
      this.position[this.reversePostorder[at].id] = at;
    }
  }

  /** Reachable predecessors by block id, each once; found when first asked for. */
  get predecessors(): readonly (readonly Block[])[] {
    return this.#predecessors ??= this.#findPredecessors();
  }

  #findPredecessors(): Block[][] {
    const predecessors: Block[][] = Array.from(this.position, () => []);
    for (const block of this.reversePostorder) {
      for (const next of successors(block)) {
        // All edges of one block are seen together, so a repeated one finds its block at the end.
        const known = predecessors[next.id];
        if (known.at(-1) !== block) known.push(block);
      }
    }
    return predecessors;
  }
}

/** Computes the order of blocks. */
export function analyzeControlFlow(region: Region): ControlFlow {
  return new ControlFlow(region);
}

/** Does the edge go back to, or stay at, a block that is no later in the order? */
export function isRetreating(flow: ControlFlow, from: Block, to: Block): boolean {
  return flow.position[to.id] <= flow.position[from.id];
}

/** Blocks that a retreating edge goes to: the headers of the loops of a reducible region. */
export function loopHeaders(flow: ControlFlow): Set<Block> {
  const headers = new Set<Block>();
  for (const block of flow.reversePostorder) {
    for (const next of successors(block)) if (isRetreating(flow, block, next)) headers.add(next);
  }
  return headers;
}

/** Is there a path from a root to the block? */
export function isReachable(flow: ControlFlow, block: Block): boolean {
  return flow.position[block.id] !== UNREACHABLE;
}

interface Visit {
  readonly block: Block;
  readonly next: readonly Block[];
  index: number;
}

function orderFrom(entered: readonly Block[], blockCount: number): Block[] {
  const isSeen = new Uint8Array(blockCount);
  const postorder: Block[] = [];
  const path: Visit[] = [];
  const enter = (block: Block): void => {
    if (isSeen[block.id] === 1) return;
    isSeen[block.id] = 1;
    path.push({ block, next: successors(block), index: 0 });
  };
  for (const root of entered) {
    enter(root);
    for (let visit = path.at(-1); visit !== undefined; visit = path.at(-1)) {
      if (visit.index < visit.next.length) enter(visit.next[visit.index++]);
      else {
        postorder.push(visit.block);
        path.pop();
      }
    }
  }
  return postorder.reverse();
}

/** Drops the blocks that no root reaches; gives their number. */
export function dropUnreachable(region: Region, flow: ControlFlow): number {
  const dropped = region.blocks.length - flow.reversePostorder.length;
  if (dropped > 0) region.blocks = region.blocks.filter((block) => isReachable(flow, block));
  return dropped;
}
