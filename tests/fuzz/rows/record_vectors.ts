/** `deno task fuzz:vectors [SEED]`: makes the vectors of the tests and records QEMU's results. */
import { fetchQemuUser } from "../../tools/qemu_user.ts";
import { batchImage } from "./batch_image.ts";
import { instructionForms, isForProcess } from "./instruction_forms.ts";
import { caseCount } from "./oracle.ts";
import { QemuOracle } from "./qemu_oracle.ts";
import { SiteGenerator } from "./site_generator.ts";
import type { Site } from "./site.ts";
import { type VectorBatch, writeVectors } from "./vector_file.ts";

/** Some sites do not run in a process. */
const VECTORS = 20_500;
const SITES_PER_FORM = 8;
const FORMS_PER_BATCH = 80;

async function record(seed: number): Promise<void> {
  const qemu = await fetchQemuUser((line) => console.error(line));
  const folder = await Deno.makeTempDir({ prefix: "weft_vectors_" });
  const oracle = new QemuOracle(qemu, folder);
  const forms = instructionForms().filter(isForProcess);
  const casesPerSite = Math.ceil(VECTORS / (forms.length * SITES_PER_FORM));
  const batches: VectorBatch[] = [];
  for (let first = 0; first < forms.length; first += FORMS_PER_BATCH) {
    const generator = new SiteGenerator(seed + first);
    const sites: Site[] = forms.slice(first, first + FORMS_PER_BATCH)
      .flatMap((form) => generator.sites(form, { sites: SITES_PER_FORM, casesPerSite }))
      .filter(({ onQemu }) => onQemu);
    batches.push({ sites, expected: await oracle.run({ sites, image: batchImage(sites) }) });
  }
  await Deno.remove(folder, { recursive: true });
  const count = batches.reduce((sum, { sites }) => sum + caseCount(sites), 0);
  const command = `deno task fuzz:vectors ${seed}`;
  const bytes = await writeVectors({ oracle: await qemu.version(), command, batches });
  console.log(`${count} vectors of ${forms.length} forms, ${bytes} bytes`);
}

if (import.meta.main) await record(Number(Deno.args[0] ?? 1));
