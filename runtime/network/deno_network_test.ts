import { assertEquals } from "@std/assert";
import { LOOPBACK } from "./address.ts";
import { DenoNetwork, endpointText, peerAddress } from "./deno_network.ts";
import { endpointOf } from "./guest_fixture.ts";

function hasLoopback6(): boolean {
  try {
    Deno.listen({ hostname: "::1", port: 0 }).close();
    return true;
  } catch {
    console.log("this host has no ::1: datagrams of version 6 are not tried");
    return false;
  }
}

Deno.test("endpoints are written as Deno names them, and peers are of the version that they are of", () => {
  assertEquals(endpointText(endpointOf("127.0.0.1", 80)), "127.0.0.1:80");
  assertEquals(endpointText(endpointOf("fec0::2", 80)), "[fec0::2]:80");
  assertEquals(peerAddress("::ffff:127.0.0.1"), LOOPBACK[4]);
  assertEquals(peerAddress("::1"), LOOPBACK[6]);
  assertEquals(peerAddress("fe80::1%eth0"), undefined);
});

Deno.test({
  name: "datagrams and connections of version 6 go over the host's loopback",
  ignore: !hasLoopback6(),
  async fn() {
    const network = new DenoNetwork();
    const port = freePort();
    const at = { address: LOOPBACK[6], port };
    const arrived = Promise.withResolvers<[Uint8Array, string]>();
    const failed = () => {};
    const server = await network.openDatagrams(at, {
      received: (bytes, from) => arrived.resolve([bytes, endpointText({ ...from, port: 0 })]),
      failed,
    });
    const client = await network.openDatagrams(endpointOf("::", 0), { received: () => {}, failed });
    client.send(Uint8Array.of(1, 2, 3), at);
    const [bytes, from] = await arrived.promise;
    assertEquals([[...bytes], from], [[1, 2, 3], "[::1]:0"]);
    client.close();
    server.close();
    const accepted = Promise.withResolvers<string>();
    const listener = network.listen(at, (stream, { address }) => {
      stream.close();
      accepted.resolve(endpointText({ address, port: 0 }));
    });
    const stream = await network.connect(at);
    assertEquals(await accepted.promise, "[::1]:0");
    stream.close();
    listener.close();
  },
});

function freePort(): number {
  using listener = Deno.listen({ hostname: "::1", port: 0 });
  return listener.addr.port;
}

Deno.test("what the host says that it cannot send is told of", async () => {
  const told = Promise.withResolvers<string>();
  const socket = await new DenoNetwork().openDatagrams(endpointOf("0.0.0.0", 0), {
    received: () => {},
    failed: (_, to) => told.resolve(endpointText(to)),
  });
  socket.send(new Uint8Array(70_000), endpointOf("127.0.0.1", 9));
  assertEquals(await told.promise, "127.0.0.1:9");
  socket.close();
});
