/**
 * Breakpoints of one hart whose instructions are counted. While there are any, everything is executed in the cold tier,
 * which compares each address with them before it executes the instruction (`breakpoint_functions.ts`): compiled code
 * knows of none, and is not entered. A region that is built or linked meanwhile needs no care for that reason.
 */
import { BreakpointList, Control, Look } from "../../wasm_backend/abi/vcpu_layout.ts";
import type { VcpuMemory } from "./vcpu_memory.ts";

/** The halves of an address. */
export type PcHalves = readonly [low: number, high: number];

/** See the header of this file. */
export class Breakpoints {
  readonly #memory: VcpuMemory;

  /** None. @param memory the hart's private memory */
  constructor(memory: VcpuMemory) {
    this.#memory = memory;
  }

  /** Waits for these and no others, and notes where one was met last: the hart goes on there. */
  note(addresses: readonly PcHalves[]): void {
    this.#set(addresses, 0, false);
  }

  /** The hart comes back in front of the next one that it meets from so many retired instructions on. */
  stopAt(addresses: readonly PcHalves[], fromRetired: number): void {
    this.#set(addresses, fromRetired, true);
  }

  /** Waits for none. */
  clear(): void {
    this.#set([], 0, false);
  }

  /** To be called before the hart executes anything. */
  beginRun(): void {
    const isWaiting = this.#memory.control(Control.BREAKPOINTS) > 0;
    this.#memory.setControl(Control.LOOK_SOON, isWaiting ? Look.BREAKPOINTS : 0);
  }

  /** Did the hart come back because it has met one? */
  get hasStopped(): boolean {
    return this.#memory.control(Control.BREAKPOINT_STOPS) !== 0 && this.#met > 0;
  }

  /** Instructions that the hart had retired when it met one last, told once; null when it has met none. */
  takeMet(): number | null {
    const met = this.#met;
    this.#memory.setWideControl(Control.BREAKPOINT_MET, 0);
    return met === 0 ? null : met - 1;
  }

  get #met(): number {
    return this.#memory.wideControl(Control.BREAKPOINT_MET);
  }

  #set(addresses: readonly PcHalves[], fromRetired: number, stops: boolean): void {
    const memory = this.#memory;
    addresses.forEach((halves, index) => {
      memory.words.set(halves, (BreakpointList.BASE + (index << BreakpointList.ENTRY_SHIFT)) >> 2);
    });
    memory.setControl(Control.BREAKPOINTS, addresses.length);
    memory.setControl(Control.BREAKPOINT_STOPS, stops ? 1 : 0);
    memory.setWideControl(Control.BREAKPOINTS_FROM, fromRetired);
    memory.setWideControl(Control.BREAKPOINT_MET, 0);
    memory.setControl(Control.COLD_ONLY, addresses.length > 0 ? 1 : 0);
  }
}
