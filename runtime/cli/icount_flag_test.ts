// `-icount` in QEMU's spellings.

import { assertEquals, assertThrows } from "@std/assert";
import { parseIcount } from "./icount_flag.ts";
import { UsageError } from "./usage_error.ts";

Deno.test("-icount is a shift, with or without its name, and whether time sleeps", () => {
  assertEquals(parseIcount("0"), { shift: 0, sleep: true });
  assertEquals(parseIcount("shift=7"), { shift: 7, sleep: true });
  assertEquals(parseIcount("auto"), { shift: "auto", sleep: true });
  assertEquals(parseIcount("shift=auto,sleep=on,align=off"), { shift: "auto", sleep: true });
  assertEquals(parseIcount("shift=10,sleep=off"), { shift: 10, sleep: false });
});

Deno.test("what -icount cannot be is refused with a cause", () => {
  for (const value of ["", "11", "shift=-1", "shift=x", "sleep=off", "shift=1.5"]) {
    assertThrows(() => parseIcount(value), UsageError, "2^shift");
  }
  assertThrows(() => parseIcount("shift=0,rr=record,rrfile=f"), UsageError, "not recorded");
  assertThrows(() => parseIcount("shift=0,align=on"), UsageError, "held back");
  assertThrows(() => parseIcount("shift=0,sleeep=on"), UsageError, "no property");
});
