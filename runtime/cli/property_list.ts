/**
 * QEMU's property lists: `name,key=value,key=value`, where a doubled comma stands for a comma in a value.
 */

import { suggestion } from "./nearest_name.ts";
import { UsageError } from "./usage_error.ts";

/** A parsed list. */
export interface PropertyList {
  /** The leading word without `=`, if there is one. */
  readonly head: string | undefined;
  /** Properties in order; the last of a repeated key counts. */
  readonly properties: ReadonlyMap<string, string>;
  /** The same with all that are repeated. */
  readonly words: readonly (readonly [key: string, value: string])[];
}

/** Parses a list given to `flag`. A word without `=` after the first means `word=on`, as in QEMU. */
export function parsePropertyList(flag: string, text: string): PropertyList {
  const [first, ...rest] = splitAtCommas(text);
  const headless = first.includes("=");
  const words: [string, string][] = [];
  for (const word of headless ? [first, ...rest] : rest) {
    const equals = word.indexOf("=");
    const key = equals < 0 ? word : word.slice(0, equals);
    if (key === "") throw emptyProperty(flag, text);
    words.push([key, equals < 0 ? "on" : word.slice(equals + 1)]);
  }
  return { head: headless || first === "" ? undefined : first, properties: new Map(words), words };
}

function emptyProperty(flag: string, text: string): UsageError {
  return new UsageError({
    what: `-${flag} ${text}`,
    cause: "there is a property without a name",
    fix: "write NAME=VALUE between the commas",
  });
}

function splitAtCommas(text: string): string[] {
  const words = [""];
  for (let index = 0; index < text.length; index++) {
    const doubled = text[index] === "," && text[index + 1] === ",";
    if (text[index] === "," && !doubled) {
      words.push("");
    } else {
      words[words.length - 1] += text[index];
      if (doubled) index++;
    }
  }
  return words;
}

/** Complains about the first property that is not among the known ones. */
export function rejectUnknownProperties(
  flag: string,
  properties: ReadonlyMap<string, string>,
  known: readonly string[],
): void {
  for (const key of properties.keys()) {
    if (known.includes(key)) continue;
    throw new UsageError({
      what: `-${flag} ...,${key}=${properties.get(key)}`,
      cause: `-${flag} has no property "${key}"`,
      fix: suggestion(key, known),
    });
  }
}

const ON_WORDS: readonly string[] = ["on", "true", "yes", "y"];
const OFF_WORDS: readonly string[] = ["off", "false", "no", "n"];

/** The value of an on/off property. */
export function parseSwitch(flag: string, key: string, value: string): boolean {
  if (ON_WORDS.includes(value)) return true;
  if (OFF_WORDS.includes(value)) return false;
  throw new UsageError({
    what: `-${flag} ...,${key}=${value}`,
    cause: `"${value}" is neither on nor off`,
    fix: `write ${key}=on or ${key}=off`,
  });
}

/** One of a few words. */
export function parseChoice<Choice extends string>(
  what: string,
  value: string,
  choices: readonly Choice[],
): Choice {
  const chosen = choices.find((choice) => choice === value);
  if (chosen !== undefined) return chosen;
  throw new UsageError({
    what,
    cause: `"${value}" is not one of the values that exist`,
    fix: suggestion(value, choices),
  });
}
