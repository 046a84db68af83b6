/**
 * What a machine is like, in a hash for each part: every hart's registers and control registers, a piece of memory,
 * and all console output so far.
 *
 * A look at all of memory would take longer than what was executed since the last one. So each check takes the next
 * {@linkcode PAGES} pages, around and around: a difference that never reaches a register or the console is found when
 * its page's turn comes.
 */
import type { GuestFrontend } from "../../frontend/frontend.ts";
import { GUEST_RAM_OFFSET, Machine, PAGE_BYTES } from "../atomics/shared_layout.ts";
import type { Restore } from "../snapshot/state_keeper.ts";
import { meaningfulWords } from "../vcpu/vcpu_state.ts";
import { hashWords } from "./mixing_hash.ts";

/** Pages of memory that one check looks at. */
const PAGES = 16;
const PAGE_WORDS = PAGE_BYTES / Int32Array.BYTES_PER_ELEMENT;
const WORD_SHIFT = 2;

/** What a digest is made of. */
export interface DigestParts {
  /** The machine's memory. */
  readonly words: Int32Array;
  /** Private memory of harts 0, 1 and so on. */
  readonly harts: readonly Int32Array[];
  /** The guest. */
  readonly frontend: GuestFrontend;
  /** Hash of all console output so far. */
  readonly outputHash: () => number;
}

/** See the header of this file. */
export class StateDigest {
  readonly #parts: DigestParts;
  /** Words of the state, from the start of private memory, that have a meaning between instructions. */
  readonly #places: Int32Array;
  readonly #state: Int32Array;
  readonly #ramPages: number;
  #page = 0;

  /** Of one machine; all of it stands still whenever it is asked. */
  constructor(parts: DigestParts) {
    this.#parts = parts;
    this.#places = meaningfulWords(parts.frontend);
    this.#state = new Int32Array(this.#places.length);
    // ORDER: constant after start.
    this.#ramPages = Atomics.load(parts.words, Machine.RAM_PAGES.offset >> WORD_SHIFT);
  }

  /** A hash for each part; what it takes of memory is another piece each time. */
  take(): number[] {
    const { harts, outputHash } = this.#parts;
    return [...harts.map((words) => this.#hart(words)), this.#memory(), outputHash() >>> 0];
  }

  /** The piece of memory that comes next. @returns makes it come next again */
  save(): Restore {
    const page = this.#page;
    return () => {
      this.#page = page;
    };
  }

  /** The part at a place of a digest. */
  partAt(index: number): DigestPart {
    const { length } = this.#parts.harts;
    if (index < length) return { hart: index, what: `the state of hart ${index}` };
    return { hart: null, what: index === length ? "memory" : "console output" };
  }

  #hart(words: Int32Array): number {
    const places = this.#places;
    for (let index = 0; index < places.length; index++) this.#state[index] = words[places[index]];
    return hashWords(this.#state, 0, places.length);
  }

  #memory(): number {
    const first = this.#page;
    const end = Math.min(first + PAGES, this.#ramPages);
    this.#page = end % this.#ramPages;
    const base = GUEST_RAM_OFFSET >> WORD_SHIFT;
    return hashWords(this.#parts.words, base + first * PAGE_WORDS, base + end * PAGE_WORDS);
  }
}

/** A part of a machine. */
export interface DigestPart {
  /** The hart that it belongs to; null for what belongs to none. */
  readonly hart: number | null;
  /** Its name. */
  readonly what: string;
}
