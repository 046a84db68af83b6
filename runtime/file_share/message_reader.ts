/** Takes a message apart. What ends before it should is refused, whatever lengths it tells. */

import { FileError } from "./file_error.ts";

const HALF_RANGE = 0x1_0000_0000;

/** See the header of this file. */
export class MessageReader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  #at: number;

  /** A message from a position on. */
  constructor(bytes: Uint8Array, at: number) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#at = at;
  }

  /** The next byte. */
  byte(): number {
    return this.#view.getUint8(this.#skip(1));
  }

  /** The next number of two bytes. */
  half(): number {
    return this.#view.getUint16(this.#skip(2), true);
  }

  /** The next number of four bytes. */
  word(): number {
    return this.#view.getUint32(this.#skip(4), true);
  }

  /** The next number of eight bytes; above 2^53 only about right, and too large for all that it can mean. */
  long(): number {
    const low = this.word();
    return this.word() * HALF_RANGE + low;
  }

  /** The next text. */
  text(): string {
    const length = this.half();
    const at = this.#skip(length);
    try {
      return this.#decoder.decode(this.#bytes.subarray(at, at + length));
    } catch {
      throw new FileError("EILSEQ");
    }
  }

  /** So many bytes. */
  data(length: number): Uint8Array {
    const at = this.#skip(length);
    return this.#bytes.subarray(at, at + length);
  }

  #skip(length: number): number {
    const at = this.#at;
    if (at + length > this.#bytes.length) throw new FileError("EINVAL");
    this.#at = at + length;
    return at;
  }
}
