/** A command line that cannot be understood: ends the program with the usage exit code. */

import { UserError } from "../machine/user_error.ts";

/** A flag that is unknown, lacks its value or has a malformed one. */
export class UsageError extends UserError {
  override readonly name = "UsageError";
}
