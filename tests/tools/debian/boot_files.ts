// The kernel and the initial RAM disk that a Debian system has in its own file system.

import { join } from "node:path";
import { GuestError } from "../guest/guest_error.ts";
import { runProgram } from "../guest/host_program.ts";

/** Where the machine is started from. */
export interface BootFiles {
  readonly kernel: string;
  readonly initrd: string;
}

/** Links in Debian's root folder to the newest kernel and its initial RAM disk. */
const LINKS = { kernel: "/vmlinuz", initrd: "/initrd.img" } as const;

/** Copies the files out of an ext4 image into a folder. Throws GuestError. */
export async function copyBootFiles(image: string, folder: string): Promise<BootFiles> {
  const files = { kernel: join(folder, "vmlinuz"), initrd: join(folder, "initrd.img") };
  for (const which of ["kernel", "initrd"] as const) {
    await copyOut(image, LINKS[which], files[which]);
  }
  return files;
}

async function copyOut(image: string, link: string, to: string): Promise<void> {
  const told = await runProgram("debugfs", ["-R", `stat ${link}`, image], "capture");
  const target = /^Fast link dest: "([^"]+)"$/m.exec(told)?.[1];
  if (target === undefined) {
    throw new GuestError(
      `${image} has no link ${link}`,
      "name an image of an ext4 file system without partitions, with Debian's kernel in it",
    );
  }
  await runProgram("debugfs", ["-R", `dump /${target} ${to}`, image], "capture");
  const { size } = await Deno.stat(to);
  if (size === 0) throw new GuestError(`${target} in ${image} is empty`, "make the image again");
}
