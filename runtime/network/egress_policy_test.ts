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
  assertEquals(parseAllowed("10.9.8.7/8"), [{
    range: { base: addressOf("10.0.0.0"), bits: 8 },
    port: null,
  }]);
});
