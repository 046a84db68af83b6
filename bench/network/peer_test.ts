import { assertEquals } from "@std/assert";
import { EchoPeer } from "./peer.ts";

async function read(connection: Deno.Conn, bytes: number): Promise<Uint8Array> {
  const buffer = new Uint8Array(bytes);
  for (let done = 0; done < bytes;) done += await connection.read(buffer.subarray(done)) ?? bytes;
  return buffer;
}

Deno.test("the peer sends back what it gets, to each guest its own", async () => {
  using peer = EchoPeer.listen();
  const to = { hostname: "127.0.0.1", port: peer.port };
  using first = await Deno.connect(to);
  using second = await Deno.connect(to);
  await first.write(Uint8Array.of(1, 2, 3));
  await second.write(Uint8Array.of(4, 5));
  assertEquals(await read(first, 3), Uint8Array.of(1, 2, 3));
  assertEquals(await read(second, 2), Uint8Array.of(4, 5));
});
