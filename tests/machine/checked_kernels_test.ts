/**
 * The benchmark kernels in check mode: the regions that figures are measured with do what the cold tier does,
 * also when passes of the optimizer are left out.
 */
import { assert, assertEquals } from "@std/assert";
import { fileURLToPath } from "node:url";
import { BENCH_KERNELS, type BenchKernel, kernelElfUrl } from "../../bench/kernels/kernels.ts";

const MAIN = fileURLToPath(new URL("../../mod.ts", import.meta.url));
const FLAGS = ["-M", "virt", "-bios", "none", "-nographic", "--stats"];
/** Fewer would mean that compiled code was hardly run. */
const LEAST_CHECKS = 1000;

async function check(kernel: BenchKernel, passes: string): Promise<void> {
  const accel = `tcg,check=on,opt=${passes}`;
  const run = new Deno.Command(Deno.execPath(), {
    args: [
      ...["run", "-A", MAIN, ...FLAGS, "-accel", accel],
      ...["-kernel", fileURLToPath(kernelElfUrl(kernel))],
    ],
  });
  const { code, stdout, stderr } = await run.output();
  const [output, statistics] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes));
  assertEquals(output.trim(), kernel.output);
  assertEquals(code, 0);
  const checks = Number(/exit: check +(\d+)/.exec(statistics)?.[1]);
  assert(checks > LEAST_CHECKS, statistics);
}

for (const kernel of BENCH_KERNELS) {
  Deno.test(`check mode finds nothing in kernel ${kernel.name}`, () => check(kernel, "all"));
}

/** What each choice of passes does to regions, `tests/fuzz/optimizer_test.ts` looks at; here it is made by flag. */
for (const kernel of BENCH_KERNELS.filter(({ name }) => name === "interpreter")) {
  for (const passes of ["none", "all-copy_propagation-state_reuse", "dead_code"]) {
    Deno.test(`check mode finds nothing in kernel ${kernel.name} with opt=${passes}`, () =>
      check(kernel, passes));
  }
}
