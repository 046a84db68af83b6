/**
 * The door for stores to guest memory that no guest instruction makes: firmware calls, host-target interface,
 * debuggers.
 *
 * REQUIREMENT. Such a store is seen like any other: code built from its bytes goes, reservations of its line
 * fail.
 *
 * SOLUTION. The steps of a guarded store (`monitor.ts`, `code_guard.ts`), whatever the page's attribute.
 *
 * LIMITATION. For threads whose stores no arming vCPU may overtake: a vCPU in its trampoline, an I/O worker that is
 * RUNNING (`device_store.ts`), or any thread while no vCPU runs. It waits for lines that are locked, by holders that need but a few instructions.
 */

import { beginGuardedStore, endCodeStore } from "./code_guard.ts";
import { isMonitored, lockLine, unlockLine } from "./monitor.ts";
import { MONITOR_LINE_SHIFT, PAGE_SHIFT } from "./shared_layout.ts";

const LINE_BYTES = 1 << MONITOR_LINE_SHIFT;
const WORD_BYTES = 4;

/** See the header of this file. */
export class GuestStores {
  readonly #words: Int32Array;
  readonly #bytes: Uint8Array;
  readonly #halves: Uint16Array;
  readonly #lines: BigInt64Array;

  /** Stores into the machine's shared memory. */
  constructor(words: Int32Array) {
    this.#words = words;
    this.#bytes = new Uint8Array(words.buffer);
    this.#halves = new Uint16Array(words.buffer);
    this.#lines = new BigInt64Array(words.buffer);
  }

  /** Stores one byte at an offset in shared memory. */
  storeByte(hostOffset: number, byte: number): void {
    // ORDER: sc store between the steps of a guarded store; partner: decoders, reservations.
    this.#guarded(hostOffset, 1, () => Atomics.store(this.#bytes, hostOffset, byte));
  }

  /** Stores bytes from an offset in shared memory on, a line at a time. */
  storeBytes(hostOffset: number, bytes: Uint8Array): void {
    for (let done = 0; done < bytes.length;) {
      const at = hostOffset + done;
      const inLine = Math.min(bytes.length - done, LINE_BYTES - at % LINE_BYTES);
      const part = bytes.subarray(done, done + inLine);
      this.#guarded(at, inLine, () => this.#storeEach(at, part));
      done += inLine;
    }
  }

  /** Word by word where that is possible: input of a disk may be whole pages. */
  #storeEach(hostOffset: number, bytes: Uint8Array): void {
    let index = 0;
    while (index < bytes.length) {
      const at = hostOffset + index;
      if (at % WORD_BYTES === 0 && index + WORD_BYTES <= bytes.length) {
        const [a, b, c, d] = [bytes[index], bytes[index + 1], bytes[index + 2], bytes[index + 3]];
        // ORDER: sc store between the steps of a guarded store; partner: decoders, reservations.
        Atomics.store(this.#words, at >>> 2, a | b << 8 | c << 16 | d << 24);
        index += WORD_BYTES;
      } else {
        // ORDER: sc store between the steps of a guarded store; partner: decoders, reservations.
        Atomics.store(this.#bytes, at, bytes[index++]);
      }
    }
  }

  /** Stores an aligned word at an offset in shared memory. */
  storeWord(hostOffset: number, word: number): void {
    // ORDER: sc store between the steps of a guarded store; partner: decoders, reservations.
    this.#guarded(hostOffset, 4, () => Atomics.store(this.#words, hostOffset >>> 2, word));
  }

  /** Stores an aligned half word at an offset in shared memory. */
  storeHalf(hostOffset: number, half: number): void {
    // ORDER: sc store between the steps of a guarded store; partner: decoders, reservations.
    this.#guarded(hostOffset, 2, () => Atomics.store(this.#halves, hostOffset >>> 1, half));
  }

  #guarded(hostOffset: number, bytes: number, store: () => void): void {
    const version = isMonitored(this.#words, hostOffset) ? lockLine(this.#lines, hostOffset) : null;
    beginGuardedStore(this.#words, hostOffset, bytes);
    store();
    endCodeStore(this.#words, hostOffset >>> PAGE_SHIFT);
    if (version !== null) unlockLine(this.#lines, hostOffset, version);
  }
}
