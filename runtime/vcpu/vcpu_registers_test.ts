import { assertEquals } from "@std/assert";
import type { EnvironmentCall, GuestFrontend } from "../../frontend/frontend.ts";
import { StateLayout } from "../../ir/guest_state.ts";
import { VcpuMemory } from "./vcpu_memory.ts";
import { VcpuRegisters } from "./vcpu_registers.ts";

const LAYOUT = new StateLayout([
  { name: "pc", type: "i64" },
  { name: "x", type: "i64", count: 32 },
  { name: "level", type: "i32" },
]);
const CALL: EnvironmentCall = { cause: 9, isForFirmware: true, length: 4 };

/** A guest of which only registers and environment calls are asked; calls read the slot `level`. */
function guest(levels: number[]): GuestFrontend {
  const partial: Partial<GuestFrontend> = {
    pc: LAYOUT.slot("pc"),
    integerFile: LAYOUT.slot("x"),
    environmentCall: (read) => {
      levels.push(read(LAYOUT.slot("level")));
      return CALL;
    },
  };
  return partial as GuestFrontend;
}

Deno.test("registers are seen by the guest where it keeps them", () => {
  const memory = new VcpuMemory();
  const registers = new VcpuRegisters(memory, guest([]));
  registers.set(10, 7, -1);
  registers.setNumber(11, 0x1_8000_0000);
  const at = memory.stateIndex(LAYOUT.slot("x"), 10);
  assertEquals([...memory.words.subarray(at, at + 4)], [7, -1, 0x8000_0000 | 0, 1]);
  assertEquals([registers.low(10), registers.high(10)], [7, -1]);
  assertEquals([registers.low(11), registers.high(11)], [0x8000_0000 | 0, 1]);
});

Deno.test("the program counter moves forward with a carry into its high half", () => {
  const memory = new VcpuMemory();
  const registers = new VcpuRegisters(memory, guest([]));
  registers.setPc(-2, 5);
  registers.advancePc(4);
  assertEquals([registers.pcLow, registers.pcHigh], [2, 6]);
  registers.setPc(0x7fff_fffe, 5);
  registers.advancePc(4);
  assertEquals([registers.pcLow, registers.pcHigh], [0x8000_0002 | 0, 5]);
});

Deno.test("an environment call is judged by the state as it is now", () => {
  const memory = new VcpuMemory();
  const levels: number[] = [];
  const registers = new VcpuRegisters(memory, guest(levels));
  for (const level of [1, 3]) {
    memory.setState(LAYOUT.slot("level"), 0, BigInt(level));
    assertEquals(registers.environmentCall(), CALL);
  }
  assertEquals(levels, [1, 3]);
});
