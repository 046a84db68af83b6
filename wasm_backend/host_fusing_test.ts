import { assertEquals } from "@std/assert";
import { fusedMultiplyAdd } from "../ir/interpreter/fused.ts";
import { hostFuses, isFused, probeBytes } from "./host_fusing.ts";

Deno.test("the probe is a module, and gives the same answer each time", () => {
  assertEquals(WebAssembly.validate(probeBytes()), true);
  assertEquals(hostFuses(), hostFuses());
});

Deno.test("isFused() tells one rounding from two", () => {
  const format = { precision: 53, lowestExponent: -1074 };
  assertEquals(isFused((a, b, c) => fusedMultiplyAdd(a, b, c, format)), true);
  assertEquals(isFused((a, b, c) => a * b + c), false);
});
