/** The benchmark kernels in check mode: the regions that figures are measured with do what the cold tier does. */
import { assert, assertEquals } from "@std/assert";
import { fileURLToPath } from "node:url";
import { BENCH_KERNELS, kernelElfUrl } from "../../bench/kernels/kernels.ts";

const MAIN = fileURLToPath(new URL("../../mod.ts", import.meta.url));
const FLAGS = ["-M", "virt", "-bios", "none", "-nographic", "-accel", "tcg,check=on", "--stats"];
/** Fewer would mean that compiled code was hardly run. */
const LEAST_CHECKS = 1000;

for (const kernel of BENCH_KERNELS) {
  Deno.test(`check mode finds nothing in kernel ${kernel.name}`, async () => {
    const run = new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", MAIN, ...FLAGS, "-kernel", fileURLToPath(kernelElfUrl(kernel))],
    });
    const { code, stdout, stderr } = await run.output();
    const [output, statistics] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes));
    assertEquals(output.trim(), kernel.output);
    assertEquals(code, 0);
    const checks = Number(/exit: check +(\d+)/.exec(statistics)?.[1]);
    assert(checks > LEAST_CHECKS, statistics);
  });
}
