/** A vCPU's counters in shared memory, published now and then by the trampoline. */
import { EXIT_COUNTERS, HartCounter, hartCounters } from "../atomics/statistics_layout.ts";
import { Control } from "../../wasm_backend/abi/vcpu_layout.ts";
import type { VcpuMemory } from "./vcpu_memory.ts";
import type { VcpuRegisters } from "./vcpu_registers.ts";

/** Counters that private memory has: which, and where. */
const COPIED: readonly (readonly [counter: number, control: number])[] = [
  [HartCounter.HOT_INSTRUCTIONS, Control.HOT_RETIRED],
  [HartCounter.FLUSHES_AVOIDED, Control.FLUSHES_AVOIDED],
  [HartCounter.FLUSHES_PARTIAL, Control.FLUSHES_PARTIAL],
  [HartCounter.FLUSHES_FULL, Control.FLUSHES_FULL],
  [HartCounter.INSTRUCTION_FENCES, Control.INSTRUCTION_FENCES],
  [HartCounter.PAGE_WALKS, Control.PAGE_WALKS],
  [HartCounter.WALKS_AVOIDED, Control.WALKS_AVOIDED],
];

/** See the header of this file. */
export class VcpuStatistics {
  readonly #counters: Float64Array;
  readonly #memory: VcpuMemory;
  readonly #registers: VcpuRegisters;

  /** Counters of one vCPU. */
  constructor(words: Int32Array, hart: number, memory: VcpuMemory, registers: VcpuRegisters) {
    this.#counters = hartCounters(words.buffer, hart);
    this.#memory = memory;
    this.#registers = registers;
  }

  /** Guest code was left for this reason. */
  countExit(reason: number): void {
    if (reason < EXIT_COUNTERS) this.#counters[HartCounter.EXITS + reason]++;
  }

  /** So many regions of this vCPU were found outdated. */
  countInvalidations(count: number): void {
    this.#counters[HartCounter.INVALIDATIONS] += count;
  }

  /** Another hart had this one drop translations: some, or all. */
  countRemoteFence(isFull: boolean): void {
    const counter = isFull ? HartCounter.REMOTE_FENCES_FULL : HartCounter.REMOTE_FENCES_PARTIAL;
    this.#counters[counter]++;
  }

  /** The hart goes on: it begins a budget, or waits for something new. */
  countBudget(): void {
    this.#counters[HartCounter.BUDGETS]++;
  }

  /** Writes what private memory counts. ORDER: plain stores of one writer; readers accept old values. */
  publish(): void {
    this.#counters[HartCounter.INSTRUCTIONS] = this.#memory.retired();
    for (const [counter, control] of COPIED) {
      this.#counters[counter] = this.#memory.wideControl(control);
    }
    this.#counters[HartCounter.PC_LOW] = this.#registers.pcLow >>> 0;
    this.#counters[HartCounter.PC_HIGH] = this.#registers.pcHigh >>> 0;
  }
}
