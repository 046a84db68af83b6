/**
 * The `riscv,isa` string: "ISA Extension Naming Conventions" of the unprivileged specification. Single
 * letters come first and in canonical order, the others follow, each after an underscore.
 */

const BASE = "rv64";
const CANONICAL_ORDER = "iemafdqlcbkjtpvnh";

/** The ISA string of a hart with these extensions, given by their lower-case names. */
export function isaString(extensions: readonly string[]): string {
  const letters = extensions.filter((name) => name.length === 1);
  letters.sort((a, b) => CANONICAL_ORDER.indexOf(a) - CANONICAL_ORDER.indexOf(b));
  const names = extensions.filter((name) => name.length > 1);
  return [BASE + letters.join(""), ...names].join("_");
}

/** The same list in the order of the string. */
export function orderedExtensions(extensions: readonly string[]): string[] {
  const [letters = "", ...names] = isaString(extensions).slice(BASE.length).split("_");
  return [...letters, ...names];
}
