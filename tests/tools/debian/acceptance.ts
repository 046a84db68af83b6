/**
 * Tries a Debian image out, as its user would: boots it, logs in, installs the C compiler from the archive, compiles
 * and runs a program, shuts down, checks the file system, and boots again, with all devices on the PCI bus, to find what
 * was written.
 */

import { join } from "node:path";
import { ConsoleDialog } from "../../system/console_dialog.ts";
import { GuestError } from "../guest/guest_error.ts";
import { runProgram } from "../guest/host_program.ts";
import type { BootFiles } from "./boot_files.ts";
import { machineFlags } from "./machine_flags.ts";

/** An installation of the compiler unpacks 200 MB under emulation. */
const HANG_AFTER_MS = 3_600_000;
const PROMPT = "root@debian:~# ";
/** Keeps the shell from framing what is typed in control sequences. */
const PLAIN_LINES = "bind 'set enable-bracketed-paste off'";
const PROGRAM = String.raw`#include <stdio.h>\nint main(void) { printf("sum %%d\\n", 40 + 2); }\n`;
const LEFT = "was here before";

/** Works on a copy of the image. @returns the exit code of the task */
export async function checkImage(
  image: string,
  files: BootFiles,
  say: (line: string) => void,
): Promise<number> {
  const folder = await Deno.makeTempDir({ prefix: "weft-debian-check-" });
  try {
    const copy = join(folder, "debian.img");
    await runProgram("cp", ["--sparse=always", image, copy], "capture");
    say("first boot: a package from the archive, a compiled program");
    await session(machineFlags(copy, files), [
      ["systemctl is-system-running --wait", "running"],
      ["apt-get -q update && echo LISTS $((6*7))", "LISTS 42"],
      ["apt-get -q -y --no-install-recommends install gcc libc6-dev && echo GCC $?", "GCC 0"],
      [`printf '${PROGRAM}' > hello.c && gcc hello.c && ./a.out`, "sum 42"],
      [`echo ${LEFT} > left && sync && echo KEPT $((6*7))`, "KEPT 42"],
    ], say);
    say("the file system after the shutdown");
    await runProgram("e2fsck", ["-f", "-n", copy], "show");
    say("second boot, with devices on the PCI bus: what is left of the first");
    await session(machineFlags(copy, files, "pci"), [
      ["systemctl is-system-running --wait", "running"],
      ["cat left", LEFT],
      ["./a.out", "sum 42"],
    ], say);
    await runProgram("e2fsck", ["-f", "-n", copy], "show");
    say("everything as it should be");
    return 0;
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** Boots, logs in, types each line and looks for its answer, and shuts down. */
async function session(
  flags: readonly string[],
  lines: readonly (readonly [typed: string, answer: string])[],
  say: (line: string) => void,
): Promise<void> {
  const permissions = ["--allow-write", "--allow-net"];
  await using dialog = new ConsoleDialog(flags, permissions, HANG_AFTER_MS);
  await dialog.expect("debian login: ");
  await dialog.type("root\n");
  await dialog.expect(PROMPT);
  await dialog.type(`${PLAIN_LINES}\n`);
  await dialog.expect(PROMPT);
  for (const [typed, answer] of lines) {
    say(typed);
    await dialog.type(`${typed}\n`);
    const printed = await dialog.expect(PROMPT);
    if (!printed.includes(`\n${answer}`)) {
      throw new GuestError(
        `"${typed}" did not answer "${answer}", but ${JSON.stringify(printed)}`,
        "boot the image with `deno task debian` and type that",
      );
    }
  }
  await dialog.type("poweroff\n");
  const code = await dialog.end();
  if (code === 0 && /reboot: Power down/.test(dialog.output)) return;
  throw new GuestError(
    `the machine ended with code ${code}: ${dialog.output.slice(-2000)}`,
    "boot the image with `deno task debian`, and see what it says at poweroff",
  );
}
