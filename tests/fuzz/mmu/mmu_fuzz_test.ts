/** Address translation through instructions, in both tiers, does what a simple walker says. */
import { assert, assertEquals } from "@std/assert";
import { coldTierModule } from "../rows/row_fuzz.ts";
import { MmuRun } from "./mmu_run.ts";
import { generateScript } from "./script_generator.ts";

const FIRST_SEED = 1;
const SCRIPTS = 120;
const LEAST_HOT_SHARE = 0.8;

Deno.test("random scripts of translation changes and accesses do what the walker says", async () => {
  const run = new MmuRun(await coldTierModule());
  let unclear = 0;
  for (let seed = FIRST_SEED; seed < FIRST_SEED + SCRIPTS; seed++) {
    const difference = run.compare(generateScript(seed));
    if (difference === undefined) unclear++;
    assertEquals(difference?.lines ?? [], [], `deno task fuzz mmu ${seed} 1`);
  }
  const { accesses, faults, retired, inRegions } = run.counts;
  assertEquals(unclear, 0);
  assert(faults < 0.85 * accesses, `${faults} of ${accesses} accesses fail`);
  assert(
    inRegions > LEAST_HOT_SHARE * retired,
    `${inRegions} of ${retired} instructions in regions`,
  );
});
