/**
 * A small set of combinations that contains every pair of values of every two axes at least once.
 *
 * Greedy: each new row is the best of many candidates, each grown around a pair that is still missing, axis by
 * axis with the value that covers most missing pairs. Ties are broken in several ways, and the shortest set
 * wins. Nothing is random, so the result is always the same.
 */

/** Ways to choose among equally good rows that are tried, and how far apart their choices are. */
const ATTEMPTS = 10;
const TIE_STRIDE = 7;

/** Values by axis. */
export type Axes = Readonly<Record<string, readonly string[]>>;

/** A value for each axis. */
export type Row = Readonly<Record<string, string>>;

interface Choice {
  readonly axis: string;
  readonly value: string;
}

function keyOf(a: Choice, b: Choice): string {
  const [first, second] = a.axis < b.axis ? [a, b] : [b, a];
  return `${first.axis}=${first.value} ${second.axis}=${second.value}`;
}

function choicesOf(row: Row): Choice[] {
  return Object.entries(row).map(([axis, value]) => ({ axis, value }));
}

/** The pairs that a row contains, as texts. */
export function pairsOf(row: Row): string[] {
  const choices = choicesOf(row);
  return choices.flatMap((a, index) => choices.slice(index + 1).map((b) => keyOf(a, b)));
}

/** Every pair of values of two axes, as texts. */
export function allPairs(axes: Axes): Set<string> {
  const names = Object.keys(axes);
  return new Set(
    names.flatMap((first, index) =>
      names.slice(index + 1).flatMap((second) =>
        axes[first].flatMap((a) =>
          axes[second].map((b) => keyOf({ axis: first, value: a }, { axis: second, value: b }))
        )
      )
    ),
  );
}

/** All orders of the axes would be many; rotations of them give variety enough. */
function rotations<Item>(items: readonly Item[]): Item[][] {
  return items.map((_, index) => [...items.slice(index), ...items.slice(0, index)]);
}

function grow(axes: Axes, order: readonly string[], start: Row, missing: ReadonlySet<string>): Row {
  let row = start;
  for (const axis of order) {
    if (axis in row) continue;
    const gain = (value: string): number =>
      choicesOf(row).filter((other) => missing.has(keyOf({ axis, value }, other))).length;
    const best = axes[axis].reduce((a, b) => gain(b) > gain(a) ? b : a);
    row = { ...row, [axis]: best };
  }
  return row;
}

function seeds(axes: Axes, missing: ReadonlySet<string>): Row[] {
  return [...missing].map((pair) =>
    Object.fromEntries(pair.split(" ").map((part) => part.split("=")))
  )
    .filter((row) => Object.keys(row).every((axis) => axis in axes));
}

/** Rows that together contain every pair; the first row has the first value of each axis. */
export function coveringArray(axes: Axes): Row[] {
  const attempts = Array.from({ length: ATTEMPTS }, (_, attempt) => greedyArray(axes, attempt));
  return attempts.reduce((a, b) => b.length < a.length ? b : a);
}

function greedyArray(axes: Axes, attempt: number): Row[] {
  const names = Object.keys(axes);
  const rows: Row[] = [Object.fromEntries(names.map((axis) => [axis, axes[axis][0]]))];
  const missing = allPairs(axes);
  pairsOf(rows[0]).forEach((pair) => missing.delete(pair));
  while (missing.size > 0) {
    const gain = (row: Row): number => pairsOf(row).filter((pair) => missing.has(pair)).length;
    const candidates = seeds(axes, missing).flatMap((seed) =>
      rotations(names).map((order) => complete(axes, grow(axes, order, seed, missing)))
    );
    const most = Math.max(...candidates.map(gain));
    const best = candidates.filter((row) => gain(row) === most);
    const chosen = best[(attempt * TIE_STRIDE + rows.length) % best.length];
    rows.push(chosen);
    pairsOf(chosen).forEach((pair) => missing.delete(pair));
  }
  return rows;
}

/** In the order of the axes. */
function complete(axes: Axes, row: Row): Row {
  return Object.fromEntries(Object.keys(axes).map((axis) => [axis, row[axis]]));
}
