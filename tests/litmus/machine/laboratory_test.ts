/**
 * A short run of the laboratory: enough to see a broken order, not a rare one. `deno task litmus` runs all
 * shapes in all configurations.
 */
import { assert, assertEquals } from "@std/assert";
import { loadLibrary, testNamed } from "../test_library.ts";
import { allConfigurations } from "./configurations.ts";
import type { Configuration } from "./configuration.ts";
import { Laboratory, needsOf } from "./laboratory.ts";
import { LaboratoryMachine } from "./laboratory_machine.ts";
import { TestRunner } from "./test_runner.ts";
import { isWrong, type TestVerdict } from "./verdict.ts";
import { replayText, verdictText } from "./report.ts";
import { parseLitmusTest } from "../syntax/litmus_test_file.ts";

const SEED = 1;
const ITERATIONS = 4096;
/** Shapes with at most two harts that between them need every kind of order, those with pages last. */
const SHAPES = [
  "MP+fence.w.w+addr",
  "MP+amoswap.rl+amoadd.aq",
  "SB+fence.rw.rws",
  "SB+amoswap.rl+lr.aq",
  "SB+po+lr.rls",
  "LB+datas",
  "R+fence.w.w+fence.rw.rw",
  "CoRR",
  "three-loads+addr",
  "amo-lost-update",
  "lr-sc-lost-update",
  "amoadd-with-byte-store",
  "remap+sfence.vma",
  "remap+sfence.vma-page",
  "remap+w.inval-sinval-page-inval.ir",
  "user+sfence.vma",
  "MP+remap+fence-sfence.vma",
  "MP+protect+fence-sfence.vma",
  "SB+remap+sfence.vmas",
  "dirty+amoor",
  "dirty+protect-lr-sc",
  "lr-sc+aliases+store-between",
  "svade-MP+clean+fence-sfence.vma",
];

const library = await loadLibrary();
const USERS = allConfigurations()[0];

async function verdicts(configuration: Configuration): Promise<TestVerdict[]> {
  const found: TestVerdict[] = [];
  const laboratory = new Laboratory({
    iterations: ITERATIONS,
    iterationsWithPages: ITERATIONS,
    warmBatches: 2,
    seed: SEED,
  });
  const tests = SHAPES.map((name) => testNamed(library, name));
  await laboratory.run(tests, configuration, (verdict) => found.push(verdict));
  return found;
}

for (const [number, configuration] of allConfigurations().entries()) {
  Deno.test(`configuration ${number} shows no forbidden state`, async () => {
    const found = await verdicts(configuration);
    assertEquals(found.map(({ name }) => name), SHAPES);
    for (const verdict of found) {
      const place = { configuration: number, seed: SEED, iterations: ITERATIONS };
      const text = () => `${verdictText(verdict, true)}\n${replayText(verdict, place)}`;
      assert(!isWrong(verdict), isWrong(verdict) ? text() : "");
      assert(verdict.iterations >= ITERATIONS);
    }
  });
}

const ROUNDS = 100;
const TIMED_ITERATIONS = 4 * 4096;
/** Runs of a comparison, of which the best counts, and comparisons at most: a busy host spoils many. */
const TIMED_RUNS = 12;
const COMPARISONS = 12;
/** The least by which a tier must be faster than the next one. */
const FASTER = 1.15;

/** One thread that works on registers: its speed is that of the code. */
const ALONE = parseLitmusTest(`RISCV alone
{ 0:x5=x; 0:x6=1; x=3; }
 P0 ;
 lw x7,0(x5) ;
${" add x6,x6,x7 ;\n xor x7,x7,x6 ;\n".repeat(ROUNDS)} sub x6,x6,x6 ;
exists (0:x6=0)`);

/** A tier's best speed of some runs: those that were not interrupted. */
class TierSpeed {
  readonly #machine: LaboratoryMachine;
  readonly #runner: TestRunner;
  best = 0;

  constructor(machine: LaboratoryMachine) {
    this.#machine = machine;
    this.#runner = new TestRunner(machine, ALONE);
  }

  static async start(tier: Configuration["tier"]): Promise<TierSpeed> {
    return new TierSpeed(await LaboratoryMachine.start({ ...USERS, tier }, needsOf(ALONE)));
  }

  async measure(): Promise<void> {
    const effort = { iterations: TIMED_ITERATIONS, warmBatches: 0, seed: SEED, patience: 0 };
    this.best = 0;
    for (let run = 0; run < TIMED_RUNS; run++) {
      const { iterationsPerSecond, outcomes } = await this.#runner.run(effort);
      assertEquals(outcomes.length, 1);
      this.best = Math.max(this.best, iterationsPerSecond);
    }
  }

  async stop(): Promise<void> {
    await this.#machine.stop();
  }
}

Deno.test("the tiers are what their names say: each is faster than the next", async () => {
  const [optimized, baseline, cold] = await Promise.all([
    TierSpeed.start("optimized"),
    TierSpeed.start("baseline"),
    TierSpeed.start("cold"),
  ]);
  const tiers = [optimized, baseline, cold];
  const areApart = (): boolean =>
    optimized.best > FASTER * baseline.best && baseline.best > FASTER * cold.best;
  try {
    for (let look = 0; look < COMPARISONS && !areApart(); look++) {
      for (const tier of tiers) await tier.measure();
    }
    const rates = tiers.map(({ best }) => (best / 1e6).toFixed(2)).join(", ");
    console.log(`million iterations per second: ${rates}`);
    assert(areApart(), rates);
  } finally {
    for (const tier of tiers) await tier.stop();
  }
});
