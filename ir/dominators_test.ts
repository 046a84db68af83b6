import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { analyzeControlFlow, isReachable, successors, UNREACHABLE } from "./control_flow.ts";
import { DominatorTree, findLoops, isReducible } from "./dominators.ts";
import { type Block, Region } from "./region.ts";

/** A region whose block i goes on to the blocks of row i; the given blocks are entries. */
function graph(edges: readonly (readonly number[])[], entries: readonly number[] = []): Region {
  const region = new Region("graph", "region");
  const blocks = edges.map(() => region.addBlock());
  edges.forEach((targets, index) => {
    if (targets.length === 0) {
      blocks[index].terminator = { kind: "next" };
    } else if (targets.length === 1) {
      blocks[index].terminator = { kind: "jump", target: blocks[targets[0]] };
    } else {
      blocks[index].terminator = {
        kind: "switch",
        index: region.makeOperation("i32.const", "i32", [], { constant: 0n }),
        targets: targets.slice(1).map((target) => blocks[target]),
        otherwise: blocks[targets[0]],
      };
    }
  });
  region.entries = entries.map((index) => ({ block: blocks[index], offset: index * 4 }));
  return region;
}

function analyze(region: Region) {
  const flow = analyzeControlFlow(region);
  const dominators = new DominatorTree(flow);
  return { flow, dominators };
}

function parents(region: Region): (number | null)[] {
  const { dominators } = analyze(region);
  return region.blocks.map((block) => dominators.immediateDominator(block)?.id ?? null);
}

Deno.test("analyzeControlFlow() orders blocks before their successors", () => {
  const { flow } = analyze(graph([[1, 2], [3], [3], [], [3]]));
  assertEquals(flow.reversePostorder[0].id, 0);
  assertEquals(flow.reversePostorder.at(-1)?.id, 3);
  assertEquals(flow.position[4], UNREACHABLE);
  assertEquals(flow.predecessors[3].map((block) => block.id).sort(), [1, 2]);
});

Deno.test("analyzeControlFlow() lists a repeated edge once", () => {
  const { flow } = analyze(graph([[1, 1, 0, 1], []]));
  assertEquals(flow.predecessors[1].map((block) => block.id), [0]);
});

Deno.test("analyzeControlFlow() starts from all entries, following the first one first", () => {
  const { flow } = analyze(graph([[], [2], [], [2]], [3, 1]));
  assertEquals(flow.reversePostorder.map((block) => block.id), [1, 3, 2]);
  const { flow: loop } = analyze(graph([[1], [2], [1]], [0, 2]));
  assertEquals(loop.reversePostorder.map((block) => block.id), [0, 1, 2]);
});

Deno.test("DominatorTree finds immediate dominators of a diamond in a loop", () => {
  assertEquals(parents(graph([[1], [2, 3], [4], [4], [1, 5], []])), [null, 0, 1, 1, 1, 4]);
});

Deno.test("DominatorTree gives a join of two entries to the virtual start", () => {
  assertEquals(parents(graph([[2], [2], [3], []], [0, 1])), [null, null, null, 2]);
  assertEquals(parents(graph([[1], [2], []], [0, 1])), [null, null, 1]);
});

Deno.test("findLoops() nests loops and merges those of one header", () => {
  const region = graph([[1], [2], [2, 3], [1, 4], [1, 5], []]);
  const { flow, dominators } = analyze(region);
  const loops = findLoops(flow, dominators);
  assertEquals(
    loops.map((loop) => ({
      header: loop.header.id,
      blocks: [...loop.blocks].map((block) => block.id).sort(),
      parent: loop.parent?.header.id ?? null,
      depth: loop.depth,
    })),
    [
      { header: 1, blocks: [1, 2, 3, 4], parent: null, depth: 1 },
      { header: 2, blocks: [2], parent: 1, depth: 2 },
    ],
  );
});

Deno.test("isReducible() tells loops with two ways in", () => {
  const test = (edges: number[][], entries: number[] = []) => {
    const { flow, dominators } = analyze(graph(edges, entries));
    return isReducible(flow, dominators);
  };
  assertEquals(test([[1], [1, 2], []]), true);
  assertEquals(test([[1, 2], [2], [1]]), false);
  assertEquals(test([[1], [0]], [0]), true);
  assertEquals(test([[1], [0]], [0, 1]), false);
});

/** Blocks that the roots reach without passing `removed`. */
function reachedWithout(region: Region, removed: Block): Set<Block> {
  const reached = new Set<Block>();
  const pending = [...analyzeControlFlow(region).roots];
  for (let block = pending.pop(); block !== undefined; block = pending.pop()) {
    if (block === removed || reached.has(block)) continue;
    reached.add(block);
    pending.push(...successors(block));
  }
  return reached;
}

const COUNT = 8;
const blockIndex = fc.nat(COUNT - 1);
const graphs = fc.tuple(
  fc.array(fc.array(blockIndex, { maxLength: 3 }), { minLength: COUNT, maxLength: COUNT }),
  fc.array(blockIndex, { maxLength: 2 }),
);

Deno.test("dominance is what is cut off when a block is removed", () => {
  fc.assert(fc.property(graphs, ([edges, entries]) => {
    const region = graph(edges, entries);
    const { flow, dominators } = analyze(region);
    for (const above of region.blocks) {
      const reached = reachedWithout(region, above);
      for (const below of region.blocks) {
        const expected = isReachable(flow, above) && isReachable(flow, below) &&
          !reached.has(below);
        assertEquals(dominators.dominates(above, below), expected);
      }
    }
  }));
});

Deno.test("a reducible region without its back edges has no cycle", () => {
  fc.assert(fc.property(graphs, ([edges, entries]) => {
    const region = graph(edges, entries);
    const { flow, dominators } = analyze(region);
    // Repeatedly taking away blocks without remaining predecessors leaves nothing unless there is a cycle.
    const left = new Set(flow.reversePostorder);
    for (let size = -1; size !== left.size;) {
      size = left.size;
      for (const block of left) {
        const isBlocked = flow.predecessors[block.id].some((from) =>
          left.has(from) && !dominators.dominates(block, from)
        );
        if (!isBlocked) left.delete(block);
      }
    }
    assertEquals(isReducible(flow, dominators), left.size === 0);
  }));
});
