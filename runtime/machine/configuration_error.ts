import { UserError } from "./user_error.ts";

/**
 * A machine that cannot be built as described: a setting without meaning, settings that do not fit together, a file
 * that cannot be read, more memory than the host has.
 */
export class ConfigurationError extends UserError {
  /** Tells the class in messages and across module copies. */
  override readonly name = "ConfigurationError";
}
