import { assertEquals, assertGreater, assertThrows } from "@std/assert";
import { parseProcessTime, processTime } from "./process_time.ts";

Deno.test("parseProcessTime() adds user and system time behind any command name", () => {
  const stat = "7 (a) b (c) S 1 7 7 0 -1 4194304 100 0 0 0 25 5 900 900 20 0 4 0 100";
  assertEquals(parseProcessTime(stat), 300);
  assertThrows(() => parseProcessTime("7 (a) S 1"), Error, "not a process status");
});

Deno.test({
  name: "processTime() grows as this process works, and nobody else's number is one",
  ignore: Deno.build.os !== "linux",
  async fn() {
    const before = await processTime(Deno.pid) ?? NaN;
    let now = before;
    while (now === before) now = await processTime(Deno.pid) ?? NaN;
    assertGreater(now, before);
    assertEquals(await processTime(0x7fffffff), undefined);
  },
});
