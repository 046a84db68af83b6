/** What the fuzzers once found does not come back. */
import { assertEquals } from "@std/assert";
import { DifferentialRun } from "../differential/differential_run.ts";
import { MmuRun } from "./mmu/mmu_run.ts";
import { variantOf } from "./programs/fuzz_programs.ts";
import {
  type FailingCase,
  parseRegression,
  type Regression,
  regressionText,
  savedRegressions,
} from "./regressions.ts";
import { PrivilegedFuzzer } from "./rows/privileged_fuzz.ts";
import { coldTierModule, RowFuzzer } from "./rows/row_fuzz.ts";

const MMU_RUNS = 8;

/** What is different again, in words. */
async function replay(
  failing: FailingCase,
  coldTier: WebAssembly.Module,
): Promise<readonly string[]> {
  switch (failing.kind) {
    case "row": {
      const { differences } = await new RowFuzzer(coldTier, null).compare([failing.site]);
      return differences.flatMap(({ lines }) => lines);
    }
    case "privileged":
      return new PrivilegedFuzzer(coldTier).compare([failing.site]).differences
        .flatMap(({ lines }) => lines);
    case "program":
      return new DifferentialRun(coldTier).compare(failing.program, [variantOf(failing.variant)])
        ?.lines ?? [];
    case "mmu": {
      const run = new MmuRun(coldTier);
      const lines = Array.from(
        { length: MMU_RUNS },
        () => run.compare(failing.script)?.lines ?? [],
      );
      return lines.flat();
    }
  }
}

Deno.test("saved failures of the fuzzers do not fail any more", async () => {
  const coldTier = await coldTierModule();
  for (const { name, regression } of await savedRegressions()) {
    assertEquals(await replay(regression.failing, coldTier), [], name);
  }
});

Deno.test("a saved failure is read as it was written", () => {
  const regression: Regression = {
    command: "deno task fuzz rows 1 32",
    lines: ["x_out[0]: 1 and 2"],
    failing: {
      kind: "privileged",
      site: { name: "mret", bits: 0x3020_0073, pc: 0x8001_0000, cases: [[["mepc", 0, 1n << 63n]]] },
    },
  };
  assertEquals(parseRegression(regressionText(regression)), regression);
});
