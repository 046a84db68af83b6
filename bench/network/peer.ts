// The host's end of the network's loads.

const BLOCK_BYTES = 1 << 16;
/** What a guest's first byte asks for; the guest's program has the same. */
const Wish = { TAKE: 0x74, SEND: 0x73, ECHO: 0x65 } as const;

/** Serves guests on a port of the host's loopback until it is closed. */
export class NetworkPeer implements Disposable {
  readonly #listener: Deno.TcpListener;

  private constructor(listener: Deno.TcpListener) {
    this.#listener = listener;
  }

  /** Listens on a free port. */
  static listen(): NetworkPeer {
    const peer = new NetworkPeer(Deno.listen({ hostname: "127.0.0.1", port: 0 }));
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
      serve(connection).catch(() => undefined).finally(() => connection.close());
    }
  }
}

async function serve(connection: Deno.TcpConn): Promise<void> {
  connection.setNoDelay(true);
  const wish = new Uint8Array(1);
  if (await connection.read(wish) === null) return;
  const buffer = new Uint8Array(BLOCK_BYTES);
  if (wish[0] === Wish.SEND) return await send(connection, new Uint32Array(buffer.buffer));
  for (;;) {
    const count = await connection.read(buffer);
    if (count === null) return;
    if (wish[0] === Wish.ECHO) await writeAll(connection, buffer.subarray(0, count));
  }
}

/** Sends words that each say where in the stream they are. */
async function send(connection: Deno.TcpConn, words: Uint32Array<ArrayBuffer>): Promise<never> {
  for (let at = 0;; at += BLOCK_BYTES) {
    for (let index = 0; index < words.length; index++) words[index] = at + 4 * index;
    await writeAll(connection, new Uint8Array(words.buffer));
  }
}

async function writeAll(connection: Deno.TcpConn, bytes: Uint8Array): Promise<void> {
  for (let done = 0; done < bytes.length;) done += await connection.write(bytes.subarray(done));
}
