import { assertEquals, assertMatch, assertThrows } from "@std/assert";
import { iperfCommands, iperfLoadCount, iperfResult } from "./iperf_loads.ts";

Deno.test("each load is run and reported, by its name and connections", () => {
  const lines = iperfCommands("10.0.2.2", 5201, 3).trimEnd().split("\n");
  assertEquals(lines.length, 2 * iperfLoadCount());
  assertMatch(lines[2], /^iperf3 --client 10\.0\.2\.2 --port 5201 --time 3 --parallel 4 .*--json/);
  assertEquals(lines[3], "report tcp-send-x4 /tmp/iperf.json");
});

Deno.test("what counts is what arrived", () => {
  const tcp = {
    end: { sum_sent: { bits_per_second: 9e9 }, sum_received: { bits_per_second: 2e9 } },
  };
  assertEquals(iperfResult("tcp-receive-x4", JSON.stringify(tcp)), {
    ...{ name: "tcp-receive", workers: 4, perSecond: 2000, errors: 0 },
  });
  const udp = { end: { sum_received: { bits_per_second: 4e7, lost_percent: 20 } } };
  assertEquals(iperfResult("udp-send-x1", JSON.stringify(udp)), {
    ...{ name: "udp-send", workers: 1, perSecond: 40, errors: 0, lostPercent: 20 },
  });
});

Deno.test("a load that failed is an error, and an unknown one is refused", () => {
  const failed = { start: {}, end: {}, error: "control socket has closed unexpectedly" };
  assertEquals(iperfResult("tcp-send-x1", JSON.stringify(failed)).errors, 1);
  assertEquals(iperfResult("tcp-send-x1", JSON.stringify({ end: {} })).errors, 1);
  assertEquals(iperfResult("tcp-send-x1", "").errors, 1);
  assertThrows(() => iperfResult("tcp-send-x3", "{}"), TypeError);
});
