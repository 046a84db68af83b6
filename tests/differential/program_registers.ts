/** Which registers a random program uses for what. */

/** Registers with a purpose; the others are random. */
export const Register = {
  RA: 1,
  SP: 2,
  TP: 4,
  T0: 5,
  /** In the middle of ordinary data. */
  DATA: 8,
  /** Near the end of a page. */
  PAGE_END: 9,
  /** Nothing is mapped here. */
  NOWHERE: 18,
  /** Not writable, or nothing. */
  READ_ONLY: 19,
  /** Data beside code. */
  BESIDE_CODE: 20,
  /** A page of the other privilege, or nothing. */
  OTHER_PRIVILEGE: 21,
  FIRST_COUNTER: 22,
  /** Depth of recursions. */
  DEPTH: 26,
  FUEL: 27,
  /** The device. */
  DEVICE: 28,
} as const;

/** Registers that any instruction may write inside of functions; programs may use the first ones only. */
export const WORK: readonly number[] = [6, 7, 4, 10, 11, 12, 3, 13, 14, 15, 16, 17];
/** Registers that random instructions read besides. */
export const OTHER_SOURCES: readonly number[] = [0, 0, 8, 2, 22, 27];
/** Registers that a reservation's window writes: the same at each repetition. */
export const WINDOW_WORK: readonly number[] = [11, 12, 13];
/** Registers that it reads. */
export const WINDOW_SOURCES: readonly number[] = [0, 3, 4, 7, 15, 16, 17];
/** Registers that point to data where accesses succeed. */
export const ORDINARY_DATA: readonly number[] = [
  Register.DATA,
  Register.PAGE_END,
  Register.BESIDE_CODE,
];
/** Registers that point to where accesses fail, at least some. */
export const FAULTING_DATA: readonly number[] = [
  Register.NOWHERE,
  Register.READ_ONLY,
  Register.OTHER_PRIVILEGE,
];
