/** Which final states of a test a memory model allows, and an execution for each. */
import { formatOutcome, type Outcome } from "../syntax/condition.ts";
import type { LitmusTest } from "../syntax/litmus_test_file.ts";
import { entryFlags, isEntryName } from "../syntax/page_entry.ts";
import { brokenPair, communication, type OrderModel, staleOwnRead } from "./axioms.ts";
import { Candidates, type Execution, finalValue } from "./execution.ts";
import { MemoryLayout } from "./memory_layout.ts";
import { isAcyclic, type OrderEdge } from "./order_graph.ts";
import { ReadableValues } from "./readable_values.ts";
import { REPEAT_LIMIT, ThreadRuns } from "./thread_runs.ts";
import type { Trace } from "./trace.ts";

/** A final state with an execution that ends in it. */
export interface Witness {
  readonly outcome: Outcome;
  readonly execution: Execution;
}

/** What a model says of one execution: nothing is wrong, or what is. */
export type Verdict =
  | { readonly kind: "allowed"; readonly edges: readonly OrderEdge[] }
  | { readonly kind: "cycle"; readonly edges: readonly OrderEdge[] }
  | { readonly kind: "stale"; readonly reader: number; readonly missed: number }
  | { readonly kind: "broken-pair"; readonly pair: number; readonly intruder: number };

/** Runs of every thread, each with every value that its loads may return. */
export function threadRuns(test: LitmusTest, layout: MemoryLayout): Trace[][] {
  const values = new ReadableValues(layout);
  for (let rounds = mostStores(test);; rounds--) {
    const known = values.size;
    const runs = test.threads.map((_, thread) =>
      new ThreadRuns(test, thread, layout, values).all()
    );
    runs.flat().forEach((trace) => values.add(trace));
    if (values.size === known || rounds === 0) return runs;
  }
}

/** A value comes about by a chain of at most that many stores; longer ones would cause themselves. */
function mostStores({ threads, pages }: LitmusTest): number {
  const walksMayStore = pages.length !== 0;
  return threads.flatMap(({ instructions, labels }) => {
    const stores = instructions.filter(({ instruction: { kind } }) =>
      kind === "store" || kind === "amo" || kind === "sc" ||
      (walksMayStore && (kind === "load" || kind === "lr"))
    );
    return labels.size === 0 ? stores : new Array(REPEAT_LIMIT + 1).fill(stores).flat();
  }).length;
}

/** Applies a model's axioms. */
export function judge(execution: Execution, model: OrderModel): Verdict {
  const stale = staleOwnRead(execution);
  if (stale !== null) return { kind: "stale", ...stale };
  const broken = brokenPair(execution);
  if (broken !== null) return { kind: "broken-pair", ...broken };
  const edges = [...communication(execution), ...model.preserved(execution)];
  const kind = isAcyclic(edges, execution.events.length) ? "allowed" : "cycle";
  return { kind, edges };
}

/** Knows all executions of a test. */
export class Checker {
  readonly layout: MemoryLayout;
  readonly #test: LitmusTest;
  readonly #runs: readonly (readonly Trace[])[];

  /** @param lower changes runs to what is executed in their place */
  constructor(test: LitmusTest, lower: (trace: Trace) => Trace = (trace) => trace) {
    this.#test = test;
    this.layout = new MemoryLayout(test);
    this.#runs = threadRuns(test, this.layout).map((runs) => runs.map(lower));
  }

  /** Every candidate execution with its final state, unless the state is one that is not wanted. */
  *candidates(isWanted: (registers: Outcome) => boolean = () => true): Generator<Witness> {
    for (const traces of combinations(this.#runs)) {
      const registers = this.#registers(traces);
      if (!isWanted(registers)) continue;
      for (const execution of new Candidates(traces, this.layout).all()) {
        yield { outcome: this.#outcome(registers, execution), execution };
      }
    }
  }

  /** The allowed final states by their text. */
  allowed(model: OrderModel): Map<string, Witness> {
    const allowed = new Map<string, Witness>();
    const isDone = (registers: Outcome): boolean =>
      registers.size === this.#test.observed.length && allowed.has(formatOutcome(registers));
    for (const witness of this.candidates((registers) => !isDone(registers))) {
      const text = formatOutcome(witness.outcome);
      if (!allowed.has(text) && judge(witness.execution, model).kind === "allowed") {
        allowed.set(text, witness);
      }
    }
    return allowed;
  }

  #registers(traces: readonly Trace[]): Outcome {
    const values = this.#test.observed.flatMap((name): [string, string][] => {
      const [thread, register] = name.split(":x").map(Number);
      if (register === undefined) return [];
      return [[name, this.layout.valueText(traces[thread].registers[register])]];
    });
    return new Map(values);
  }

  #outcome(registers: Outcome, execution: Execution): Outcome {
    if (registers.size === this.#test.observed.length) return registers;
    return new Map(this.#test.observed.map((name) => {
      const register = registers.get(name);
      return [name, register ?? this.#finalText(name, execution)];
    }));
  }

  #finalText(name: string, execution: Execution): string {
    const bytes = this.#test.locations.find((location) => location.name === name)?.bytes ?? 0;
    const value = finalValue(execution, this.layout, this.layout.address(name), bytes);
    if (isEntryName(name)) return String(entryFlags(value));
    return this.layout.valueText(value);
  }
}

function* combinations(runs: readonly (readonly Trace[])[]): Generator<Trace[]> {
  if (runs.length === 0) return yield [];
  const [first, ...rest] = runs;
  for (const trace of first) {
    for (const others of combinations(rest)) yield [trace, ...others];
  }
}
