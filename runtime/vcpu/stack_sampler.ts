/**
 * Records what a vCPU executes and who called it: one sample for each SAMPLE bit that its trampoline takes.
 *
 * Callers are found as the calling convention lets a debugger find them, by return address register and a chain of
 * frame pointers. Nothing says whether a program keeps frame pointers, so the chain is believed only while it looks
 * like one: aligned, above the stack pointer, growing in bounded steps, in memory whose translation is cached. What
 * of the return address register is a caller, and what is left over from an earlier call, is told by who knows the
 * names of functions (`runtime/profile/stack_frames.ts`).
 *
 * Memory is read as it lies there: a frame that another hart is writing gives a wrong name in one sample.
 * Nothing of this has an effect on the guest.
 */
import type { GuestFrontend } from "../../frontend/frontend.ts";
import { NO_SAMPLE_SLOT, publishSample, reserveSample } from "../atomics/sample_ring.ts";
import { SAMPLE_RETURNS, SampleField } from "../atomics/shared_layout.ts";
import { TranslationLookup, UNKNOWN_HOST } from "./translation_lookup.ts";
import type { VcpuMemory } from "./vcpu_memory.ts";
import type { VcpuRegisters } from "./vcpu_registers.ts";

/** Farther from the stack pointer, or from the frame inside, no frame is believed to be. */
const FARTHEST_FRAME = 0x1_0000;
const HALF_RANGE = 0x1_0000_0000;
const WORD_SHIFT = 2;

/** What samples are made from. */
export interface StackSamplerParts {
  /** Where they go: `sample_ring.ts`. */
  readonly samples: Int32Array;
  /** The hart. */
  readonly hart: number;
  /** The machine's memory. */
  readonly words: Int32Array;
  /** The vCPU's private memory. */
  readonly memory: VcpuMemory;
  /** Its registers. */
  readonly registers: VcpuRegisters;
  /** The guest. */
  readonly frontend: GuestFrontend;
  /** Guest physical address of RAM, and its size in bytes. */
  readonly ramRange: { readonly base: number; readonly bytes: number };
}

/** See the header of this file. */
export class StackSampler {
  readonly #parts: StackSamplerParts;
  readonly #lookup: TranslationLookup;
  readonly #privilege: number;
  readonly #space: number;

  /** Of one vCPU. */
  constructor(parts: StackSamplerParts) {
    const { memory, frontend } = parts;
    this.#parts = parts;
    this.#lookup = new TranslationLookup(parts);
    this.#privilege = memory.stateIndex(frontend.controlRegisters.privilege);
    this.#space = memory.stateIndex(frontend.addressSpace.register);
  }

  /** Records one sample; the trampoline, with no region frame alive. */
  record(): void {
    const { samples, hart, memory, registers } = this.#parts;
    const sample = reserveSample(samples, hart);
    if (sample === NO_SAMPLE_SLOT) return;
    const { pcLow, pcHigh } = registers;
    samples[sample + SampleField.PC] = pcLow;
    samples[sample + SampleField.PC + 1] = pcHigh;
    samples[sample + SampleField.SPACE] = memory.words[this.#space];
    samples[sample + SampleField.SPACE + 1] = memory.words[this.#space + 1];
    samples[sample + SampleField.PRIVILEGE] = memory.words[this.#privilege];
    samples[sample + SampleField.MODE_KEY] = this.#lookup.modeKey;
    samples[sample + SampleField.HOST] = this.#lookup.fetched(pcLow, pcHigh);
    samples[sample + SampleField.RETURNS] = this.#recordReturns(sample + SampleField.ADDRESSES);
    publishSample(samples, hart);
  }

  /** @returns how many there are, at least the register's */
  #recordReturns(first: number): number {
    const { samples, words, registers } = this.#parts;
    const convention = this.#parts.frontend.callConvention;
    samples[first] = registers.low(convention.returnAddress);
    samples[first + 1] = registers.high(convention.returnAddress);
    let insideLow = registers.low(convention.stackPointer);
    let insideHigh = registers.high(convention.stackPointer);
    let low = registers.low(convention.framePointer);
    let high = registers.high(convention.framePointer);
    let count = 1;
    while (count < SAMPLE_RETURNS && this.#isFrameBehind(insideLow, insideHigh, low, high)) {
      const link = this.#savedPlace(low, high, convention.savedReturn);
      const frame = this.#savedPlace(low, high, convention.savedFrame);
      if (link === UNKNOWN_HOST || frame === UNKNOWN_HOST) break;
      const at = first + 2 * count;
      samples[at] = words[link >>> WORD_SHIFT];
      samples[at + 1] = words[(link >>> WORD_SHIFT) + 1];
      if (samples[at] === 0 && samples[at + 1] === 0) break;
      insideLow = low;
      insideHigh = high;
      low = words[frame >>> WORD_SHIFT];
      high = words[(frame >>> WORD_SHIFT) + 1];
      count++;
    }
    return count;
  }

  #isFrameBehind(insideLow: number, insideHigh: number, low: number, high: number): boolean {
    const { alignment } = this.#parts.frontend.callConvention;
    if ((low & (alignment - 1)) !== 0) return false;
    const distance = (high - insideHigh) * HALF_RANGE + (low >>> 0) - (insideLow >>> 0);
    return distance > 0 && distance <= FARTHEST_FRAME;
  }

  /** Host offset of what is saved at a negative distance from an aligned frame pointer. */
  #savedPlace(low: number, high: number, distance: number): number {
    const borrow = (low >>> 0) + distance < 0 ? 1 : 0;
    return this.#lookup.loaded((low + distance) | 0, (high - borrow) | 0);
  }
}
