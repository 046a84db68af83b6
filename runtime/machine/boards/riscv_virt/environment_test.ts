import { assertEquals } from "@std/assert";
import { interruptLines } from "../../../atomics/pending.ts";
import {
  EndReason,
  GUEST_RAM_OFFSET,
  HartStart,
  Machine,
  RemoteWork,
  Vcpu,
  vcpuWord,
} from "../../../atomics/shared_layout.ts";
import { SharedPowerControl } from "../../../devices/power_control.ts";
import type { VcpuServices } from "../../board.ts";
import { GuestClock, startClock } from "../../clock.ts";
import { SupervisorEnvironment } from "./environment.ts";
import { ArgumentRegister } from "./sbi/sbi_host.ts";
import { SbiExtensionId } from "./sbi/sbi_codes.ts";

const HARTS = 3;
const RAM_BASE = 0x8000_0000;
const RAM_PAGES = 2;
const { A0, A1, A6, A7 } = ArgumentRegister;

/** A machine in which hart 0 makes environment calls. */
class Bench {
  readonly words = new Int32Array(new SharedArrayBuffer(GUEST_RAM_OFFSET + RAM_PAGES * 4096));
  readonly bytes = new Uint8Array(this.words.buffer);
  readonly sent: number[] = [];
  readonly log: string[] = [];
  readonly registers = new Int32Array(64);
  readonly environment: SupervisorEnvironment;

  constructor() {
    this.words[Machine.HART_COUNT.offset >> 2] = HARTS;
    this.words[Machine.RAM_PAGES.offset >> 2] = RAM_PAGES;
    startClock(this.words);
    this.environment = new SupervisorEnvironment({
      words: this.words,
      hartCount: HARTS,
      clock: new GuestClock(this.words),
      consoleSink: { tryPut: (byte) => this.sent.push(byte) > 0 },
      consoleSource: { take: () => 0x61, available: () => 1 },
      power: new SharedPowerControl(this.words),
    });
  }

  /** Makes a call. @returns error code and low half of the value */
  call(extension: number, functionId: number, ...args: number[]): [number, number] {
    const values: [number, number][] = args.map((value, index) => [A0 + index, value]);
    this.registers.fill(0);
    for (const [register, value] of [...values, [A6, functionId], [A7, extension]]) {
      this.registers[2 * register] = value | 0;
    }
    this.environment.call(this.#services());
    return [this.registers[2 * A0], this.registers[2 * A1]];
  }

  word(hart: number, offset: { offset: number; width: 4 | 8; contract: string }): number {
    return this.words[vcpuWord(hart, offset) >> 2];
  }

  #services(): VcpuServices {
    return {
      hart: 0,
      registers: {
        low: (register) => this.registers[2 * register],
        high: (register) => this.registers[2 * register + 1],
        set: (register, low, high) => this.registers.set([low, high], 2 * register),
      },
      stop: () => void this.log.push("stop"),
      suspend: () => void this.log.push("suspend"),
      restartAt: (...where) => void this.log.push(`restart ${where}`),
      remoteWork: (...what) => void this.log.push(`remote ${what}`),
      remoteFence: (low, high, fence) => void this.log.push(`fence ${low},${high},${fence.pages}`),
      storeByte: (offset, byte) => void (this.bytes[offset] = byte),
    };
  }
}

Deno.test("an interrupt sent to harts raises their software interrupt", () => {
  const bench = new Bench();
  assertEquals(bench.call(SbiExtensionId.IPI, 0, 0b110, 0), [0, 0]);
  assertEquals([0, 1, 2].map((hart) => interruptLines(bench.words, hart)), [0, 2, 2]);
});

Deno.test("a timer in the past is up at once and one in the future is not", () => {
  const bench = new Bench();
  bench.call(SbiExtensionId.TIME, 0, 0);
  assertEquals(interruptLines(bench.words, 0), 1 << 5);
  bench.call(SbiExtensionId.TIME, 0, 0x7fff_ffff);
  assertEquals(interruptLines(bench.words, 0), 0);
});

Deno.test("fences name harts and work for the trampoline", () => {
  const bench = new Bench();
  bench.call(SbiExtensionId.RFENCE, 1, 0b011, 0, 0x1000, 0x3000);
  bench.call(SbiExtensionId.RFENCE, 0, 0b100, 0);
  assertEquals(bench.log, [
    "fence 3,0,3",
    `remote 4,0,${RemoteWork.FLUSH_INSTRUCTIONS}`,
  ]);
});

Deno.test("a stopped hart is started with its address and argument, once", () => {
  const bench = new Bench();
  bench.words[vcpuWord(1, Vcpu.HART_START) >> 2] = HartStart.STOPPED;
  assertEquals(bench.call(SbiExtensionId.HSM, 0, 1, RAM_BASE, 77)[0], 0);
  assertEquals(bench.word(1, Vcpu.HART_START), HartStart.START_PENDING);
  assertEquals(bench.word(1, Vcpu.START_PC), RAM_BASE | 0);
  assertEquals(bench.word(1, Vcpu.START_ARGUMENT), 77);
  assertEquals(bench.call(SbiExtensionId.HSM, 0, 1, RAM_BASE, 78)[0] < 0, true);
});

Deno.test("stop and suspend are left to the trampoline", () => {
  const bench = new Bench();
  bench.call(SbiExtensionId.HSM, 1);
  bench.call(SbiExtensionId.HSM, 3, 0);
  bench.call(SbiExtensionId.HSM, 3, 0x8000_0000, RAM_BASE, 5);
  assertEquals(bench.log, ["stop", "suspend", "suspend", `restart ${RAM_BASE | 0},0,5,0`]);
});

Deno.test("shutting down because of a failure is a panic", () => {
  const reasonOf = (type: number, reason: number): number => {
    const bench = new Bench();
    bench.call(SbiExtensionId.SYSTEM_RESET, 0, type, reason);
    return bench.words[Machine.END_REASON.offset >> 2];
  };
  assertEquals(reasonOf(0, 0), EndReason.POWER_OFF);
  assertEquals(reasonOf(0, 1), EndReason.PANIC);
  assertEquals(reasonOf(1, 0), EndReason.RESET);
});

Deno.test("the debug console reads and writes guest RAM and nothing else", () => {
  const bench = new Bench();
  bench.bytes.set([0x68, 0x69], GUEST_RAM_OFFSET + 0x100);
  assertEquals(bench.call(SbiExtensionId.DEBUG_CONSOLE, 0, 2, RAM_BASE + 0x100), [0, 2]);
  assertEquals(bench.sent, [0x68, 0x69]);
  assertEquals(bench.call(SbiExtensionId.DEBUG_CONSOLE, 1, 3, RAM_BASE), [0, 3]);
  assertEquals(
    bench.bytes.slice(GUEST_RAM_OFFSET, GUEST_RAM_OFFSET + 4),
    Uint8Array.of(97, 97, 97, 0),
  );
  assertEquals(bench.call(SbiExtensionId.DEBUG_CONSOLE, 0, 2, RAM_BASE - 1)[0] < 0, true);
  assertEquals(bench.call(SbiExtensionId.DEBUG_CONSOLE, 0, 2, RAM_BASE + 8191)[0] < 0, true);
});
