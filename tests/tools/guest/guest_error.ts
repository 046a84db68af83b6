// What a tool that makes guests reports to its user.

/** Something outside this tool failed or is missing: `message` says what and why, `fix` what to do. */
export class GuestError extends Error {
  /** What the user can do about it. */
  readonly fix: string;

  /** An error with its remedy. */
  constructor(message: string, fix: string) {
    super(message);
    this.name = "GuestError";
    this.fix = fix;
  }
}
