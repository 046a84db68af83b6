import { assertEquals, assertThrows } from "@std/assert";
import { parseMemory, parseSmp } from "./quantities.ts";
import { UsageError } from "./usage_error.ts";

Deno.test("parseMemory() counts MiB without a suffix and knows QEMU's suffixes", () => {
  for (
    const [text, bytes] of [
      ["512", 2 ** 29],
      ["512M", 2 ** 29],
      ["512m", 2 ** 29],
      ["1G", 2 ** 30],
      ["1.5g", 1.5 * 2 ** 30],
      ["2048K", 2 ** 21],
      ["1T", 2 ** 40],
      ["4096b", 4096],
      ["size=64M", 2 ** 26],
    ] as const
  ) assertEquals(parseMemory(text), bytes, text);
});

Deno.test("parseMemory() refuses what is no size", () => {
  for (const text of ["", "M", "12Q", "-1", "1e9", "0x10", "512MB", "1.5.2G", "slots=2"]) {
    assertThrows(() => parseMemory(text), UsageError);
  }
});

Deno.test("parseSmp() takes a count or a topology", () => {
  assertEquals(parseSmp("4"), 4);
  assertEquals(parseSmp("cpus=4"), 4);
  assertEquals(parseSmp("4,sockets=1,cores=2,threads=2"), 4);
  assertEquals(parseSmp("sockets=2,cores=3"), 6);
  assertEquals(parseSmp("4,maxcpus=4"), 4);
  assertEquals(parseSmp("8,cores=2"), 8);
  assertEquals(parseSmp("0"), 0);
});

Deno.test("parseSmp() refuses what is no count and topologies that do not fit", () => {
  for (const text of ["", "two", "-1", "2.5", "4,maxcpus=8", "3,cores=2", "4,cores=0", "4,cpu=4"]) {
    assertThrows(() => parseSmp(text), UsageError);
  }
});
