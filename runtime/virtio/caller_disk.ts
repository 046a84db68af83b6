/** A disk whose back end is an object of the program that made the machine. */

import { CALL_BYTES, CallKind } from "./back_end_call.ts";
import type { BackEndCaller } from "./back_end_caller.ts";
import type { Disk } from "./disk.ts";
import { wholeSectors } from "./file_disk.ts";
import { writeZerosTo } from "./zero_writing.ts";

/** See the header of this file. */
export class CallerDisk implements Disk {
  /** See `Disk`. */
  readonly bytes: number;
  readonly #caller: BackEndCaller;
  /** Bytes of the back end. */
  readonly #there: number;

  /** A disk of the program that made the machine, which has so many bytes. */
  constructor(caller: BackEndCaller, bytes: number) {
    this.#caller = caller;
    this.#there = bytes;
    this.bytes = wholeSectors(bytes);
  }

  /** See `Disk`. */
  read(position: number, into: Uint8Array<ArrayBuffer>): void {
    const there = this.#within(position, into.length);
    for (let at = 0; at < there; at += CALL_BYTES) {
      const length = Math.min(CALL_BYTES, there - at);
      this.#caller.call(CallKind.READ, position + at, length);
      into.set(this.#caller.data.subarray(0, length), at);
    }
    into.fill(0, there);
  }

  /** See `Disk`. What lies behind the end of a back end of odd size is lost. */
  write(position: number, from: Uint8Array<ArrayBuffer>): void {
    const there = this.#within(position, from.length);
    for (let at = 0; at < there; at += CALL_BYTES) {
      const part = from.subarray(at, Math.min(at + CALL_BYTES, there));
      this.#caller.data.set(part);
      this.#caller.call(CallKind.WRITE, position + at, part.length);
    }
  }

  /** See `Disk`. */
  flush(): void {
    this.#caller.call(CallKind.FLUSH, 0, 0);
  }

  /** See `Disk`. */
  discard(position: number, length: number): void {
    this.#caller.call(CallKind.DISCARD, position, this.#within(position, length));
  }

  /** See `Disk`. */
  writeZeros(position: number, length: number): void {
    writeZerosTo(this, position, length);
  }

  /** Nothing is held. */
  close(): void {}

  #within(position: number, length: number): number {
    return Math.max(0, Math.min(length, this.#there - position));
  }
}
