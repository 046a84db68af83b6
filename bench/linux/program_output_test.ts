import { assertEquals, assertThrows } from "@std/assert";
import { parseProgramLine } from "./program_output.ts";

Deno.test("parseProgramLine() reads each kind of line", () => {
  assertEquals(parseProgramLine("BENCH begin fib"), { kind: "begin", name: "fib" });
  assertEquals(parseProgramLine("BENCH calibrated fib 12"), {
    ...{ kind: "calibrated", name: "fib", repeat: 12 },
  });
  assertEquals(parseProgramLine("BENCH run fib 12 00ff 345"), {
    ...{ kind: "run", name: "fib", repeat: 12, checksum: "00ff", ns: 345 },
  });
  assertEquals(parseProgramLine("BENCH scaling fib 12 00ff 345 678"), {
    ...{ kind: "scaling", name: "fib", repeat: 12, checksum: "00ff", oneNs: 345, twoNs: 678 },
  });
  assertEquals(parseProgramLine("BENCH failed no kernel"), { kind: "failed", name: "no kernel" });
});

Deno.test("parseProgramLine() finds a line behind a kernel message and skips other lines", () => {
  assertEquals(parseProgramLine("[  1.0] noise BENCH begin fib"), { kind: "begin", name: "fib" });
  assertEquals(parseProgramLine("BOOT-OK 1"), undefined);
});

Deno.test("parseProgramLine() refuses a line that is cut or unknown", () => {
  for (const line of ["BENCH run fib 12 00ff", "BENCH run fib x 00ff 1", "BENCH stop fib"]) {
    assertThrows(() => parseProgramLine(line), Error, line);
  }
});
