/** A defect of this program that ended a machine: never the guest's doing, never the user's. */
export class InternalError extends Error {
  /** Tells the class in messages and across module copies. */
  override readonly name = "InternalError";
}

/** What an unknown thrown thing says, with its stack when it has one. */
export function errorText(error: unknown): string {
  return error instanceof Error ? error.stack ?? error.message : String(error);
}
