/**
 * Text for people: an execution that ends in a given final state, or why there is none.
 *
 * Events have letters in the order of their threads. Arrows are `rf` from a store to its reader, `co` from a
 * store to the next one, `fr` from a reader to a store that overwrites what it read, and `ppo` with the rule
 * that keeps program order.
 */
import {
  formatOutcome,
  holds,
  type Outcome,
  parseProposition,
  type Proposition,
} from "../syntax/condition.ts";
import type { LitmusTest } from "../syntax/litmus_test_file.ts";
import { isEntryName } from "../syntax/page_entry.ts";
import { SourceText } from "../syntax/source_error.ts";
import type { OrderModel } from "./axioms.ts";
import { Checker, judge, type Verdict, type Witness } from "./checker.ts";
import { type Event, type Execution, INITIAL } from "./execution.ts";
import type { MemoryLayout } from "./memory_layout.ts";
import { type OrderEdge, shortestCycle } from "./order_graph.ts";

/** Reads a final state as people write it: `1:x7=1; 1:x8=0`, or any proposition. */
export function parseOutcomeQuestion(text: string): Proposition {
  return parseProposition(new SourceText(text.replaceAll(";", " /\\ "), 1, 1));
}

function letter(event: number): string {
  return String.fromCharCode("a".charCodeAt(0) + event);
}

/** Writes executions of one test. */
class ExecutionText {
  readonly #execution: Execution;
  readonly #layout: MemoryLayout;

  constructor(execution: Execution, layout: MemoryLayout) {
    this.#execution = execution;
    this.#layout = layout;
  }

  lines(verdict: Verdict): string[] {
    return [
      ...this.#events(),
      ...this.#sources(),
      ...this.#storeOrder(),
      ...this.#verdict(verdict),
    ];
  }

  #events(): string[] {
    const { events } = this.#execution;
    const actions = events.map((event) => this.#action(event));
    const width = Math.max(0, ...actions.map(({ length }) => length));
    return events.map(({ thread, position, operation }, event) => {
      const hart = position === 0 ? `P${thread}` : "";
      const action = actions[event].padEnd(width);
      return `  ${hart.padEnd(3)} ${letter(event)}: ${action}   ${operation.text}`;
    });
  }

  #action({ operation }: Event): string {
    const place = this.#layout.nameOf(operation.address);
    const size = `${operation.bytes * 8}`;
    const text = (value: bigint): string =>
      isEntryName(place) ? this.#layout.entryText(value) : this.#layout.valueText(value);
    const read = operation.read === null ? "" : `R${size} ${place}=${text(operation.read)}`;
    const written = operation.written === null
      ? ""
      : `W${size} ${place}=${text(operation.written)}`;
    const walk = operation.source === "walk" ? "walk " : "";
    return walk + [read, written].filter((part) => part !== "").join(", ");
  }

  #sources(): string[] {
    return this.#execution.readsFrom.map(({ reader, source, address, bytes }) => {
      const from = source === INITIAL ? "the initial state" : letter(source);
      const isPart = bytes !== this.#execution.events[reader].operation.bytes;
      const part = isPart ? ` (${bytes} bytes at ${this.#layout.nameOf(address)})` : "";
      return `  rf  ${from} -> ${letter(reader)}${part}`;
    });
  }

  #storeOrder(): string[] {
    const { storedLater } = this.#execution;
    return storedLater.flatMap((later, event) => {
      const next = storedLater.flatMap((_, other) => {
        const isLater = (later >> other & 1) === 1;
        const isBehindAnother = storedLater.some((after, middle) =>
          (later >> middle & 1) === 1 && (after >> other & 1) === 1
        );
        return isLater && !isBehindAnother ? [other] : [];
      });
      return next.map((other) => `  co  ${letter(event)} -> ${letter(other)}`);
    });
  }

  #verdict(verdict: Verdict): string[] {
    switch (verdict.kind) {
      case "allowed":
        return this.#preserved(verdict.edges);
      case "cycle":
        return [`  forbidden by the global memory order: ${this.#cycle(verdict.edges)}`];
      case "stale":
        return [
          `  forbidden by the load value axiom: ${letter(verdict.reader)} misses its hart's own ${
            letter(verdict.missed)
          }`,
        ];
      case "broken-pair":
        return [
          `  forbidden by the atomicity axiom: ${
            letter(verdict.intruder)
          } comes between the load ` +
          `and the store of the pair that ends with ${letter(verdict.pair)}`,
        ];
    }
  }

  #preserved(edges: readonly OrderEdge[]): string[] {
    return edges.filter(({ reason }) => reason.startsWith("ppo"))
      .map(({ from, to, reason }) =>
        `  ppo ${letter(from)} -> ${letter(to)}  rule ${reason.slice(4)}`
      );
  }

  #cycle(edges: readonly OrderEdge[]): string {
    const cycle = shortestCycle(edges) ?? [];
    const start = cycle.findIndex(({ from }) =>
      from === Math.min(...cycle.map((edge) => edge.from))
    );
    const turned = [...cycle.slice(start), ...cycle.slice(0, start)];
    const steps = turned.map(({ from, reason }) => `${letter(from)} -[${reason}]-> `);
    return steps.join("") + (turned.length === 0 ? "" : letter(turned[0].from));
  }
}

/** Explains for one model whether a final state that the proposition names is allowed. */
export function explain(test: LitmusTest, model: OrderModel, question: Proposition): string {
  const checker = new Checker(test);
  const found: Witness[] = [];
  for (const witness of checker.candidates()) {
    if (!holds(question, witness.outcome)) continue;
    const verdict = judge(witness.execution, model);
    if (verdict.kind === "allowed") {
      return [
        `${test.name}: ${formatOutcome(witness.outcome)} is allowed by ${model.name}`,
        ...new ExecutionText(witness.execution, checker.layout).lines(verdict),
      ].join("\n");
    }
    found.push(witness);
  }
  return explainForbidden(test, model, checker.layout, found);
}

function explainForbidden(
  test: LitmusTest,
  model: OrderModel,
  layout: MemoryLayout,
  found: readonly Witness[],
): string {
  if (found.length === 0) {
    return `${test.name}: no run of the threads ends like this, whatever loads return`;
  }
  const judged = found.map((witness) => ({ witness, verdict: judge(witness.execution, model) }));
  const { witness, verdict } = judged.find(({ verdict: { kind } }) => kind === "cycle") ??
    judged[0];
  const outcome: Outcome = witness.outcome;
  const others = found.length === 1 ? "" : `; the most telling of ${found.length} executions`;
  return [
    `${test.name}: ${formatOutcome(outcome)} is forbidden by ${model.name}${others}`,
    ...new ExecutionText(witness.execution, layout).lines(verdict),
  ].join("\n");
}
