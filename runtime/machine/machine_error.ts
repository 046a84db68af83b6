/** Errors of calls to a machine that exists: a wrong moment, a wrong place. */

import { UserError } from "./user_error.ts";

/**
 * A call that the machine's state does not permit: registers of a running hart, a pause of a machine that has
 * ended. `what` names the call, `cause` the state, `fix` the call that has to come before.
 */
export class MachineStateError extends UserError {
  /** Tells the class in messages and across module copies. */
  override readonly name = "MachineStateError";
}

/**
 * An access to what the machine does not have: memory outside of RAM, a hart or register that does not exist, a
 * value that a control register refuses. Nothing was changed.
 */
export class AccessError extends UserError {
  /** Tells the class in messages and across module copies. */
  override readonly name = "AccessError";
}
