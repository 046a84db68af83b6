/**
 * What pages of a machine's memory hold in its snapshots: all of guest memory, and the structs of all devices.
 *
 * Nothing tells which pages were stored to, so each page is compared. That takes a fifth of a second for each 512 MiB,
 * and no store can go unseen, whoever makes it. A page that did not change since the snapshot before takes no memory.
 */
import { GuestStores } from "../atomics/guest_store.ts";
import {
  DEVICE_BLOCK,
  DEVICE_BLOCK_BYTES,
  GUEST_RAM_OFFSET,
  Machine,
  PAGE_ATTRIBUTES,
  PAGE_BYTES,
  PAGE_SHIFT,
} from "../atomics/shared_layout.ts";

/** What a page holds, never to be changed; null: nothing but zeros. */
export type PageContent = Int32Array | null;

/** Pages by index in shared memory. */
export type PageContents = Map<number, PageContent>;

const PAGE_WORDS = PAGE_BYTES / Int32Array.BYTES_PER_ELEMENT;
const WORDS_SHIFT = PAGE_SHIFT - 2;

/** See the header of this file. For the thread that runs all harts, while none of them does. */
export class PageArchive {
  readonly #words: Int32Array;
  readonly #bytes: Uint8Array;
  readonly #stores: GuestStores;
  readonly #pages: readonly number[];

  /** Of one machine, after its memory was filled. */
  constructor(words: Int32Array) {
    this.#words = words;
    this.#bytes = new Uint8Array(words.buffer);
    this.#stores = new GuestStores(words);
    // ORDER: constant after start.
    const ramPages = Atomics.load(words, Machine.RAM_PAGES.offset >> 2);
    this.#pages = [
      ...range(DEVICE_BLOCK >> PAGE_SHIFT, DEVICE_BLOCK_BYTES >> PAGE_SHIFT),
      ...range(GUEST_RAM_OFFSET >> PAGE_SHIFT, ramPages),
    ];
  }

  /** The pages that hold something else than in `before`, with what they hold now. */
  changedSince(before: PageContents): PageContents {
    const changed: PageContents = new Map();
    for (const page of this.#pages) {
      if (!this.#holds(page, before.get(page) ?? null)) changed.set(page, this.#copy(page));
    }
    return changed;
  }

  /** Makes memory hold what it held. Code that was built from other bytes is out of date then, as after any store. */
  restore(contents: PageContents): void {
    for (const page of this.#pages) {
      const content = contents.get(page) ?? null;
      if (!this.#holds(page, content)) this.#store(page, content);
    }
  }

  #holds(page: number, content: PageContent): boolean {
    const words = this.#words;
    const start = page << WORDS_SHIFT;
    // ORDER: plain loads: nobody but this thread stores to these pages.
    if (content === null) {
      for (let at = 0; at < PAGE_WORDS; at++) if (words[start + at] !== 0) return false;
    } else {
      for (let at = 0; at < PAGE_WORDS; at++) if (words[start + at] !== content[at]) return false;
    }
    return true;
  }

  #copy(page: number): PageContent {
    const start = page << WORDS_SHIFT;
    return this.#holds(page, null) ? null : this.#words.slice(start, start + PAGE_WORDS);
  }

  /** ORDER: plain stores where nothing was decoded: the compiler, who runs meanwhile, reads only code. */
  #store(page: number, content: PageContent): void {
    const start = page << WORDS_SHIFT;
    // ORDER: sc load; attributes are set by vCPUs alone, and all of them stand still on this thread.
    const attributes = Atomics.load(this.#words, (PAGE_ATTRIBUTES >> 2) + page);
    if (attributes !== 0) {
      const bytes = content === null ? new Uint8Array(PAGE_BYTES) : new Uint8Array(content.buffer);
      this.#stores.storeBytes(page << PAGE_SHIFT, bytes);
    } else if (content === null) {
      this.#bytes.fill(0, page << PAGE_SHIFT, (page + 1) << PAGE_SHIFT);
    } else this.#words.set(content, start);
  }
}

function range(first: number, count: number): number[] {
  return Array.from({ length: count }, (_, index) => first + index);
}
