// The host's end of round trips.

const BUFFER_BYTES = 1 << 12;

/** Sends back what it gets at a port of the host's loopback, until it is closed. */
export class EchoPeer implements Disposable {
  readonly #listener: Deno.TcpListener;

  private constructor(listener: Deno.TcpListener) {
    this.#listener = listener;
  }

  /** Listens on a free port. */
  static listen(): EchoPeer {
    const peer = new EchoPeer(Deno.listen({ hostname: "127.0.0.1", port: 0 }));
    peer.#accept();
    return peer;
  }

  /** Where it listens. */
  get port(): number {
    return this.#listener.addr.port;
  }

  /** Takes no more guests. */
  [Symbol.dispose](): void {
    this.#listener.close();
  }

  async #accept(): Promise<void> {
    for await (const connection of this.#listener) {
      // A guest goes in the middle of what it does.
      echo(connection).catch(() => undefined).finally(() => connection.close());
    }
  }
}

async function echo(connection: Deno.TcpConn): Promise<void> {
  connection.setNoDelay(true);
  const buffer = new Uint8Array(BUFFER_BYTES);
  for (;;) {
    const count = await connection.read(buffer);
    if (count === null) return;
    for (let done = 0; done < count;) done += await connection.write(buffer.subarray(done, count));
  }
}
