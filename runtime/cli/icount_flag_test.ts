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

Deno.test("-icount records and replays, with a log", () => {
  assertEquals(parseIcount("shift=0,rr=record,rrfile=run.log"), {
    shift: 0,
    sleep: true,
    rr: "record",
    rrfile: "run.log",
  });
  assertEquals(parseIcount("2,sleep=off,rr=replay,rrfile=a"), {
    shift: 2,
    sleep: false,
    rr: "replay",
    rrfile: "a",
  });
});

Deno.test("what -icount cannot be is refused with a cause", () => {
  for (const value of ["", "11", "shift=-1", "shift=x", "sleep=off", "shift=1.5"]) {
    assertThrows(() => parseIcount(value), UsageError, "2^shift");
  }
  assertThrows(() => parseIcount("shift=0,rr=both,rrfile=f"), UsageError, "recorded or replayed");
  assertThrows(() => parseIcount("shift=0,rr=record"), UsageError, "no name");
  assertThrows(() => parseIcount("shift=0,rr=record,rrfile="), UsageError, "no name");
  assertThrows(() => parseIcount("shift=0,rrfile=f"), UsageError, "nothing is recorded");
  assertThrows(
    () => parseIcount("shift=0,rr=replay,rrfile=f,rrsnapshot=s"),
    UsageError,
    "begins where the recording did",
  );
  assertThrows(() => parseIcount("shift=0,align=on"), UsageError, "held back");
  assertThrows(() => parseIcount("shift=0,sleeep=on"), UsageError, "no property");
});
