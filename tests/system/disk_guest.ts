/** Linux with devices whose drivers are modules, for tests: its initial RAM disk with the kernel's modules and a script. */

import type { BlockBackend } from "../../mod.ts";
import { guestFiles, guestFolder } from "../tools/guest.ts";
import { withAppendedArchive, withArchiveBehind } from "../tools/guest/appended_archive.ts";
import type { CpioEntry } from "../tools/guest/cpio_archive.ts";
import { LOAD_MODULES } from "../tools/guest/kernel_modules.ts";
import { DISK_MODULES, ensureModules, type ModuleSet } from "../tools/guest_modules.ts";
import { ensurePrograms, type ProgramSet } from "../tools/guest_programs.ts";
import { guestOrSkip } from "./guest_or_skip.ts";

const SCRIPT = "disk-script";

/** Kernel command line that runs the script. */
export const DISK_APPEND = `console=ttyS0 cryptomgr.notests weft.run=script:/${SCRIPT}`;

/** The archive with these of the kernel's modules, or null where it cannot be had; says why. */
export async function modulesOrSkip(set: ModuleSet = DISK_MODULES): Promise<Uint8Array | null> {
  if (await guestOrSkip() === null) return null;
  try {
    return await Deno.readFile(await ensureModules(guestFolder(), console.log, set));
  } catch (error) {
    console.log(`no kernel modules: ${error instanceof Error ? error.message : error}`);
    return null;
  }
}

/** The archive with these of Debian's programs, or null where it cannot be had; says why. */
export async function programsOrSkip(set: ProgramSet): Promise<Uint8Array | null> {
  if (await guestOrSkip() === null) return null;
  try {
    return await Deno.readFile(await ensurePrograms(guestFolder(), console.log, set));
  } catch (error) {
    console.log(`no ${set.packages.join(", ")}: ${error instanceof Error ? error.message : error}`);
    return null;
  }
}

/** The guest's initial RAM disk with the modules; `LOAD_MODULES` loads them. */
export async function modulesInitrd(modules: Uint8Array): Promise<Uint8Array<ArrayBuffer>> {
  return withArchiveBehind(await Deno.readFile(guestFiles().initrd), modules);
}

/** The guest's initial RAM disk that loads the modules and then runs these commands. */
export async function diskInitrd(
  modules: Uint8Array,
  commands: string,
): Promise<Uint8Array<ArrayBuffer>> {
  const content = new TextEncoder().encode(`${LOAD_MODULES}\n${commands}\n`);
  const script: CpioEntry = { kind: "file", path: SCRIPT, mode: 0o755, content };
  return withAppendedArchive(await modulesInitrd(modules), [script]);
}

/** A disk in memory: its bytes. */
export function memoryDisk(bytes: Uint8Array): BlockBackend {
  return {
    size: bytes.length,
    read: (offset, into) => into.set(bytes.subarray(offset, offset + into.length)),
    write: (offset, from) => bytes.set(from, offset),
    flush: () => {},
  };
}
