/** The snapshots that a machine with counted time keeps, so that it can be taken back. */
import { parseByteCount } from "./byte_count.ts";
import { ConfigurationError } from "./configuration_error.ts";

/** How often and how much; see `MachineSettings.snapshots`. */
export interface SnapshotOptions {
  /**
   * Least number of instructions from one snapshot to the next. Going back takes as long as it takes to execute that
   * many, and half a second for each GiB of guest memory. Default: {@linkcode DEFAULT_SNAPSHOT_INSTRUCTIONS}.
   */
  readonly everyInstructions?: number;
  /**
   * Most memory that all of them may take, as `-m` writes it: a number of bytes or text such as `"1G"`. Then some are
   * dropped, most of those of long ago; the first and the newest stay. Default: 512 MiB.
   */
  readonly memory?: number | string;
}

/** The same with nothing left out. */
export interface SnapshotDescription {
  /** Least number of instructions from one snapshot to the next. */
  readonly everyInstructions: number;
  /** Most bytes of memory that all of them may take. */
  readonly memoryBytes: number;
}

/** Instructions from one snapshot to the next, unless something else is asked for. */
export const DEFAULT_SNAPSHOT_INSTRUCTIONS = 0x100_0000;
const DEFAULT_SNAPSHOT_BYTES = 0x2000_0000;

/** Completes the options; null when there are no snapshots. Throws {@linkcode ConfigurationError}. */
export function describeSnapshots(
  options: boolean | SnapshotOptions | undefined,
): SnapshotDescription | null {
  if (options === undefined || options === false) return null;
  const { everyInstructions = DEFAULT_SNAPSHOT_INSTRUCTIONS, memory = DEFAULT_SNAPSHOT_BYTES } =
    options === true ? {} : options;
  const memoryBytes = typeof memory === "number" ? memory : parseByteCount(memory);
  if (!Number.isSafeInteger(everyInstructions) || everyInstructions < 1) {
    throw refused(
      `everyInstructions: ${everyInstructions}`,
      "it is not a number of instructions",
      "use a whole number above 0",
    );
  }
  if (memoryBytes === undefined || !Number.isSafeInteger(memoryBytes) || memoryBytes < 0) {
    throw refused(
      `memory: ${memory}`,
      "it is not a size of memory",
      'write a number of bytes, or a number with K, M or G: "512M"',
    );
  }
  return { everyInstructions, memoryBytes };
}

/** What the rest of a machine has to be like. Throws {@linkcode ConfigurationError}. */
export function checkSnapshots(
  snapshots: SnapshotDescription | null,
  icount: { readonly shift: number | "auto"; readonly rr?: string } | null,
): void {
  if (snapshots === null) return;
  if (icount === null) {
    throw refused(
      "time of the host",
      "such a run cannot be had again",
      "add `accel: { icount: { shift: 0 } }`",
    );
  }
  if (icount.shift === "auto") {
    throw refused(
      "shift=auto",
      "a speed that follows the host's cannot be repeated",
      "give shift= a number",
    );
  }
  if (icount.rr === "record") {
    throw refused(
      "rr=record",
      "a recording goes forward alone",
      "keep snapshots in the replay, or leave rr= out",
    );
  }
}

function refused(what: string, cause: string, fix: string): ConfigurationError {
  return new ConfigurationError({ what: `snapshots with ${what}`, cause, fix });
}
