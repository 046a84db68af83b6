/** A batch of regions is compiled once, by the compiler, whatever the number of harts that run it. */
import { assert, assertEquals } from "@std/assert";
import { createMachine } from "../../runtime/machine/machine.ts";
import type { MachineStatistics } from "../../runtime/machine/machine_interface.ts";
import { WORKER_SOURCES } from "../../runtime/machine/machine_workers.ts";
import { describeMachine } from "../../runtime/machine/options.ts";
import { readGuestElf } from "../guests/guest_elf.ts";

const GUEST = "smp_amo";
const MEMORY_BYTES = 16 * 2 ** 20;
/** Work of the first run; it doubles until the guest outlasts the first compilation. */
const FIRST_ITERATIONS = 250_000;
const MOST_ITERATIONS = 16_000_000;
const BATCH_LIMIT = 24;
const SOURCES = {
  ...WORKER_SOURCES,
  vcpu: new URL("./vcpu_worker_fixture.ts", import.meta.url),
};

interface HotRun {
  readonly statistics: MachineStatistics;
  /** Where the regions of each module start, in order of compilation. */
  readonly modules: readonly (readonly string[])[];
}

/** Runs the guest to its end with so much work that every hart executes compiled code. */
async function runUntilHot(harts: number): Promise<HotRun> {
  for (let iterations = FIRST_ITERATIONS; iterations <= MOST_ITERATIONS; iterations *= 2) {
    const run = await runOnce(harts, iterations);
    if (run.statistics.harts.every(({ hotInstructions }) => hotInstructions > 0)) return run;
  }
  throw new Error("Cannot make all harts execute compiled code");
}

async function runOnce(harts: number, iterations: number): Promise<HotRun> {
  const log = await Deno.makeTempFile();
  try {
    const kernel = {
      name: GUEST,
      bytes: await readGuestElf(GUEST, "virt", { harts, iterations }),
    };
    const debug = { categories: ["op_opt", "out_wasm"], file: log } as const;
    const machine = await createMachine(
      describeMachine({ bios: "none", memoryBytes: MEMORY_BYTES, harts, kernel, debug }),
      SOURCES,
    );
    await machine.console.readable.cancel();
    await machine.start();
    assertEquals(await machine.exited, { reason: "power-off", code: 0 });
    const statistics = machine.stats();
    return { statistics, modules: modulesIn(await Deno.readTextFile(log)) };
  } finally {
    await Deno.remove(log);
  }
}

/** The log has a title for each region and then, once, the text of the module that holds them, with their numbers. */
function modulesIn(log: string): string[][] {
  const titles = [...log.matchAll(/^--- module: (.*)$/gm)].map(([, title]) => title);
  const parts = log.split(/^--- module: .*$/m).slice(0, -1);
  return parts.map((part, index) => {
    const regions = [...part.matchAll(/^--- .* of region (\d+) at (.*)$/gm)];
    const named = [...titles[index].matchAll(/region (\d+) is \$/g)];
    assertEquals(named.map(([, number]) => number), regions.map(([, number]) => number));
    return regions.map(([, , place]) => place);
  });
}

for (const harts of [1, 4]) {
  Deno.test(`${harts} harts run regions of modules that were compiled once`, async () => {
    const { statistics, modules } = await runUntilHot(harts);
    assertEquals(modules.length, statistics.modules);
    const places = modules.flat();
    assertEquals(places.length, statistics.regions);
    assertEquals(new Set(places).size, places.length, "a place was compiled again");
    assert(modules.every(({ length }) => length > 0 && length <= BATCH_LIMIT));
  });
}
