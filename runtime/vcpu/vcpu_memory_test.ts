import { assertEquals } from "@std/assert";
import { StateLayout } from "../../ir/guest_state.ts";
import { Control, GUEST_STATE } from "../../wasm_backend/abi/vcpu_layout.ts";
import { VcpuMemory } from "./vcpu_memory.ts";

const LAYOUT = new StateLayout([
  { name: "pc", type: "i64" },
  { name: "x", type: "i64", count: 32 },
]);

Deno.test("64-bit control words hold every number below 2^53", () => {
  const memory = new VcpuMemory();
  for (const value of [0, 1, 2 ** 31, 2 ** 32 - 1, 2 ** 32, 0x8000_0000_1234, 2 ** 53 - 1]) {
    memory.setWideControl(Control.RETIRED_BASE, value);
    assertEquals(memory.wideControl(Control.RETIRED_BASE), value);
    assertEquals(memory.control(Control.RETIRED_BASE), value | 0);
  }
});

Deno.test("a state element is written in both halves, at its place alone", () => {
  const memory = new VcpuMemory();
  const x = LAYOUT.slot("x");
  memory.setState(x, 3, -2n);
  memory.setState(x, 4, 0x1234_5678_9abc_def0n);
  const at = memory.stateIndex(x, 3);
  assertEquals(at, (GUEST_STATE + 4 * 8) / 4);
  assertEquals([...memory.words.subarray(at - 2, at + 6)], [
    ...[0, 0, -2, -1, 0x9abc_def0 | 0, 0x1234_5678, 0, 0],
  ]);
});

Deno.test("retired instructions are those before the budget and what was used of it", () => {
  const memory = new VcpuMemory();
  memory.setWideControl(Control.RETIRED_BASE, 2 ** 40);
  memory.setControl(Control.BUDGET_FILLED, 20_000);
  memory.setControl(Control.BUDGET, -5);
  assertEquals(memory.retired(), 2 ** 40 + 20_005);
});
