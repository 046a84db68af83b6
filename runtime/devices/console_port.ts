/** The two ends of a byte-oriented console as a device model sees them. */

/** Takes bytes that the guest sends. */
export interface ConsoleSink {
  /** Sends a byte. @returns false when there is no room now; nothing was taken. */
  tryPut(byte: number): boolean;
}

/** Gives bytes that the guest receives. */
export interface ConsoleSource {
  /** Removes the next byte. @returns -1 when there is none. */
  take(): number;
  /** Number of bytes that wait; 0 when {@linkcode take} would give none. */
  available(): number;
}
