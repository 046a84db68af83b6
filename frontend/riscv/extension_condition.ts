/**
 * Which extensions an instruction belongs to, as its row says it: names joined by ` and `, and alternatives of
 * those by ` or `. `zbb or zbkb` is an instruction that either extension brings, `zfa and d` one that takes
 * both.
 */

/** Extensions of each alternative. */
function alternatives(condition: string): string[][] {
  return condition.split(" or ").map((alternative) => alternative.split(" and "));
}

/** All extensions that the condition names. */
export function extensionsOf(condition: string): string[] {
  return alternatives(condition).flat();
}

/** Is the condition met by these extensions? */
export function isMet(condition: string, extensions: ReadonlySet<string>): boolean {
  return alternatives(condition).some((names) => names.every((name) => extensions.has(name)));
}
