/**
 * Makes a failing list smaller: drops runs of items, longest first, as long as it still fails. Of a short list
 * pairs that stand apart are dropped too, such as a loop's counter and its branch.
 */

/** What is known of the list. */
interface Failing<Item> {
  /** Does it still fail? */
  readonly fails: (items: readonly Item[]) => boolean;
  /** Does an item always stay? */
  readonly keeps: (item: Item) => boolean;
}

/** Most items that may go whose pairs are tried. */
const LARGEST_FOR_PAIRS = 20;

/** The list with as many items dropped as the test allows; `keeps` says which items always stay. */
export function smallerList<Item>(
  items: readonly Item[],
  fails: Failing<Item>["fails"],
  keeps: Failing<Item>["keeps"] = () => false,
): readonly Item[] {
  for (let best = items;;) {
    const withoutAnyRun = smallestByRuns(best, { fails, keeps });
    best = withoutPair(withoutAnyRun, { fails, keeps });
    if (best === withoutAnyRun) return best;
  }
}

function smallestByRuns<Item>(items: readonly Item[], failing: Failing<Item>): readonly Item[] {
  let best = items;
  for (let size = Math.max(1, Math.floor(items.length / 2)); size >= 1;) {
    const smaller = withoutRuns(best, size, failing);
    if (smaller !== best) best = smaller;
    else size = Math.floor(size / 2);
  }
  return best;
}

/** The list after one walk that dropped every run it could. */
function withoutRuns<Item>(
  items: readonly Item[],
  size: number,
  { fails, keeps }: Failing<Item>,
): readonly Item[] {
  let best = items;
  for (let at = 0; at < best.length;) {
    const candidate = best.filter((item, index) => index < at || index >= at + size || keeps(item));
    if (candidate.length < best.length && fails(candidate)) best = candidate;
    else at += size;
  }
  return best;
}

/** The list without the first two items that it can do without together; the same list when there are none. */
function withoutPair<Item>(
  items: readonly Item[],
  { fails, keeps }: Failing<Item>,
): readonly Item[] {
  const places = items.flatMap((item, index) => keeps(item) ? [] : [index]);
  if (places.length > LARGEST_FOR_PAIRS) return items;
  for (const first of places) {
    for (const second of places) {
      if (second <= first) continue;
      const candidate = items.filter((_, index) => index !== first && index !== second);
      if (fails(candidate)) return candidate;
    }
  }
  return items;
}
