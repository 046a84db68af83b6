/**
 * The address translation register: which schemes there are and where its fields lie.
 *
 * Source: RISC-V Privileged ISA, "Supervisor Address Translation and Protection (satp) Register".
 */

/** Values of `satp.MODE`. Below BARE, the number of page table levels is the value less {@linkcode LEVEL_BIAS}. */
export const TranslationMode = { BARE: 0, SV39: 8, SV48: 9, SV57: 10 } as const;

/** Difference between a scheme's `satp.MODE` and its number of levels. */
export const LEVEL_BIAS = 5;

/** Fields of `satp`. */
export const Satp = {
  MODE_SHIFT: 60n,
  ASID_SHIFT: 44n,
  ASID_ONES: 0xffff,
  PPN: (1n << 44n) - 1n,
} as const;

/**
 * The sets of translations a hart needs. Loads, stores and fetches made with the same privilege and the same
 * SUM and MXR see the same set, so that a change of those flushes nothing.
 */
export const MmuIndex = {
  /** Machine mode; also bare supervisor and user mode of a hart without physical memory protection. */
  MACHINE: 0,
  USER: 1,
  SUPERVISOR: 2,
  /** Supervisor mode with SUM. */
  SUPERVISOR_USER: 3,
  /** User mode with MXR. */
  USER_EXECUTABLE: 4,
  /** Supervisor mode with SUM and MXR. */
  SUPERVISOR_USER_EXECUTABLE: 5,
  /** Supervisor mode with MXR. */
  SUPERVISOR_EXECUTABLE: 6,
  /** Bare supervisor and user mode under physical memory protection. */
  PROTECTED_BARE: 7,
} as const;

/** Number of {@linkcode MmuIndex} values. */
export const MMU_COUNT = 8;
