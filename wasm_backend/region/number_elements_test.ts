import { assertEquals } from "@std/assert";
import { parseModule } from "../../ir/text/parser.ts";
import type { SlotAttribute } from "../../ir/region.ts";
import { findNumberElements } from "./number_elements.ts";

const number = ({ slot, index }: SlotAttribute): number => (slot.name === "f" ? 0 : 100) + index;

Deno.test("elements are numbers where the region reads or writes them as numbers", () => {
  const { regions: [region] } = parseModule(`
state f: i64[8] promotable
state x: i64[8] promotable
state control: i64

region @mixed {
  entry b0 +0
b0:
  %0 = state.get f[1]
  %1 = f64.reinterpret_i64 %0
  %2 = state.get x[2]
  %3 = f64.reinterpret_i64 %2
  %4 = state.get control
  %5 = f64.reinterpret_i64 %4
  %6 = f64.add %1, %3
  %7 = f64.mul %6, %5
  %8 = i64.reinterpret_f64 %7
  state.set f[3] %8
  state.set f[4] %0
  %9 = state.get f[5]
  %10 = i64.reinterpret_f64 %7
  %11 = i64.add %10, %9
  state.set f[6] %11
  goto jump %8
}
`);
  assertEquals([...findNumberElements(region, number)], [1, 102, 3]);
});
