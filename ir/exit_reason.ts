/**
 * Why guest code leaves to the trampoline, as far as a frontend may say so. The backend adds reasons of its
 * own above {@linkcode FIRST_BACKEND_REASON}.
 */
export const ExitReason = {
  /** Go on at the given address after a look at mode, interrupts and pending work. */
  REFRESH: 0,
  /** The current instruction (its own address is given) asks the environment for a service. */
  ENVIRONMENT_CALL: 1,
  /** Wait until an interrupt line is raised; the address is that of the next instruction. */
  WAIT_FOR_INTERRUPT: 2,
  /** Instruction fetches from here on see all earlier stores that this hart can know of. */
  FLUSH_INSTRUCTIONS: 3,
  /** Translations are dropped as the frontend's flush operands say; the address is the next one. */
  FLUSH_TRANSLATIONS: 4,
  /** A hint that this hart spins: let another one run. */
  YIELD: 5,
  /** The instruction at the address is to be executed by the cold tier: the hot one does not handle it. */
  SINGLE_STEP: 6,
} as const;

/** Reasons from here on belong to the backend. */
export const FIRST_BACKEND_REASON = 16;
