/** Runs many tests in many configurations; one machine for each configuration and number of harts. */
import type { LitmusTest } from "../syntax/litmus_test_file.ts";
import { RVWMO, TSO } from "../model/preserved_order.ts";
import type { Configuration } from "./configuration.ts";
import { LaboratoryMachine } from "./laboratory_machine.ts";
import { TestRunner } from "./test_runner.ts";
import { AllowedOutcomes, judgeRun, type TestVerdict } from "./verdict.ts";

/** With one hart alone guest loads need no order: tests of one thread run beside an idle hart. */
const LEAST_HARTS = 2;
/** Times that a hart gives way in a batch while others do not come: some milliseconds. */
const PATIENCE = 3000;

/** How much of each test. */
export interface LaboratoryEffort {
  readonly iterations: number;
  readonly warmBatches: number;
  readonly seed: number;
}

/** Someone who hears of each result. */
export type VerdictListener = (verdict: TestVerdict, configuration: number) => void;

/** See the header of this file. */
export class Laboratory {
  readonly #effort: LaboratoryEffort;
  readonly #allowed = { RVWMO: new AllowedOutcomes(RVWMO), TSO: new AllowedOutcomes(TSO) };

  constructor(effort: LaboratoryEffort) {
    this.#effort = effort;
  }

  /** Runs tests in one configuration. */
  async run(
    tests: readonly LitmusTest[],
    configuration: Configuration,
    listener: (verdict: TestVerdict) => void,
  ): Promise<void> {
    const hartCounts = new Set(tests.map(hartsFor));
    for (const harts of [...hartCounts].sort()) {
      const machine = await LaboratoryMachine.start(configuration, harts);
      try {
        for (const test of tests.filter((candidate) => hartsFor(candidate) === harts)) {
          if (!isPromised(test, configuration)) continue;
          listener(await this.#runOne(machine, test));
        }
      } finally {
        await machine.stop();
      }
    }
  }

  async #runOne(machine: LaboratoryMachine, test: LitmusTest): Promise<TestVerdict> {
    const result = await new TestRunner(machine, test).run({ ...this.#effort, patience: PATIENCE });
    return judgeRun(test, result, this.#allowed[machine.configuration.model].of(test));
  }
}

function hartsFor({ threads }: LitmusTest): number {
  return Math.max(LEAST_HARTS, threads.length);
}

/** A scheme that compares values does not promise what a test says needs the line to be watched. */
function isPromised({ properties }: LitmusTest, { llsc }: Configuration): boolean {
  return llsc !== "cas" || properties.get("Reservation") !== "line";
}
