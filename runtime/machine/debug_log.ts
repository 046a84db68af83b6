/** The debug log (`-d`, `-D`): text of the compiler worker, on standard error or in a file. */

import { ConfigurationError, type MachineDescription } from "./options.ts";

/** Takes whole lines. */
export interface DebugLog {
  /** Writes text. */
  write(text: string): void;
  /** Nothing more comes. */
  close(): void;
}

/**
 * Opens the log that a description asks for. A log that cannot be written any more ends, and the machine runs
 * on. Throws {@linkcode ConfigurationError}.
 */
export function openDebugLog({ debug }: MachineDescription): DebugLog {
  const isToFile = debug.file !== undefined && debug.categories.length > 0;
  const file = isToFile ? openFile(debug.file) : null;
  const encoder = new TextEncoder();
  let isWritable = true;
  return {
    write: (text) => {
      if (!isWritable) return;
      isWritable = writeAll(file ?? Deno.stderr, encoder.encode(text));
      if (!isWritable) writeAll(Deno.stderr, encoder.encode(`weft: the debug log ends here\n`));
    },
    close: () => file?.close(),
  };
}

function openFile(path: string): Deno.FsFile {
  try {
    return Deno.openSync(path, { write: true, create: true, truncate: true });
  } catch (error) {
    throw new ConfigurationError({
      what: `-D ${path}`,
      cause: error instanceof Error ? error.message : String(error),
      fix: "name a file that can be written",
    });
  }
}

/** @returns false when nothing more can be written: the disk is full, or the reader has gone */
function writeAll(target: { writeSync(bytes: Uint8Array): number }, bytes: Uint8Array): boolean {
  try {
    for (let done = 0; done < bytes.length;) done += target.writeSync(bytes.subarray(done));
    return true;
  } catch {
    return false;
  }
}
