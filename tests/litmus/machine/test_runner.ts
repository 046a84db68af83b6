/**
 * Runs one test on a laboratory machine, in jobs of some batches, and counts its final states.
 *
 * Each job has another order of slots, other start delays, and another hart for each thread, all from one
 * seed. Iterations before the code has reached its tier are run and looked at too, but not counted as done.
 */
import { GUEST_RAM_OFFSET } from "../../../runtime/atomics/shared_layout.ts";
import { SeededRandom } from "../../differential/seeded_random.ts";
import type { Outcome } from "../syntax/condition.ts";
import type { LitmusTest } from "../syntax/litmus_test_file.ts";
import {
  addressOf,
  Area,
  BATCH_SLOTS,
  JOB_BATCHES,
  RESULT_BYTES,
  SKEWS,
  slotLayout,
} from "../guest/guest_layout.ts";
import { placementOf } from "../guest/slot_addresses.ts";
import { type ObservedValue, type TestCode, ThreadCode } from "../guest/thread_code.ts";
import type { HartJob, HotCounts, LaboratoryMachine } from "./laboratory_machine.ts";
import { OutcomeHistogram, type ValueColumn } from "./outcome_histogram.ts";

const WORDS_PER_VALUE = 2;
const VALUE_BYTES = 8;
/** Rounds of the start delay at most; most are far shorter. */
const LONGEST_DELAY = 400;
const SHORT_DELAY = 24;
const MS_PER_SECOND = 1000;
/** Batches between two looks at whether the code has reached its tier, and the share of it that has then. */
const WARM_STEP = 2;
const WARM_SHARE = 0.5;

/** How long to run. */
export interface RunLimits {
  /** Iterations that count. */
  readonly iterations: number;
  /** Batches before the first one that counts, at most: fewer when regions run most instructions. */
  readonly warmBatches: number;
  readonly seed: number;
  /** Times that a hart gives way in a batch while others do not come. */
  readonly patience: number;
  /** Batches of a job at most: after each the harts wait for the laboratory. */
  readonly jobBatches?: number;
  /** Asked after each job: has enough been seen? */
  readonly isEnough?: (histogram: OutcomeHistogram) => boolean;
}

/** What was seen. */
export interface RunResult {
  /** All iterations, those before the tier was reached too. */
  readonly iterations: number;
  /** Of those that count. */
  readonly iterationsPerSecond: number;
  readonly outcomes: readonly { readonly outcome: Outcome; readonly count: number }[];
}

/** See the header of this file. */
export class TestRunner {
  readonly #machine: LaboratoryMachine;
  readonly #test: LitmusTest;
  readonly #code: TestCode;
  readonly #addresses: readonly bigint[];

  /** Puts the test's code into the machine. */
  constructor(machine: LaboratoryMachine, test: LitmusTest) {
    this.#machine = machine;
    this.#test = test;
    this.#code = new ThreadCode(test, machine.configuration.placement).generate();
    this.#addresses = this.#code.parts.map((part) => machine.place(part));
  }

  /** Runs it. */
  async run(limits: RunLimits): Promise<RunResult> {
    const { iterations, warmBatches, seed, patience, isEnough } = limits;
    const most = limits.jobBatches ?? JOB_BATCHES;
    const random = new SeededRandom(seed);
    const histogram = new OutcomeHistogram(this.#code.observed.map(({ name }) => name));
    let done = 0;
    const step = Math.min(WARM_STEP, most);
    for (let left = warmBatches, isWarm = false; left > 0 && !isWarm; left -= step) {
      const before = this.#machine.hotCounts();
      done += await this.#job(Math.min(left, step), patience, random, histogram);
      isWarm = shareInRegions(before, this.#machine.hotCounts()) > WARM_SHARE;
    }
    const start = performance.now();
    let counted = 0;
    while (counted < iterations && !(isEnough?.(histogram) ?? false)) {
      const batches = Math.ceil((iterations - counted) / BATCH_SLOTS);
      counted += await this.#job(Math.min(batches, most), patience, random, histogram);
    }
    const seconds = (performance.now() - start) / MS_PER_SECOND;
    return {
      iterations: done + counted,
      iterationsPerSecond: counted / seconds,
      outcomes: histogram.entries(),
    };
  }

  async #job(
    batches: number,
    patience: number,
    random: SeededRandom,
    histogram: OutcomeHistogram,
  ): Promise<number> {
    const { harts } = this.#machine;
    const threadOf = this.#assignThreads(random);
    await this.#machine.run({
      harts: threadOf.map((thread) => thread < 0 ? null : this.#hartJob(thread)),
      batches,
      patience,
      finalsBytes: BATCH_SLOTS * this.#code.finalCount * VALUE_BYTES,
      order: this.#slotOrder(random),
      skews: Array.from({ length: harts }, () => skews(random)),
    });
    const iterations = batches * BATCH_SLOTS;
    histogram.add(this.#code.observed.map((value) => this.#column(value)), iterations);
    return iterations;
  }

  /** The thread of each hart; -1 for harts without one. */
  #assignThreads(random: SeededRandom): number[] {
    const { threads } = this.#test;
    const harts = Array.from({ length: this.#machine.harts }, (_, hart) => hart);
    const mapping = harts.map((hart) => hart < threads.length ? hart : -1);
    return shuffled(mapping, random);
  }

  #hartJob(thread: number): HartJob {
    const { threads } = this.#test;
    const [reset, collect] = this.#addresses.slice(threads.length);
    const bound = (index: number): number => Math.floor(index * BATCH_SLOTS / threads.length);
    const share = [bound(thread), bound(thread + 1)] as const;
    const finals = Area.FINALS + share[0] * this.#code.finalCount * VALUE_BYTES;
    return {
      run: this.#addresses[thread],
      reset,
      collect,
      results: addressOf(Area.RESULTS + thread * RESULT_BYTES),
      finals: addressOf(finals),
      share,
    };
  }

  #slotOrder(random: SeededRandom): Uint32Array {
    const { stride } = slotLayout(placementOf(this.#test, this.#machine.configuration.placement));
    const slots = Array.from({ length: BATCH_SLOTS }, (_, slot) => Area.SLOTS + slot * stride);
    return Uint32Array.from(shuffled(slots, random));
  }

  #column({ name, thread, index }: ObservedValue): ValueColumn {
    const count = thread === null ? this.#code.finalCount : this.#code.resultCounts[thread];
    const area = thread === null ? Area.FINALS : Area.RESULTS + thread * RESULT_BYTES;
    return {
      name,
      words: this.#machine.words,
      first: ((GUEST_RAM_OFFSET + area) >> 2) + index * WORDS_PER_VALUE,
      step: count * WORDS_PER_VALUE,
    };
  }
}

function shareInRegions(before: HotCounts, after: HotCounts): number {
  const instructions = after.instructions - before.instructions;
  return instructions === 0 ? 0 : (after.inRegions - before.inRegions) / instructions;
}

function shuffled<Item>(items: readonly Item[], random: SeededRandom): Item[] {
  const result = [...items];
  for (let index = result.length - 1; index > 0; index--) {
    const other = random.below(index + 1);
    [result[index], result[other]] = [result[other], result[index]];
  }
  return result;
}

/** Half of the delays are none, most of the others short. */
function skews(random: SeededRandom): Uint32Array {
  return Uint32Array.from({ length: SKEWS }, () => {
    const kind = random.below(8);
    if (kind < 4) return 0;
    return random.below(kind < 7 ? SHORT_DELAY : LONGEST_DELAY);
  });
}
