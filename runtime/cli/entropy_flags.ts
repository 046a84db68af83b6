/** Sources of entropy on the command line, in QEMU's words: `-device virtio-rng-device` and `-object rng-random`. */

import type { PlugOptions } from "../machine/slot_assignment.ts";
import type { DeviceLine } from "./device_flags.ts";
import { UsageError } from "./usage_error.ts";

/** One `-device virtio-rng-device`. */
export interface EntropyRequest extends PlugOptions {
  /** Says so. */
  readonly kind: "entropy";
  /** The flag, for messages. */
  readonly what: string;
  /** Name of the object that it takes its bytes from. */
  readonly rng: string | undefined;
}

/** Files that are the host system's random numbers, which is what the guest gets. */
const SOURCES: readonly string[] = ["/dev/urandom", "/dev/random"];

/** Understands a line of `-device`. */
export function parseEntropyDevice({ what, properties }: DeviceLine): EntropyRequest {
  return { kind: "entropy", what, rng: properties.get("rng") };
}

/** Checks a line of `-object rng-random`. Throws UsageError. */
export function checkEntropyObject({ what, properties }: DeviceLine): void {
  const file = properties.get("filename");
  if (file === undefined || SOURCES.includes(file)) return;
  const cause = `random numbers are the host system's and not those of "${file}"`;
  throw new UsageError({ what, cause, fix: `write filename=${SOURCES[0]}, or leave it out` });
}
