/**
 * One interrupt source of an APLIC domain as a state machine on one word.
 *
 * "Source Configurations (sourcecfg[1]-sourcecfg[1023])" and "Precise Effects on Interrupt-Pending Bits" of the RISC-V
 * Advanced Interrupt Architecture. What a source's wire says is kept in every domain, whoever has the source.
 */

/** Bits of a source word. */
export const SourceBit = {
  /** Its mode: one of {@linkcode SourceMode}. */
  MODE_MASK: 7,
  /** The child domain has it. */
  DELEGATED: 1 << 3,
  /** The device asserts its wire. */
  INPUT: 1 << 4,
  PENDING: 1 << 5,
  ENABLED: 1 << 6,
} as const;

/** What makes a source pending. */
export const SourceMode = {
  INACTIVE: 0,
  DETACHED: 1,
  RISING_EDGE: 4,
  FALLING_EDGE: 5,
  HIGH_LEVEL: 6,
  LOW_LEVEL: 7,
} as const;

const MODES: readonly number[] = Object.values(SourceMode);
const READY = SourceBit.PENDING | SourceBit.ENABLED;

/** The mode of a source. */
export function modeOf(state: number): number {
  return state & SourceBit.MODE_MASK;
}

/** Has this domain the source, and is it in use? Nothing is pending or enabled else. */
export function isActive(state: number): boolean {
  return modeOf(state) !== SourceMode.INACTIVE;
}

/** Is it pending and enabled? */
export function isReady(state: number): boolean {
  return (state & READY) === READY;
}

/** Is its pending bit that of a level? */
export function isLevel(state: number): boolean {
  return modeOf(state) === SourceMode.HIGH_LEVEL || modeOf(state) === SourceMode.LOW_LEVEL;
}

/** The wire as the mode sees it: does it ask for an interrupt? */
export function isRectifiedHigh(state: number): boolean {
  const isHigh = (state & SourceBit.INPUT) !== 0;
  switch (modeOf(state)) {
    case SourceMode.RISING_EDGE:
    case SourceMode.HIGH_LEVEL:
      return isHigh;
    case SourceMode.FALLING_EDGE:
    case SourceMode.LOW_LEVEL:
      return !isHigh;
    default:
      return false;
  }
}

/** The state after the device has set its wire. @param byMessage does the domain send messages? */
export function afterInput(state: number, asserted: boolean, byMessage: boolean): number {
  const next = asserted ? state | SourceBit.INPUT : state & ~SourceBit.INPUT;
  const isHigh = isRectifiedHigh(next);
  if (isLevel(next) && !isHigh) return next & ~SourceBit.PENDING;
  const rises = isHigh && (!isRectifiedHigh(state) || (isLevel(next) && !byMessage));
  return rises ? next | SourceBit.PENDING : next;
}

/** The state after software has asked for the pending bit to be set: a level is only what its wire says. */
export function afterSetPending(state: number, byMessage: boolean): number {
  if (!isActive(state)) return state;
  if (isLevel(state) && !(byMessage && isRectifiedHigh(state))) return state;
  return state | SourceBit.PENDING;
}

/** The state after software has asked for the pending bit to be cleared. */
export function afterClearPending(state: number, byMessage: boolean): number {
  return isLevel(state) && !byMessage ? state : state & ~SourceBit.PENDING;
}

/** The state after a claim: a level stays pending as long as its wire asks. */
export function afterClaim(state: number): number {
  return afterClearPending(state, false);
}

/** The state after software has enabled or disabled it. */
export function afterEnable(state: number, isEnabled: boolean): number {
  if (!isActive(state)) return state;
  return isEnabled ? state | SourceBit.ENABLED : state & ~SourceBit.ENABLED;
}

/** The state of a source that the domain does not have, or does not use. */
export function afterReset(state: number): number {
  return state & SourceBit.INPUT;
}

/** The state of a source that the domain gives to its child. */
export function afterDelegation(state: number): number {
  return afterReset(state) | SourceBit.DELEGATED;
}

/** The state after software has chosen a mode; one that does not exist is none. */
export function afterMode(state: number, mode: number): number {
  const chosen = MODES.includes(mode) ? mode : SourceMode.INACTIVE;
  if (chosen === SourceMode.INACTIVE) return afterReset(state);
  const next = (state & (SourceBit.INPUT | READY)) | chosen;
  if (isRectifiedHigh(next)) return next | SourceBit.PENDING;
  return isLevel(next) ? next & ~SourceBit.PENDING : next;
}
