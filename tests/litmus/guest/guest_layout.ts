/**
 * Memory of the laboratory's guest, from the start of RAM on, and the words through which the harts and the
 * laboratory talk. Everything that harts write at the same time is on a line of its own.
 */
import { RAM_BASE } from "../../../runtime/machine/boards/riscv_virt/memory_map.ts";

export { RAM_BASE };

/** Guest RAM in bytes. */
export const RAM_BYTES = 0x800_0000;

/** Iterations of a batch: slots that are prepared, run through and looked at together. */
export const BATCH_SLOTS = 4096;
/** Batches of a job at most. */
export const JOB_BATCHES = 16;
/** Different start delays, taken in turn. */
export const SKEWS = 64;
/** Values that a thread stores for each iteration at most. */
export const RESULT_LIMIT = 8;
/** Threads of a test at most. */
export const THREAD_LIMIT = 4;

const PAGE_BYTES = 0x1000;
const MIB = 0x10_0000;

/** Offsets in RAM. */
export const Area = {
  /** The driver: starts at the start of RAM. */
  DRIVER: 0,
  /** Page tables that stay as they are. */
  RAM_TABLE: 0xd000,
  ROOT_TABLE: 0xe000,
  MIDDLE_TABLE: 0xf000,
  /** Words of all harts. */
  MAILBOX: 0x1_0000,
  /** One block for each hart. */
  HARTS: 0x1_1000,
  /** Start delays: a row of 32-bit counts for each hart. */
  SKEWS: 0x1_2000,
  /** Addresses of the slots in the order in which they are run through. */
  ORDER: 0x2_0000,
  /** Code of tests, one after the other, never reused. */
  CODE: MIB,
  /** Locations of the tests. */
  SLOTS: 32 * MIB,
  /** Page table entries that tests change. */
  ENTRIES: 40 * MIB,
  /** What threads store of their registers. */
  RESULTS: 48 * MIB,
  /** Final values of locations. */
  FINALS: 112 * MIB,
} as const;

/** Bytes of one thread's results, and of the finals. */
export const RESULT_BYTES = (Area.FINALS - Area.RESULTS) / THREAD_LIMIT;

/** Words of the mailbox, each on a line of its own. */
export const Mailbox = {
  /** Counts jobs: a change starts one. */
  GENERATION: 0,
  /** Harts that take part. */
  PARTIES: 64,
  /** Harts that have arrived at the barrier. */
  ARRIVED: 128,
  /** Changes between 0 and 1 with each barrier. */
  PHASE: 192,
  /** Harts that have finished the job. */
  FINISHED: 256,
  /** Cause and place of an unexpected trap. */
  TRAP_CAUSE: 320,
  TRAP_PC: 328,
  /** How often each hart has come to a meeting point: a doubleword for each, on a line of its own. */
  MEETINGS: 1024,
  MEETING_BYTES: 64,
} as const;

/** Doublewords of a hart's block. */
export const HartBlock = {
  BYTES: 256,
  /** Not 0 when the hart takes part. */
  ACTIVE: 0,
  /** Addresses of the test's code. */
  RUN: 8,
  RESET: 16,
  COLLECT: 24,
  /** Where the next results go. */
  RESULTS: 32,
  /** Where the final values of the hart's share go. */
  FINALS: 40,
  /** Bytes from one batch's final values to the next. */
  FINALS_STEP: 48,
  /** Batches that are left. */
  BATCHES: 56,
  /** Next start delay. */
  SKEW: 64,
  /** Phase of the last barrier. */
  PHASE: 72,
  /** The hart's share of the order table: first address, and the one behind. */
  SHARE_START: 80,
  SHARE_END: 88,
  /** Last job seen. */
  GENERATION: 96,
  /** Times that the hart has come to a meeting point. */
  MEETING: 104,
  /** Times that the hart gives way at the meeting points of a batch before it goes on alone. */
  PATIENCE: 112,
} as const;

/** Guest physical address of an offset in RAM. */
export function addressOf(offset: number): bigint {
  return BigInt(RAM_BASE + offset);
}

/** How locations are laid out. */
export const PLACEMENTS = ["lines", "line", "pages"] as const;
/**
 * `lines`: a line for each location of a slot, all in one page. `line`: one line for all of them. `pages`: a
 * page for each.
 */
export type Placement = (typeof PLACEMENTS)[number];

const LINE_BYTES = 64;
const WIDEST_BYTES = 8;
const LINES_STRIDE = 256;

/** Where slots and locations are. */
export interface SlotLayout {
  /** Bytes from one slot to the next. */
  readonly stride: number;
  /** Bytes from one location of a slot to the next. */
  readonly distance: number;
}

/** The layout of a placement. */
export function slotLayout(placement: Placement): SlotLayout {
  switch (placement) {
    case "lines":
      return { stride: LINES_STRIDE, distance: LINE_BYTES };
    case "line":
      return { stride: LINE_BYTES, distance: WIDEST_BYTES };
    case "pages":
      return { stride: LINE_BYTES, distance: BATCH_SLOTS * LINE_BYTES + PAGE_BYTES };
  }
}
