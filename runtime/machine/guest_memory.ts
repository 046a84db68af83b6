/**
 * Guest RAM as the embedding program sees it while no hart runs.
 *
 * Writes are guarded stores, as a guest's own are, so that nothing compiled or decoded from the old bytes
 * survives and reservations fail; afterwards every hart is asked, as by a remote fence, to look at instructions and page tables anew
 * before its next instruction. A view of the memory itself is not given out: writes through it would pass both
 * by.
 */

import { GuestStores } from "../atomics/guest_store.ts";
import { ALL_HARTS, requestRemote } from "../atomics/remote_work.ts";
import { GUEST_RAM_OFFSET, RemoteWork } from "../atomics/shared_layout.ts";
import { AccessError } from "./machine_error.ts";
import type { GuestMemory } from "./machine_interface.ts";

/** No hart: main is the one that asks. */
const NO_HART = -1;

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
  /** Throws when nothing may be changed. */
  readonly requireChange: (what: string) => void;
}

/** See the header of this file. */
export class RamView implements GuestMemory {
  readonly #parts: RamParts;
  readonly #stores: GuestStores;

  /** A view of the RAM of one machine. */
  constructor(parts: RamParts) {
    this.#parts = parts;
    this.#stores = new GuestStores(parts.words);
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
    this.#parts.requireChange("writing memory");
    const at = this.#place("writing memory", address, bytes.length);
    this.#stores.storeBytes(at, bytes);
    const work = RemoteWork.FLUSH_INSTRUCTIONS | RemoteWork.FLUSH_TRANSLATIONS;
    requestRemote(this.#parts.words, NO_HART, ALL_HARTS, work);
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
