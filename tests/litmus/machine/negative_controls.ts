/**
 * Runs that must show something: a laboratory that never sees a race proves nothing when it sees none.
 *
 * Each control runs a test until a final state that it asks for is seen, for a minute at most. Harts wait for
 * each other without limit, so that controls work on a busy host too.
 */
import { holds } from "../syntax/condition.ts";
import type { LitmusTest } from "../syntax/litmus_test_file.ts";
import type { Configuration } from "./configuration.ts";
import { needsOf } from "./laboratory.ts";
import { LaboratoryMachine } from "./laboratory_machine.ts";
import { TestRunner } from "./test_runner.ts";

const LONGEST_MS = 60_000;
const PATIENCE = 1_000_000_000;
const WARM_BATCHES = 2;
const MS_PER_SECOND = 1000;

/** A control. */
export interface NegativeControl {
  readonly name: string;
  /** Name of the test whose condition must be seen. */
  readonly test: string;
  /** Differences from what users get. */
  readonly configuration: Partial<Configuration>;
  /** Must it be seen, or is it too rare to ask for? */
  readonly isRequired: boolean;
}

/** All controls. */
export const NEGATIVE_CONTROLS: readonly NegativeControl[] = [
  {
    name: "compiled code shows store buffering",
    test: "SB",
    configuration: {},
    isRequired: true,
  },
  {
    name: "the cold tier shows store buffering",
    test: "SB",
    configuration: { tier: "cold" },
    isRequired: true,
  },
  {
    name: "without barriers a full fence does not stop store buffering",
    test: "SB+fence.rw.rws",
    configuration: { dropBarriers: true },
    isRequired: true,
  },
  {
    name: "without barriers a fence of stores before loads does not either",
    test: "R+fence.w.w+fence.w.r",
    configuration: { dropBarriers: true },
    isRequired: true,
  },
  {
    name: "without barriers a load that releases does not wait for stores",
    test: "SB+po+lr.rls",
    configuration: { dropBarriers: true },
    isRequired: true,
  },
  {
    name: "comparing values misses a value that went away and came back",
    test: "lr-sc-ABA",
    configuration: { llsc: "cas" },
    isRequired: true,
  },
  {
    name: "without its own fence of translations a hart goes on with an old one",
    test: "MP+remap+fence",
    configuration: {},
    isRequired: true,
  },
  {
    name: "in the cold tier it does so too",
    test: "MP+remap+fence",
    configuration: { tier: "cold" },
    isRequired: true,
  },
  {
    name: "without it a store may still go to a page that was protected",
    test: "MP+protect+fence",
    configuration: {},
    isRequired: true,
  },
  {
    name: "plain loads of one location are merged across a load of another",
    test: "three-loads",
    configuration: { plainLoads: true },
    isRequired: true,
  },
  {
    name: "plain loads lose coherence",
    test: "CoRR",
    configuration: { plainLoads: true },
    isRequired: false,
  },
];

/** What a control saw. */
export interface ControlResult {
  readonly seen: number;
  readonly iterations: number;
  readonly seconds: number;
}

const USERS: Configuration = {
  tier: "optimized",
  optimizer: "on",
  regions: "whole",
  hostOrder: "x64",
  placement: "lines",
  llsc: "monitor",
  model: "RVWMO",
};

/** Runs a control. @param iterations at most, for one that need not be seen */
export async function runControl(
  control: NegativeControl,
  test: LitmusTest,
  iterations = Infinity,
): Promise<ControlResult> {
  const { proposition } = test.condition;
  const machine = await LaboratoryMachine.start(
    { ...USERS, ...control.configuration },
    needsOf(test),
  );
  try {
    const start = performance.now();
    const result = await new TestRunner(machine, test).run({
      iterations,
      warmBatches: WARM_BATCHES,
      jobBatches: WARM_BATCHES,
      seed: 1,
      patience: PATIENCE,
      isEnough: (histogram) =>
        performance.now() - start > LONGEST_MS ||
        histogram.entries().some(({ outcome }) => holds(proposition, outcome)),
    });
    const seen = result.outcomes.reduce(
      (sum, { outcome, count }) => sum + (holds(proposition, outcome) ? count : 0),
      0,
    );
    const seconds = (performance.now() - start) / MS_PER_SECOND;
    return { seen, iterations: result.iterations, seconds };
  } finally {
    await machine.stop();
  }
}

/** A line about a control. */
export function controlText(
  { name }: NegativeControl,
  { seen, iterations, seconds }: ControlResult,
): string {
  const million = (seen / iterations * 1e6).toFixed(1);
  return `${name}: ${seen} of ${iterations} in ${seconds.toFixed(1)} s (${million} per million)`;
}
