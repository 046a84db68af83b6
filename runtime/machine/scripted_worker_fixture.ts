/**
 * Plays vCPU and compiler in tests of the machine around them: a "guest" is a text of commands at the start
 * address, one per line, and every hart carries it out.
 *
 * `print TEXT`, `flood COUNT` (prints that many bytes), `echo COUNT` (waits for input and prints it), `ask`
 * (waits for a byte of input: `r` resets, `q` powers off), `request COUNT` (asks for that many regions),
 * `power-off`, `exit CODE`, `panic`, `throw TEXT`; `hang HART`: that hart comes to no safepoint until the end, `lock
 * HART`: so does that one, and holds a lock that the others wait for.
 * Then it sleeps until the end. Before the first command a hart stands still until the start, except when the text
 * starts with `unready`: it fails instead. The compiler ends the machine when it has taken
 * `EXPECTED_REQUESTS` requests; the exit code is their number.
 */

import {
  nextRequest,
  NO_REQUEST,
  publishRequest,
  releaseRequest,
  reserveRequest,
  waitForRequest,
} from "../atomics/compile_ring.ts";
import { claimCompilerService } from "../atomics/compiler_claim.ts";
import { awaitOutputRoom, putOutput } from "../atomics/console_ring.ts";
import { ActivityLog } from "../atomics/activity_log.ts";
import { EventRing } from "../atomics/event_ring.ts";
import { LockState } from "../atomics/spin_lock.ts";
import { standStill } from "../atomics/standstill_fixture.ts";
import { take, waitPending } from "../atomics/pending.ts";
import {
  Activity,
  EndReason,
  GUEST_RAM_OFFSET,
  Machine,
  Pending,
  RunState,
} from "../atomics/shared_layout.ts";
import { HartCounter, hartCounters } from "../atomics/statistics_layout.ts";
import { createMmioAccess } from "../devices/device.ts";
import { SharedPowerControl } from "../devices/power_control.ts";
import { RingConsoleSink, RingConsoleSource } from "../devices/ring_console.ts";
import { VcpuLocks } from "../vcpu/vcpu_locks.ts";
import { loadBoard } from "./boards/boards.ts";
import { VirtInterrupt, VirtMap } from "./boards/riscv_virt/memory_map.ts";
import type { BoardDevices } from "./board.ts";
import { GuestClock } from "./clock.ts";
import type { CompilerStart, VcpuStart, WorkerHart, WorkerReport } from "./worker_messages.ts";

const RUN_STATE = Machine.RUN_STATE.offset >> 2;
const nothing = (): void => {};
const RAM_BASE = 0x8000_0000;
const POLL_MS = 10;
/** Requests after which the compiler ends the machine. */
const EXPECTED_REQUESTS = 3;

function waitWhile(words: Int32Array, state: number): void {
  // ORDER: sc load, then sleep while unchanged; partner: main's store and notify.
  while (Atomics.load(words, RUN_STATE) === state) Atomics.wait(words, RUN_STATE, state);
}

/** The driver of the serial port's receiver, for one hart. */
class SerialInput {
  readonly #bus: BoardDevices["bus"];
  readonly #access;
  readonly #claim: number;

  constructor({ bus }: BoardDevices, hart: number) {
    this.#bus = bus;
    this.#access = createMmioAccess(hart);
    const context = 2 * hart + 1;
    this.#claim = VirtMap.PLIC.base + 0x20_0004 + 0x1000 * context;
    this.#write(VirtMap.PLIC.base + 4 * VirtInterrupt.UART, 4, 1);
    this.#write(VirtMap.PLIC.base + 0x2000 + 0x80 * context, 4, 1 << VirtInterrupt.UART);
    this.#write(VirtMap.UART.base + 1, 1, 1);
  }

  /** Takes a byte. @returns -1 when there is none, and an interrupt will tell of the next */
  take(): number {
    if (this.#isEmpty()) this.#acknowledge();
    return this.#isEmpty() ? -1 : this.#read(VirtMap.UART.base, 1);
  }

  #isEmpty(): boolean {
    return (this.#read(VirtMap.UART.base + 5, 1) & 1) === 0;
  }

  #acknowledge(): void {
    const source = this.#read(this.#claim, 4);
    if (source !== 0) this.#write(this.#claim, 4, source);
  }

  #read(address: number, size: number): number {
    this.#access.size = size;
    this.#bus.load(address, 0, this.#access);
    return this.#access.low;
  }

  #write(address: number, size: number, low: number): void {
    Object.assign(this.#access, { size, low, high: 0 });
    this.#bus.store(address, 0, this.#access);
  }
}

class ScriptedHart {
  readonly #words: Int32Array;
  readonly #start: VcpuStart;
  readonly #hart: WorkerHart;
  readonly #power: SharedPowerControl;
  readonly #log: ActivityLog;

  constructor(start: VcpuStart) {
    this.#start = start;
    this.#hart = start.harts[0];
    this.#words = new Int32Array(start.memory.buffer);
    this.#power = new SharedPowerControl(this.#words);
    const { hart } = this.#hart;
    const ring = start.events === null ? null : new EventRing(start.events, hart);
    this.#log = new ActivityLog(this.#words, hart, ring, { pcLow: RAM_BASE | 0, pcHigh: 0 });
  }

  async run(): Promise<void> {
    const lines = this.#script();
    if (lines[0].startsWith("unready")) throw new Error(lines[0]);
    const devices = await this.#devices();
    standStill(this.#words, this.#hart.hart, 0, nothing, nothing);
    for (const line of lines) {
      // ORDER: sc load; partner: the end by another thread.
      if (Atomics.load(this.#words, RUN_STATE) === RunState.ENDED) return;
      this.#carryOut(line, devices);
      hartCounters(this.#words.buffer, this.#hart.hart)[HartCounter.INSTRUCTIONS]++;
    }
    // ORDER: sc load; partner: the end by another thread.
    if (Atomics.load(this.#words, RUN_STATE) === RunState.ENDED) return;
    this.#log.settle(Activity.SLEEPS);
    waitWhile(this.#words, RunState.RUNNING);
  }

  #script(): string[] {
    const bytes = new Uint8Array(
      this.#words.buffer,
      GUEST_RAM_OFFSET + this.#hart.start.pc - RAM_BASE,
    );
    const text = bytes.slice(0, bytes.indexOf(0));
    return new TextDecoder().decode(text).trim().split("\n");
  }

  #carryOut(line: string, devices: BoardDevices): void {
    const [command, ...words] = line.split(" ");
    const argument = words.join(" ");
    switch (command) {
      case "print":
        return new TextEncoder().encode(`${argument}\n`).forEach((byte) => this.#put(byte));
      case "flood":
        for (let count = 0; count < Number(argument); count++) this.#put(count & 0xff);
        return;
      case "echo":
        return this.#echo(Number(argument), devices);
      case "request":
        for (let count = 0; count < Number(argument); count++) {
          publishRequest(this.#words, reserveRequest(this.#words));
        }
        return;
      case "power-off":
        return this.#power.end(EndReason.POWER_OFF, 0);
      case "ask":
        return this.#ask(devices);
      case "exit":
        return this.#power.end(EndReason.GUEST_EXIT, Number(argument));
      case "panic":
        return this.#power.end(EndReason.PANIC, 0);
      case "hang":
        if (this.#hart.hart === Number(argument)) this.#hang();
        return;
      case "lock":
        return this.#deadlock(Number(argument));
      case "throw":
        throw new Error(argument);
    }
  }

  #hang(): void {
    // ORDER: sc load; partner: the end by another thread.
    while (Atomics.load(this.#words, RUN_STATE) === RunState.RUNNING) Atomics.pause();
  }

  #deadlock(holder: number): void {
    const words = this.#words;
    const { hart } = this.#hart;
    const [lock] = new VcpuLocks(words, hart, this.#log, { hasBigLock: false, timesHolds: false })
      .htif;
    const isHolder = hart === holder;
    // ORDER: sc load, for the order in which they come; partner: the holder's cmpxchg.
    while (!isHolder && Atomics.load(words, Machine.HTIF_LOCK.offset >> 2) === LockState.FREE);
    lock.enter();
    if (isHolder) this.#hang();
    lock.leave();
  }

  #put(byte: number): void {
    while (!putOutput(this.#words, byte)) {
      if (awaitOutputRoom(this.#words, this.#hart.hart)) this.#sleep();
    }
  }

  #echo(count: number, devices: BoardDevices): void {
    const input = new SerialInput(devices, this.#hart.hart);
    for (let done = 0; done < count; done++) {
      const byte = this.#nextInput(input);
      if (byte < 0) return;
      this.#put(byte);
    }
  }

  #ask(devices: BoardDevices): void {
    const answer = this.#nextInput(new SerialInput(devices, this.#hart.hart));
    if (answer === "r".charCodeAt(0)) this.#power.end(EndReason.RESET, 0);
    if (answer === "q".charCodeAt(0)) this.#power.end(EndReason.POWER_OFF, 0);
  }

  /** Waits for a byte of input. @returns -1 when the machine has ended */
  #nextInput(input: SerialInput): number {
    for (;;) {
      const byte = input.take();
      if (byte >= 0 || !this.#sleep()) return byte;
    }
  }

  /** Sleeps until an event. @returns false when the machine has ended */
  #sleep(): boolean {
    waitPending(this.#words, this.#hart.hart, Infinity);
    return (take(this.#words, this.#hart.hart) & Pending.STOP) === 0;
  }

  async #devices(): Promise<BoardDevices> {
    const words = this.#words;
    return (await loadBoard(this.#start.board)).createDevices({
      words,
      hartCount: words[Machine.HART_COUNT.offset >> 2],
      clock: new GuestClock(words),
      consoleSink: new RingConsoleSink(words),
      consoleSource: new RingConsoleSource(words),
      power: this.#power,
    }, this.#start.hasBuiltinFirmware);
  }
}

async function serve(start: VcpuStart | CompilerStart): Promise<WorkerReport> {
  try {
    if ("harts" in start) await new ScriptedHart(start).run();
    else takeRequests(new Int32Array(start.memory.buffer), start.powerCycle);
    return { stopped: true };
  } catch (error) {
    return { failure: String(error) };
  }
}

function takeRequests(words: Int32Array, powerCycle: number): void {
  if (!claimCompilerService(words, powerCycle)) return;
  let taken = 0;
  // ORDER: sc load; partner: the end by another thread.
  while (Atomics.load(words, RUN_STATE) !== RunState.ENDED) {
    for (; nextRequest(words) !== NO_REQUEST; taken++) releaseRequest(words);
    if (taken === EXPECTED_REQUESTS) {
      new SharedPowerControl(words).end(EndReason.GUEST_EXIT, taken);
    }
    waitForRequest(words, POLL_MS);
  }
}

self.addEventListener("message", (event: Event) => {
  const { data } = event as MessageEvent<VcpuStart | CompilerStart>;
  serve(data).then((report) => (self as unknown as Worker).postMessage(report));
});
(self as unknown as Worker).postMessage({ ready: true } satisfies WorkerReport);
