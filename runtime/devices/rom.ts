/**
 * Read-only memory that is read as a device: small tables that firmware looks at once.
 *
 * Thread safety: the bytes are shared, written by the main thread before any worker starts, constant then.
 */

import type { Device, MmioAccess } from "./device.ts";

const WIDE_BYTES = 8;
const HALF_BYTES = 4;

/** One worker's view of a read-only memory. */
export class Rom implements Device {
  /** Name as in the device tree. */
  readonly name: string;
  readonly #view: DataView;

  /**
   * Makes a memory over bytes that stay the caller's.
   * @param name name of the memory
   * @param bytes its content, shared by all workers
   */
  constructor(name: string, bytes: Uint8Array) {
    this.name = name;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** Reads any naturally aligned width; beyond the content it is zero. */
  load(access: MmioAccess): boolean {
    const { offset, size } = access;
    if (offset + size > this.#view.byteLength) return true;
    switch (size) {
      case 1:
        access.low = this.#view.getUint8(offset);
        return true;
      case 2:
        access.low = this.#view.getUint16(offset, true);
        return true;
      case WIDE_BYTES:
        access.high = this.#view.getInt32(offset + HALF_BYTES, true);
        access.low = this.#view.getInt32(offset, true);
        return true;
      default:
        access.low = this.#view.getInt32(offset, true);
        return true;
    }
  }

  /** Writes are ignored. */
  store(_access: MmioAccess): boolean {
    return true;
  }
}
