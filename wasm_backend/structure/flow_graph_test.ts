import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { FlowGraph } from "./flow_graph.ts";
import {
  anyGraph,
  dominatesByDefinition,
  type Edges,
  reachedNodes,
  reducibleGraph,
  shrinksToOneNode,
} from "./graph_fixture.ts";

const RUNS = { numRuns: 300 };

function forEachGraph(check: (graph: FlowGraph, edges: Edges) => void): void {
  fc.assert(fc.property(anyGraph(), (edges) => check(new FlowGraph(edges, 0), edges)), RUNS);
}

Deno.test("the order holds the reachable nodes, each once, the root first", () => {
  forEachGraph(({ order, position }, edges) => {
    const reached = reachedNodes(edges);
    assertEquals(order[0], 0);
    assertEquals(order.toSorted(), [...reached].toSorted());
    edges.forEach((_, node) => assertEquals(position[node], order.indexOf(node)));
  });
});

Deno.test("without retreating edges a graph has no cycle", () => {
  forEachGraph((graph, edges) => {
    const forward = edges.map((row, from) => row.filter((to) => !graph.isRetreating(from, to)));
    for (const node of graph.order) {
      for (const next of forward[node]) {
        assertEquals(reachedNodes(forward, -1, next).has(node), false);
      }
    }
  });
});

Deno.test("a node dominates those that cannot be reached without it", () => {
  forEachGraph((graph, edges) => {
    for (const node of graph.order) {
      for (const candidate of graph.order) {
        const expected = dominatesByDefinition(edges, candidate, node);
        assertEquals(graph.dominates(candidate, node), expected);
      }
    }
  });
});

Deno.test("an immediate dominator is dominated by all other dominators", () => {
  forEachGraph((graph, edges) => {
    for (const node of graph.order.slice(1)) {
      const { [node]: closest } = graph.dominator;
      const others = graph.order.filter((at) =>
        at !== node && dominatesByDefinition(edges, at, node)
      );
      assertEquals(others.includes(closest), true);
      for (const other of others) {
        assertEquals(dominatesByDefinition(edges, other, closest), true);
      }
    }
  });
});

Deno.test("a graph has irreducible edges exactly when it does not shrink to one node", () => {
  const check = (graph: FlowGraph, edges: Edges): void => {
    assertEquals(graph.irreducibleEdges().length === 0, shrinksToOneNode(edges));
  };
  // How many of the random ones are irreducible is left to chance.
  const irreducible = [[[1, 2], [2], [1]], [[1], [2, 3], [3], [2]], [[1, 3], [2], [3], [1, 2]]];
  for (const edges of irreducible) {
    assertEquals(shrinksToOneNode(edges), false);
    check(new FlowGraph(edges, 0), edges);
  }
  forEachGraph(check);
});

Deno.test("a natural loop is what reaches its latch without its header", () => {
  fc.assert(
    fc.property(reducibleGraph(), (edges) => {
      const graph = new FlowGraph(edges, 0);
      const loops = graph.loops();
      const headers = new Set<number>();
      edges.forEach((row, latch) =>
        row.forEach((header) => {
          if (!dominatesByDefinition(edges, header, latch)) return;
          headers.add(header);
          edges.forEach((_, node) => {
            const isInside = node === header ||
              (reachedNodes(edges, header, node).has(latch) && latch !== header);
            if (isInside) assertEquals(loops.get(header)?.has(node), true);
          });
        })
      );
      assertEquals(new Set(loops.keys()), headers);
      for (const [header, body] of loops) {
        for (const node of body) {
          assertEquals(dominatesByDefinition(edges, header, node), true);
          assertEquals(reachedNodes(edges, -1, node).has(header), true);
        }
      }
    }),
    RUNS,
  );
});
