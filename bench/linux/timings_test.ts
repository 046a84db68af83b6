import { assertEquals, assertThrows } from "@std/assert";
import type { RunLine, ScalingLine } from "./program_output.ts";
import { linuxRow, scalingRow, Timings } from "./timings.ts";

const MS = 1e6;
const FIB = { name: "fib", repeat: 7, subject: "a", references: ["b"] };

function run(ms: number, checksum = "00"): RunLine {
  return { kind: "run", name: "fib", repeat: 7, checksum, ns: ms * MS };
}

function scaling(oneNs: number, twoNs: number): ScalingLine {
  return { kind: "scaling", name: "fib", repeat: 7, checksum: "00", oneNs, twoNs };
}

Deno.test("linuxRow() takes medians by engine; CPU time only when all runs have it", () => {
  const timings = new Timings();
  for (const ms of [5, 1, 2]) timings.add("a", run(ms), ms * 10);
  timings.add("b", run(4), 40);
  timings.add("b", run(6), undefined);
  timings.add("u", run(3), undefined);
  const row = linuxRow(timings, { ...FIB, group: "integer", user: "u" });
  assertEquals(row.subject, {
    wallMs: { median: 2, min: 1, max: 5 },
    cpuMs: { median: 20, min: 10, max: 50 },
  });
  assertEquals(row.references, [{ wallMs: { median: 5, min: 4, max: 6 } }]);
  assertEquals(row.user?.wallMs.median, 3);
});

Deno.test("scalingRow() gives the work of two harts over that of one", () => {
  const timings = new Timings();
  timings.add("a", scaling(100, 125), undefined);
  timings.add("b", scaling(100, 100), undefined);
  const row = scalingRow(timings, FIB);
  assertEquals(row.subject.median, 1.6);
  assertEquals(row.references[0].median, 2);
});

Deno.test("a checksum that differs between engines is an error", () => {
  const timings = new Timings();
  timings.add("a", run(1), undefined);
  assertThrows(() => timings.add("b", run(1, "01"), undefined), Error, "b computes 01, others 00");
  assertEquals(timings.checksum("fib"), "00");
  assertThrows(() => timings.checksum("sieve"), Error, "was not run");
});
