import { assertEquals } from "@std/assert";
import { isaString, orderedExtensions } from "./isa_string.ts";

Deno.test("extensions have the order of QEMU's device tree", () => {
  const qemu = [
    ..."imafdc",
    ...["zicbom", "zicbop", "zicboz", "zicntr", "zicsr", "zifencei", "zihintpause", "zmmul"],
    ...["zaamo", "zalrsc", "zawrs", "zfa", "zca", "zcd", "zba", "zbb", "zbc", "zbs"],
    ...["sstc", "svadu"],
  ];
  assertEquals(orderedExtensions(qemu.toReversed()), qemu);
  assertEquals(isaString(qemu), "rv64imafdc_" + qemu.slice(6).join("_"));
});

Deno.test("names of one category are in alphabetical order", () => {
  const names = ["zknd", "zkne", "zknh", "zbkb", "zbkc", "zfhmin", "zfh", "zfa", "sstc", "i"];
  const ordered = ["i", "zfa", "zfh", "zfhmin", "zbkb", "zbkc", "zknd", "zkne", "zknh", "sstc"];
  assertEquals(orderedExtensions(names), ordered);
});
