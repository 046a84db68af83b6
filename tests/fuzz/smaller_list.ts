/** Makes a failing list smaller: drops runs of items, longest first, as long as it still fails. */

/** The list with as many items dropped as the test allows; `keeps` says which items always stay. */
export function smallerList<Item>(
  items: readonly Item[],
  fails: (items: readonly Item[]) => boolean,
  keeps: (item: Item) => boolean = () => false,
): readonly Item[] {
  let best = items;
  for (let size = Math.max(1, Math.floor(items.length / 2)); size >= 1;) {
    const smaller = withoutRuns(best, size, { fails, keeps });
    if (smaller !== best) best = smaller;
    else size = Math.floor(size / 2);
  }
  return best;
}

/** The list after one walk that dropped every run it could. */
function withoutRuns<Item>(
  items: readonly Item[],
  size: number,
  { fails, keeps }: {
    readonly fails: (items: readonly Item[]) => boolean;
    readonly keeps: (item: Item) => boolean;
  },
): readonly Item[] {
  let best = items;
  for (let at = 0; at < best.length;) {
    const candidate = best.filter((item, index) => index < at || index >= at + size || keeps(item));
    if (candidate.length < best.length && fails(candidate)) best = candidate;
    else at += size;
  }
  return best;
}
