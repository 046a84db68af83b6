/** `-serial`: where the guest's serial line goes. */

import { suggestion } from "./nearest_name.ts";
import { parsePropertyList } from "./property_list.ts";
import { parseSocketText, type SocketTarget } from "./socket_address.ts";
import { UsageError } from "./usage_error.ts";

/** Words that say it. */
export const SERIAL_MODES = ["mon:stdio", "stdio", "none", "null"] as const;
/** One of {@linkcode SERIAL_MODES}. */
export type SerialMode = typeof SERIAL_MODES[number];

/** A file that gets what the guest writes; nothing comes from it. */
export interface FileTarget {
  /** Its path. */
  readonly file: string;
  /** Is what it has kept? Default: it is emptied. */
  readonly append?: boolean;
}

/** What bytes of a console are connected with on the host. */
export type CharacterTarget = SerialMode | FileTarget | { readonly socket: SocketTarget };

/** How the guest's serial line is connected: by itself, or by the name of a `-chardev`. */
export type SerialTarget = CharacterTarget | { readonly chardev: string };

const FILE_PREFIX = "file:";
const CHARDEV_PREFIX = "chardev:";
const OTHER_FORMS = [
  `${FILE_PREFIX}FILE`,
  "tcp:HOST:PORT[,server=on][,wait=off]",
  "unix:PATH[,server=on][,wait=off]",
  `${CHARDEV_PREFIX}ID`,
] as const;
/** The form of the value, for the help text: sockets and their words in short. */
export const SERIAL_FORM: string = [...SERIAL_MODES, ...OTHER_FORMS]
  .map((form) => form.replace(/(?<=^(tcp|unix):).*/, "...")).join("|");

/** Understands the value of `-serial`. Throws UsageError. */
export function parseSerial(value: string): SerialTarget {
  const mode = SERIAL_MODES.find((known) => known === value);
  if (mode !== undefined) return mode;
  const what = `-serial ${value}`;
  if (value.startsWith(FILE_PREFIX)) return parseFile(what, value.slice(FILE_PREFIX.length));
  if (value.startsWith(CHARDEV_PREFIX)) {
    return parseChardevName(what, value.slice(CHARDEV_PREFIX.length));
  }
  const [, transport, rest] = /^(tcp|unix):(.*)$/s.exec(value) ?? [];
  if (transport === "tcp" || transport === "unix") {
    const list = parsePropertyList("serial", rest);
    return { socket: parseSocketText("serial", what, transport, list) };
  }
  const fix = suggestion(value, [...SERIAL_MODES, ...OTHER_FORMS]);
  throw new UsageError({ what, cause: `there is no way "${value}" to connect it`, fix });
}

function parseFile(what: string, file: string): FileTarget {
  if (file !== "") return { file };
  throw new UsageError({ what, cause: "its file has no name", fix: "write -serial file:FILE" });
}

function parseChardevName(what: string, chardev: string): { readonly chardev: string } {
  if (chardev !== "") return { chardev };
  throw new UsageError({ what, cause: "it names no chardev", fix: "write -serial chardev:ID" });
}
