import { assertEquals, assertStringIncludes } from "@std/assert";
import { Results } from "../load_results.ts";
import { renderNetworkRecord } from "./render_network.ts";

Deno.test("loads are told apart by their connections; losses and errors are shown by emulator", () => {
  const results = new Results();
  const load = (name: string, workers: number, perSecond: number, errors: number) => ({
    ...{ name, workers, perSecond, errors },
  });
  const boot = { wallMs: 1, cpuMs: 1, stalls: 0 };
  const udp = { ...load("udp-send", 1, 40, 0), lostPercent: 12.34 };
  results.add("network", "weft", {
    ...boot,
    loads: [load("tcp-send", 1, 300, 0), load("tcp-send", 4, 500, 7), udp],
  });
  const loads = [load("tcp-send", 1, 100, 2), load("round-trip", 1, 50, 0)];
  results.add("network", "qemu", { ...boot, loads, failure: "it hung" });
  const names = ["weft", "qemu"];
  const row = (name: string, count: number) => ({
    name: `${name} x${count}`,
    cells: names.map((engine) => results.load("network", engine, name, count)),
  });
  const text = renderNetworkRecord({
    ...{ schema: 1, kind: "network", date: "today", commit: "abc", rounds: 1, seconds: 3 },
    machine: { cpu: "a processor", cores: 2, os: "linux", architecture: "x86_64" },
    engines: ["weft (1)", "qemu (7)"],
    transfers: [row("tcp-send", 1), row("tcp-send", 4), row("udp-send", 1)],
    trips: [row("round-trip", 1)],
    boots: { name: "network", cells: names.map((name) => results.boot("network", name)) },
  });
  assertStringIncludes(text, "| tcp-send x1 | 300 (0 %) | 100 (0 %) | 3.00 | 0, 2 |");
  assertStringIncludes(text, "| tcp-send x4 | 500 (0 %) | none | - | 7, 0 |");
  assertStringIncludes(text, "| udp-send x1 | 12.3 | none |");
  assertStringIncludes(text, "| round-trip x1 | none | 50 (0 %) | - | 0, 0 |");
  assertEquals(text.match(/^\| tcp-send/gm)?.length, 2, "streams lose nothing");
  assertStringIncludes(text, "did not end well: 0, 1.");
});
