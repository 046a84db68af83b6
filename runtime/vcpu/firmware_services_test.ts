import { assertEquals } from "@std/assert";
import { markCodeLines, readStableGeneration } from "../atomics/code_guard.ts";
import {
  GUEST_RAM_OFFSET,
  Machine,
  PAGE_BYTES,
  PAGE_SHIFT,
  Pending,
  RemoteWork,
  Vcpu,
  vcpuWord,
} from "../atomics/shared_layout.ts";
import { ALL_SPACES } from "../atomics/translation_fences.ts";
import { toRunning } from "../atomics/agent_state.ts";
import { FirmwareServices } from "./firmware_services.ts";
import type { VcpuRegisters } from "./vcpu_registers.ts";

const HARTS = 4;
const SELF = 1;

function scene() {
  const words = new Int32Array(new SharedArrayBuffer(GUEST_RAM_OFFSET + PAGE_BYTES));
  words[Machine.HART_COUNT.offset >> 2] = HARTS;
  const registers = {} as Partial<VcpuRegisters> as VcpuRegisters;
  return { words, services: new FirmwareServices(words, SELF, registers) };
}

function word(words: Int32Array, hart: number, which: typeof Vcpu.PENDING): number {
  return words[vcpuWord(hart, which) >> 2];
}

Deno.test("wishes are noted until they are cleared", () => {
  const { services } = scene();
  services.stop();
  services.suspend();
  services.restartAt(1, 2, 3, 4);
  services.remoteWork(0b11, 1, RemoteWork.FLUSH_INSTRUCTIONS);
  const { isStopped, isSuspended, restart, hasRemoteRequest } = services;
  assertEquals({ isStopped, isSuspended, restart, hasRemoteRequest }, {
    isStopped: true,
    isSuspended: true,
    restart: { pc: [1, 2], argument: [3, 4] },
    hasRemoteRequest: true,
  });
  services.clear();
  const after = new FirmwareServices(scene().words, SELF, services.registers);
  for (
    const key of ["isStopped", "isSuspended", "restart", "hasRemoteRequest", "ownWork"] as const
  ) {
    assertEquals(services[key], after[key]);
  }
  assertEquals(services.remoteTargets, { low: 0, high: 0 });
});

Deno.test("work is asked of the named harts, the caller keeps its own part", () => {
  const { words, services } = scene();
  toRunning(words, 3, () => {});
  services.remoteWork(0b0110, 0, RemoteWork.FLUSH_TRANSLATIONS);
  services.remoteWork(0b1000, 0, RemoteWork.FLUSH_INSTRUCTIONS);
  const work = [0, 1, 2, 3].map((hart) => word(words, hart, Vcpu.REMOTE_WORK));
  assertEquals(work, [0, 0, RemoteWork.FLUSH_TRANSLATIONS, RemoteWork.FLUSH_INSTRUCTIONS]);
  const posted = [0, 1, 2, 3].map((hart) => word(words, hart, Vcpu.PENDING) & Pending.WORK);
  assertEquals(posted, [0, 0, 0, Pending.WORK]);
  assertEquals(services.ownWork, RemoteWork.FLUSH_TRANSLATIONS);
  assertEquals(services.remoteTargets, { low: 0b1110, high: 0 });
});

Deno.test("a fence is left with the named harts, the caller keeps its own part", () => {
  const { words, services } = scene();
  const fence = { addressLow: 0x1000, addressHigh: 0, pages: 1, space: ALL_SPACES };
  services.remoteFence(0b0110, 0, fence);
  const work = [0, 1, 2, 3].map((hart) => word(words, hart, Vcpu.REMOTE_WORK));
  assertEquals(work, [0, 0, 1 << RemoteWork.FENCE_SHIFT, 0]);
  assertEquals(services.ownFence, fence);
  assertEquals(services.ownWork, 0);
  assertEquals(services.remoteTargets, { low: 0b0110, high: 0 });
  services.clear();
  assertEquals(services.ownFence, null);
});

Deno.test("a byte that is stored over code begins a new generation, beside code it does not", () => {
  const { words, services } = scene();
  const page = GUEST_RAM_OFFSET >> PAGE_SHIFT;
  markCodeLines(words, GUEST_RAM_OFFSET, 4);
  services.storeByte(GUEST_RAM_OFFSET + 64, 7);
  assertEquals(readStableGeneration(words, page), 0);
  services.storeByte(GUEST_RAM_OFFSET + 3, 0x1ff);
  assertEquals(readStableGeneration(words, page), 1);
  assertEquals(words[GUEST_RAM_OFFSET >> 2] >>> 24, 0xff);
  assertEquals(words[(GUEST_RAM_OFFSET + 64) >> 2], 7);
});
