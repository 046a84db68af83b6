import { assertEquals, assertThrows } from "@std/assert";
import {
  parseChoice,
  parsePropertyList,
  parseSwitch,
  rejectUnknownProperties,
} from "./property_list.ts";
import { UsageError } from "./usage_error.ts";

Deno.test("parsePropertyList() splits the head from the properties", () => {
  const list = parsePropertyList("machine", "virt,dumpdtb=a=b,aclint");
  assertEquals(list.head, "virt");
  assertEquals([...list.properties], [["dumpdtb", "a=b"], ["aclint", "on"]]);
});

Deno.test("parsePropertyList() accepts a list without a head", () => {
  const list = parsePropertyList("machine", "dumpdtb=x,dumpdtb=y");
  assertEquals(list.head, undefined);
  assertEquals([...list.properties], [["dumpdtb", "y"]]);
});

Deno.test("a doubled comma is a comma", () => {
  const list = parsePropertyList("machine", "virt,dumpdtb=a,,b,,,type=virt");
  assertEquals([...list.properties], [["dumpdtb", "a,b,"], ["type", "virt"]]);
});

Deno.test("properties without names and unknown ones are refused", () => {
  assertThrows(() => parsePropertyList("cpu", "rv64,=on"), UsageError, "without a name");
  assertThrows(() => parsePropertyList("cpu", "rv64,"), UsageError, "without a name");
  assertThrows(
    () => rejectUnknownProperties("accel", new Map([["thraed", "multi"]]), ["thread", "check"]),
    UsageError,
    "did you mean thread?",
  );
});

Deno.test("parseSwitch() knows QEMU's words for on and off", () => {
  for (const word of ["on", "true", "yes", "y"]) assertEquals(parseSwitch("cpu", "v", word), true);
  for (const word of ["off", "false", "no", "n"]) {
    assertEquals(parseSwitch("cpu", "v", word), false);
  }
  assertThrows(() => parseSwitch("cpu", "v", "1"), UsageError, "write v=on or v=off");
});

Deno.test("parseChoice() suggests the near one", () => {
  assertEquals(parseChoice("-M virt", "virt", ["virt", "spike"]), "virt");
  assertThrows(() => parseChoice("-M vrit", "vrit", ["virt"]), UsageError, "did you mean virt?");
});
