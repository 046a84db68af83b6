// Programs of the machine that makes a guest.

import { GuestError } from "./guest_error.ts";

/** Debian's packages of programs that a machine with apt may lack. */
const PACKAGES: ReadonlyMap<string, string> = new Map([
  ["debootstrap", "debootstrap"],
  ["fakeroot", "fakeroot"],
  ["mke2fs", "e2fsprogs"],
  ["debugfs", "e2fsprogs"],
  ["e2fsck", "e2fsprogs"],
]);

/**
 * Runs a program of this machine to its end. Its messages go to the user, what it prints too unless it is captured.
 *
 * @returns what it printed, if that was captured
 * @throws GuestError when it is not there or fails
 */
export async function runProgram(
  program: string,
  args: string[],
  output: "show" | "capture",
  options: { cwd?: string } = {},
): Promise<string> {
  const result = await startProgram(program, args, output, options);
  if (!result.success) {
    throw new GuestError(
      `${program} ended with code ${result.code}: ${args.join(" ")}`,
      "see its messages above; the network and the Debian archive key must be usable by apt",
    );
  }
  return output === "capture" ? new TextDecoder().decode(result.stdout) : "";
}

async function startProgram(
  program: string,
  args: string[],
  output: "show" | "capture",
  options: { cwd?: string },
): Promise<Deno.CommandOutput> {
  const stdout = output === "show" ? "inherit" : "piped";
  try {
    const child = new Deno.Command(program, {
      args,
      ...options,
      env: { LC_ALL: "C.UTF-8" },
      stdin: "null",
      stdout,
      stderr: "inherit",
    }).spawn();
    if (stdout === "piped") return await child.output();
    const status = await child.status;
    return { ...status, stdout: new Uint8Array(0), stderr: new Uint8Array(0) };
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    const wanted = PACKAGES.get(program);
    const fix = wanted === undefined ? "use a machine with apt" : `apt-get install ${wanted}`;
    throw new GuestError(`${program} is not on this machine`, fix);
  }
}
