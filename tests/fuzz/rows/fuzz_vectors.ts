/** `deno task fuzz vectors`: the recorded vectors in both tiers, with QEMU's results. */
import type { FuzzOptions, FuzzSummary } from "../fuzz_options.ts";
import { saveRegression } from "../regressions.ts";
import { batchImage } from "./batch_image.ts";
import { HartOracle } from "./hart_oracle.ts";
import { asProcess } from "./oracle.ts";
import { recordDifferences } from "./record_difference.ts";
import { readVectors } from "./vector_file.ts";

/** Runs all vectors. */
export async function fuzzVectors(options: FuzzOptions): Promise<FuzzSummary> {
  const { coldTier, say, saves, stopsAtFirst } = options;
  const { batches, command } = await readVectors();
  const hart = new HartOracle(coldTier);
  let failures = 0;
  for (const { sites, expected } of batches) {
    const { cold, hot } = hart.run({ sites, image: batchImage(sites) });
    const differences = [cold, hot].flatMap((records) =>
      recordDifferences(sites, asProcess(records), expected)
    );
    failures += differences.length;
    for (const { site, lines } of differences.slice(0, 1)) {
      say(`${site.name}: ${lines.join("; ")}`);
      const failing = { kind: "row", site } as const;
      if (saves) say(`  saved: ${await saveRegression({ command, lines, failing }, site.name)}`);
    }
    if (failures > 0 && stopsAtFirst) break;
  }
  return { failures, section: "Instructions", body: `${failures} differences` };
}
