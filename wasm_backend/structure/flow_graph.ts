/**
 * A control-flow graph of numbered nodes with what structuring needs: reverse postorder, immediate
 * dominators, natural loops, and the edges that make it irreducible.
 *
 * Dominators by the iterative method of Cooper, Harvey and Kennedy ("A Simple, Fast Dominance Algorithm").
 */

/** See the header of this file. Unreachable nodes have no order and no dominator. */
export class FlowGraph {
  /** Successors by node. */
  readonly successors: readonly (readonly number[])[];
  /** The node everything is reached from. */
  readonly root: number;
  /** Reachable nodes in reverse postorder. */
  readonly order: number[];
  /** Position in {@linkcode FlowGraph.order} by node; -1 when unreachable. */
  readonly position: Int32Array;
  /** Immediate dominator by node; the root's is itself; -1 when unreachable. */
  readonly dominator: Int32Array;
  /** Predecessors by node, reachable ones only. */
  readonly predecessors: number[][];

  /** Analyses the graph. */
  constructor(successors: readonly (readonly number[])[], root: number) {
    this.successors = successors;
    this.root = root;
    this.position = new Int32Array(successors.length).fill(-1);
    this.order = this.#reversePostorder();
    this.order.forEach((node, index) => this.position[node] = index);
    this.predecessors = successors.map(() => []);
    for (const node of this.order) {
      for (const next of successors[node]) this.predecessors[next].push(node);
    }
    this.dominator = this.#dominators();
  }

  #reversePostorder(): number[] {
    const order: number[] = [];
    const visited = new Uint8Array(this.successors.length);
    const stack: [number, number][] = [[this.root, 0]];
    visited[this.root] = 1;
    while (stack.length > 0) {
      const top = stack[stack.length - 1];
      const next = this.successors[top[0]][top[1]++];
      if (next === undefined) {
        order.push(top[0]);
        stack.pop();
      } else if (visited[next] === 0) {
        visited[next] = 1;
        stack.push([next, 0]);
      }
    }
    return order.reverse();
  }

  #dominators(): Int32Array {
    const dominator = new Int32Array(this.successors.length).fill(-1);
    dominator[this.root] = this.root;
    for (let changed = true; changed;) {
      changed = false;
      for (const node of this.order) {
        if (node === this.root) continue;
        const known = this.predecessors[node].filter((p) => dominator[p] >= 0);
        const meet = known.reduce((a, b) => this.#intersect(dominator, a, b));
        if (dominator[node] !== meet) {
          dominator[node] = meet;
          changed = true;
        }
      }
    }
    return dominator;
  }

  #intersect(dominator: Int32Array, a: number, b: number): number {
    while (a !== b) {
      while (this.position[a] > this.position[b]) a = dominator[a];
      while (this.position[b] > this.position[a]) b = dominator[b];
    }
    return a;
  }

  /** Does every path from the root to `node` pass `candidate`? */
  dominates(candidate: number, node: number): boolean {
    while (this.position[node] > this.position[candidate]) node = this.dominator[node];
    return node === candidate;
  }

  /** Does the edge go back to, or stay at, an earlier node in the order? */
  isRetreating(from: number, to: number): boolean {
    return this.position[to] <= this.position[from];
  }

  /** Retreating edges whose target does not dominate their source. */
  irreducibleEdges(): [number, number][] {
    const edges: [number, number][] = [];
    for (const from of this.order) {
      for (const to of this.successors[from]) {
        if (this.isRetreating(from, to) && !this.dominates(to, from)) edges.push([from, to]);
      }
    }
    return edges;
  }

  /** Natural loops by header; nested loops are subsets of their parents. */
  loops(): Map<number, Set<number>> {
    const loops = new Map<number, Set<number>>();
    for (const from of this.order) {
      for (const to of this.successors[from]) {
        if (!this.isRetreating(from, to) || !this.dominates(to, from)) continue;
        const body = loops.get(to) ?? new Set([to]);
        loops.set(to, body);
        this.#collectLoop(from, body);
      }
    }
    return loops;
  }

  #collectLoop(latch: number, body: Set<number>): void {
    const pending = [latch];
    for (let node = pending.pop(); node !== undefined; node = pending.pop()) {
      if (body.has(node)) continue;
      body.add(node);
      pending.push(...this.predecessors[node]);
    }
  }
}
