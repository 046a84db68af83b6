/** The serial console over the two console rings: vCPUs' end. */

import { availableInput, putOutput, takeInput } from "../atomics/console_ring.ts";
import type { ConsoleSink, ConsoleSource } from "./console_port.ts";

/** Sends bytes to the machine's output ring; any thread. */
export class RingConsoleSink implements ConsoleSink {
  readonly #words: Int32Array;

  /**
   * Opens the ring of the machine whose memory is given.
   * @param words the machine's shared memory
   */
  constructor(words: Int32Array) {
    this.#words = words;
  }

  /** Puts a byte. @returns false when the ring is full. */
  tryPut(byte: number): boolean {
    return putOutput(this.#words, byte);
  }
}

/** Takes bytes from the machine's input ring; any thread. */
export class RingConsoleSource implements ConsoleSource {
  readonly #words: Int32Array;

  /**
   * Opens the ring of the machine whose memory is given.
   * @param words the machine's shared memory
   */
  constructor(words: Int32Array) {
    this.#words = words;
  }

  /** Takes a byte. @returns -1 when there is none. */
  take(): number {
    return takeInput(this.#words);
  }

  /** Bytes that wait. */
  available(): number {
    return availableInput(this.#words);
  }
}
