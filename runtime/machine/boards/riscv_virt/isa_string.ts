/**
 * The `riscv,isa` string: "ISA Extension Naming Conventions" of the unprivileged specification. Single
 * letters come first and in canonical order, then the names that begin with z, by their second letter in the
 * same order and then by the alphabet, then those of the supervisor; each name after an underscore.
 */

const BASE = "rv64";
const CANONICAL_ORDER = "iemafdqlcbkjtpvnh";
const UNPRIVILEGED = "z";

/** Compares as the convention does: single letters, names with z, others. */
function compare(a: string, b: string): number {
  return rank(a) - rank(b) || (a < b ? -1 : 1);
}

function rank(name: string): number {
  const letters = CANONICAL_ORDER.length;
  if (name.length === 1) return CANONICAL_ORDER.indexOf(name);
  if (!name.startsWith(UNPRIVILEGED)) return 2 * letters;
  return letters + CANONICAL_ORDER.indexOf(name[1]);
}

/** The same list in the order of the string. */
export function orderedExtensions(extensions: readonly string[]): string[] {
  return extensions.toSorted(compare);
}

/** The ISA string of a hart with these extensions, given by their lower-case names. */
export function isaString(extensions: readonly string[]): string {
  const ordered = orderedExtensions(extensions);
  const letters = ordered.filter((name) => name.length === 1);
  return [BASE + letters.join(""), ...ordered.slice(letters.length)].join("_");
}
