/**
 * Gateway of one PLIC interrupt source as a state machine on one word.
 *
 * "Interrupt Gateways" and "Interrupt Claim Process" of the PLIC specification: a level that rises becomes
 * one pending request; the request stays pending until it is claimed, even if the level falls before; while
 * it is being served no further request passes; at completion a level that is still up becomes a new one.
 */

/** Bits of a source word. */
export const PlicSource = {
  /** The device asserts its line. */
  LEVEL: 1,
  /** A request waits to be claimed. */
  PENDING: 2,
  /** A request was claimed and is not completed yet. */
  CLAIMED: 4,
} as const;

/** The state after the device has set its line. */
export function afterLevel(state: number, asserted: boolean): number {
  if (!asserted) return state & ~PlicSource.LEVEL;
  const raised = state | PlicSource.LEVEL;
  const passes = (state & (PlicSource.LEVEL | PlicSource.CLAIMED)) === 0;
  return passes ? raised | PlicSource.PENDING : raised;
}

/** The state after a claim; the caller has seen PENDING in `state`. */
export function afterClaim(state: number): number {
  return (state & ~PlicSource.PENDING) | PlicSource.CLAIMED;
}

/** The state after a completion; does nothing for a source that nobody serves. */
export function afterCompletion(state: number): number {
  if ((state & PlicSource.CLAIMED) === 0) return state;
  const done = state & ~PlicSource.CLAIMED;
  return done & PlicSource.LEVEL ? done | PlicSource.PENDING : done;
}
