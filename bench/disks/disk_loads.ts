// The loads on a disk, and a boot with them.

import { modulesInitrd, modulesOrSkip } from "../../tests/system/disk_guest.ts";
import { DISK_LOADS } from "../../tests/guests/build.ts";
import { LOAD_MODULES } from "../../tests/tools/guest/kernel_modules.ts";
import type { Engine } from "../engines.ts";
import { type BootResult, type Load, runLoads } from "../guest_loads.ts";

/** Bytes of the image: what the guest's program uses. */
const DISK_BYTES = 64 * 1024 * 1024;
/** A worker on each hart for what is done beside each other. */
const HARTS = 2;

/** Kinds of requests. */
export const REQUESTS = ["read-4k", "write-4k", "read-1M", "write-1M"] as const;
/** How many processes make them. */
export const JOBS = [1, 4] as const;
/** Work on the last hart while the other one sleeps, and while it reads. */
export const WORK = { alone: "compute", beside: "compute-beside" } as const;

/** All of it, each for so many seconds; first every block is written once. */
function allLoads(seconds: number): Load[] {
  return [
    { name: "fill", workers: 1, seconds: 1 },
    ...REQUESTS.flatMap((name) => JOBS.map((workers) => ({ name, workers, seconds }))),
    ...Object.values(WORK).map((name) => ({ name, workers: HARTS, seconds })),
  ];
}

/** Boots with a fresh disk, runs the loads, powers off. */
export async function runDiskLoads(engine: Engine, seconds: number): Promise<BootResult> {
  const modules = await modulesOrSkip();
  if (modules === null) throw new Error("without the kernel's modules there is no disk");
  const disk = await Deno.makeTempFile({ prefix: "disk-loads-", suffix: ".img" });
  try {
    await Deno.truncate(disk, DISK_BYTES);
    return await runLoads(engine, {
      harts: HARTS,
      program: DISK_LOADS,
      loads: allLoads(seconds),
      before: `${LOAD_MODULES}\n`,
      initrd: await modulesInitrd(modules),
      disk,
    });
  } finally {
    await Deno.remove(disk);
  }
}
