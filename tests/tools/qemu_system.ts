/**
 * `deno task bench:qemu-fetch`: Debian trixie's `qemu-system-riscv64`, version 10, in `.cache/qemu-system/`. It is
 * a second opponent of the benchmarks where the machine's own is older; nothing is installed.
 */
import { join } from "node:path";
import { FetchedProgram, type ProgramStart } from "./guest/fetched_program.ts";
import { GuestError } from "./guest/guest_error.ts";

const QEMU = ["qemu-system", "qemu-system-riscv", "usr/bin/qemu-system-riscv64"] as const;

/** How the cached program is started; flags of a machine go behind. */
export function qemuSystemStart(): ProgramStart {
  const program = new FetchedProgram(...QEMU);
  const { command, args } = program.start();
  return {
    command,
    args: [...args, "-L", join(program.folder, "usr/share/qemu"), "-audio", "none"],
    env: { QEMU_MODULE_DIR: join(program.libraries, "qemu") },
  };
}

/** True when the program was fetched. */
export function isQemuSystemCached(): Promise<boolean> {
  return new FetchedProgram(...QEMU).isCached();
}

/** Fetches the program unless it is there already. */
export function fetchQemuSystem(say: (line: string) => void): Promise<void> {
  return new FetchedProgram(...QEMU).fetch(say);
}

if (import.meta.main) {
  try {
    await fetchQemuSystem((line) => console.error(`qemu: ${line}`));
    const { command, args, env } = qemuSystemStart();
    await new Deno.Command(command, { args: [...args, "--version"], env }).spawn().status;
  } catch (error) {
    if (!(error instanceof GuestError)) throw error;
    console.error(`qemu: ${error.message}\n  fix: ${error.fix}`);
    Deno.exitCode = 1;
  }
}
