/** Machines that share a code cache do what machines without one do, and the later ones compile less. */
import { assert, assertEquals } from "@std/assert";
import { BENCH_KERNELS, type BenchKernel, kernelElfUrl } from "../../bench/kernels/kernels.ts";
import {
  type AccelOptions,
  Machine,
  type MachineSettings,
  type MachineStatistics,
} from "../../mod.ts";
import { guestElfUrl, patchGuestParameters } from "../guests/guest_elf.ts";

/** Calls, float helpers, computed jumps. */
const KERNELS = ["fib", "nbody", "interpreter"];
/** The same where every region is checked: work of the first try, which doubles until something was compiled. */
const CHECKED_KERNELS = [{ name: "nbody", work: 2000 }, { name: "interpreter", work: 10_000 }];
const MOST_DOUBLINGS = 8;
/** Guests of several harts: code that changes, lock-free code. */
const SHARED_GUESTS = ["code_patch", "michael_scott_queue"];
const HARTS = 2;

interface Run {
  readonly output: string;
  readonly statistics: MachineStatistics;
}

async function run(settings: MachineSettings, codeCache: string | null, accel: AccelOptions = {}) {
  await using machine = await Machine.create({
    firmware: "none",
    memory: "64M",
    ...settings,
    accel: { ...accel, codeCache },
  });
  const output = new Response(machine.console.readable).text();
  await machine.start();
  assertEquals((await machine.exited).reason, "power-off");
  return { output: await output, statistics: machine.stats() } satisfies Run;
}

async function withFolder(use: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await use(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

async function packsIn(folder: string): Promise<string[]> {
  const names = (await Array.fromAsync(Deno.readDir(folder))).map(({ name }) => name);
  return names.filter((name) => name.endsWith(".pack")).map((name) => `${folder}/${name}`);
}

function kernelNamed(name: string): BenchKernel {
  const kernel = BENCH_KERNELS.find((candidate) => candidate.name === name);
  if (kernel === undefined) throw new Error(`no kernel ${name}`);
  return kernel;
}

for (const name of KERNELS) {
  const kernel = kernelNamed(name);
  Deno.test(`${name} runs from the cache of its last run`, async () => {
    await withFolder(async (folder) => {
      const { settings, output, first } = await firstCompiledRun(kernel, folder);
      const second = await run(settings, folder);
      for (const run of [first, second]) assertEquals(run.output.trim(), output);
      assert(second.statistics.cachedRegions > 0, "nothing was found");
      assert(second.statistics.uncachedRegions < first.statistics.uncachedRegions);
      assert(second.statistics.harts[0].hotInstructions > 0);
    });
  });
}

/** The first run that compiles: on a busy host the short one may end before its compiler has loaded. */
async function firstCompiledRun(kernel: BenchKernel, folder: string) {
  const elf = await Deno.readFile(kernelElfUrl(kernel));
  for (const amount of [{ output: kernel.output }, kernel.long]) {
    if (amount === undefined) continue;
    const { output, ...parameters } = amount;
    const settings: MachineSettings = { kernel: patchGuestParameters(elf, parameters) };
    const first = await run(settings, folder);
    if (first.statistics.uncachedRegions > 0) return { settings, output, first };
  }
  throw new Error(`${kernel.name}: nothing was compiled`);
}

/** So much work that no compiler loads slower than it is done. */
async function longSettings(kernel: BenchKernel): Promise<MachineSettings> {
  if (kernel.long === undefined) throw new Error(`${kernel.name} has no long run`);
  const { iterations } = kernel.long;
  return {
    kernel: patchGuestParameters(await Deno.readFile(kernelElfUrl(kernel)), { iterations }),
  };
}

for (const { name, work } of CHECKED_KERNELS) {
  Deno.test(`check mode finds nothing in ${name} from the cache`, async () => {
    await withFolder(async (folder) => {
      const elf = await Deno.readFile(kernelElfUrl(kernelNamed(name)));
      const withWork = (iterations: number): MachineSettings => ({
        kernel: patchGuestParameters(elf, { iterations }),
      });
      let iterations = work;
      for (let tries = 0; tries < MOST_DOUBLINGS; tries++, iterations *= 2) {
        const { statistics } = await run(withWork(iterations), folder, { check: true });
        if (statistics.uncachedRegions > 0) break;
      }
      const { output } = await run(withWork(iterations), null);
      const checked = await run(withWork(iterations), folder, { check: true });
      assertEquals(checked.output, output);
      assert(checked.statistics.cachedRegions > 0, "nothing was found");
      assert(checked.statistics.exits["check"] > 0, "nothing was checked");
    });
  });
}

for (const name of SHARED_GUESTS) {
  Deno.test(`${name} does on ${HARTS} harts with a warm cache what it does without`, async () => {
    await withFolder(async (folder) => {
      const settings = { kernel: guestElfUrl(name), harts: HARTS };
      const { output } = await run(settings, null);
      assertEquals((await run(settings, folder)).output, output);
      assertEquals((await run(settings, folder)).output, output);
    });
  });
}

Deno.test("machines that run at once share a folder", async () => {
  await withFolder(async (folder) => {
    const kernels = KERNELS.map(kernelNamed);
    const all = kernels.map((kernel) => run({ kernel: kernelElfUrl(kernel) }, folder));
    const runs = await Promise.all(all);
    assertEquals(runs.map(({ output }) => output.trim()), kernels.map(({ output }) => output));
    for (const [index, kernel] of kernels.entries()) {
      // On a busy host a machine may end before its compiler has loaded.
      if (runs[index].statistics.uncachedRegions === 0) continue;
      const { statistics } = await run({ kernel: kernelElfUrl(kernel) }, folder);
      assert(statistics.cachedRegions > 0, kernel.name);
    }
  });
});

Deno.test("code for another processor, number of writers or order of the host is not used", async () => {
  await withFolder(async (folder) => {
    const settings = await longSettings(kernelNamed("fib"));
    await run(settings, folder);
    const [pack] = await packsIn(folder);
    const others: [MachineSettings, AccelOptions][] = [
      [{ cpu: { zba: false } }, {}],
      [{ harts: HARTS }, {}],
      [{}, { hostOrder: "portable" }],
    ];
    for (const [more, accel] of others) {
      const before = await packsIn(folder);
      await run({ ...settings, ...more }, folder, accel);
      assertEquals((await packsIn(folder)).length, before.length + 1);
      assert((await packsIn(folder)).includes(pack), "the pack of another key was written anew");
    }
  });
});

Deno.test("a damaged or foreign file in the folder costs the regions in it and nothing else", async () => {
  await withFolder(async (folder) => {
    const [kernel] = BENCH_KERNELS;
    const settings = { kernel: kernelElfUrl(kernel) };
    await run(await longSettings(kernel), folder);
    const [pack] = await packsIn(folder);
    const bytes = await Deno.readFile(pack);
    for (const change of [0, bytes.length >> 1, bytes.length - 1]) {
      const damaged = bytes.slice(0, bytes.length);
      damaged[change] ^= 1;
      await Deno.writeFile(pack, damaged);
      assertEquals((await run(settings, folder)).output.trim(), kernel.output);
    }
    await Deno.writeFile(pack, bytes.subarray(0, 100));
    await Deno.writeTextFile(`${pack}.pack`, "not a pack");
    const { output } = await run(await longSettings(kernel), folder);
    assertEquals(output.trim(), kernel.long?.output);
    assertEquals((await packsIn(folder)).length, 1);
  });
});
