/** Random control-flow graphs, and what is true of a graph by definition: for tests. */
import fc from "fast-check";

/** Successors by node; node 0 is the root. */
export type Edges = readonly (readonly number[])[];

const MOST_NODES = 14;
const MOST_SUCCESSORS = 4;

/** Any graph. */
export function anyGraph(): fc.Arbitrary<Edges> {
  return fc.integer({ min: 1, max: 8 }).chain((count) =>
    fc.array(fc.array(fc.nat(count - 1), { maxLength: 3 }), { minLength: count, maxLength: count })
  );
}

/**
 * A reducible graph whose nodes are all reached: every node but the root has an edge from a lower one, and
 * edges back go to nodes that dominate.
 */
export function reducibleGraph(): fc.Arbitrary<Edges> {
  const choices = fc.array(fc.nat(), { minLength: 6, maxLength: 6 });
  const rows = fc.array(choices, { minLength: 1, maxLength: MOST_NODES });
  return rows.map((all) => {
    const edges: number[][] = all.map(() => []);
    all.forEach(([from, , , , count], node) => {
      const fitting = edges.flatMap((row, at) => row.length < MOST_SUCCESSORS ? [at] : []);
      const below = fitting.filter((at) => at < node);
      if (node > 0) edges[below[from % below.length]].push(node);
      const extra = Math.max(0, (count % MOST_SUCCESSORS) - edges[node].length);
      for (let at = 0; at < extra; at++) edges[node].push(-1);
    });
    return closeLoops(edges, all);
  });
}

/** Fills the open edges: forward anywhere, then back to where that keeps the graph reducible. */
function closeLoops(edges: number[][], all: readonly (readonly number[])[]): Edges {
  const later = edges.map((row, node) =>
    row.map((to, at) => {
      const pick = all[node][at % all[node].length];
      const ahead = edges.length - 1 - node;
      return to >= 0 || ahead === 0 || pick % 3 === 0 ? to : node + 1 + pick % ahead;
    })
  );
  const forward = later.map((row) => row.filter((to) => to >= 0));
  return later.map((row, node) =>
    row.map((to, at) => {
      if (to >= 0) return to;
      const above = forward.flatMap((_, other) =>
        dominatesByDefinition(forward, other, node) ? [other] : []
      );
      return above[all[node][at % all[node].length] % above.length];
    })
  );
}

/** Nodes reached from the root; `without` is as if it were not there. */
export function reachedNodes(edges: Edges, without = -1, from = 0): Set<number> {
  const seen = new Set<number>();
  const pending = [from];
  for (let node = pending.pop(); node !== undefined; node = pending.pop()) {
    if (node === without || seen.has(node)) continue;
    seen.add(node);
    pending.push(...edges[node]);
  }
  return seen;
}

/** Is the node out of reach once the candidate is taken away? */
export function dominatesByDefinition(edges: Edges, candidate: number, node: number): boolean {
  return node === candidate || !reachedNodes(edges, candidate).has(node);
}

/** Does the graph shrink to one node by dropping self-loops and merging nodes into only predecessors? */
export function shrinksToOneNode(edges: Edges): boolean {
  const reached = reachedNodes(edges);
  const next = new Map([...reached].map((node) => [node, new Set(edges[node])]));
  for (;;) {
    for (const [node, targets] of next) targets.delete(node);
    const merge = [...next.keys()].flatMap((node) => {
      const before = [...next].filter(([, targets]) => targets.has(node)).map(([from]) => from);
      return node !== 0 && before.length === 1 ? [[before[0], node]] : [];
    })[0];
    if (merge === undefined) return next.size === 1;
    const [into, gone] = merge;
    next.get(into)?.delete(gone);
    for (const target of next.get(gone) ?? []) next.get(into)?.add(target);
    next.delete(gone);
  }
}
