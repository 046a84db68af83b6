/**
 * Guest RAM as the embedding program sees it while no hart runs.
 *
 * Writes are guarded stores, as a guest's own are, so that nothing compiled or decoded from the old bytes
 * survives; afterwards every hart is asked, as by a remote fence, to look at instructions and page tables anew
 * before its next instruction. A view of the memory itself is not given out: writes through it would pass both
 * by.
 */

import { beginGuardedStore, endCodeStore, isCodePage } from "../atomics/code_guard.ts";
import { requestRemote } from "../atomics/remote_work.ts";
import { GUEST_RAM_OFFSET, PAGE_BYTES, PAGE_SHIFT, RemoteWork } from "../atomics/shared_layout.ts";
import { AccessError } from "./machine_error.ts";
import type { GuestMemory } from "./machine_interface.ts";

/** No hart: main is the one that asks. */
const NO_HART = -1;
const EVERY_HART = { low: -1, high: -1 } as const;

/** What the view is made of. */
export interface RamParts {
  /** The machine's shared memory. */
  readonly words: Int32Array;
  /** Guest physical address of RAM. */
  readonly base: number;
  /** Bytes of RAM. */
  readonly size: number;
  /** Throws when harts may be running. */
  readonly requireStill: (what: string) => void;
}

/** See the header of this file. */
export class RamView implements GuestMemory {
  readonly #parts: RamParts;

  /** A view of the RAM of one machine. */
  constructor(parts: RamParts) {
    this.#parts = parts;
  }

  /** See `GuestMemory`. */
  get base(): number {
    return this.#parts.base;
  }

  /** See `GuestMemory`. */
  get size(): number {
    return this.#parts.size;
  }

  /** See `GuestMemory`. */
  read(address: number | bigint, length: number): Uint8Array<ArrayBuffer> {
    const at = this.#place("reading memory", address, length);
    return new Uint8Array(new Uint8Array(this.#parts.words.buffer, at, length));
  }

  /** See `GuestMemory`. */
  write(address: number | bigint, bytes: Uint8Array): void {
    const { words } = this.#parts;
    let at = this.#place("writing memory", address, bytes.length);
    for (let done = 0; done < bytes.length;) {
      const inPage = Math.min(bytes.length - done, PAGE_BYTES - at % PAGE_BYTES);
      writeInPage(words, at, bytes.subarray(done, done + inPage));
      done += inPage;
      at += inPage;
    }
    const work = RemoteWork.FLUSH_INSTRUCTIONS | RemoteWork.FLUSH_TRANSLATIONS;
    requestRemote(words, NO_HART, EVERY_HART, work);
  }

  #place(what: string, address: number | bigint, length: number): number {
    const { base, size, requireStill } = this.#parts;
    requireStill(what);
    const offset = Number(address) - base;
    const fits = Number.isInteger(offset) && Number.isInteger(length) && offset >= 0 &&
      length >= 0 && offset + length <= size;
    if (fits) return GUEST_RAM_OFFSET + offset;
    throw new AccessError({
      what: `${what}: ${length} bytes at 0x${address.toString(16)}`,
      cause: `RAM is 0x${base.toString(16)} to 0x${(base + size).toString(16)}`,
      fix: "name a range of RAM, by physical address; devices cannot be accessed from outside",
    });
  }
}

/** Every vCPU stands still, so the page is a code page already or stays none; the compiler reads code pages alone. */
function writeInPage(words: Int32Array, at: number, bytes: Uint8Array): void {
  const shared = new Uint8Array(words.buffer, at, bytes.length);
  if (!isCodePage(words, at >>> PAGE_SHIFT)) return shared.set(bytes);
  beginGuardedStore(words, at, bytes.length);
  for (let index = 0; index < bytes.length; index++) {
    // ORDER: sc store between begin and end; partner: the compiler's reads of the page.
    Atomics.store(shared, index, bytes[index]);
  }
  endCodeStore(words, at >>> PAGE_SHIFT);
}
