/** `-serial`: where the guest's serial line goes. */

import { requirePermission } from "../machine/file_permission.ts";
import { fileError } from "../machine/file_source.ts";
import { suggestion } from "./nearest_name.ts";
import { UsageError } from "./usage_error.ts";

/** Words that say it. */
export const SERIAL_MODES = ["mon:stdio", "stdio", "none", "null"] as const;
/** One of {@linkcode SERIAL_MODES}. */
export type SerialMode = typeof SERIAL_MODES[number];

/** A file that gets what the guest writes; nothing comes from it. */
export interface SerialFile {
  /** Its path. */
  readonly file: string;
}

/** How the guest's serial line is connected. */
export type SerialTarget = SerialMode | SerialFile;

const FILE_PREFIX = "file:";
/** The form of the value, for the help text. */
export const SERIAL_FORM: string = [...SERIAL_MODES, `${FILE_PREFIX}FILE`].join("|");

/** Understands the value of `-serial`. Throws UsageError. */
export function parseSerial(value: string): SerialTarget {
  const mode = SERIAL_MODES.find((known) => known === value);
  if (mode !== undefined) return mode;
  const what = `-serial ${value}`;
  if (!value.startsWith(FILE_PREFIX)) {
    const fix = suggestion(value, [...SERIAL_MODES, `${FILE_PREFIX}FILE`]);
    throw new UsageError({ what, cause: `there is no way "${value}" to connect it`, fix });
  }
  const file = value.slice(FILE_PREFIX.length);
  if (file !== "") return { file };
  throw new UsageError({ what, cause: "its file has no name", fix: "write -serial file:FILE" });
}

/** Opens the file of a serial line, which is emptied. Throws ConfigurationError. @returns null where there is none */
export async function openSerialFile(target: SerialTarget): Promise<Deno.FsFile | null> {
  if (typeof target === "string") return null;
  const { file } = target;
  const what = `-serial ${FILE_PREFIX}${file}`;
  await requirePermission("write", file, what);
  try {
    return await Deno.open(file, { write: true, create: true, truncate: true });
  } catch (error) {
    throw fileError(what, error, "name a file in a folder that you may write");
  }
}
