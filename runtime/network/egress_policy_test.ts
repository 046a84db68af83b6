import { assertEquals } from "@std/assert";
import { EgressPolicy, parseAllowed } from "./egress_policy.ts";
import { addressOf, endpointOf, testSettings } from "./guest_fixture.ts";
import { Protocol } from "./ip_packet.ts";

const GUARDED = [
  "127.0.0.1",
  "127.8.8.8",
  "10.1.2.3",
  "172.16.0.1",
  "172.31.255.255",
  "192.168.0.1",
  "100.64.0.1",
  "169.254.169.254",
];
const NEVER = [
  "0.0.0.0",
  "0.1.2.3",
  "224.0.0.1",
  "239.255.255.250",
  "255.255.255.255",
  "240.0.0.1",
];
const PUBLIC = ["192.0.2.1", "172.32.0.1", "11.0.0.1", "100.128.0.1", "128.0.0.1"];

const GUARDED_6 = [
  "::1",
  "fd00::1",
  "fcff::1",
  "fec0:0:0:1::1",
  "feff::1",
  "fe80::1",
  "febf::1",
  "2001:db8::1",
  "3fff::1",
  "64:ff9b:1::1",
  "5f00::1",
  "4000::1",
  // addresses of version 4 that are guarded, behind a translator and in tunnels
  ...["64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "64:ff9b::10.0.0.1", "64:ff9b::0.0.0.0"],
  ...["2002:7f00:1::1", "2002:a00:1::1", "2002:a9fe:a9fe::", "2002:c0a8:1::1", "2002:e000:1::"],
  ...["2001:0:7f00:1::", "2001:0:a00:1:0:0:3fff:fefe", "2001:0:c000:201:0:0:80ff:fffe"],
  // an address of version 4 as it was once written
  ...["::7f00:1", "::192.0.2.1"],
];
const NEVER_6 = [
  "::",
  "::ffff:127.0.0.1",
  "::ffff:192.0.2.1",
  "::ffff:10.0.0.1",
  "::ffff:0:7f00:1",
  "100::1",
  "ff02::1",
  "ff0e::fb",
];
const PUBLIC_6 = [
  "2000::1",
  "2a00:1::80",
  "2606::1",
  "64:ff9b::192.0.2.1",
  "2002:c000:201::1",
  "2001:0:c000:201:0:0:3fff:fdfe",
  "2001:4860::8",
];

function policy(allow: readonly string[], isRestricted = false): EgressPolicy {
  const allowed = allow.flatMap((text) => parseAllowed(text) ?? []);
  return new EgressPolicy(testSettings({ allowed, isRestricted }));
}

function reached(made: EgressPolicy, texts: readonly string[], port = 80): string[] {
  return texts.filter((text) => made.target(Protocol.TCP, endpointOf(text, port)) !== null);
}

Deno.test("public addresses are reached, guarded ones only when allowed, nobody's never", () => {
  const all = ["0.0.0.0/0"];
  assertEquals(reached(policy([]), PUBLIC), PUBLIC);
  assertEquals(reached(policy([]), [...GUARDED, ...NEVER]), []);
  assertEquals(reached(policy(all), GUARDED), GUARDED);
  assertEquals(reached(policy(all), NEVER), []);
});

Deno.test("of version 6 what is given out is reached, and not what leads to guarded addresses", () => {
  assertEquals(reached(policy([]), PUBLIC_6), PUBLIC_6);
  assertEquals(reached(policy([]), [...GUARDED_6, ...NEVER_6]), []);
  assertEquals(reached(policy(["::/0"]), [...GUARDED_6]), [...GUARDED_6]);
  assertEquals(reached(policy(["::/0", "0.0.0.0/0"]), NEVER_6), []);
  assertEquals(reached(policy(["0.0.0.0/0"]), GUARDED_6), []);
  assertEquals(reached(policy(["loopback"]), GUARDED_6), ["::1"]);
  assertEquals(reached(policy(["private"]), GUARDED_6), GUARDED_6.slice(1, 5));
  assertEquals(reached(policy(["::/0"], true), [...PUBLIC_6, ...GUARDED_6]), []);
});

Deno.test("the gateway of version 6 stands for the host's loopback, others there for nobody", () => {
  const made = policy(["[::1]:8080"]);
  assertEquals(made.target(Protocol.TCP, endpointOf("fec0::2", 8080)), endpointOf("::1", 8080));
  assertEquals(reached(made, ["fec0::2", "::1", "10.0.2.2"], 8081), []);
  assertEquals(reached(policy(["::/0"]), ["fec0::4", "fec0::5054:ff:fe12:3456"]), []);
  assertEquals(
    made.target(Protocol.UDP, endpointOf("fec0::3", 53)),
    endpointOf("127.0.0.53", 53),
  );
  assertEquals(made.target(Protocol.UDP, endpointOf("fec0::3", 54)), null);
});

Deno.test("the words allow their ranges, and link-local addresses are not among them", () => {
  assertEquals(reached(policy(["loopback"]), GUARDED), ["127.0.0.1", "127.8.8.8"]);
  assertEquals(reached(policy(["private"]), GUARDED), GUARDED.slice(2, 7));
  assertEquals(reached(policy(["169.254.0.0/16"]), GUARDED), ["169.254.169.254"]);
});

Deno.test("an allowed port is the only one", () => {
  const made = policy(["127.0.0.1:8080"]);
  assertEquals(reached(made, ["10.0.2.2", "127.0.0.1"], 8080), ["10.0.2.2", "127.0.0.1"]);
  assertEquals(reached(made, ["10.0.2.2", "127.0.0.1"], 8081), []);
});

Deno.test("the gateway stands for the host's loopback, others of the network for nobody", () => {
  const made = policy(["0.0.0.0/0"]);
  assertEquals(
    made.target(Protocol.TCP, endpointOf("10.0.2.2", 5)),
    endpointOf("127.0.0.1", 5),
  );
  assertEquals(reached(made, ["10.0.2.15", "10.0.2.99", "10.0.2.255"]), []);
});

Deno.test("a restricted guest goes nowhere but where it is forwarded", () => {
  const settings = testSettings({
    isRestricted: true,
    guestForwards: [{ guest: endpointOf("10.0.2.100", 80), host: endpointOf("127.0.0.1", 8080) }],
  });
  const made = new EgressPolicy(settings);
  assertEquals(reached(made, [...PUBLIC, "10.0.2.2", "10.0.2.3"], 53), []);
  assertEquals(
    made.target(Protocol.TCP, endpointOf("10.0.2.100", 80)),
    endpointOf("127.0.0.1", 8080),
  );
  assertEquals(made.target(Protocol.UDP, endpointOf("10.0.2.100", 80)), null);
});

Deno.test("what is no range is not taken for one", () => {
  for (
    const text of [
      "",
      "all",
      "1.2.3",
      "1.2.3.4/33",
      "1.2.3.4:0",
      "1.2.3.4:65536",
      "x::1",
      "::1/129",
    ]
  ) {
    assertEquals(parseAllowed(text), undefined, text);
  }
  for (const text of ["fd00::1:80", "fd00::/8", "[fd00::1]", "[fd00::/8]:80"]) {
    assertEquals(parseAllowed(text)?.length, 1, text);
  }
  for (const text of ["[::1", "[::1]:", "[::1]:0", "fd00::/129"]) {
    assertEquals(parseAllowed(text), undefined, text);
  }
  assertEquals(parseAllowed("10.9.8.7/8"), [{
    range: { base: addressOf("10.0.0.0"), bits: 8 },
    port: null,
  }]);
});
