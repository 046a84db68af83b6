/** Worker of the stress tests: plays one role and reports what it counted, or what was broken. */

import { type Assignment, play } from "./roles.ts";

/** What a worker answers. */
export interface Report {
  /** What the role counted. */
  readonly count: number;
  /** The broken promise, or "". */
  readonly failure: string;
}

self.addEventListener("message", (event: Event) => {
  const { data } = event as MessageEvent<Assignment>;
  let report: Report;
  try {
    report = { count: play(data), failure: "" };
  } catch (error) {
    report = { count: 0, failure: error instanceof Error ? error.message : String(error) };
  }
  (self as unknown as Worker).postMessage(report);
});
