// One boot of Linux on one emulator: a script with loads, one after the other, or nothing but the boot.

import type { LinuxProgram } from "../tests/guests/build.ts";
import { guestFiles } from "../tests/tools/guest.ts";
import { withAppendedArchive } from "../tests/tools/guest/appended_archive.ts";
import type { CpioEntry } from "../tests/tools/guest/cpio_archive.ts";
import { runTimed, type TimedRun } from "./child_time.ts";
import type { Engine } from "./engines.ts";

const EXECUTABLE = 0o755;
const MEMORY = "512M";
const SCRIPT = "loads.sh";
/** What boot and loads may take beside their time: 32 harts share few cores. */
const BOOT_SECONDS = 300;
const APPEND = "console=ttyS0 cryptomgr.notests";
const ENDED_WELL = /RUN-EXIT 0/;
const LOAD_LINE = /^LOAD ([\w-]+) (\d+) (\d+) (\d+) (\d+)\r?$/gm;
const STALL = /soft lockup|self-detected stall|detected stalls on CPUs/g;
const NS_PER_SECOND = 1e9;

/** What is asked of a guest's program. */
export interface Load {
  /** The program's name for it. */
  readonly name: string;
  /** Workers, one on each of the first harts. */
  readonly workers: number;
  /** How long they work. */
  readonly seconds: number;
}

/** A boot with a script. */
export interface ScriptPlan {
  readonly harts: number;
  /** Shell commands; all is well when the last one succeeds. */
  readonly script: string;
  /** What else the guest has in its initial RAM disk. */
  readonly files?: readonly CpioEntry[];
  /** How long it works. */
  readonly seconds: number;
  /** The initial RAM disk, if not the guest's own. */
  readonly initrd?: Uint8Array<ArrayBuffer>;
  /** An image to have as a disk. */
  readonly disk?: string;
  /** Has the disk a thread that is named on the command line? */
  readonly hasIoThread?: boolean;
  /** Is there a network in which the guest reaches the host's loopback? */
  readonly hasNetwork?: boolean;
  /** Results in the console's text, besides those of our own programs. */
  readonly read?: (console: string) => Promise<readonly LoadResult[]>;
}

/** What a script with a program's loads is made of. */
export type LoadScript = Required<Pick<ScriptPlan, "script" | "files" | "seconds">>;

/** What a load came to. */
export interface LoadResult {
  readonly name: string;
  readonly workers: number;
  /** Operations of all workers in a second, or what else its kind counts. */
  readonly perSecond: number;
  /** Things that workers saw and that cannot be. */
  readonly errors: number;
  /** The time within which 99 of 100 operations were done, in microseconds. */
  readonly p99Us?: number;
  /** What did not arrive, of a hundred. */
  readonly lostPercent?: number;
}

/** What a boot came to. */
export interface BootResult {
  readonly wallMs: number;
  readonly cpuMs: number;
  /** Complaints of the kernel about harts that do not get on. */
  readonly stalls: number;
  readonly loads: readonly LoadResult[];
  /** What it printed, if it did not end well. */
  readonly failure?: string;
}

/** Results in a console's text. */
export function parseLoads(console: string): LoadResult[] {
  return [...console.matchAll(LOAD_LINE)].map(
    ([, name, workers, operations, errors, nanoseconds]) => ({
      name,
      workers: Number(workers),
      perSecond: Number(operations) / (Number(nanoseconds) / NS_PER_SECOND),
      errors: Number(errors),
    }),
  );
}

/** The kernel's complaints in a console's text. */
export function countStalls(console: string): number {
  return console.match(STALL)?.length ?? 0;
}

/** A program's loads, one after the other. */
export async function loadScript(
  program: LinuxProgram,
  loads: readonly Load[],
): Promise<LoadScript> {
  const commands = loads.map(({ name, workers, seconds }) =>
    `${program.name} ${name} ${workers} ${seconds} || exit 1\n`
  );
  return {
    script: commands.join(""),
    files: [executable(`bin/${program.name}`, await Deno.readFile(program.elf))],
    seconds: loads.reduce((sum, load) => sum + load.seconds, 0),
  };
}

/** Boots, runs the script, powers off. */
export async function runScript(engine: Engine, plan: ScriptPlan): Promise<BootResult> {
  const { harts, seconds, disk, hasIoThread = false, hasNetwork = false, read } = plan;
  const initrd = await Deno.makeTempFile({ prefix: "loads-", suffix: ".cpio" });
  try {
    await Deno.writeFile(initrd, await initialRamDisk(plan));
    const append = `${APPEND} weft.run=script:/${SCRIPT}`;
    const files = {
      ...{ kernel: guestFiles().kernel, initrd, append, memory: MEMORY, hasNetwork, hasIoThread },
      ...disk === undefined ? {} : { disk },
    };
    const command = { ...engine.boot(files, harts), timeoutSeconds: BOOT_SECONDS + 2 * seconds };
    return await resultOf(() => runTimed(command), (text) => ENDED_WELL.test(text), read);
  } finally {
    await Deno.remove(initrd);
  }
}

async function initialRamDisk({ script, files = [], initrd }: ScriptPlan): Promise<Uint8Array> {
  return withAppendedArchive(initrd ?? await Deno.readFile(guestFiles().initrd), [
    ...files,
    executable(SCRIPT, new TextEncoder().encode(script)),
  ]);
}

/** Boots to user space and powers off. */
export function runBoot(engine: Engine, harts: number): Promise<BootResult> {
  const files = { ...guestFiles(), append: `${APPEND} weft.run=poweroff`, memory: MEMORY };
  const command = { ...engine.boot(files, harts), timeoutSeconds: BOOT_SECONDS };
  return resultOf(() => runTimed(command), (text) => text.includes(`BOOT-OK ${harts}`));
}

function executable(path: string, content: Uint8Array): CpioEntry {
  return { kind: "file", path, mode: EXECUTABLE, content };
}

/** A run that hangs is a result as well. */
async function resultOf(
  run: () => Promise<TimedRun>,
  endedWell: (console: string) => boolean,
  read: ScriptPlan["read"] = () => Promise.resolve([]),
): Promise<BootResult> {
  const began = performance.now();
  try {
    const { stdout, stderr, exitCode, wallMs, cpuMs } = await run();
    const loads = [...await read(stdout), ...parseLoads(stdout)];
    const result = { wallMs, cpuMs, stalls: countStalls(stdout), loads };
    if (exitCode === 0 && endedWell(stdout)) return result;
    return { ...result, failure: `ended with ${exitCode}: ${stdout}${stderr}` };
  } catch (error) {
    const wallMs = performance.now() - began;
    return { wallMs, cpuMs: 0, stalls: 0, loads: [], failure: String(error) };
  }
}
