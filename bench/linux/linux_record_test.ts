import { assertAlmostEquals, assertEquals } from "@std/assert";
import { summarize } from "../statistics.ts";
import {
  fastestCpuRatio,
  fastestRatio,
  isReached,
  scalingRatio,
  userRatio,
  verdicts,
} from "./linux_record.ts";
import { recordOf, rowOf } from "./linux_record_fixture.ts";

Deno.test("ratios are taken to the faster reference", () => {
  const row = rowOf("fib", "integer", [30, 100, 60]);
  assertEquals(fastestRatio(row), 0.5);
  assertEquals(fastestCpuRatio(row), 0.5);
  const { cpuMs: _, ...wallOnly } = row.subject;
  assertEquals(fastestCpuRatio({ ...row, subject: wallOnly }), undefined);
  assertEquals(userRatio(row), undefined);
  assertEquals(userRatio({ ...row, user: { wallMs: summarize([120]) } }), 0.25);
});

Deno.test("scaling is taken to the reference that scales better", () => {
  const [subject, poor, good] = [1.8, 1, 2].map((factor) => summarize([factor]));
  const row = { name: "fib", repeat: 1, subject, references: [poor, good] };
  assertAlmostEquals(scalingRatio(row), 0.9);
});

Deno.test("verdicts() trims outliers and names the worst kernel", () => {
  const times = [0.01, 0.1, 0.5, 2, 4, 100];
  const rows = times.map((time, at) => rowOf(`k${at}`, "integer", [time, 1, 3]));
  const [mean, trimmed, worst] = verdicts(recordOf(rows));
  assertAlmostEquals(mean.value, Math.pow(0.01 * 0.1 * 0.5 * 2 * 4 * 100, 1 / 6));
  assertAlmostEquals(trimmed.value, 1);
  assertEquals(worst.name, "worst single kernel (k5)");
  assertEquals(worst.value, 100);
});

Deno.test("verdicts() judges only what was measured", () => {
  assertEquals(verdicts(recordOf([])), []);
  const names = (record: ReturnType<typeof recordOf>) => verdicts(record).map(({ name }) => name);
  assertEquals(names(recordOf([rowOf("pipe", "system", [1, 1])])), [
    "system operations, geometric mean",
  ]);
  const float = rowOf("fft", "float", [1, 2]);
  assertEquals(names(recordOf([float])), [
    "worst single kernel (fft)",
    "worst float kernel (fft)",
  ]);
  assertEquals(
    names(recordOf([{ ...float, user: { wallMs: summarize([4]) } }])).at(-1),
    [
      "worst against user mode (fft)",
    ][0],
  );
});

Deno.test("isReached() knows greatest and least values", () => {
  const verdict = { name: "", value: 0.96, bar: 0.95, aim: 1, isLeast: true };
  assertEquals(isReached(verdict), true);
  assertEquals(isReached({ ...verdict, isLeast: false }), false);
  assertEquals(isReached({ ...verdict, value: 0.95, isLeast: false }), true);
});
