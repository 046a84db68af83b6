/**
 * Finds the name that a mistyped one most likely means.
 *
 * Distance: least number of single-letter insertions, deletions, substitutions and swaps of neighbours
 * (Damerau's distance in its restricted form: no letter takes part in two edits).
 */

/** Farthest that a suggestion may be from the typed name, as a share of the longer of the two. */
const FARTHEST_SHARE = 0.5;

/** Edits that lead from one word to the other. */
export function editDistance(from: string, to: string): number {
  const rows = Array.from({ length: from.length + 1 }, (_, row) => {
    const cells = new Array<number>(to.length + 1).fill(0);
    cells[0] = row;
    return cells;
  });
  for (let column = 0; column <= to.length; column++) rows[0][column] = column;
  for (let row = 1; row <= from.length; row++) {
    for (let column = 1; column <= to.length; column++) {
      rows[row][column] = cheapestEdit(rows, from, to, row, column);
    }
  }
  return rows[from.length][to.length];
}

function cheapestEdit(
  rows: readonly number[][],
  from: string,
  to: string,
  row: number,
  column: number,
): number {
  const change = from[row - 1] === to[column - 1] ? 0 : 1;
  const best = Math.min(
    rows[row - 1][column] + 1,
    rows[row][column - 1] + 1,
    rows[row - 1][column - 1] + change,
  );
  const swapped = row > 1 && column > 1 && from[row - 1] === to[column - 2] &&
    from[row - 2] === to[column - 1];
  return swapped ? Math.min(best, rows[row - 2][column - 2] + 1) : best;
}

/** The nearest of `names`, or undefined when none is near enough to be meant. */
export function nearestName(typed: string, names: readonly string[]): string | undefined {
  let nearest: string | undefined;
  let least = Infinity;
  for (const name of names) {
    const distance = editDistance(typed, name);
    if (distance <= Math.max(typed.length, name.length) * FARTHEST_SHARE && distance < least) {
      nearest = name;
      least = distance;
    }
  }
  return nearest;
}

/** "did you mean X?" when something is near, else the whole list. */
export function suggestion(typed: string, names: readonly string[]): string {
  const nearest = nearestName(typed, names);
  return nearest === undefined ? `use one of: ${names.join(", ")}` : `did you mean ${nearest}?`;
}
