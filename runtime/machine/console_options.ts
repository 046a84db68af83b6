/** Virtio consoles and their ports: what a caller says of them, checked and with every default filled in. */

import { MAX_NAME_BYTES, type PortIdentity } from "../virtio/console_control.ts";
import { MAX_PORTS } from "../virtio/console_protocol.ts";
import { ConfigurationError } from "./configuration_error.ts";
import type { PlugOptions } from "./slot_assignment.ts";

/** What a port is for the guest. */
export const PORT_KINDS = ["console", "serial"] as const;
/**
 * `console`: a terminal, as `-device virtconsole`: Linux's `hvc0` and those behind it. `serial`: a stream of bytes for
 * a program, as `-device virtserialport`: Linux's `/dev/virtio-ports/NAME`.
 */
export type PortKind = typeof PORT_KINDS[number];

/** A port of a console device. */
export interface ConsolePortOptions {
  /** What it is for the guest. Default: `serial`. */
  readonly kind?: PortKind;
  /** As `name=`: its name for the guest, such as `org.example.0`. Default: none. */
  readonly name?: string;
  /** As `nr=`: its number, from 0; only a console may be the first. Default: the first one that is free. */
  readonly number?: number;
}

/** A virtio console, as `-device virtio-serial-device`, with its ports. */
export interface ConsoleOptions extends PlugOptions {
  /** Its ports: what they carry is in `Machine.ports`, in this order. */
  readonly ports: readonly ConsolePortOptions[];
  /** As `max_ports=`: numbers that there are, 1 to 16. Default: as many as its ports need. */
  readonly maxPorts?: number;
}

/** A console with every default filled in. */
export interface ConsoleDescription {
  /** Its name in messages. */
  readonly name: string;
  /** Its slot. */
  readonly slot: number;
  /** Numbers that ports may have, from 0. */
  readonly maxPorts: number;
  /** Its ports. */
  readonly ports: readonly PortIdentity[];
}

/** A console's name in messages. */
export const CONSOLE_NAME = "a virtio console";

/** The first number that a port for programs may have: QEMU's rule, for drivers that know of one console alone. */
const FIRST_SERIAL = 1;
/** What would be no file name in the guest. */
// deno-lint-ignore no-control-regex
const WRONG_IN_NAME = /[\x00-\x1f\x7f/]/;

/** Checks a console and fills in its defaults. Throws ConfigurationError. */
export function describeConsole(
  { ports, maxPorts }: ConsoleOptions,
  slot: number,
): ConsoleDescription {
  const numbers = assignNumbers(ports);
  const needed = Math.max(0, ...numbers) + 1;
  const most = maxPorts ?? needed;
  if (!Number.isInteger(most) || most < 1 || most > MAX_PORTS) {
    const cause = `a console has 1 to ${MAX_PORTS} ports`;
    throw refused(`${most} ports of ${CONSOLE_NAME}`, cause, "use fewer, or another console");
  }
  if (needed > most) {
    const cause = `with ${most} ports they have the numbers 0 to ${most - 1}`;
    throw refused(`port number ${needed - 1}`, cause, "use a smaller number, or more ports");
  }
  return {
    name: CONSOLE_NAME,
    slot,
    maxPorts: most,
    ports: ports.map((port, index) => ({
      number: numbers[index],
      isConsole: isConsole(port),
      name: checkedName(port.name ?? ""),
    })),
  };
}

/** Names say which port is meant, so no two ports of a machine have the same. Throws ConfigurationError. */
export function requireDistinctPortNames(consoles: readonly ConsoleOptions[]): void {
  const names = new Set<string>();
  for (const { name = "" } of consoles.flatMap(({ ports }) => ports)) {
    if (name !== "" && names.has(name)) {
      throw refused(`a port "${name}"`, "another port has this name", "use another one");
    }
    names.add(name);
  }
}

function isConsole({ kind = "serial" }: ConsolePortOptions): boolean {
  if (PORT_KINDS.includes(kind)) return kind === "console";
  throw refused(
    `a port of kind "${kind}"`,
    "there is no such kind",
    `use ${PORT_KINDS.join(" or ")}`,
  );
}

function checkedName(name: string): string {
  const what = `a port "${name}"`;
  if (WRONG_IN_NAME.test(name)) {
    const cause =
      "the guest has files of this name, in which there is no / and nothing unprintable";
    throw refused(what, cause, "use a name such as org.example.0");
  }
  if (new TextEncoder().encode(name).length > MAX_NAME_BYTES) {
    throw refused(what, `names have at most ${MAX_NAME_BYTES} bytes`, "use a shorter one");
  }
  return name;
}

/** Numbers that were asked for first, then the lowest that are free. */
function assignNumbers(ports: readonly ConsolePortOptions[]): number[] {
  const taken = new Set<number>();
  for (const port of ports) {
    if (port.number === undefined) continue;
    checkNumber(port, port.number);
    if (taken.has(port.number)) {
      throw refused(`port number ${port.number}`, "another port has it", "use another number");
    }
    taken.add(port.number);
  }
  return ports.map((port) => {
    if (port.number !== undefined) return port.number;
    let number = isConsole(port) ? 0 : FIRST_SERIAL;
    while (taken.has(number)) number++;
    taken.add(number);
    return number;
  });
}

function checkNumber(port: ConsolePortOptions, number: number): void {
  const what = `port number ${number}`;
  if (!Number.isInteger(number) || number < 0) {
    throw refused(what, "ports are numbered from 0 on", "use such a number, or leave it out");
  }
  if (number >= FIRST_SERIAL || isConsole(port)) return;
  const cause = "the first port of a device is a console, or none, for drivers that know no others";
  throw refused(what, cause, `use ${FIRST_SERIAL} or more, or leave it out`);
}

function refused(what: string, cause: string, fix: string): ConfigurationError {
  return new ConfigurationError({ what, cause, fix });
}
