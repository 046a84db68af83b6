import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { successors } from "../../ir/builder.ts";
import type { Block, Region } from "../../ir/region.ts";
import { EntryGraph, type GraphNode } from "./entry_graph.ts";
import { anyRegion } from "./region_fixture.ts";

const RUNS = { numRuns: 600 };
const ROOT = 0;

function forEachRegion(check: (graph: EntryGraph, region: Region) => void): void {
  fc.assert(fc.property(anyRegion(), (region) => check(new EntryGraph(region), region)), RUNS);
}

/** The node where an entry's label leads from a node, along edges of the graph alone. */
function follow({ nodes, graph, rootTargets }: EntryGraph, from: number, label: number): GraphNode {
  const next = (at: number, node: GraphNode): number => {
    if (at === ROOT) return rootTargets[label];
    if (node.kind === "dispatch") return label === 0 ? node.header : node.sorter;
    return node.kind === "sort" ? node.targets[label] ?? node.header : at;
  };
  for (let at = from;;) {
    const to = next(at, nodes[at]);
    if (to === at) return nodes[at];
    assert(graph.successors[at].includes(to), `no edge ${at} > ${to}`);
    at = to;
  }
}

function blocksReached(region: Region, from: Block): Set<Block> {
  const seen = new Set<Block>();
  const pending = [from];
  for (let block = pending.pop(); block !== undefined; block = pending.pop()) {
    if (seen.has(block)) continue;
    seen.add(block);
    pending.push(...successors(block));
  }
  assert(region.blocks.length >= seen.size);
  return seen;
}

Deno.test("the graph of any region with any entries is reducible", () => {
  let several = 0;
  forEachRegion(({ graph, entries }) => {
    if (entries.length > 1) several++;
    assertEquals(graph.irreducibleEdges(), []);
  });
  assert(several > 50, `${several}`);
});

Deno.test("every label leads to its entry's block, past no other block", () => {
  forEachRegion((graph) => {
    graph.entries.forEach(({ block }, label) => {
      const node = follow(graph, ROOT, label);
      assertEquals(node.kind === "block" && node.block === block, true);
      assertEquals(graph.labelOf(block), label);
    });
  });
});

Deno.test("once an entry is served every jump leads to its block, or leaves to its address", () => {
  let left = 0;
  forEachRegion((graph, region) => {
    for (const block of blocksReached(region, graph.entries[0].block)) {
      for (const next of successors(block)) {
        const node = follow(graph, graph.target(block, next), 0);
        assert((node.kind === "block" || node.kind === "leave") && node.block === next);
        if (node.kind === "leave") left++;
      }
    }
  });
  assert(left > 20, `${left}`);
});

Deno.test("every cycle passes a block at whose start the region may be left", () => {
  forEachRegion((graph) => {
    const { nodes, graph: { order, successors: edges } } = graph;
    const starts = graph.departureStarts;
    // On a cycle the entry was served long ago: dispatchers go to their headers.
    const onwards = (at: number): readonly number[] => {
      const { [at]: node } = nodes;
      return (node.kind === "dispatch" ? [node.header] : edges[at]).filter((to) => {
        const { [to]: target } = nodes;
        return target.kind !== "block" || !starts.has(target.block);
      });
    };
    for (const from of order) {
      const seen = new Set<number>();
      const pending = [...onwards(from)];
      for (let at = pending.pop(); at !== undefined; at = pending.pop()) {
        if (seen.has(at)) continue;
        seen.add(at);
        pending.push(...onwards(at));
      }
      assertEquals(seen.has(from), false);
    }
  });
});

Deno.test("the hot entry is served, whatever the others are", () => {
  forEachRegion(({ entries }, region) => {
    assert(entries.some(({ block }) => block === region.entries[0].block));
    assert(entries.every((entry) => region.entries.includes(entry)));
  });
});

Deno.test("the innermost loop around a block holds it and is the smallest that does", () => {
  let nested = 0;
  forEachRegion((graph, region) => {
    const loops = new Set(region.blocks.map((block) => graph.loopAround(block)));
    loops.delete(null);
    for (const block of region.blocks) {
      const inner = graph.loopAround(block);
      assertEquals(inner !== null, graph.looped.has(block));
      if (inner === null) continue;
      assert(inner.has(block));
      for (const loop of loops) {
        if (loop === null || loop === inner || !loop.has(block)) continue;
        assert(loop.size >= inner.size);
        nested++;
      }
    }
  });
  assert(nested > 0);
});
