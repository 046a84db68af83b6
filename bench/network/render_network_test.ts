import { assertStringIncludes } from "@std/assert";
import { Results } from "../load_results.ts";
import { renderNetworkRecord } from "./render_network.ts";

Deno.test("loads are told apart by their connections, and errors are shown by emulator", () => {
  const results = new Results();
  const load = (workers: number, perSecond: number, errors: number) => ({
    ...{ name: "send-64k", workers, perSecond, errors },
  });
  const boot = { wallMs: 1, cpuMs: 1, stalls: 0 };
  results.add("network", "weft", { ...boot, loads: [load(1, 300, 0), load(4, 500, 7)] });
  results.add("network", "qemu", { ...boot, loads: [load(1, 100, 2)], failure: "it hung" });
  const names = ["weft", "qemu"];
  const text = renderNetworkRecord({
    ...{ schema: 1, kind: "network", date: "today", commit: "abc", rounds: 1, seconds: 3 },
    machine: { cpu: "a processor", cores: 2, os: "linux", architecture: "x86_64" },
    engines: ["weft (1)", "qemu (7)"],
    loads: [1, 4].map((workers) => ({
      name: `send-64k x${workers}`,
      cells: names.map((name) => results.load("network", name, "send-64k", workers)),
    })),
    boots: { name: "network", cells: names.map((name) => results.boot("network", name)) },
  });
  assertStringIncludes(text, "| send-64k x1 | 300 (0 %) | 100 (0 %) | 3.00 | 0, 2 |");
  assertStringIncludes(text, "| send-64k x4 | 500 (0 %) | none | - | 7, 0 |");
  assertStringIncludes(text, "did not end well: 0, 1.");
});
