/** Passes change nothing that can be seen: each alone, and all together, on random regions. */
import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { analyzeControlFlow, loopHeaders, roots } from "../../ir/control_flow.ts";
import type { Region } from "../../ir/region.ts";
import { verify } from "../../ir/verifier.ts";
import type { Pass } from "../../optimizer/pass.ts";
import { PIPELINE, runPasses } from "../../optimizer/pipeline.ts";
import { fuzzConstants, regionPlans } from "./ir_generator.ts";
import { BLOCK_LIMIT, isEntered, type Observation, observe } from "./ir_run.ts";

const RUNS = 1000;
/** More blocks than a generated region has. */
const MOST_MERGED = 10;
/** Reducible loops with writes on both sides of their start are rare. */
const SAFEPOINT_RUNS = 4000;

const inputs = fc.array(fuzzConstants, { minLength: 2, maxLength: 12 });

/** Runs both regions from each entry and compares all that is seen. */
function assertEquivalent(before: Region, after: Region, inputs: bigint[]): void {
  const starts = roots(before);
  const startsAfter = roots(after);
  assertEquals(startsAfter.map((block) => block.id), starts.map((block) => block.id));
  starts.forEach((start, index) => {
    if (!isEntered(after, startsAfter[index], inputs)) return;
    const runBoth = (blockLimit: number): Observation[] => [
      observe(after, { inputs, start: startsAfter[index], blockLimit }),
      observe(before, { inputs, start, blockLimit }),
    ];
    const runs = runBoth(BLOCK_LIMIT);
    const isOneCutOff = runs[0].outcome.kind !== runs[1].outcome.kind && runs.some(isCutOff);
    assertSameRun(...(isOneCutOff ? runBoth(BLOCK_LIMIT * MOST_MERGED) : runs));
  });
}

/** Runs that were cut off have the trace in common as far as both got: blocks may have been merged. */
function assertSameRun(...[after, before]: Observation[]): void {
  if (!isCutOff(after) || !isCutOff(before)) return assertEquals(after, before);
  const [settledAfter, settledBefore] = [settled(after), settled(before)];
  const common = Math.min(settledAfter.length, settledBefore.length);
  assertEquals(settledAfter.slice(0, common), settledBefore.slice(0, common));
}

/** A fence at the end of a run that was cut off may yet have grown by the next one. */
function settled({ trace }: Observation): readonly string[] {
  return trace.at(-1)?.startsWith("fence ") === true ? trace.slice(0, -1) : trace;
}

function isCutOff({ outcome }: Observation): boolean {
  return outcome.kind === "unfinished";
}

function checkPasses(passes: readonly Pass[]): number {
  let changed = 0;
  fc.assert(
    fc.property(regionPlans(), inputs, (plan, inputs) => {
      const after = plan.build();
      runPasses(after, passes, {
        verifies: true,
        onPass: (_, changes) => changed += changes,
      });
      assertEquivalent(plan.build(), after, inputs);
    }),
    { numRuns: RUNS },
  );
  return changed;
}

for (const pass of PIPELINE) {
  Deno.test(`${pass.name} changes nothing that can be seen`, () => {
    assert(checkPasses([pass]) > 0, "the pass never found anything to do");
  });
}

Deno.test("all passes together change nothing that can be seen", () => {
  checkPasses(PIPELINE);
});

Deno.test("any choice of passes changes nothing that can be seen", () => {
  fc.assert(
    fc.property(regionPlans(), inputs, fc.subarray([...PIPELINE]), (plan, inputs, passes) => {
      const after = plan.build();
      runPasses(after, passes, { verifies: true });
      assertEquivalent(plan.build(), after, inputs);
    }),
    { numRuns: RUNS },
  );
});

Deno.test("dead_state_writes leaves state whole where a safepoint may stand", () => {
  const passes = PIPELINE.filter((pass) => pass.name === "dead_state_writes");
  fc.assert(
    fc.property(regionPlans("region"), inputs, (plan, inputs) => {
      const [before, after] = [plan.build(), plan.build()];
      runPasses(after, passes);
      const headers = [...loopHeaders(analyzeControlFlow(before))].map((block) => block.id);
      const isWatched = (_: unknown, to: { id: number }) => headers.includes(to.id);
      roots(before).forEach((start, index) => {
        assertEquals(
          observe(after, { inputs, isWatched, start: roots(after)[index] }).trace,
          observe(before, { inputs, isWatched, start }).trace,
        );
      });
    }),
    { numRuns: SAFEPOINT_RUNS },
  );
});

Deno.test("running all passes again finds the region sound", () => {
  fc.assert(fc.property(regionPlans(), (plan) => {
    const region = plan.build();
    runPasses(region, PIPELINE);
    runPasses(region, PIPELINE, { verifies: true });
    verify(region);
  }));
});
