/**
 * What `-accel tcg,opt=` says: `all`, `none` or a pass, then any number of passes with `+` or `-` before them.
 * A wrong translation is found by leaving out one pass after the other.
 */
import { PASS_NAMES, type PassName } from "../../optimizer/pass_names.ts";
import { parseChoice } from "./property_list.ts";
import { UsageError } from "./usage_error.ts";

const STEP = /([+-]?)([^+-]*)/gy;

/** The passes that run, in no order. @throws {UsageError} for names that no pass has */
export function parsePassList(text: string): PassName[] {
  const what = `-accel ...,opt=${text}`;
  const chosen = new Set<PassName>();
  for (const [index, [, sign, name]] of [...text.matchAll(STEP)].entries()) {
    if (sign === "" && name === "" && index > 0) break;
    const isFirst = index === 0 && sign === "";
    if (isFirst && name === "none") continue;
    if (isFirst && name === "all") PASS_NAMES.forEach((pass) => chosen.add(pass));
    else if (sign === "-") chosen.delete(parseChoice(what, name, PASS_NAMES));
    else chosen.add(parsePass(what, name, isFirst));
  }
  return PASS_NAMES.filter((pass) => chosen.has(pass));
}

function parsePass(what: string, name: string, isFirst: boolean): PassName {
  const known: readonly string[] = PASS_NAMES;
  if (!isFirst || known.includes(name)) return parseChoice(what, name, PASS_NAMES);
  throw new UsageError({
    what,
    cause: `"${name}" is neither "all" nor "none" nor an optimization`,
    fix: `write all-NAME, none+NAME or NAME+NAME with names of: ${known.join(", ")}`,
  });
}
