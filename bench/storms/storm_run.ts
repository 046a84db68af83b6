// One boot of Linux on one emulator: storms, or nothing but the boot.

import { STORMS } from "../../tests/guests/build.ts";
import { guestFiles } from "../../tests/tools/guest.ts";
import { withAppendedArchive } from "../../tests/tools/guest/appended_archive.ts";
import { runTimed, type TimedRun } from "../child_time.ts";
import type { Engine } from "../engines.ts";

/** The storms of the guest's program, in the order in which they are run. */
export const STORM_NAMES = ["tlb", "context", "ipi", "timer", "code"] as const;

/** Name of a storm. */
export type StormName = (typeof STORM_NAMES)[number];

const EXECUTABLE = 0o755;
const MEMORY = "512M";
const SCRIPT = "storms.sh";
/** What boot and storms may take beside their time: 32 harts share few cores. */
const BOOT_SECONDS = 300;
const APPEND = "console=ttyS0 cryptomgr.notests";
const ENDED_WELL = /RUN-EXIT 0/;
const STORM_LINE = /^STORM (\w+) (\d+) (\d+) (\d+)\r?$/gm;
const STALL = /soft lockup|self-detected stall|detected stalls on CPUs/g;
const NS_PER_SECOND = 1e9;

/** What a storm came to. */
export interface StormResult {
  readonly name: string;
  /** Operations of all workers in a second. */
  readonly perSecond: number;
  /** Things that workers saw and that cannot be. */
  readonly errors: number;
}

/** What a boot came to. */
export interface BootResult {
  readonly wallMs: number;
  readonly cpuMs: number;
  /** Complaints of the kernel about harts that do not get on. */
  readonly stalls: number;
  readonly storms: readonly StormResult[];
  /** What it printed, if it did not end well. */
  readonly failure?: string;
}

/** Results in a console's text. */
export function parseStorms(console: string): StormResult[] {
  return [...console.matchAll(STORM_LINE)].map(([, name, operations, errors, nanoseconds]) => ({
    name,
    perSecond: Number(operations) / (Number(nanoseconds) / NS_PER_SECOND),
    errors: Number(errors),
  }));
}

/** The kernel's complaints in a console's text. */
export function countStalls(console: string): number {
  return console.match(STALL)?.length ?? 0;
}

/** Boots, runs the storms one after the other, powers off. */
export async function runStorms(
  engine: Engine,
  harts: number,
  names: readonly StormName[],
  seconds: number,
): Promise<BootResult> {
  const initrd = await Deno.makeTempFile({ prefix: "storms-", suffix: ".cpio" });
  try {
    const script = names.map((name) => `storms ${name} ${harts} ${seconds} || exit 1\n`).join("");
    await Deno.writeFile(
      initrd,
      withAppendedArchive(await Deno.readFile(guestFiles().initrd), [
        executable("bin/storms", await Deno.readFile(STORMS.elf)),
        executable(SCRIPT, new TextEncoder().encode(script)),
      ]),
    );
    const append = `${APPEND} weft.run=script:/${SCRIPT}`;
    const files = { kernel: guestFiles().kernel, initrd, append, memory: MEMORY };
    const timeoutSeconds = BOOT_SECONDS + 2 * names.length * seconds;
    const command = { ...engine.boot(files, harts), timeoutSeconds };
    return await resultOf(() => runTimed(command), (text) => ENDED_WELL.test(text));
  } finally {
    await Deno.remove(initrd);
  }
}

/** Boots to user space and powers off. */
export function runBoot(engine: Engine, harts: number): Promise<BootResult> {
  const files = { ...guestFiles(), append: `${APPEND} weft.run=poweroff`, memory: MEMORY };
  const command = { ...engine.boot(files, harts), timeoutSeconds: BOOT_SECONDS };
  return resultOf(() => runTimed(command), (text) => text.includes(`BOOT-OK ${harts}`));
}

function executable(path: string, content: Uint8Array<ArrayBuffer>) {
  return { kind: "file", path, mode: EXECUTABLE, content } as const;
}

/** A run that hangs is a result as well. */
async function resultOf(
  run: () => Promise<TimedRun>,
  endedWell: (console: string) => boolean,
): Promise<BootResult> {
  const began = performance.now();
  try {
    const { stdout, stderr, exitCode, wallMs, cpuMs } = await run();
    const result = { wallMs, cpuMs, stalls: countStalls(stdout), storms: parseStorms(stdout) };
    if (exitCode === 0 && endedWell(stdout)) return result;
    return { ...result, failure: `ended with ${exitCode}: ${stdout}${stderr}` };
  } catch (error) {
    const wallMs = performance.now() - began;
    return { wallMs, cpuMs: 0, stalls: 0, storms: [], failure: String(error) };
  }
}
