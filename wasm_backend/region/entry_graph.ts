/**
 * The control-flow graph of a region with several entries, made reducible.
 *
 * Execution enters through a root that jumps by the entry label. An entry inside a loop would give the loop a
 * second way in; instead the root goes to the loop's dispatcher, a node in front of the header that sends a
 * not yet served label on inwards and everything else to the header. Only loops that hold such entries have
 * a dispatcher. Edges that make the guest's own graph irreducible leave the region to their target's address.
 */
import { successors } from "../../ir/builder.ts";
import type { Block, Region, RegionEntry } from "../../ir/region.ts";
import { FlowGraph } from "../structure/flow_graph.ts";

/** What a node of the graph stands for. */
export type GraphNode =
  /** Where the function starts. */
  | { readonly kind: "root" }
  /** A block of the region. */
  | { readonly kind: "block"; readonly block: Block }
  /** Tests the label in front of a loop header: to the switch when it is set, else to the header. */
  | { readonly kind: "dispatch"; readonly sorter: number; readonly header: number }
  /** Switches on the label. */
  | { readonly kind: "sort"; readonly targets: readonly number[]; readonly header: number }
  /** Leaves to the address of a block. */
  | { readonly kind: "leave"; readonly block: Block }
  /** Leaves to where a block's computed jump goes, which is no block of the region. */
  | { readonly kind: "depart"; readonly from: Block };

const ROOT = 0;

/** See the header of this file. */
export class EntryGraph {
  /** Nodes by number; 0 is the root. */
  readonly nodes: GraphNode[] = [{ kind: "root" }];
  /** Entries that are served, by label. */
  readonly entries: readonly RegionEntry[];
  /** The analysed graph. */
  readonly graph: FlowGraph;
  /** Node that each entry label goes to first. */
  readonly rootTargets: readonly number[];
  /** Blocks that are loop headers. */
  readonly headers = new Set<Block>();
  /** Blocks inside a loop. */
  readonly looped = new Set<Block>();
  /** Blocks of the innermost loop around a block. */
  readonly #innermost = new Map<Block, ReadonlySet<Block>>();
  readonly #nodeOf = new Map<Block, number>();
  readonly #front = new Map<number, number>();
  readonly #cut = new Map<string, number>();
  readonly #departures = new Map<Block, number>();
  readonly #loops: Map<number, Set<number>>;

  /** Builds the graph; entries that would make it irreducible are given up. */
  constructor(region: Region) {
    for (const block of region.blocks) {
      this.#nodeOf.set(block, this.nodes.push({ kind: "block", block }) - 1);
    }
    for (const block of region.blocks) {
      if (block.terminator?.kind !== "dispatch") continue;
      this.#departures.set(block, this.nodes.push({ kind: "depart", from: block }) - 1);
    }
    const entries = this.#inOrder(region);
    const main = entries[0];
    const plain = this.#plainGraph(region, main.block);
    const reachable = entries.filter(({ block }) => plain.position[this.#number(block)] >= 0);
    this.#loops = plain.loops();
    this.#collectLoops();
    const full = this.#withEntries(region, reachable);
    if (full.graph.irreducibleEdges().length === 0) {
      this.entries = reachable;
      this.graph = full.graph;
      this.rootTargets = full.targets;
    } else {
      const single = this.#withEntries(region, [main]);
      this.entries = [main];
      this.graph = single.graph;
      this.rootTargets = single.targets;
    }
  }

  /**
   * The entries, that one first from which the graph is seen: the lowest address that reaches the hot entry.
   * A hot entry is often an inner loop; seen from there, the loops around it would be one with it.
   */
  #inOrder(region: Region): RegionEntry[] {
    const [hot, ...others] = region.entries;
    const before = others.filter(({ block, offset }) =>
      offset < hot.offset && reaches(block, hot.block)
    );
    const first = before.reduce(
      (lowest, entry) => entry.offset < lowest.offset ? entry : lowest,
      hot,
    );
    return [first, ...region.entries.filter((entry) => entry !== first)];
  }

  #number(block: Block): number {
    return this.#nodeOf.get(block) ?? ROOT;
  }

  /** The graph from the main entry alone, with irreducible edges cut until none is left. */
  #plainGraph(region: Region, main: Block): FlowGraph {
    for (;;) {
      const edges = this.#blockEdges(region, (target) => target);
      edges[ROOT] = [this.#number(main)];
      const graph = new FlowGraph(edges, ROOT);
      const bad = graph.irreducibleEdges();
      if (bad.length === 0) return graph;
      for (const [from, to] of bad) this.#cutEdge(from, to);
    }
  }

  #cutEdge(from: number, to: number): void {
    const target = this.nodes[to];
    if (target.kind !== "block") throw new TypeError("Cannot cut an edge to no block");
    this.#cut.set(`${from}>${to}`, this.nodes.push({ kind: "leave", block: target.block }) - 1);
  }

  #blockEdges(region: Region, front: (target: number) => number): number[][] {
    const edges: number[][] = this.nodes.map(() => []);
    for (const block of region.blocks) {
      const from = this.#number(block);
      edges[from] = successors(block).map((next) => this.#edge(from, next, front));
      const departure = this.#departures.get(block);
      if (departure !== undefined) edges[from].push(departure);
    }
    return edges;
  }

  #edge(from: number, next: Block, front: (target: number) => number): number {
    const to = this.#number(next);
    return this.#cut.get(`${from}>${to}`) ?? front(to);
  }

  #collectLoops(): void {
    for (const [header, body] of this.#loops) {
      this.headers.add(this.#blockOf(header));
      const blocks = new Set<Block>();
      for (const node of body) {
        const { [node]: inside } = this.nodes;
        if (inside.kind === "block") blocks.add(inside.block);
      }
      blocks.forEach((block) => this.#addLoopOf(block, blocks));
    }
  }

  #addLoopOf(block: Block, blocks: ReadonlySet<Block>): void {
    this.looped.add(block);
    const known = this.#innermost.get(block);
    if (known === undefined || blocks.size < known.size) this.#innermost.set(block, blocks);
  }

  /** Blocks of the innermost loop around a block; null outside of loops. */
  loopAround(block: Block): ReadonlySet<Block> | null {
    return this.#innermost.get(block) ?? null;
  }

  #blockOf(node: number): Block {
    const found = this.nodes[node];
    if (found.kind !== "block") throw new TypeError(`Cannot take node ${node} for a block`);
    return found.block;
  }

  /** Headers of the loops around a block, outermost first, that hold entries other than their header. */
  #dispatchersAround(node: number, entryNodes: readonly number[]): number[] {
    const around = [...this.#loops].filter(([header, body]) =>
      body.has(node) &&
      entryNodes.some((entry, label) => label > 0 && entry !== header && body.has(entry))
    );
    return around.sort(([, a], [, b]) => b.size - a.size).map(([header]) => header);
  }

  #withEntries(
    region: Region,
    entries: readonly RegionEntry[],
  ): { graph: FlowGraph; targets: number[] } {
    this.#front.clear();
    const entryNodes = entries.map(({ block }) => this.#number(block));
    const chains = entryNodes.map((node) => this.#dispatchersAround(node, entryNodes));
    const firstSynthetic = this.nodes.length;
    for (const header of new Set(chains.flat())) {
      const sorter = this.nodes.length + 1;
      this.#front.set(header, this.nodes.push({ kind: "dispatch", sorter, header }) - 1);
      this.nodes.push({ kind: "sort", targets: [], header });
    }
    const front = (node: number): number => this.#front.get(node) ?? node;
    this.#fillSorters(firstSynthetic, entryNodes, chains, front);
    const edges = this.#blockEdges(region, front);
    const targets = entryNodes.map((node, label) =>
      front(label === 0 ? node : chains[label][0] ?? node)
    );
    edges[ROOT] = [...targets];
    this.nodes.forEach((node, number) => {
      if (node.kind === "dispatch") edges[number] = [node.sorter, node.header];
      if (node.kind === "sort") edges[number] = [...node.targets];
    });
    return { graph: new FlowGraph(edges, ROOT), targets };
  }

  #fillSorters(
    first: number,
    entryNodes: number[],
    chains: number[][],
    front: (node: number) => number,
  ): void {
    for (let number = first; number < this.nodes.length; number++) {
      const node = this.nodes[number];
      if (node.kind !== "sort") continue;
      const inwards = entryNodes.map((entry, label) => {
        const position = chains[label].indexOf(node.header);
        if (label === 0 || position < 0) return null;
        const inner = chains[label][position + 1];
        return inner === undefined ? entry : front(inner);
      });
      // Other labels never come here: an edge for them would be one more way into the header.
      const [some] = inwards.filter((target) => target !== null);
      this.nodes[number] = { ...node, targets: inwards.map((target) => target ?? some) };
    }
  }

  /** Blocks at whose start the region may be left: loop headers, and targets of edges that were cut. */
  get departureStarts(): ReadonlySet<Block> {
    const starts = new Set(this.headers);
    for (const node of this.nodes) if (node.kind === "leave") starts.add(node.block);
    return starts;
  }

  /** Node that a block's jump to another block goes to. */
  target(from: Block, to: Block): number {
    return this.#edge(this.#number(from), to, (node) => this.#front.get(node) ?? node);
  }

  /** Does a block's jump to another block leave the region? */
  isCut(from: Block, to: Block): boolean {
    return this.#cut.has(`${this.#number(from)}>${this.#number(to)}`);
  }

  /** Node that leaves to where a block's computed jump goes. */
  departureOf(block: Block): number {
    const node = this.#departures.get(block);
    if (node === undefined) {
      throw new RangeError(`Cannot find a computed jump in block ${block.id}`);
    }
    return node;
  }

  /** Label of the entry that a block is, or -1. */
  labelOf(block: Block): number {
    return this.entries.findIndex((entry) => entry.block === block);
  }
}

function reaches(from: Block, to: Block): boolean {
  const seen = new Set<Block>();
  const pending = [from];
  for (let block = pending.pop(); block !== undefined; block = pending.pop()) {
    if (block === to) return true;
    if (seen.has(block)) continue;
    seen.add(block);
    pending.push(...successors(block));
  }
  return false;
}
