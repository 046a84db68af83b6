/**
 * Talks with a machine over its console: waits for what the guest prints, types what a user would.
 *
 * Nothing waits for time to pass. A guest that prints nothing more for too long is ended, and then the text
 * that never came is named.
 */

import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
/** A guest that still runs after this long hangs, unless a caller knows better. */
const HANG_AFTER_MS = 240_000;

/** A running machine and what it has printed. */
export class ConsoleDialog {
  readonly #child: Deno.ChildProcess;
  readonly #reader: ReadableStreamDefaultReader<string>;
  readonly #keys: WritableStreamDefaultWriter<Uint8Array>;
  #output = "";
  #seen = 0;

  /** Starts a machine with the given flags, and permissions besides the one to read. */
  constructor(
    flags: readonly string[],
    permissions: readonly string[] = [],
    hangAfterMs = HANG_AFTER_MS,
  ) {
    this.#child = new Deno.Command(Deno.execPath(), {
      args: [
        ...["run", "--allow-read", ...permissions],
        ...["mod.ts", "-M", "virt", "-nographic", "-no-reboot", ...flags],
      ],
      cwd: ROOT,
      stdin: "piped",
      stdout: "piped",
      stderr: "inherit",
      signal: AbortSignal.timeout(hangAfterMs),
    }).spawn();
    this.#reader = this.#child.stdout.pipeThrough(new TextDecoderStream()).getReader();
    this.#keys = this.#child.stdin.getWriter();
  }

  /** Everything printed so far. */
  get output(): string {
    return this.#output;
  }

  /** Waits until the guest prints `text` after what was waited for before. @returns what is between the two */
  async expect(text: string): Promise<string> {
    const start = this.#seen;
    while (!this.#found(text)) {
      const { value, done } = await this.#reader.read();
      if (done) throw new Error(`the machine ended before "${text}": ${this.#output.slice(-2000)}`);
      this.#output += value;
    }
    return this.#output.slice(start, this.#seen - text.length);
  }

  /** Types. */
  async type(text: string): Promise<void> {
    await this.#keys.write(new TextEncoder().encode(text));
  }

  /** Sends a signal to the machine's process. */
  kill(signal: Deno.Signal): void {
    this.#child.kill(signal);
  }

  /** Waits for the end of the machine and returns the exit code. */
  async end(): Promise<number> {
    for (;;) {
      const { value, done } = await this.#reader.read();
      if (done) break;
      this.#output += value;
    }
    const { code } = await this.#child.status;
    await this.#keys.close().catch(() => undefined); // the machine closed it first
    return code;
  }

  /** Ends the machine if it still runs. */
  async [Symbol.asyncDispose](): Promise<void> {
    try {
      this.#child.kill("SIGTERM");
    } catch {
      // it has ended
    }
    await this.#keys.close().catch(() => undefined);
    await this.#reader.cancel();
    await this.#child.status;
  }

  #found(text: string): boolean {
    const place = this.#output.indexOf(text, this.#seen);
    if (place >= 0) this.#seen = place + text.length;
    return place >= 0;
  }
}
