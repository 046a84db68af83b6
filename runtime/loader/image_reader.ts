/**
 * Reads little-endian fields of an untrusted file. A read past the end is a {@linkcode LoadError} that names
 * the field, never a RangeError; 64-bit values come back as numbers and are refused when they do not fit.
 */

import { LoadError } from "./load_error.ts";

/** Fields of one file. */
export class ImageReader {
  /** Name of the file. */
  readonly file: string;
  /** Its content. */
  readonly bytes: Uint8Array;
  readonly #view: DataView;

  /** A reader of the whole file. */
  constructor(file: string, bytes: Uint8Array) {
    this.file = file;
    this.bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** One byte. */
  u8(offset: number, field: string): number {
    this.#require(offset, 1, field);
    return this.#view.getUint8(offset);
  }

  /** 16 bits. */
  u16(offset: number, field: string): number {
    this.#require(offset, 2, field);
    return this.#view.getUint16(offset, true);
  }

  /** 32 bits. */
  u32(offset: number, field: string): number {
    this.#require(offset, 4, field);
    return this.#view.getUint32(offset, true);
  }

  /** 64 bits, whatever their value. */
  u64(offset: number, field: string): bigint {
    this.#require(offset, 8, field);
    return this.#view.getBigUint64(offset, true);
  }

  /** 64 bits that are a file offset, size or physical address. */
  size(offset: number, field: string): number {
    const value = this.u64(offset, field);
    if (value <= Number.MAX_SAFE_INTEGER) return Number(value);
    throw this.fault(offset, `${field} is 0x${value.toString(16)}`, "rebuild or replace the file");
  }

  /** A range of the content. */
  range(offset: number, length: number, field: string): Uint8Array {
    this.#require(offset, length, field);
    return this.bytes.subarray(offset, offset + length);
  }

  /** Text up to a zero byte or the end of `table`. */
  text(table: Uint8Array, offset: number): string {
    const end = table.indexOf(0, offset);
    return new TextDecoder().decode(table.subarray(offset, end < 0 ? table.length : end));
  }

  /** Do the bytes at an offset spell these letters? */
  spells(offset: number, letters: string): boolean {
    if (offset + letters.length > this.bytes.length) return false;
    return Array.from(letters).every((letter, index) =>
      this.bytes[offset + index] === letter.charCodeAt(0)
    );
  }

  /** An error about this file. */
  fault(offset: number, cause: string, fix: string): LoadError {
    return new LoadError(this.file, offset, cause, fix);
  }

  #require(offset: number, length: number, field: string): void {
    if (offset + length <= this.bytes.length) return;
    throw this.fault(
      offset,
      `${field} needs ${length} bytes here, the file ends at ${this.bytes.length}`,
      "the file is cut short: fetch or build it again",
    );
  }
}
