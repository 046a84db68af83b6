import { assertEquals } from "@std/assert";
import { NetworkPeer } from "./peer.ts";

async function read(connection: Deno.Conn, bytes: number): Promise<Uint8Array> {
  const buffer = new Uint8Array(bytes);
  for (let done = 0; done < bytes;) done += await connection.read(buffer.subarray(done)) ?? bytes;
  return buffer;
}

async function asked(port: number, wish: string): Promise<Deno.Conn> {
  const connection = await Deno.connect({ hostname: "127.0.0.1", port });
  await connection.write(new TextEncoder().encode(wish));
  return connection;
}

Deno.test("the peer sends words that say where they are, over blocks", async () => {
  using peer = NetworkPeer.listen();
  using connection = await asked(peer.port, "s");
  const words = new Uint32Array((await read(connection, 0x2_0000)).buffer);
  assertEquals(words.findIndex((word, index) => word !== 4 * index), -1);
});

Deno.test("the peer sends back what it gets", async () => {
  using peer = NetworkPeer.listen();
  using connection = await asked(peer.port, "e");
  const sent = new Uint8Array([1, 2, 3]);
  await connection.write(sent);
  assertEquals(await read(connection, 3), sent);
});
