/**
 * Errors that a user can act on: what is wrong, why, and what to do instead. Everything that is refused
 * because of its input is refused with one of these; any other error is a defect of this program.
 */

/** The parts of a message that a user can act on. */
export interface Complaint {
  /** What is wrong, in the user's words. */
  readonly what: string;
  /** Why it cannot be done. */
  readonly cause: string;
  /** What to do instead. */
  readonly fix: string;
}

/** An error with cause and remedy; its subclasses say whose input it was. */
export abstract class UserError extends Error implements Complaint {
  /** What is wrong. */
  readonly what: string;
  /** Why it cannot be done. */
  override readonly cause: string;
  /** What to do instead. */
  readonly fix: string;

  /** An error with cause and remedy. */
  constructor({ what, cause, fix }: Complaint) {
    super(`${what}: ${cause} (${fix})`);
    this.what = what;
    this.cause = cause;
    this.fix = fix;
  }
}
