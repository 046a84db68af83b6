/** `-chardev`: something of the host's with a name, for `-serial chardev:` and for the ports of virtio consoles. */

import { suggestion } from "./nearest_name.ts";
import { parsePropertyList, parseSwitch, rejectUnknownProperties } from "./property_list.ts";
import type { CharacterTarget } from "./serial_flag.ts";
import {
  parseSocket,
  SOCKET_PROPERTIES,
  type SocketAddress,
  tcpAddress,
  unixAddress,
} from "./socket_address.ts";
import { UsageError } from "./usage_error.ts";

/** One `-chardev`. */
export interface ChardevRequest {
  /** The flag, for messages. */
  readonly what: string;
  /** Its name. */
  readonly id: string;
  /** What it is. */
  readonly target: CharacterTarget;
}

interface ChardevRow {
  readonly name: string;
  readonly properties: readonly string[];
  readonly parse: (what: string, properties: ReadonlyMap<string, string>) => CharacterTarget;
}

const CHARDEVS: readonly ChardevRow[] = [
  { name: "stdio", properties: ["signal"], parse: parseStdio },
  { name: "null", properties: [], parse: () => "null" },
  { name: "file", properties: ["path", "append"], parse: parseFile },
  {
    name: "socket",
    properties: ["host", "port", "path", ...SOCKET_PROPERTIES],
    parse: parseSocketDevice,
  },
];

/** Kinds of QEMU's that are not there, with the reason. */
const ABSENT: ReadonlyMap<string, string> = new Map([
  ["pty", "a Deno program cannot make a pseudo-terminal"],
  ["pipe", "a named pipe cannot be waited for without holding up everything else"],
  ["ringbuf", "there is no command to read it"],
]);

/** Understands the value of `-chardev`. Throws UsageError. */
export function parseChardev(text: string): ChardevRequest {
  const what = `-chardev ${text}`;
  const { head, properties } = parsePropertyList("chardev", text);
  const name = head ?? properties.get("backend") ?? "";
  const row = CHARDEVS.find((known) => known.name === name);
  if (row === undefined) throw unknown(what, name);
  rejectUnknownProperties("chardev", properties, ["backend", "id", "mux", ...row.properties]);
  const id = properties.get("id") ?? "";
  if (id === "") throw new UsageError({ what, cause: "it has no name", fix: "add id=NAME" });
  const isShared = parseSwitch("chardev", "mux", properties.get("mux") ?? "off");
  if (isShared && name !== "stdio") {
    const cause = "only standard input and output can be shared";
    throw new UsageError({ what, cause, fix: "leave mux= out, and give each device its own" });
  }
  return { what, id, target: row.parse(what, properties) };
}

function unknown(what: string, name: string): UsageError {
  const reason = ABSENT.get(name);
  if (reason !== undefined) {
    const fix =
      "use -chardev socket,path=FILE,server=on,wait=off, which socat connects to a terminal";
    return new UsageError({ what, cause: reason, fix });
  }
  const cause = `there is no chardev "${name}"`;
  return new UsageError({ what, cause, fix: suggestion(name, CHARDEVS.map((row) => row.name)) });
}

/** With the keys behind Ctrl-A where several share it, as in QEMU: then these switch between them. */
function parseStdio(what: string, properties: ReadonlyMap<string, string>): CharacterTarget {
  const signal = properties.get("signal");
  const isShared = parseSwitch("chardev", "mux", properties.get("mux") ?? "off");
  if (signal === undefined) return isShared ? "mon:stdio" : "stdio";
  if (parseSwitch("chardev", "signal", signal) !== isShared) {
    return isShared ? "mon:stdio" : "stdio";
  }
  throw new UsageError({
    what,
    cause: isShared
      ? "with mux=on the guest gets Ctrl-C, and Ctrl-A x ends the machine"
      : "without mux=on Ctrl-C ends the machine",
    fix: "leave signal= out",
  });
}

function parseFile(what: string, properties: ReadonlyMap<string, string>): CharacterTarget {
  const file = properties.get("path") ?? "";
  if (file === "") throw new UsageError({ what, cause: "it has no path", fix: "add path=FILE" });
  return { file, append: parseSwitch("chardev", "append", properties.get("append") ?? "off") };
}

function parseSocketDevice(
  what: string,
  properties: ReadonlyMap<string, string>,
): CharacterTarget {
  return { socket: parseSocket("chardev", what, addressOf(what, properties), properties) };
}

function addressOf(what: string, properties: ReadonlyMap<string, string>): SocketAddress {
  const [path, port] = [properties.get("path"), properties.get("port")];
  if (path !== undefined && port === undefined && !properties.has("host")) {
    return unixAddress(what, path);
  }
  if (port !== undefined && path === undefined) {
    return tcpAddress(what, properties.get("host") ?? "", port);
  }
  throw new UsageError({
    what,
    cause: path === undefined ? "it does not say where the socket is" : "it says two addresses",
    fix: "write host=ADDRESS,port=NUMBER or path=FILE",
  });
}
