/**
 * The counters of a machine: which f64 element of the statistics areas says what.
 *
 * Each area has one writer, which stores plainly; readers accept values that are a little old. All counters
 * count since the machine's start and stay below 2^53.
 */

import { COMPILER_STATISTICS_BYTES, Machine, MAX_HARTS, Vcpu, vcpuWord } from "./shared_layout.ts";

/** Bytes of one counter. */
const COUNTER_BYTES = Float64Array.BYTES_PER_ELEMENT;

/** Elements of a hart's area ({@linkcode Vcpu}.STATISTICS), written by its vCPU alone. */
export const HartCounter = {
  /** Guest instructions retired. */
  INSTRUCTIONS: 0,
  /** Those of them that ran in compiled regions. */
  HOT_INSTRUCTIONS: 1,
  /** Low 32 bits of the address of the next instruction, as an unsigned number. */
  PC_LOW: 2,
  /** High 32 bits of it, as an unsigned number. */
  PC_HIGH: 3,
  /** Compiled regions that this vCPU dropped because a store changed their code. */
  INVALIDATIONS: 4,
  /** Address space changes that kept what all spaces share, and fences of what was not cached. */
  FLUSHES_AVOIDED: 5,
  /** Fences of one address or one address space. */
  FLUSHES_PARTIAL: 6,
  /** Times that all cached translations were dropped. */
  FLUSHES_FULL: 7,
  /** Fences of instruction fetches. */
  INSTRUCTION_FENCES: 8,
  /** Translations found by a walk of page tables. */
  PAGE_WALKS: 9,
  /** Translations that the TLB had lost, and that needed no walk. */
  WALKS_AVOIDED: 10,
  /** First of {@linkcode EXIT_COUNTERS} elements: times that guest code was left, by the reason's number. */
  EXITS: 32,
} as const;

/** Number of exit reasons that have a counter. */
export const EXIT_COUNTERS = 64;

/** Elements of the compiler's area ({@linkcode Machine}.COMPILER_STATISTICS). */
export const CompilerCounter = {
  /** Regions published. */
  REGIONS: 0,
  /** WebAssembly modules published. */
  MODULES: 1,
  /** Bytes of those modules. */
  MODULE_BYTES: 2,
  /** Regions that were not published because their guest code had changed meanwhile. */
  STALE_REGIONS: 3,
  /** Regions that came from the code cache. */
  CACHE_HITS: 4,
  /** Regions that were compiled although there is a code cache: it did not have them. */
  CACHE_MISSES: 5,
  /** Guest instructions of the regions that were lifted, those of callees in place of their calls included. */
  INSTRUCTIONS: 6,
  /** Milliseconds spent lifting guest code. */
  LIFT_MS: 8,
  /** Milliseconds spent in optimizer passes. */
  OPTIMIZE_MS: 9,
  /** Milliseconds spent lowering to WebAssembly and encoding it. */
  EMIT_MS: 10,
  /** Milliseconds spent in the WebAssembly compiler of the host. */
  MODULE_MS: 11,
  /** Milliseconds spent making modules of regions from the code cache. */
  LINK_MS: 12,
} as const;

/** The counters of a hart. */
export function hartCounters(buffer: ArrayBufferLike, hart: number): Float64Array {
  if (hart < 0 || hart >= MAX_HARTS) throw new RangeError(`Cannot count for hart ${hart}`);
  const elements = (Vcpu.REGISTERS.offset - Vcpu.STATISTICS.offset) / COUNTER_BYTES;
  return new Float64Array(buffer, vcpuWord(hart, Vcpu.STATISTICS), elements);
}

/** The counters of the compiler worker. */
export function compilerCounters(buffer: ArrayBufferLike): Float64Array {
  const { offset } = Machine.COMPILER_STATISTICS;
  return new Float64Array(buffer, offset, COMPILER_STATISTICS_BYTES / COUNTER_BYTES);
}
