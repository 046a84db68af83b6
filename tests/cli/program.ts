/** Starts the command line program with the machine double, on pipes or on a pseudo terminal. */

import { fileURLToPath } from "node:url";

const PROGRAM = fileURLToPath(new URL("./echo_machine.ts", import.meta.url));
const REAL_PROGRAM = fileURLToPath(new URL("../../mod.ts", import.meta.url));
const PTY_SESSION = fileURLToPath(new URL("./pty_session.py", import.meta.url));

/** A file that exists, for flags that name one. */
export const SOME_FILE: string = PROGRAM;

/** Words that start a machine with a kernel. */
export const RUN_WORDS: readonly string[] = ["-M", "virt", "-kernel", SOME_FILE];

/** The whole command with the given words. */
export function command(words: readonly string[]): string[] {
  return [Deno.execPath(), "run", "--quiet", "--no-check", "--allow-all", PROGRAM, ...words];
}

/** The real program with just these permissions; it asks for none. */
export function realCommand(permissions: readonly string[], words: readonly string[]): string[] {
  return [Deno.execPath(), "run", "--quiet", "--no-check", ...permissions, REAL_PROGRAM, ...words];
}

/** What a finished program left behind. */
export interface Finished {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the program on pipes with the given input; the input ends after it. */
export async function runOnPipes(words: readonly string[], input: string): Promise<Finished> {
  const [program, ...args] = command(words);
  const child = new Deno.Command(program, {
    args,
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(input));
  await writer.close();
  const { code, stdout, stderr } = await child.output();
  const text = new TextDecoder();
  return { code, stdout: text.decode(stdout), stderr: text.decode(stderr) };
}

/** Something to do in a terminal session. */
export type PtyStep =
  | { readonly expect: string }
  | { readonly send: string }
  | { readonly signal: number }
  | { readonly size: readonly [columns: number, rows: number] }
  | { readonly raw: boolean };

/** What a terminal session showed. */
export interface PtyReport {
  /** Exit code; negative for a signal; null when it had to be killed. */
  readonly code: number | null;
  readonly output: string;
  /** Is the terminal's mode what it was before? */
  readonly restored: boolean;
  readonly failed: PtyStep | null;
}

/** Runs the program on a pseudo terminal and plays the steps. */
export async function runOnTerminal(
  words: readonly string[],
  steps: readonly PtyStep[],
): Promise<PtyReport> {
  return await playOnTerminal(command(words), steps);
}

/** Runs any command on a pseudo terminal and plays the steps. */
export async function playOnTerminal(
  command: readonly string[],
  steps: readonly PtyStep[],
): Promise<PtyReport> {
  const child = new Deno.Command("python3", {
    args: [PTY_SESSION],
    stdin: "piped",
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(JSON.stringify({ command, steps })));
  await writer.close();
  const { stdout } = await child.output();
  return JSON.parse(new TextDecoder().decode(stdout));
}

/** Can pseudo terminals be tested here? Says why not. */
export async function hasPseudoTerminals(): Promise<boolean> {
  try {
    const { success } = await new Deno.Command("python3", { args: ["-c", "import pty"] }).output();
    if (!success) console.log("terminal tests are skipped: python3 has no pty module here");
    return success;
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    console.log("terminal tests are skipped: python3 is not installed");
    return false;
  }
}
