/**
 * The snapshots of one power cycle, in the order of their moments. Each holds the pages that differ from the one
 * before; the first holds all that are not zero.
 *
 * They are to be many near the present and few long ago: whoever goes back goes back a little, mostly. When there is
 * no room for all, that one goes behind whose place the gap is smallest in proportion to its distance from the
 * present, so that gaps grow with distance. The first and the newest stay.
 */
import { PAGE_BYTES } from "../atomics/shared_layout.ts";
import type { PageContents } from "./page_archive.ts";

/** What a machine was like at one moment. */
export interface Snapshot<State> {
  /** Instructions of all harts. */
  readonly instructions: number;
  /** Counted time. */
  readonly nanoseconds: number;
  /** All but memory. */
  readonly state: State;
  /** Pages that are not as in the snapshot before. */
  readonly pages: PageContents;
}

/** How much there may be. */
export interface ShelfLimits {
  /** Most snapshots; at least two. */
  readonly count: number;
  /** Most bytes of pages that they hold together, if two of them do not need more. */
  readonly bytes: number;
}

/** See the header of this file. */
export class SnapshotShelf<State> {
  readonly #limits: ShelfLimits;
  readonly #snapshots: Snapshot<State>[] = [];

  /** A shelf without snapshots. */
  constructor(limits: ShelfLimits) {
    this.#limits = limits;
  }

  /** How many there are. */
  get count(): number {
    return this.#snapshots.length;
  }

  /** Bytes of pages that they hold. */
  get bytes(): number {
    return this.#snapshots.reduce((sum, { pages }) => sum + bytesOf(pages), 0);
  }

  /** The newest one with fewer instructions; else the first. Undefined when there is none at all. */
  before(instructions: number): Snapshot<State> | undefined {
    const index = this.#snapshots.findLastIndex((one) => one.instructions < instructions);
    return this.#snapshots[Math.max(0, index)];
  }

  /** Is there one with so many instructions? */
  has(instructions: number): boolean {
    return this.#snapshots.some((one) => one.instructions === instructions);
  }

  /** What all pages held that were not zero, at a snapshot of the shelf. */
  contentsAt(snapshot: Snapshot<State>): PageContents {
    return this.#contents(this.#snapshots.indexOf(snapshot) + 1);
  }

  /**
   * Puts a snapshot in its place.
   * @param changedSince gives the pages that differ now from those of an earlier snapshot
   */
  add(
    moment: Omit<Snapshot<State>, "pages">,
    changedSince: (before: PageContents) => PageContents,
  ): void {
    const following = this.#snapshots.findIndex((one) => one.instructions > moment.instructions);
    const index = following < 0 ? this.#snapshots.length : following;
    const before = this.#contents(index);
    const pages = changedSince(before);
    if (following >= 0) keepContents(this.#snapshots[following].pages, pages.keys(), before);
    this.#snapshots.splice(index, 0, { ...moment, pages });
    this.#thin(moment.instructions);
  }

  /** Pages as the first `count` snapshots leave them. */
  #contents(count: number): PageContents {
    const contents: PageContents = new Map();
    for (const { pages } of this.#snapshots.slice(0, count)) {
      for (const [page, content] of pages) contents.set(page, content);
    }
    return contents;
  }

  #thin(present: number): void {
    const { count, bytes } = this.#limits;
    while (this.count > 2 && (this.count > count || this.bytes > bytes)) {
      this.#remove(this.#leastMissed(present));
    }
  }

  #leastMissed(present: number): number {
    let least = 1;
    let leastLoss = Infinity;
    for (let index = 1; index < this.count - 1; index++) {
      const [before, at, after] = this.#snapshots.slice(index - 1, index + 2);
      const gap = after.instructions - before.instructions;
      const loss = gap / (Math.abs(present - at.instructions) + 1);
      if (loss < leastLoss) [least, leastLoss] = [index, loss];
    }
    return least;
  }

  /** What only this one holds of the pages goes to the one behind. */
  #remove(index: number): void {
    const [{ pages }] = this.#snapshots.splice(index, 1);
    keepContents(this.#snapshots[index].pages, pages.keys(), pages);
  }
}

/** Adds pages that `pages` does not say anything of, as they are in `contents`. */
function keepContents(
  pages: PageContents,
  which: Iterable<number>,
  contents: ReadonlyMap<number, Int32Array | null>,
): void {
  for (const page of which) if (!pages.has(page)) pages.set(page, contents.get(page) ?? null);
}

function bytesOf(pages: PageContents): number {
  let held = 0;
  for (const content of pages.values()) if (content !== null) held++;
  return held * PAGE_BYTES;
}
