import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { PAGE_BYTES } from "../atomics/shared_layout.ts";
import type { PageContents } from "./page_archive.ts";
import { SnapshotShelf } from "./snapshot_shelf.ts";

const PAGES = 6;
const NO_LIMIT = { count: 1000, bytes: Infinity };

/** What pages hold at a moment of a run that does the same each time. */
function contentsOfRun(instructions: number): PageContents {
  const contents: PageContents = new Map();
  for (let page = 0; page < PAGES; page++) {
    const value = Math.floor(instructions / 10 ** page) % 7;
    contents.set(page, value === 0 ? null : Int32Array.of(value));
  }
  return contents;
}

function differences(now: PageContents, before: PageContents): PageContents {
  const value = (contents: PageContents, page: number): number => contents.get(page)?.[0] ?? 0;
  return new Map([...now].filter(([page]) => value(now, page) !== value(before, page)));
}

function add(shelf: SnapshotShelf<number>, instructions: number): void {
  const now = contentsOfRun(instructions);
  shelf.add(
    { instructions, nanoseconds: instructions, state: instructions },
    (before) => differences(now, before),
  );
}

function plain(contents: PageContents): number[] {
  return Array.from({ length: PAGES }, (_, page) => contents.get(page)?.[0] ?? 0);
}

Deno.test("snapshots hold what pages held, in whatever order they were taken and however many are dropped", () => {
  const places = fc.uniqueArray(fc.integer({ min: 1, max: 2000 }), { minLength: 1, maxLength: 60 });
  fc.assert(fc.property(places, fc.integer({ min: 2, max: 12 }), (taken, count) => {
    const shelf = new SnapshotShelf<number>({ count, bytes: Infinity });
    add(shelf, 0);
    for (const place of taken) {
      add(shelf, place);
      assert(shelf.count <= count);
      for (const goal of [1, place, place + 1, 3000]) {
        const snapshot = shelf.before(goal);
        if (snapshot === undefined) throw new Error("the first one stays");
        assert(snapshot.instructions < goal);
        assertEquals(
          plain(shelf.contentsAt(snapshot)),
          plain(contentsOfRun(snapshot.instructions)),
        );
      }
    }
  }));
});

Deno.test("gaps between snapshots grow with the distance from the present, and the first stays", () => {
  const shelf = new SnapshotShelf<number>({ ...NO_LIMIT, count: 12 });
  for (let place = 0; place <= 4096; place++) add(shelf, place);
  const kept: number[] = [];
  for (let at = shelf.before(Infinity); at !== undefined; at = shelf.before(at.instructions)) {
    kept.push(4096 - at.instructions);
    if (at.instructions === 0) break;
  }
  assertEquals([kept.length, kept[0], kept.at(-1)], [12, 0, 4096]);
  for (let index = 2; index < kept.length; index++) {
    assert(kept[index] <= 8 * kept[index - 1], `${kept}`);
  }
});

Deno.test("pages that do not change take memory once, and more than is allowed is dropped", () => {
  const shelf = new SnapshotShelf<number>({ count: 1000, bytes: 8 * PAGE_BYTES });
  const same: PageContents = new Map([[0, Int32Array.of(1)]]);
  for (let place = 0; place < 5; place++) {
    shelf.add(
      { instructions: place, nanoseconds: 0, state: 0 },
      (before) => before.size === 0 ? same : new Map(),
    );
  }
  assertEquals([shelf.count, shelf.bytes], [5, PAGE_BYTES]);
  for (let place = 5; place < 40; place++) {
    shelf.add(
      { instructions: place, nanoseconds: 0, state: 0 },
      () => new Map([[place, Int32Array.of(place)]]),
    );
    assert(shelf.bytes <= 8 * PAGE_BYTES || shelf.count === 2);
  }
});

Deno.test("the place itself is no place to begin from: time may have passed since it was reached", () => {
  const shelf = new SnapshotShelf<number>(NO_LIMIT);
  assertEquals(shelf.before(5), undefined);
  for (const place of [0, 10, 20]) add(shelf, place);
  assertEquals([20, 21, 11, 10, 1, 0].map((goal) => shelf.before(goal)?.instructions), [
    10,
    20,
    10,
    0,
    0,
    0,
  ]);
});
