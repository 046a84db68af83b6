// One whole machine run per kernel for `deno bench`: start, translate, run, stop.

import { fileURLToPath } from "node:url";
import { runTimed } from "./child_time.ts";
import { engineByName } from "./engines.ts";
import { BENCH_KERNELS, EMPTY_PROGRAM, kernelElfUrl } from "./kernels/kernels.ts";

const RUNS = 3;
const TIMEOUT_SECONDS = 60;

const weft = engineByName("weft");

for (const kernel of [EMPTY_PROGRAM, ...BENCH_KERNELS]) {
  Deno.bench({
    name: `${kernel.name}: ${kernel.stresses}`,
    group: "kernels",
    n: RUNS,
    warmup: 0,
    async fn() {
      const run = await runTimed({
        ...weft.bareMetal(fileURLToPath(kernelElfUrl(kernel))),
        timeoutSeconds: TIMEOUT_SECONDS,
      });
      if (run.exitCode !== 0 || run.stdout.trim() !== kernel.output) {
        throw new Error(`${kernel.name} ended with ${run.exitCode}: ${run.stdout}${run.stderr}`);
      }
    },
  });
}
