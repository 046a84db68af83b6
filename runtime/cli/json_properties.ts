/**
 * Properties as JSON, `{"driver":"virtio-blk-pci","drive":"d0"}`: QEMU's other way to write a `-device`, and the only one
 * for properties that are lists.
 */

import { UsageError } from "./usage_error.ts";

/** Properties that were written as JSON. */
export interface JsonProperties {
  /** Those that are a word, a number or a switch, as they would stand in a property list. */
  readonly properties: ReadonlyMap<string, string>;
  /** Those that are lists. */
  readonly lists: ReadonlyMap<string, readonly unknown[]>;
}

/** Is the value of a flag written as JSON? */
export function isJson(text: string): boolean {
  return text.trimStart().startsWith("{");
}

/** Understands properties. Throws UsageError. */
export function parseJsonProperties(flag: string, text: string): JsonProperties {
  const what = `-${flag} ${text}`;
  const properties = new Map<string, string>();
  const lists = new Map<string, readonly unknown[]>();
  for (const [name, value] of Object.entries(parsed(what, text))) {
    if (Array.isArray(value)) lists.set(name, value);
    else properties.set(name, wordOf(what, name, value));
  }
  return { properties, lists };
}

function parsed(what: string, text: string): object {
  try {
    return JSON.parse(text);
  } catch (error) {
    const cause = `it is no JSON: ${error instanceof Error ? error.message : error}`;
    throw new UsageError({ what, cause, fix: 'write {"driver":"NAME","PROPERTY":"VALUE"}' });
  }
}

function wordOf(what: string, name: string, value: unknown): string {
  if (typeof value === "boolean") return value ? "on" : "off";
  if (typeof value === "string" || typeof value === "number") return `${value}`;
  const cause = `"${name}" is neither a word, a number, a switch nor a list`;
  throw new UsageError({ what, cause, fix: `write "${name}":"VALUE"` });
}
