/** Names that flags give to what others refer to: `id=`. */

import { UsageError } from "./usage_error.ts";

/** What may have a name. */
export interface NamedRequest {
  /** The flag, for messages. */
  readonly what: string;
  /** Its name. */
  readonly id: string | undefined;
}

/** Complains about the first name that two have. @param kind of what they are, for messages */
export function requireNames(kind: string, requests: readonly NamedRequest[]): void {
  const names = new Set<string>();
  for (const { what, id } of requests) {
    if (id === undefined) continue;
    if (names.has(id)) {
      const cause = `another ${kind} is called ${id}`;
      throw new UsageError({ what, cause, fix: `give each ${kind} an id= of its own` });
    }
    names.add(id);
  }
}
