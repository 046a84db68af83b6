/** Runs many tests in many configurations; one machine for each configuration and what tests need of it. */
import type { LitmusTest } from "../syntax/litmus_test_file.ts";
import { runsAtOnce } from "../guest/meeting_point.ts";
import { RVWMO, TSO } from "../model/preserved_order.ts";
import type { Configuration } from "./configuration.ts";
import { LaboratoryMachine, type MachineNeeds } from "./laboratory_machine.ts";
import { leavesBitsToSoftware } from "../syntax/page_entry.ts";
import { TestRunner } from "./test_runner.ts";
import { AllowedOutcomes, judgeRun, type TestVerdict } from "./verdict.ts";

/** With one hart alone guest loads need no order: tests of one thread run beside an idle hart. */
const LEAST_HARTS = 2;
/**
 * Times that a hart gives way in a batch while others do not come: a few milliseconds. Where threads have
 * processors of their own, they give way because other work has taken one: it keeps it for longer than that.
 */
const PATIENCE_AT_ONCE = 300;
const PATIENCE_IN_TURNS = 3000;
/** Batches before iterations count in the cold tier: nothing is compiled. */
const WARM_BATCHES_COLD = 1;

/** How much of each test. */
export interface LaboratoryEffort {
  readonly iterations: number;
  /** Iterations of tests with pages: what they do takes the machine far longer. */
  readonly iterationsWithPages: number;
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
    const groups = Map.groupBy(tests, (test) => JSON.stringify(needsOf(test)));
    for (const [, group] of [...groups].sort()) {
      const machine = await LaboratoryMachine.start(configuration, needsOf(group[0]));
      try {
        for (const test of group) {
          if (!isPromised(test, configuration)) continue;
          listener(await this.#runOne(machine, test));
        }
      } finally {
        await machine.stop();
      }
    }
  }

  async #runOne(machine: LaboratoryMachine, test: LitmusTest): Promise<TestVerdict> {
    const { tier } = machine.configuration;
    const warmBatches = tier === "cold" ? WARM_BATCHES_COLD : this.#effort.warmBatches;
    const patience = runsAtOnce(test.threads.length) ? PATIENCE_AT_ONCE : PATIENCE_IN_TURNS;
    const iterations = test.pages.length === 0
      ? this.#effort.iterations
      : this.#effort.iterationsWithPages;
    const limits = { iterations, warmBatches, seed: this.#effort.seed, patience };
    const result = await new TestRunner(machine, test).run(limits);
    return judgeRun(test, result, this.#allowed[machine.configuration.model].of(test));
  }
}

/** The machine that a test needs. */
export function needsOf({ threads, pages, properties }: LitmusTest): MachineNeeds {
  return {
    harts: Math.max(LEAST_HARTS, threads.length),
    isTranslated: pages.length !== 0,
    leavesBitsToSoftware: leavesBitsToSoftware(properties),
  };
}

/** A scheme that compares values does not promise what a test says needs the line to be watched. */
function isPromised({ properties }: LitmusTest, { llsc }: Configuration): boolean {
  return llsc !== "cas" || properties.get("Reservation") !== "line";
}
