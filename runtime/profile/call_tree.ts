/**
 * Samples added up: who was called by whom, how often, and for each hart in which order.
 *
 * The order is kept as runs of equal samples, up to a bound; a profile that is longer goes on counting, and what
 * it counts then comes last in the order.
 */

/** A function as it was called by the ones above it. */
export interface CallNode {
  /** Its name. */
  readonly name: string;
  /** Who called it; null for a hart. */
  readonly parent: CallNode | null;
  /** Samples of it and of what it called. */
  total: number;
  /** Samples of it alone. */
  self: number;
  /** What it called, by name. */
  readonly children: Map<string, CallNode>;
}

/** Equal samples that followed each other. */
export interface SampleRun {
  /** What they found. */
  readonly node: CallNode;
  /** How many. */
  count: number;
}

/** Runs that are kept of one hart: some hours of a program with long loops, half an hour of the most restless one. */
const MOST_RUNS = 0x20_0000;

/** All samples of one hart. */
export class CallTree {
  /** The hart. */
  readonly root: CallNode;
  /** Samples in their order. */
  readonly runs: readonly SampleRun[];
  readonly #runs: SampleRun[] = [];
  readonly #late = new Map<CallNode, SampleRun>();

  /** An empty one. */
  constructor(name: string) {
    this.root = node(name, null);
    this.runs = this.#runs;
  }

  /** Adds samples of one stack, outermost function first. */
  add(frames: readonly string[], count: number): void {
    let at = this.root;
    at.total += count;
    for (const name of frames) {
      at = childOf(at, name);
      at.total += count;
    }
    at.self += count;
    this.#keepOrder(at, count);
  }

  #keepOrder(at: CallNode, count: number): void {
    const last = this.#runs.at(-1);
    const run = last?.node === at ? last : this.#late.get(at);
    if (run !== undefined) run.count += count;
    else this.#begin({ node: at, count });
  }

  #begin(run: SampleRun): void {
    if (this.#runs.length >= MOST_RUNS) this.#late.set(run.node, run);
    this.#runs.push(run);
  }
}

function childOf(parent: CallNode, name: string): CallNode {
  const known = parent.children.get(name);
  if (known !== undefined) return known;
  const made = node(name, parent);
  parent.children.set(name, made);
  return made;
}

function node(name: string, parent: CallNode | null): CallNode {
  return { name, parent, total: 0, self: 0, children: new Map() };
}
