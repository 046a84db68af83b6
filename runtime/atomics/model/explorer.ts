/**
 * Exhaustive explicit-state exploration of a protocol model, breadth first, so that a counterexample is one
 * of the shortest.
 *
 * What is checked: invariants reported by observations and commit hooks, the verdict on final states, no
 * deadlock (a state without successors where a thread neither ended nor may sleep for ever), and with `live`
 * that every state can still reach a final one.
 */

import { Machine, type MemoryModel, type Model } from "./machine.ts";
import { StateStore } from "./state_store.ts";

/** Outcome of an exploration. */
export interface Verdict {
  /** What went wrong, or "" when nothing did. */
  readonly reason: string;
  /** Number of different states seen. */
  readonly states: number;
  /** The steps that lead to the failure. */
  readonly trace: readonly string[];
}

const MAX_STATES = 3_000_000;

/** Explores a model under a memory model. */
export function explore(model: Model, memoryModel: MemoryModel): Verdict {
  return new Explorer(new Machine(model, memoryModel), model.live === true).run();
}

class Explorer {
  readonly #machine: Machine;
  readonly #live: boolean;
  readonly #store: StateStore;
  readonly #parents: number[] = [];
  readonly #edges: number[] = [];
  readonly #finals: number[] = [];

  constructor(machine: Machine, live: boolean) {
    this.#machine = machine;
    this.#live = live;
    this.#store = new StateStore(machine.scratch.length);
  }

  run(): Verdict {
    this.#machine.start();
    this.#store.intern(this.#machine.scratch);
    this.#parents.push(-1);
    for (let index = 0; index < this.#store.count; index++) {
      const last = this.#expand(index);
      if (this.#machine.failure !== "") return this.#verdict(index, last);
      if (this.#store.count > MAX_STATES) throw new Error("Model has too many states");
    }
    const stuck = this.#live ? this.#findStuck() : -1;
    if (stuck >= 0) {
      this.#machine.fail("LIVELOCK: no final state can be reached");
      return this.#verdict(stuck, "");
    }
    return { reason: "", states: this.#store.count, trace: [] };
  }

  /** Generates the successors of a state; returns the name of the step that failed, if any. */
  #expand(index: number): string {
    this.#store.copyTo(index, this.#machine.current);
    let successors = 0;
    let failed = "";
    this.#machine.successors((thread, name, address, value) => {
      successors++;
      if (this.#machine.failure !== "") {
        if (failed === "") failed = describe(thread, name, address, value);
        return;
      }
      const target = this.#store.intern(this.#machine.scratch);
      if (target === this.#parents.length) this.#parents.push(index);
      if (this.#live && target !== index) this.#edges.push(target, index);
    });
    if (successors === 0 && this.#machine.failure === "") this.#finish(index);
    return failed;
  }

  #finish(index: number): void {
    if (this.#machine.ending() === "deadlock") this.#machine.fail("DEADLOCK");
    else this.#finals.push(index);
  }

  /** A state from which no final state can be reached, or -1. */
  #findStuck(): number {
    const count = this.#store.count;
    const first = new Int32Array(count + 1);
    for (let k = 0; k < this.#edges.length; k += 2) first[this.#edges[k] + 1]++;
    for (let k = 0; k < count; k++) first[k + 1] += first[k];
    const sources = new Int32Array(this.#edges.length / 2);
    const fill = first.slice();
    for (let k = 0; k < this.#edges.length; k += 2) {
      sources[fill[this.#edges[k]]++] = this.#edges[k + 1];
    }
    const good = new Uint8Array(count);
    const work = [...this.#finals];
    for (const state of work) good[state] = 1;
    for (let state = work.pop(); state !== undefined; state = work.pop()) {
      for (let k = first[state]; k < first[state + 1]; k++) {
        if (good[sources[k]] === 0) work.push(sources[k]);
        good[sources[k]] = 1;
      }
    }
    return good.indexOf(0);
  }

  #verdict(index: number, last: string): Verdict {
    const path: number[] = [];
    for (let state = index; state >= 0; state = this.#parents[state]) path.unshift(state);
    const trace: string[] = [];
    for (let k = 0; k + 1 < path.length; k++) trace.push(this.#nameOfEdge(path[k], path[k + 1]));
    if (last !== "") trace.push(last);
    return { reason: this.#machine.failure, states: this.#store.count, trace };
  }

  #nameOfEdge(from: number, to: number): string {
    this.#store.copyTo(from, this.#machine.current);
    let found = "";
    this.#machine.successors((thread, name, address, value) => {
      if (found !== "" || this.#store.find(this.#machine.scratch) !== to) return;
      found = describe(thread, name, address, value);
    });
    return found;
  }
}

function describe(thread: number, name: string, address?: number, value?: number): string {
  const word = address === undefined ? "" : ` [${address}]`;
  return `T${thread} ${name}${word}${value === undefined ? "" : ` ${value}`}`;
}
