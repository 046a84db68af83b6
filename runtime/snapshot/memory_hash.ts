/** What the structs of all devices and guest memory add to the hash of a machine's state. */
import {
  DEVICE_BLOCK,
  DEVICE_BLOCK_BYTES,
  GUEST_RAM_OFFSET,
  Machine,
  PAGE_BYTES,
} from "../atomics/shared_layout.ts";
import { hashWords, type RollingHash } from "../replay/mixing_hash.ts";

const WORD_SHIFT = 2;
const PAGE_WORDS = PAGE_BYTES >> WORD_SHIFT;

/** Adds it, page by page; while no hart runs. */
export function addMemory(hash: RollingHash, words: Int32Array): void {
  // ORDER: constant after start.
  const ramPages = Atomics.load(words, Machine.RAM_PAGES.offset >> WORD_SHIFT);
  addPages(hash, words, DEVICE_BLOCK, DEVICE_BLOCK_BYTES / PAGE_BYTES);
  addPages(hash, words, GUEST_RAM_OFFSET, ramPages);
}

function addPages(hash: RollingHash, words: Int32Array, offset: number, pages: number): void {
  const first = offset >> WORD_SHIFT;
  for (let page = 0; page < pages; page++) {
    const at = first + page * PAGE_WORDS;
    hash.add(hashWords(words, at, at + PAGE_WORDS));
  }
}
