/** The part of `@std/cli` that is used here: its published form for npm carries no types. */

/** Options of {@linkcode parseArgs}. */
export interface ParseOptions {
  /** Names whose values stay strings. */
  readonly string: readonly string[];
  /** Names whose repeated values are all kept. */
  readonly collect: readonly string[];
}

/** Parses `--name=value` words; words that belong to no name are under `_`. */
export function parseArgs(
  args: readonly string[],
  options: ParseOptions,
): Readonly<Record<string, string | readonly string[] | undefined>>;
