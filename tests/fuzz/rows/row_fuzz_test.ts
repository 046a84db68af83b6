/** Every instruction form does the same in both tiers and in the reference interpreter. */
import { assert, assertEquals } from "@std/assert";
import { instructionForms, isPrivileged } from "./instruction_forms.ts";
import { PrivilegedFuzzer } from "./privileged_fuzz.ts";
import { coldTierModule, RowFuzzer } from "./row_fuzz.ts";

const SEED = 20_001;
const CASES = 64;

Deno.test("random cases of every form do the same in both tiers and in the interpreter", async () => {
  const fuzzer = new RowFuzzer(await coldTierModule(), null);
  for (const form of instructionForms().filter((each) => !isPrivileged(each))) {
    const { cases, differences } = await fuzzer.fuzz(form, SEED, CASES);
    assert(cases >= CASES, `${form.name} has ${cases} cases`);
    const found = differences.map(({ oracles, lines }) => `${oracles}: ${lines.join("; ")}`);
    assertEquals(found, [], `deno task fuzz rows ${SEED} ${CASES} --only=${form.name}`);
  }
});

Deno.test("random cases of privileged forms leave the same state in both tiers and the interpreter", async () => {
  const fuzzer = new PrivilegedFuzzer(await coldTierModule());
  for (const form of instructionForms().filter(isPrivileged)) {
    const { differences } = fuzzer.fuzz(form, SEED, 4 * CASES);
    const found = differences.map(({ oracles, lines }) => `${oracles}: ${lines.join("; ")}`);
    assertEquals(found, [], `deno task fuzz rows ${SEED} ${4 * CASES} --only=${form.name}`);
  }
});
