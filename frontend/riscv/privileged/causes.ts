/**
 * Numbers of exceptions, interrupts and privilege levels.
 *
 * Source: RISC-V Privileged ISA, "Machine Cause (mcause) Register" and "Privilege Levels".
 */

/** Exception causes. */
export const Cause = {
  INSTRUCTION_MISALIGNED: 0,
  INSTRUCTION_ACCESS_FAULT: 1,
  ILLEGAL_INSTRUCTION: 2,
  BREAKPOINT: 3,
  LOAD_MISALIGNED: 4,
  LOAD_ACCESS_FAULT: 5,
  STORE_MISALIGNED: 6,
  STORE_ACCESS_FAULT: 7,
  USER_ENVIRONMENT_CALL: 8,
  SUPERVISOR_ENVIRONMENT_CALL: 9,
  MACHINE_ENVIRONMENT_CALL: 11,
  INSTRUCTION_PAGE_FAULT: 12,
  LOAD_PAGE_FAULT: 13,
  STORE_PAGE_FAULT: 15,
} as const;

/** Interrupt causes: also bit numbers in `mip`, `mie`, `mideleg` and the hart's interrupt lines. */
export const Interrupt = {
  SUPERVISOR_SOFTWARE: 1,
  MACHINE_SOFTWARE: 3,
  SUPERVISOR_TIMER: 5,
  MACHINE_TIMER: 7,
  SUPERVISOR_EXTERNAL: 9,
  MACHINE_EXTERNAL: 11,
} as const;

/** Bit of `mcause` and `scause` that tells an interrupt from an exception. */
export const CAUSE_IS_INTERRUPT: bigint = 1n << 63n;

/** Privilege levels. */
export const Privilege = { USER: 0, SUPERVISOR: 1, MACHINE: 3 } as const;
