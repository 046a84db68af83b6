/**
 * From a reducible control-flow graph to Wasm's nested blocks and loops, without a dispatch loop.
 *
 * The dominator tree gives the nesting: a node that several forward edges reach becomes the end of a block
 * around its dominator's code; a node that a back edge reaches becomes a loop. The method is that of Norman
 * Ramsey, "Beyond Relooper: Recursive Translation of Unstructured Control Flow to Structured Control Flow"
 * (ICFP 2022), with one change: what follows a loop is placed behind it, not inside it.
 */
import type { Expression, ModuleBuilder } from "../module_builder.ts";
import type { FlowGraph } from "./flow_graph.ts";

/** How a node ends, with targets as node numbers. */
export type NodeEnd =
  /** Leaves the function; the statements say how. */
  | { readonly kind: "leave" }
  /** Goes to one node. */
  | { readonly kind: "jump"; readonly target: number }
  /** Goes to one of two nodes. */
  | {
    readonly kind: "branch";
    readonly condition: Expression;
    readonly taken: number;
    readonly otherwise: number;
    /** Is `taken` a node of its own that is rarely gone to? */
    readonly isRare?: boolean;
  }
  /** Goes to one of several nodes. */
  | {
    readonly kind: "switch";
    readonly index: Expression;
    readonly targets: readonly number[];
    readonly otherwise: number;
  };

/** A node's code: made when it is placed, exactly once. */
export interface NodeCode {
  /** Statements, the last of which leaves when the end is `leave`. */
  readonly statements: readonly Expression[];
  /** How it goes on. */
  readonly end: NodeEnd;
}

/** Structures one graph. */
export class StructuredControlFlow {
  readonly #m: ModuleBuilder;
  readonly #graph: FlowGraph;
  readonly #lower: (node: number) => NodeCode;
  readonly #isMerge: Uint8Array;
  readonly #loops: Map<number, Set<number>>;
  readonly #children: number[][];

  /**
   * Prepares the graph; `switchTargets` are nodes that multi-way jumps reach.
   * @throws {TypeError} when the graph is irreducible.
   */
  constructor(
    m: ModuleBuilder,
    graph: FlowGraph,
    switchTargets: Iterable<number>,
    lower: (node: number) => NodeCode,
  ) {
    if (graph.irreducibleEdges().length > 0) {
      throw new TypeError("Cannot structure an irreducible graph");
    }
    this.#m = m;
    this.#graph = graph;
    this.#lower = lower;
    this.#loops = graph.loops();
    this.#isMerge = new Uint8Array(graph.successors.length);
    for (const node of graph.order) {
      const forward = graph.predecessors[node].filter((p) => !graph.isRetreating(p, node));
      if (forward.length > 1) this.#isMerge[node] = 1;
    }
    for (const node of switchTargets) this.#isMerge[node] = 1;
    this.#children = graph.successors.map(() => []);
    for (const node of graph.order) {
      if (node !== graph.root) this.#children[graph.dominator[node]].push(node);
    }
  }

  /** The whole function's code. */
  build(): Expression {
    return this.#m.block(null, this.#tree(this.#graph.root));
  }

  #tree(node: number): Expression[] {
    const merges = this.#children[node].filter((child) => this.#isMerge[child] === 1);
    const loop = this.#loops.get(node);
    if (loop === undefined) return this.#within(node, merges);
    const inside = this.#within(node, merges.filter((child) => loop.has(child)));
    const repeated = this.#m.loop(loopLabel(node), this.#m.block(null, inside));
    return this.#behind([repeated], merges.filter((child) => !loop.has(child)));
  }

  #within(node: number, merges: readonly number[]): Expression[] {
    return this.#behind(this.#node(node, merges), merges);
  }

  /** Puts the merge nodes, in order, behind the code that jumps to them. */
  #behind(code: Expression[], merges: readonly number[]): Expression[] {
    return merges.reduce(
      (before, merge) => [this.#m.block(blockLabel(merge), before), ...this.#tree(merge)],
      code,
    );
  }

  #node(node: number, _merges: readonly number[]): Expression[] {
    const { statements, end } = this.#lower(node);
    return [...statements, ...this.#end(node, end)];
  }

  #end(node: number, end: NodeEnd): Expression[] {
    switch (end.kind) {
      case "leave":
        return [];
      case "jump":
        return this.#to(node, end.target);
      case "branch":
        return end.isRare === true && !this.#hasLabel(node, end.taken)
          ? [this.#m.ifRare(end.condition, this.#tree(end.taken)), ...this.#to(node, end.otherwise)]
          : this.#branch(node, end.condition, end.taken, end.otherwise);
      case "switch": {
        const labels = end.targets.map((target) => this.#label(node, target));
        return [this.#m.switch(labels, this.#label(node, end.otherwise), end.index)];
      }
    }
  }

  #branch(node: number, condition: Expression, taken: number, otherwise: number): Expression[] {
    const m = this.#m;
    if (this.#hasLabel(node, taken)) {
      return [m.br(this.#label(node, taken), condition), ...this.#to(node, otherwise)];
    }
    if (this.#hasLabel(node, otherwise)) {
      const inverse = m.unary("i32.eqz", condition);
      return [m.br(this.#label(node, otherwise), inverse), ...this.#to(node, taken)];
    }
    const then = m.block(null, this.#tree(taken));
    return [m.if(condition, then, m.block(null, this.#tree(otherwise)))];
  }

  #to(node: number, target: number): Expression[] {
    return this.#hasLabel(node, target)
      ? [this.#m.br(this.#label(node, target))]
      : this.#tree(target);
  }

  #hasLabel(node: number, target: number): boolean {
    return this.#graph.isRetreating(node, target) || this.#isMerge[target] === 1;
  }

  #label(node: number, target: number): string {
    return this.#graph.isRetreating(node, target) ? loopLabel(target) : blockLabel(target);
  }
}

function loopLabel(node: number): string {
  return `L${node}`;
}

function blockLabel(node: number): string {
  return `B${node}`;
}
