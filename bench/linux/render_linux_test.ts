import { assertEquals, assertStringIncludes } from "@std/assert";
import { summarize } from "../statistics.ts";
import { recordOf, rowOf } from "./linux_record_fixture.ts";
import { renderLinuxRecord } from "./render_linux.ts";

Deno.test("renderLinuxRecord() gives kernels in milliseconds and operations in nanoseconds", () => {
  const text = renderLinuxRecord(recordOf(
    [rowOf("fib", "integer", [50, 100, 200]), rowOf("pipe", "system", [4, 2, 3])],
    [{ name: "fib", repeat: 1, subject: summarize([1.9]), references: [summarize([2])] }],
  ));
  assertStringIncludes(text, "| worst single kernel (fib) | **0.50** | at most 1.3 | 0.9 | yes |");
  assertStringIncludes(text, "| kernel | kind | A ms | B ms | C ms |");
  assertStringIncludes(
    text,
    "| fib | integer | 50 (0 %) | 100 (0 %) | 200 (0 %) |  | 0.50 | 0.50 |",
  );
  assertStringIncludes(text, "| pipe | 4000 (0 %) | 2000 (0 %) | 3000 (0 %) | 2.00 | 2.00 |");
  assertStringIncludes(text, "| fib | 1.90 (0 %) | 2.00 (0 %) | 0.95 |");
});

Deno.test("renderLinuxRecord() leaves out tables without rows", () => {
  const text = renderLinuxRecord(recordOf([rowOf("fib", "integer", [50, 100])]));
  assertEquals(text.includes("| operation |"), false);
  assertEquals(text.includes("| two harts over one |"), false);
});
