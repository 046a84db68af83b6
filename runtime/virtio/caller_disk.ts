/** A disk whose back end is an object of the program that made the machine. */

import { CALL_BYTES, CallKind, type CallMailbox, CallResult, CallWord } from "./back_end_call.ts";
import { NO_SPACE } from "./block_errors.ts";
import type { Disk } from "./disk.ts";
import { wholeSectors } from "./file_disk.ts";
import { writeZerosTo } from "./zero_writing.ts";

/** How often a worker that waits looks whether the machine has ended. */
const LOOK_MS = 100;

/** What such a disk is made of. */
export interface CallerDiskParts {
  /** Where calls are written. */
  readonly mailbox: CallMailbox;
  /** Wakes the thread of the back end. */
  readonly ring: () => void;
  /** Has the machine ended? */
  readonly hasEnded: () => boolean;
  /** Bytes of the back end. */
  readonly bytes: number;
}

/** See the header of this file. */
export class CallerDisk implements Disk {
  /** See `Disk`. */
  readonly bytes: number;
  readonly #parts: CallerDiskParts;

  /** A disk of the program that made the machine. */
  constructor(parts: CallerDiskParts) {
    this.#parts = parts;
    this.bytes = wholeSectors(parts.bytes);
  }

  /** See `Disk`. */
  read(position: number, into: Uint8Array<ArrayBuffer>): void {
    const { mailbox } = this.#parts;
    const there = this.#there(position, into.length);
    for (let at = 0; at < there; at += CALL_BYTES) {
      const length = Math.min(CALL_BYTES, there - at);
      this.#call(CallKind.READ, position + at, length);
      into.set(mailbox.data.subarray(0, length), at);
    }
    into.fill(0, there);
  }

  /** See `Disk`. What lies behind the end of a back end of odd size is lost. */
  write(position: number, from: Uint8Array<ArrayBuffer>): void {
    const there = this.#there(position, from.length);
    for (let at = 0; at < there; at += CALL_BYTES) {
      const part = from.subarray(at, Math.min(at + CALL_BYTES, there));
      this.#parts.mailbox.data.set(part);
      this.#call(CallKind.WRITE, position + at, part.length);
    }
  }

  /** See `Disk`. */
  flush(): void {
    this.#call(CallKind.FLUSH, 0, 0);
  }

  /** See `Disk`. */
  discard(position: number, length: number): void {
    this.#call(CallKind.DISCARD, position, this.#there(position, length));
  }

  /** See `Disk`. */
  writeZeros(position: number, length: number): void {
    writeZerosTo(this, position, length);
  }

  /** Nothing is held. */
  close(): void {}

  #there(position: number, length: number): number {
    return Math.max(0, Math.min(length, this.#parts.bytes - position));
  }

  #call(kind: number, position: number, length: number): void {
    const { mailbox, ring, hasEnded } = this.#parts;
    mailbox.ask(kind, position, length);
    ring();
    while (!mailbox.wait(LOOK_MS)) {
      if (hasEnded()) throw new Error("the machine has ended");
    }
    const result = mailbox.words[CallWord.FAILED];
    if (result === CallResult.NO_SPACE) {
      throw Object.assign(new Error("the back end has no space left"), { code: NO_SPACE });
    }
    if (result !== CallResult.DONE) throw new Error("the back end has failed");
  }
}
