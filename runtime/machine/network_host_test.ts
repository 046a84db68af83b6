import { assertEquals } from "@std/assert";
import { endpointText } from "../network/deno_network.ts";
import { parseNameServers } from "./network_host.ts";

Deno.test("name servers are those with an address of either version, in their order", () => {
  const text =
    "# nameserver 192.0.2.9\nsearch example\n nameserver 192.0.2.1\nnameserver ::1\nnameserver fe80::1%eth0\n" +
    "nameserver\t127.0.0.53\nnameserver x\noptions edns0\n";
  assertEquals(parseNameServers(text).map(endpointText), [
    "192.0.2.1:53",
    "[::1]:53",
    "127.0.0.53:53",
  ]);
  assertEquals(parseNameServers(""), []);
});
