/**
 * A hart in this process, without workers: the product's own vCPU with a machine around it that is just
 * enough, whose budgets the test chooses.
 */
import { RiscvFrontend } from "../../frontend/riscv/riscv_frontend.ts";
import { RISCV_STATE } from "../../frontend/riscv/registers.ts";
import { beginCodeStore, endCodeStore, isCodePage } from "../../runtime/atomics/code_guard.ts";
import { lowerInterrupt, post, raiseInterrupt } from "../../runtime/atomics/pending.ts";
import {
  GUEST_RAM_OFFSET,
  Machine,
  PAGE_BYTES,
  PAGE_SHIFT,
  Pending,
} from "../../runtime/atomics/shared_layout.ts";
import type { MmioAccess } from "../../runtime/devices/device.ts";
import { GuestClock, startClock } from "../../runtime/machine/clock.ts";
import type { InstalledModule } from "../../runtime/translation/region_catalog.ts";
import { runOnOwnThread } from "../../runtime/vcpu/own_thread.ts";
import { Vcpu } from "../../runtime/vcpu/vcpu.ts";
import { Control, GUEST_STATE, ReservationScheme } from "../../wasm_backend/abi/vcpu_layout.ts";
import { SHARED_MAXIMUM_PAGES, SHARED_MINIMUM_PAGES } from "../../wasm_backend/abi/module_shape.ts";
import { Device, RAM_BASE, RAM_BYTES } from "./guest_layout.ts";

const HART = 0;
const WASM_PAGE_BYTES = 0x1_0000;
const SOFTWARE_INTERRUPT_LINE = 1 << 3;
const ALL_LINES = -1;
/** Values of {@linkcode RunOptions.heat}: nothing is ever asked for, or everything always. */
export const Heat = { NEVER: 0x7fff_ffff, ALWAYS: 0 } as const;

/** How a program is run. */
export interface RunOptions {
  /** Block heads ask for compilation when their count has none of these bits. */
  readonly heat: number;
  /** Instructions until the next visit to the trampoline. */
  readonly nextBudget: () => number;
  /** Is an interrupt raised at this visit to the trampoline? */
  readonly isInterrupted: () => boolean;
  /** Called at each visit to the trampoline. */
  readonly onVisit: () => void;
  /** Instructions after which the program is given up. */
  readonly limit: number;
}

/** See the header of this file. */
export class TestHart {
  readonly frontend = new RiscvFrontend();
  readonly words: Int32Array;
  readonly vcpu: Vcpu;
  readonly ram: Uint8Array;
  readonly ramView: DataView;
  readonly #ramBytes: number;
  readonly #clock: GuestClock;
  readonly #modules: InstalledModule[] = [];
  #options: RunOptions | null = null;
  #isEnded = false;

  /** Builds the machine around a compiled cold tier. */
  constructor(coldTier: WebAssembly.Module, ramBytes = RAM_BYTES) {
    this.#ramBytes = ramBytes;
    const memory = new WebAssembly.Memory({
      initial: SHARED_MINIMUM_PAGES + ramBytes / WASM_PAGE_BYTES,
      maximum: SHARED_MAXIMUM_PAGES,
      shared: true,
    });
    this.words = new Int32Array(memory.buffer);
    this.words[Machine.HART_COUNT.offset >> 2] = 1;
    this.words[Machine.RAM_PAGES.offset >> 2] = ramBytes >> PAGE_SHIFT;
    startClock(this.words);
    this.#clock = new GuestClock(this.words);
    this.ram = new Uint8Array(memory.buffer, GUEST_RAM_OFFSET, ramBytes);
    this.ramView = new DataView(memory.buffer, GUEST_RAM_OFFSET, ramBytes);
    this.vcpu = new Vcpu({
      hart: HART,
      ram: memory,
      frontend: this.frontend,
      coldTier,
      replayTier: null,
      devices: {
        bus: { load: () => false, store: (low, _high, access) => this.#deviceStore(low, access) },
        timedDevices: [],
        virtioSlots: [],
        inputArrived: () => {},
        receiveBreak: () => {},
        environmentCall: () => false,
      },
      clock: this.#clock,
      ramRange: { base: RAM_BASE, bytes: ramBytes },
      hasBuiltinFirmware: false,
      reservationScheme: ReservationScheme.MONITOR,
      modules: { next: () => this.#modules.shift() },
      poll: () => this.#visit(),
    });
  }

  /** The end register holds the program at its store, so that all engines stop at the same state. */
  #deviceStore(address: number, access: MmioAccess): boolean {
    if (address === Device.BASE + Device.LOWER) {
      lowerInterrupt(this.words, HART, SOFTWARE_INTERRUPT_LINE);
      return true;
    }
    if (address !== Device.BASE + Device.END) return false;
    access.retry = true;
    this.#isEnded = true;
    post(this.words, HART, Pending.STOP);
    return true;
  }

  #visit(): void {
    const options = this.#options;
    const { memory } = this.vcpu;
    if (options === null) return;
    options.onVisit();
    if (this.#isEnded) return;
    if (memory.retired() > options.limit) return post(this.words, HART, Pending.STOP);
    if (options.isInterrupted()) raiseInterrupt(this.words, HART, SOFTWARE_INTERRUPT_LINE);
    if (memory.control(Control.BUDGET) > 0) return;
    const budget = options.nextBudget();
    memory.setWideControl(Control.RETIRED_BASE, memory.retired());
    memory.setControl(Control.BUDGET_FILLED, budget);
    memory.setControl(Control.BUDGET, budget);
  }

  /** Replaces all of RAM as another hart would: code that changes is dropped. */
  setRam(image: Uint8Array): void {
    const firstPage = GUEST_RAM_OFFSET >> PAGE_SHIFT;
    for (let at = 0; at < this.#ramBytes; at += PAGE_BYTES) {
      const page = firstPage + (at >> PAGE_SHIFT);
      const part = image.subarray(at, at + PAGE_BYTES);
      const isCode = isCodePage(this.words, page);
      if (isCode && equalBytes(part, this.ram.subarray(at, at + PAGE_BYTES))) continue;
      if (isCode) beginCodeStore(this.words, page);
      this.ram.set(part, at);
      if (isCode) endCodeStore(this.words, page);
    }
  }

  /** Hands a module to the vCPU. */
  publish(module: InstalledModule): void {
    this.#modules.push(module);
    post(this.words, HART, Pending.MODULES);
  }

  /** Puts the hart into the reset state, with these values in addition. */
  reset(state: readonly (readonly [slot: string, index: number, value: bigint])[]): void {
    const { memory } = this.vcpu;
    this.vcpu.reset(0, []);
    for (const [slot, index, value] of state) {
      memory.setState(RISCV_STATE.slot(slot), index, value);
    }
    for (const word of [Control.BUDGET, Control.BUDGET_FILLED, Control.RESERVATION]) {
      memory.setControl(word, 0);
    }
    memory.setWideControl(Control.RETIRED_BASE, 0);
    lowerInterrupt(this.words, HART, ALL_LINES);
  }

  /** Runs to the program's end. @returns false when it was given up */
  run(options: RunOptions): boolean {
    this.#options = options;
    this.#isEnded = false;
    this.vcpu.memory.setControl(Control.HEAT_MASK, options.heat);
    runOnOwnThread(this.vcpu, this.words, HART);
    this.#options = null;
    return this.#isEnded;
  }

  /** The state of the hart, 64 bits an element, in layout order. */
  state(): BigInt64Array {
    const start = GUEST_STATE;
    const { buffer } = this.vcpu.memory.memory;
    return new BigInt64Array(buffer, start, RISCV_STATE.bytes / 8).slice();
  }

  /** A value of the state. */
  read(slot: string, index = 0): bigint {
    const { memory } = this.vcpu;
    const at = memory.stateIndex(RISCV_STATE.slot(slot), index);
    return BigInt.asUintN(
      64,
      (BigInt(memory.words[at + 1]) << 32n) | BigInt(memory.words[at] >>> 0),
    );
  }
}

function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  for (let at = 0; at < a.length; at++) if (a[at] !== b[at]) return false;
  return true;
}
