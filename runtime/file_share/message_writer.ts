/** Puts an answer together, within the room that the guest has given. */

import { FileError } from "./file_error.ts";
import type { FileAttributes, FileTime } from "./file_tree.ts";
import { isFolder, isLink } from "./file_mode.ts";
import { MessageHeader, QidType } from "./message_type.ts";

const HALF_RANGE = 0x1_0000_0000;
const SIZE_SHIFT = 8;

/** See the header of this file. */
export class MessageWriter {
  /** Room for the whole answer. */
  readonly bytes: Uint8Array;
  readonly #view: DataView;
  readonly #encoder = new TextEncoder();
  #at: number = MessageHeader.BYTES;

  /** An answer in this room, behind its header. */
  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** Bytes that are left. */
  get room(): number {
    return this.bytes.length - this.#at;
  }

  /** Forgets everything behind the header. */
  clear(): void {
    this.#at = MessageHeader.BYTES;
  }

  /** Adds a byte. */
  byte(value: number): void {
    this.#view.setUint8(this.#skip(1), value);
  }

  /** Adds a number of two bytes. */
  half(value: number): void {
    this.#view.setUint16(this.#skip(2), value, true);
  }

  /** Adds a number of four bytes. */
  word(value: number): void {
    this.#view.setUint32(this.#skip(4), value, true);
  }

  /** Adds a number of eight bytes. */
  long(value: number): void {
    this.word(value >>> 0);
    this.word(Math.floor(value / HALF_RANGE));
  }

  /** Adds a text. */
  text(text: string): void {
    const bytes = this.#encoder.encode(text);
    this.half(bytes.length);
    this.bytes.set(bytes, this.#skip(bytes.length));
  }

  /** Room of so many bytes that somebody else fills. */
  data(length: number): Uint8Array {
    const at = this.#skip(length);
    return this.bytes.subarray(at, at + length);
  }

  /** Takes the last bytes back. */
  shorten(length: number): void {
    this.#at -= length;
  }

  /** Adds a moment. */
  time({ seconds, nanoseconds }: FileTime): void {
    this.long(Math.max(0, seconds));
    this.long(nanoseconds);
  }

  /** Adds what identifies a file: its kind, something that changes when it is written, and its number. */
  qid({ mode, modified, size, id }: FileAttributes): void {
    this.byte(isFolder(mode) ? QidType.FOLDER : isLink(mode) ? QidType.LINK : QidType.FILE);
    this.word((modified.seconds ^ modified.nanoseconds ^ (size << SIZE_SHIFT)) >>> 0);
    this.#view.setBigUint64(this.#skip(8), BigInt.asUintN(64, id), true);
  }

  /** Writes the header. @returns bytes of the whole answer */
  finish(type: number, tag: number): number {
    this.#view.setUint32(MessageHeader.SIZE, this.#at, true);
    this.#view.setUint8(MessageHeader.TYPE, type);
    this.#view.setUint16(MessageHeader.TAG, tag, true);
    return this.#at;
  }

  #skip(length: number): number {
    const at = this.#at;
    if (at + length > this.bytes.length) throw new FileError("EMSGSIZE");
    this.#at = at + length;
    return at;
  }
}
