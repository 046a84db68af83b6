/**
 * The counters of a machine: which f64 element of the statistics areas says what.
 *
 * Each area has one writer, which stores plainly; readers accept values that are a little old. All counters
 * count since the machine's start and stay below 2^53.
 */

import { Machine, MAX_HARTS, THREAD_STATISTICS_BYTES, Vcpu, vcpuWord } from "./shared_layout.ts";

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
  /** Accesses to devices that were carried out. */
  DEVICE_ACCESSES: 11,
  /** First element of what locks cost the hart: {@linkcode LockCounter} of each {@linkcode CountedLock}. */
  LOCKS: 12,
  /** Budgets of instructions that the hart has begun: it goes on while they get more. */
  BUDGETS: 21,
  /** Times that other harts had this one drop some translations, and all of them. */
  REMOTE_FENCES_PARTIAL: 22,
  REMOTE_FENCES_FULL: 23,
  /** First of {@linkcode EXIT_COUNTERS} elements: times that guest code was left, by the reason's number. */
  EXITS: 32,
} as const;

/** Number of exit reasons that have a counter. */
export const EXIT_COUNTERS = 64;

/** Locks that are counted, by number. */
export const CountedLock = {
  /** All devices at once, where a machine has that lock. */
  ALL_DEVICES: 0,
  /** The host-target interface. */
  HTIF: 1,
  /** Not a lock word of its own: sections in which no other vCPU runs. */
  EXCLUSIVE: 2,
} as const;

/** One of {@linkcode CountedLock}. */
export type CountedLock = (typeof CountedLock)[keyof typeof CountedLock];

/** Elements of one lock's counters. */
export const LockCounter = {
  /** Times that the lock was taken. */
  ACQUISITIONS: 0,
  /** Times that it was found held by another thread. */
  CONTENDED: 1,
  /** The longest time that it was held, in milliseconds; 0 where that is not measured. */
  LONGEST_HOLD_MS: 2,
} as const;

/** Number of elements that each lock has. */
export const LOCK_COUNTERS = 3;

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
  /** Regions that were given up because there was too much code. */
  EVICTED_REGIONS: 7,
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

/** What one lock costs a hart: {@linkcode LockCounter}. */
export function hartLockCounters(
  buffer: ArrayBufferLike,
  hart: number,
  lock: CountedLock,
): Float64Array {
  const first = HartCounter.LOCKS + lock * LOCK_COUNTERS;
  return hartCounters(buffer, hart).subarray(first, first + LOCK_COUNTERS);
}

/** What one lock costs main, or the clock keeper: {@linkcode LockCounter}. */
export function threadLockCounters(
  buffer: ArrayBufferLike,
  thread: "main" | "clock keeper",
  lock: CountedLock,
): Float64Array {
  const { offset } = thread === "main" ? Machine.MAIN_STATISTICS : Machine.KEEPER_STATISTICS;
  const all = new Float64Array(buffer, offset, THREAD_STATISTICS_BYTES / COUNTER_BYTES);
  return all.subarray(lock * LOCK_COUNTERS, (lock + 1) * LOCK_COUNTERS);
}

/** Notes for how long a lock was held. @param counters the thread's {@linkcode LockCounter} of the lock */
export function noteHold(counters: Float64Array, milliseconds: number): void {
  const longest = counters[LockCounter.LONGEST_HOLD_MS];
  if (milliseconds > longest) counters[LockCounter.LONGEST_HOLD_MS] = milliseconds;
}

/** The counters of the compiler worker. */
export function compilerCounters(buffer: ArrayBufferLike): Float64Array {
  const { offset } = Machine.COMPILER_STATISTICS;
  return new Float64Array(buffer, offset, THREAD_STATISTICS_BYTES / COUNTER_BYTES);
}
