import { assertEquals } from "@std/assert";
import { formatOutcome } from "../syntax/condition.ts";
import { OutcomeHistogram } from "./outcome_histogram.ts";

Deno.test("final states are counted over columns of values, wide and negative ones too", () => {
  const words = Int32Array.of(1, 0, -1, -1, 1, 0, 2, 1, 1, 0, -1, -1, -1, 0, 7, 0);
  const histogram = new OutcomeHistogram(["0:x5", "x"]);
  const column = (name: string, first: number) => ({ name, words, first, step: 4 });
  histogram.add([column("0:x5", 0), column("x", 2)], 4);
  assertEquals(
    histogram.entries().map(({ outcome, count }) => [formatOutcome(outcome), count]),
    [["0:x5=1; x=-1", 2], ["0:x5=1; x=4294967298", 1], ["0:x5=4294967295; x=7", 1]],
  );
});
