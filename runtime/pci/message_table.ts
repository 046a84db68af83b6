/**
 * Interrupts by message of a PCI function: "MSI-X Capability and Table Structures" of the PCI Express base
 * specification. Its vectors are a table in the function's memory, with an address and a number for each; a vector that
 * is masked keeps its interrupt pending until it is not.
 *
 * Thread safety: no lock. Who sends through a masked vector sets its pending bit and looks at the mask again; who takes
 * a mask away looks at the pending bits afterwards: so one of them finds both, and whoever clears the bit sends
 * (`docs/protocols/messages.md`). The rest of an entry is the guest's to change while it is masked.
 */

import type { MmioAccess } from "../devices/device.ts";
import type { MessagePost } from "../devices/message_post.ts";
import { NO_ANSWER } from "./configuration_registers.ts";

/** Most vectors of a function. */
export const MAX_VECTORS = 48;
/** Bytes of the memory that holds table and pending bits, and where those are in it: QEMU's places. */
export const TABLE_BYTES = 0x1000;
/** See above. */
export const PENDING_OFFSET = 0x800;

/** Words of a vector. */
const Entry = { ADDRESS_LOW: 0, ADDRESS_HIGH: 1, DATA: 2, CONTROL: 3, WORDS: 4 } as const;
/** In an entry's control: it is masked. Held inverted, because it is after a reset and shared memory is zero then. */
const MASKED = 1;

const BITS_PER_WORD = 32;
const PENDING_WORDS = Math.ceil(MAX_VECTORS / BITS_PER_WORD);
const TABLE_WORDS = MAX_VECTORS * Entry.WORDS;
/** Shared words that a table needs. */
export const MESSAGE_TABLE_WORDS: number = TABLE_WORDS + PENDING_WORDS;

const WORD_BYTES = 4;
const WIDE_BYTES = 8;
const WORD_SHIFT = 2;
/** Pending bits are read in pieces of so many bytes. */
const PENDING_PIECE_BYTES = 8;
const HALF_RANGE = 0x1_0000_0000;

/** What a table is of. */
export interface MessageTableParts {
  /** Shared memory. */
  readonly words: Int32Array;
  /** Index of the first of {@linkcode MESSAGE_TABLE_WORDS} words. */
  readonly base: number;
  /** Where messages go. */
  readonly post: MessagePost;
  /** Number of vectors; settled before anything is sent. */
  readonly vectors: () => number;
  /** May the function send at all, and is it not masked as a whole? */
  readonly isOpen: () => boolean;
}

/** One worker's view of a function's table. */
export class MessageTable {
  readonly #parts: MessageTableParts;

  /** Opens a table. */
  constructor(parts: MessageTableParts) {
    this.#parts = parts;
  }

  /** Sends a vector's message, or keeps it pending. */
  send(vector: number): void {
    if (vector >= this.#parts.vectors()) return;
    if (!this.#isMasked(vector)) return this.#post(vector);
    // ORDER: sc or before the look at the mask; partner: #release(), behind the change of a mask.
    Atomics.or(this.#parts.words, this.#pendingWord(vector), bitOf(vector));
    this.#release(vector);
  }

  /** To be called when the function as a whole is not masked any more. */
  opened(): void {
    for (let vector = 0; vector < this.#parts.vectors(); vector++) this.#release(vector);
  }

  /** Sends what is pending of a vector that is not masked. */
  #release(vector: number): void {
    if (this.#isMasked(vector)) return;
    const bit = bitOf(vector);
    // ORDER: sc and behind the look at the mask; partner: the or in send(). Whoever finds the bit sends.
    const before = Atomics.and(this.#parts.words, this.#pendingWord(vector), ~bit);
    if ((before & bit) !== 0) this.#post(vector);
  }

  #isMasked(vector: number): boolean {
    const isMaskedItself = (this.#word(vector, Entry.CONTROL) & MASKED) === 0;
    return isMaskedItself || !this.#parts.isOpen();
  }

  #post(vector: number): void {
    const low = this.#word(vector, Entry.ADDRESS_LOW) >>> 0;
    const high = this.#word(vector, Entry.ADDRESS_HIGH) >>> 0;
    this.#parts.post.send(high * HALF_RANGE + low, this.#word(vector, Entry.DATA));
  }

  // --- the guest's side -------------------------------------------------------------------------------

  /** Guest read of the memory; only words can be read. */
  load(access: MmioAccess, offset: number): void {
    const isWord = access.size >= WORD_BYTES;
    access.low = isWord ? this.#read(offset) : 0;
    access.high = access.size === WIDE_BYTES ? this.#read(offset + WORD_BYTES) : 0;
  }

  /** Guest write of the memory; only words can be written. */
  store({ size, low, high }: MmioAccess, offset: number): void {
    if (size >= WORD_BYTES) this.#write(offset, low);
    if (size === WIDE_BYTES) this.#write(offset + WORD_BYTES, high);
  }

  #read(offset: number): number {
    const vectors = this.#parts.vectors();
    const index = offset >> WORD_SHIFT;
    if (index < vectors * Entry.WORDS) return this.#get(index) ^ invertedBits(index);
    const pending = offset - PENDING_OFFSET;
    const bytes = Math.ceil(vectors / (PENDING_PIECE_BYTES * 8)) * PENDING_PIECE_BYTES;
    if (pending < 0 || pending >= bytes) return NO_ANSWER;
    return this.#get(TABLE_WORDS + (pending >> WORD_SHIFT));
  }

  #write(offset: number, value: number): void {
    const index = offset >> WORD_SHIFT;
    if (index >= this.#parts.vectors() * Entry.WORDS) return;
    // ORDER: sc store before the look at the pending bits; partner: the look at the mask in send().
    Atomics.store(this.#parts.words, this.#parts.base + index, value ^ invertedBits(index));
    if (index % Entry.WORDS === Entry.CONTROL) this.#release(Math.floor(index / Entry.WORDS));
  }

  #word(vector: number, word: number): number {
    return this.#get(vector * Entry.WORDS + word);
  }

  #get(word: number): number {
    // ORDER: sc load; partner: the store in #write() of the hart that sets the vector up.
    return Atomics.load(this.#parts.words, this.#parts.base + word);
  }

  #pendingWord(vector: number): number {
    return this.#parts.base + TABLE_WORDS + Math.floor(vector / BITS_PER_WORD);
  }
}

function bitOf(vector: number): number {
  return 1 << (vector % BITS_PER_WORD);
}

function invertedBits(index: number): number {
  return index % Entry.WORDS === Entry.CONTROL ? MASKED : 0;
}
