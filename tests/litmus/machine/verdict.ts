/** What a run on the machine says of a test: are all final states allowed, and was the interesting one seen? */
import { formatOutcome, holds } from "../syntax/condition.ts";
import type { LitmusTest } from "../syntax/litmus_test_file.ts";
import type { OrderModel } from "../model/axioms.ts";
import { Checker } from "../model/checker.ts";
import type { RunResult } from "./test_runner.ts";

/** A final state with how often it was seen. */
export interface SeenOutcome {
  readonly text: string;
  readonly count: number;
  readonly isAllowed: boolean;
  /** Is it one that the test asks for? */
  readonly isInteresting: boolean;
}

/** The result of a test in one configuration. */
export interface TestVerdict {
  readonly name: string;
  readonly iterations: number;
  readonly iterationsPerSecond: number;
  readonly outcomes: readonly SeenOutcome[];
  /** Final states that the model allows. */
  readonly allowed: readonly string[];
}

/** Allowed final states by test; the checker is asked once for each test. */
export class AllowedOutcomes {
  readonly #model: OrderModel;
  readonly #known = new Map<LitmusTest, readonly string[]>();

  constructor(model: OrderModel) {
    this.#model = model;
  }

  of(test: LitmusTest): readonly string[] {
    const known = this.#known.get(test) ?? [...new Checker(test).allowed(this.#model).keys()];
    this.#known.set(test, known);
    return known;
  }
}

/** Compares what was seen with what is allowed. */
export function judgeRun(
  test: LitmusTest,
  result: RunResult,
  allowed: readonly string[],
): TestVerdict {
  const known = new Set(allowed);
  const outcomes = result.outcomes.map(({ outcome, count }) => {
    const text = formatOutcome(outcome);
    return {
      text,
      count,
      isAllowed: known.has(text),
      isInteresting: holds(test.condition.proposition, outcome),
    };
  });
  const { iterations, iterationsPerSecond } = result;
  return { name: test.name, iterations, iterationsPerSecond, outcomes, allowed };
}

/** Was anything seen that must not be? */
export function isWrong({ outcomes }: TestVerdict): boolean {
  return outcomes.some(({ isAllowed }) => !isAllowed);
}

/** Times that a final state was seen which the test asks for. */
export function interestingCount({ outcomes }: TestVerdict): number {
  return outcomes.reduce((sum, { count, isInteresting }) => sum + (isInteresting ? count : 0), 0);
}
