import { assertEquals } from "@std/assert";
import {
  DEVICE_BLOCK,
  EndReason,
  Machine,
  Pending,
  RunState,
  Vcpu,
  vcpuWord,
} from "../atomics/shared_layout.ts";
import { SharedPowerControl } from "./power_control.ts";

Deno.test("SharedPowerControl ends the machine once and stops every hart", () => {
  const words = new Int32Array(new SharedArrayBuffer(DEVICE_BLOCK));
  words[Machine.HART_COUNT.offset >> 2] = 2;
  const power = new SharedPowerControl(words);
  power.end(EndReason.GUEST_EXIT, 42);
  power.end(EndReason.POWER_OFF, 0);
  assertEquals(words[Machine.RUN_STATE.offset >> 2], RunState.ENDED);
  assertEquals(words[Machine.END_REASON.offset >> 2], EndReason.GUEST_EXIT);
  assertEquals(words[Machine.EXIT_CODE.offset >> 2], 42);
  assertEquals(words[Machine.CLOCK_KICK.offset >> 2], 1);
  const pending = [0, 1, 2].map((hart) => words[vcpuWord(hart, Vcpu.PENDING) >> 2]);
  assertEquals(pending, [Pending.STOP, Pending.STOP, 0]);
});
