/** Both tiers do with every instruction form what QEMU did when the vectors were recorded. */
import { assert, assertEquals } from "@std/assert";
import { batchImage } from "./batch_image.ts";
import { HartOracle } from "./hart_oracle.ts";
import { asProcess, caseCount } from "./oracle.ts";
import { recordDifferences } from "./record_difference.ts";
import { coldTierModule } from "./row_fuzz.ts";
import { readVectors, type VectorBatch } from "./vector_file.ts";

const VECTORS = 20_000;
/** Share of all sites that get a region; a few lie where a page ends, or leave before their loop is hot. */
const LEAST_COMPILED = 0.98;
function disagreements({ sites, expected }: VectorBatch, given: Uint8Array): string[] {
  return recordDifferences(sites, asProcess(given), expected).map(({ site, lines }) =>
    `${site.name} ${site.bits.toString(16)}: ${lines.join("; ")}`
  );
}

Deno.test("both tiers agree with QEMU's recorded results", async () => {
  const { oracle, batches } = await readVectors();
  assert(oracle.includes("qemu-riscv64 version 10."), oracle);
  const hart = new HartOracle(await coldTierModule());
  let vectors = 0;
  let compiled = 0;
  let all = 0;
  for (const batch of batches) {
    const { sites } = batch;
    const { cold, hot, regions } = hart.run({ sites, image: batchImage(sites) });
    assertEquals(disagreements(batch, cold).slice(0, 10), []);
    assertEquals(disagreements(batch, hot).slice(0, 10), []);
    compiled += regions;
    all += sites.length;
    vectors += caseCount(sites);
  }
  assert(compiled >= LEAST_COMPILED * all, `${compiled} of ${all} sites have a region`);
  assert(vectors >= VECTORS, `only ${vectors} vectors`);
});
