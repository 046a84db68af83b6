// The loads on a disk, and a boot with them.

import { DISK_LOADS } from "../../tests/guests/build.ts";
import { modulesInitrd, modulesOrSkip } from "../../tests/system/disk_guest.ts";
import { guestFolder } from "../../tests/tools/guest.ts";
import { withArchiveBehind } from "../../tests/tools/guest/appended_archive.ts";
import { LOAD_MODULES } from "../../tests/tools/guest/kernel_modules.ts";
import { DISK_PROGRAMS, ensurePrograms } from "../../tests/tools/guest_programs.ts";
import type { Engine } from "../engines.ts";
import { type BootResult, type LoadResult, loadScript, runScript } from "../guest_loads.ts";
import { guestReports, REPORT_FUNCTION } from "../guest_reports.ts";
import { fioJobCount, fioJobs, fioResults } from "./fio_jobs.ts";

/** Bytes of the image. */
const DISK_BYTES = 64 * 1024 * 1024;
const RANDOM_BYTES = 0x1_0000;
/** A worker on each hart for what is done beside each other. */
const HARTS = 2;
const JOB_FILE = "fio-jobs";
const READABLE = 0o644;

/** Work on the last hart while the other one sleeps, reads as often as it can, and reads 500 times a second. */
export const WORK = {
  alone: "compute",
  beside: "compute-beside",
  paced: "compute-paced",
} as const;
/** Who carries requests out. */
export const DISK_THREADS = [
  { name: "disk", hasIoThread: false },
  { name: "disk, iothread", hasIoThread: true },
] as const;

const RUN_FIO = `${LOAD_MODULES}
${REPORT_FUNCTION}
fio --eta=never --output-format=json --output=/tmp/fio.json /${JOB_FILE} || exit 1
report fio /tmp/fio.json
`;

/** Boots with a fresh disk, runs the loads, powers off. */
export async function runDiskLoads(
  engine: Engine,
  seconds: number,
  hasIoThread: boolean,
): Promise<BootResult> {
  const work = Object.values(WORK).map((name) => ({ name, workers: HARTS, seconds }));
  const beside = await loadScript(DISK_LOADS, work);
  const jobs = new TextEncoder().encode(fioJobs(seconds));
  const disk = await Deno.makeTempFile({ prefix: "disk-loads-", suffix: ".img" });
  try {
    await Deno.writeFile(disk, randomBytes(DISK_BYTES));
    return await runScript(engine, {
      harts: HARTS,
      script: RUN_FIO + beside.script,
      files: [...beside.files, { kind: "file", path: JOB_FILE, mode: READABLE, content: jobs }],
      seconds: beside.seconds + fioJobCount() * seconds,
      initrd: await initialRamDisk(),
      disk,
      hasIoThread,
      read: readResults,
    });
  } finally {
    await Deno.remove(disk);
  }
}

async function initialRamDisk(): Promise<Uint8Array<ArrayBuffer>> {
  const modules = await modulesOrSkip();
  if (modules === null) throw new Error("without the kernel's modules there is no disk");
  const programs = await ensurePrograms(guestFolder(), console.error, DISK_PROGRAMS);
  return withArchiveBehind(await modulesInitrd(modules), await Deno.readFile(programs));
}

async function readResults(console: string): Promise<LoadResult[]> {
  return (await guestReports(console)).flatMap(({ text }) => fioResults(text));
}

function randomBytes(length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  for (let at = 0; at < length; at += RANDOM_BYTES) {
    crypto.getRandomValues(bytes.subarray(at, at + RANDOM_BYTES));
  }
  return bytes;
}
