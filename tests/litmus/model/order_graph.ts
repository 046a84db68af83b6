/** A graph of "must come before" over events, with the reason of each edge, and its shortest cycle. */

/** Why one event comes before another. */
export interface OrderEdge {
  readonly from: number;
  readonly to: number;
  readonly reason: string;
}

/** Is there no cycle? */
export function isAcyclic(edges: readonly OrderEdge[], size: number): boolean {
  const after = new Array<number>(size).fill(0);
  for (const { from, to } of edges) after[from] |= 1 << to;
  return isAcyclicMasks(after);
}

/** The same for sets of direct successors. */
export function isAcyclicMasks(after: readonly number[]): boolean {
  let left = (1 << after.length) - 1;
  for (let changed = true; changed && left !== 0;) {
    changed = false;
    for (let event = 0; event < after.length; event++) {
      if ((left >> event & 1) === 0 || (after[event] & left) !== 0) continue;
      left &= ~(1 << event);
      changed = true;
    }
  }
  return left === 0;
}

/** The edges of a shortest cycle; null when there is none. */
export function shortestCycle(edges: readonly OrderEdge[]): OrderEdge[] | null {
  let best: OrderEdge[] | null = null;
  for (const start of new Set(edges.map(({ from }) => from))) {
    const cycle = shortestFrom(start, edges);
    if (cycle !== null && (best === null || cycle.length < best.length)) best = cycle;
  }
  return best;
}

function shortestFrom(start: number, edges: readonly OrderEdge[]): OrderEdge[] | null {
  const paths = new Map<number, readonly OrderEdge[]>([[start, []]]);
  const queue = [start];
  for (const event of queue) {
    const path = paths.get(event) ?? [];
    for (const edge of edges.filter(({ from }) => from === event)) {
      if (edge.to === start) return [...path, edge];
      if (paths.has(edge.to)) continue;
      paths.set(edge.to, [...path, edge]);
      queue.push(edge.to);
    }
  }
  return null;
}
