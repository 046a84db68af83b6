/** A device that has to act at a time without a guest access: the clock keeper asks it. */

/** Deadline side of a device; called by the clock keeper's thread only. */
export interface TimedDevice {
  /** Milliseconds until {@linkcode expire} has work; 0 or less when it is due, `Infinity` for never. */
  millisecondsLeft(): number;
  /** Does what is due; harmless when nothing is. */
  expire(): void;
}
