// iperf3 on the host: the other end of the guest's.

import { freePort } from "../../tests/system/network_guest.ts";
import { FetchedProgram } from "../../tests/tools/guest/fetched_program.ts";

const LISTENS = /listening on/;

/** A server on the host's loopback, until it is closed. */
export class IperfServer implements AsyncDisposable {
  /** Where it listens. */
  readonly port: number;
  readonly #child: Deno.ChildProcess;

  private constructor(port: number, child: Deno.ChildProcess) {
    this.port = port;
    this.#child = child;
  }

  /** Starts one at a port that is free, from Debian's package. Throws GuestError. */
  static async start(say: (line: string) => void): Promise<IperfServer> {
    const program = new FetchedProgram("iperf3", "iperf3", "usr/bin/iperf3");
    await program.fetch(say);
    const { command, args, env } = program.start();
    const port = freePort();
    const child = new Deno.Command(command, {
      args: [...args, "--server", "--bind", "127.0.0.1", "--port", String(port), "--forceflush"],
      ...{ env, stdin: "null", stdout: "piped", stderr: "inherit" },
    }).spawn();
    await listening(child.stdout);
    return new IperfServer(port, child);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill("SIGTERM");
    await this.#child.status;
  }
}

/** Waits until the server says so; what it prints later is thrown away. */
async function listening(stdout: ReadableStream<Uint8Array<ArrayBuffer>>): Promise<void> {
  const reader = stdout.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  while (!LISTENS.test(text)) {
    const { value, done } = await reader.read();
    if (done) throw new Error(`iperf3 ended before it listened: ${text}`);
    text += value;
  }
  void (async () => {
    while (!(await reader.read()).done);
  })();
}
