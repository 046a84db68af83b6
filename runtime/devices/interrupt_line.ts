/** A level-sensitive wire from a device to an interrupt controller. */

/** One input of an interrupt controller. Setting a level that it already has does nothing. */
export interface InterruptLine {
  /** Asserts or releases the line; safe from any thread. */
  setLevel(asserted: boolean): void;
}
