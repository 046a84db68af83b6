/**
 * Hands out the device area of shared memory. A board takes its device structs in a fixed order, so every
 * worker that builds the board finds the same struct at the same place without a table.
 */

import { DEVICE_BLOCK, DEVICE_BLOCK_BYTES } from "../atomics/shared_layout.ts";

/** Structs of two devices never share a cache line. */
const STRUCT_ALIGNMENT = 64;
const WORD_SHIFT = 2;
const WORD_BYTES = 4;

/** Allocator of device structs; the order of the calls is the layout. */
export class DeviceRegion {
  #next = DEVICE_BLOCK;

  /**
   * Takes a zeroed struct of `words` 32-bit words.
   * @returns index of its first word in the shared `Int32Array`.
   * @throws {RangeError} when the device area is full.
   */
  take(words: number): number {
    const start = this.#next;
    const bytes = words * WORD_BYTES;
    this.#next = Math.ceil((start + bytes) / STRUCT_ALIGNMENT) * STRUCT_ALIGNMENT;
    if (this.#next > DEVICE_BLOCK + DEVICE_BLOCK_BYTES) {
      throw new RangeError(`Cannot take ${bytes} bytes of device state: the device area is full`);
    }
    return start >> WORD_SHIFT;
  }
}
