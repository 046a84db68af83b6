/**
 * Virtio consoles on the command line, in QEMU's words: `-device virtio-serial-device` is a console, `-device virtconsole`
 * and `-device virtserialport` are ports of it, and `-chardev` is what a port is connected with.
 */

import type { ConsoleOptions, ConsolePortOptions, PortKind } from "../machine/console_options.ts";
import type { PlugOptions } from "../machine/slot_assignment.ts";
import { MAX_PORTS } from "../virtio/console_protocol.ts";
import type { ChardevRequest } from "./chardev_flag.ts";
import type { DeviceLine } from "./device_flags.ts";
import { parsePropertyList, rejectUnknownProperties } from "./property_list.ts";
import { parseNumber } from "./quantities.ts";
import { requireNames } from "./request_names.ts";
import type { CharacterTarget, SerialTarget } from "./serial_flag.ts";
import { UsageError } from "./usage_error.ts";
import { placeOf } from "./virtio_driver.ts";

/** One `-device virtio-serial-device`. */
export interface ConsoleRequest extends PlugOptions {
  /** Says so. */
  readonly kind: "console";
  /** The flag, for messages. */
  readonly what: string;
  /** Its name, for `bus=` of ports. */
  readonly id: string | undefined;
  /** Most ports. */
  readonly maxPorts: number | undefined;
}

/** One `-device virtconsole` or `-device virtserialport`. */
export interface PortRequest {
  /** The flag, for messages. */
  readonly what: string;
  /** What it is for the guest. */
  readonly port: ConsolePortOptions;
  /** Name of its console; undefined: the first one with room. */
  readonly bus: string | undefined;
  /** Name of what it is connected with. */
  readonly chardev: string;
}

/** The words of a command line about consoles. */
export interface ConsoleFlags {
  /** Ports. */
  ports?: PortRequest[];
  /** What they and the serial line can be connected with. */
  chardevs?: ChardevRequest[];
  /** Serial line; default `mon:stdio`. */
  serial?: SerialTarget;
}

const PORT_DRIVERS: ReadonlyMap<string, PortKind> = new Map([
  ["virtconsole", "console"],
  ["virtserialport", "serial"],
]);
const PORT_PROPERTIES = ["driver", "id", "bus", "nr", "name", "chardev"] as const;

/** The drivers of ports. */
export const PORT_DRIVER_NAMES: readonly string[] = [...PORT_DRIVERS.keys()];

/** Understands a line of `-device` with a console. Throws UsageError. */
export function parseConsoleDevice({ what, properties }: DeviceLine): ConsoleRequest {
  const most = properties.get("max_ports");
  const maxPorts = most === undefined ? undefined : parseNumber("device", "max_ports", most);
  return { kind: "console", what, id: properties.get("id"), maxPorts };
}

/** Understands the value of `-device` with a port. Throws UsageError. @returns undefined for all others */
export function parsePortDevice(text: string): PortRequest | undefined {
  const what = `-device ${text}`;
  const { head, properties } = parsePropertyList("device", text);
  const kind = PORT_DRIVERS.get(head ?? properties.get("driver") ?? "");
  if (kind === undefined) return undefined;
  rejectUnknownProperties("device", properties, PORT_PROPERTIES);
  const chardev = properties.get("chardev") ?? "";
  if (chardev === "") {
    const cause = "it says not what it is connected with";
    throw new UsageError({ what, cause, fix: "add chardev=ID, and -chardev KIND,id=ID" });
  }
  const [number, name] = [properties.get("nr"), properties.get("name")];
  const port = {
    kind,
    ...(number === undefined ? {} : { number: parseNumber("device", "nr", number) }),
    ...(name === undefined ? {} : { name }),
  };
  return { what, port, bus: properties.get("bus"), chardev };
}

/** A console and the ports that were plugged into it. */
interface FilledConsole {
  readonly request: ConsoleRequest;
  readonly ports: PortRequest[];
}

/** The consoles that all flags together describe, with their ports. */
export class ConsoleRequests {
  readonly #consoles: readonly FilledConsole[];

  /** All consoles and ports of a command line. Throws UsageError. */
  constructor(consoles: readonly ConsoleRequest[], ports: readonly PortRequest[]) {
    requireNames("device", consoles);
    this.#consoles = consoles.map((request) => ({ request, ports: [] }));
    for (const port of ports) this.#consoleOf(port).ports.push(port);
  }

  /** What a request comes to. */
  take(request: ConsoleRequest): ConsoleOptions {
    const filled = this.#consoles.find((one) => one.request === request);
    const { maxPorts } = request;
    return {
      ...placeOf(request),
      ports: (filled?.ports ?? []).map(({ port }) => port),
      ...(maxPorts === undefined ? {} : { maxPorts }),
    };
  }

  /** All ports, in the order of `Machine.ports`. */
  get ports(): readonly PortRequest[] {
    return this.#consoles.flatMap(({ ports }) => ports);
  }

  #consoleOf({ what, bus }: PortRequest): FilledConsole {
    if (bus === undefined) {
      const free = this.#consoles.find(({ ports, request: { maxPorts = MAX_PORTS } }) =>
        ports.length < maxPorts
      );
      if (free !== undefined) return free;
      const cause = "there is no virtio-serial device with room for it";
      throw new UsageError({ what, cause, fix: "add -device virtio-serial-device" });
    }
    const named = this.#consoles.find(({ request: { id } }) =>
      id !== undefined && bus === `${id}.0`
    );
    if (named !== undefined) return named;
    const cause = `there is no virtio-serial device with the bus "${bus}"`;
    const fix = "name one by id=ID, and write bus=ID.0, or leave it out";
    throw new UsageError({ what, cause, fix });
  }
}

/** What a console of the guest's is connected with, for each of them. */
export interface Connections {
  /** The serial line. */
  readonly serial: CharacterTarget;
  /** Ports, in the order of `Machine.ports`. */
  readonly ports: readonly CharacterTarget[];
}

/** One that uses a chardev. */
interface ChardevUser {
  readonly what: string;
  readonly chardev: string;
}

/** What all flags together connect: each chardev with one console, the shared terminal with any number. Throws UsageError. */
export function connectionsOf(
  { ports = [], chardevs = [], serial }: ConsoleFlags,
  consoles: readonly ConsoleRequest[],
): Connections {
  requireNames("chardev", chardevs);
  const used = new Map<ChardevRequest, ChardevUser>();
  const take = (user: ChardevUser): CharacterTarget => {
    const found = chardevs.find(({ id }) => id === user.chardev);
    if (found === undefined) throw unknownChardev(user);
    if (used.has(found) && found.target !== "mon:stdio") throw usedTwice(user, found);
    used.set(found, user);
    return found.target;
  };
  const portTargets = new ConsoleRequests(consoles, ports).ports.map(take);
  const usesTerminal = portTargets.includes("stdio") || portTargets.includes("mon:stdio");
  const asked = serial ?? (usesTerminal ? "null" : "mon:stdio");
  const isNamed = typeof asked === "object" && "chardev" in asked;
  const target = isNamed ? take({ what: `-serial chardev:${asked.chardev}`, ...asked }) : asked;
  requireUsed(chardevs, used);
  const isTerminal = target === "stdio" || target === "mon:stdio";
  if (usesTerminal && isTerminal && !(isNamed && target === "mon:stdio")) {
    throw terminalTwice(target);
  }
  if (portTargets.filter((one) => one === "stdio").length > 1) throw terminalTwice("stdio");
  return { serial: target, ports: portTargets };
}

function unknownChardev({ what, chardev }: ChardevUser): UsageError {
  const cause = `there is no chardev "${chardev}"`;
  return new UsageError({ what, cause, fix: `add -chardev KIND,id=${chardev}` });
}

function usedTwice({ what }: ChardevUser, { id, target }: ChardevRequest): UsageError {
  return new UsageError({
    what,
    cause: `chardev ${id} has a device already`,
    fix: target === "stdio" ? "add mux=on to share it" : "give each device a chardev of its own",
  });
}

function requireUsed(
  chardevs: readonly ChardevRequest[],
  used: ReadonlyMap<ChardevRequest, ChardevUser>,
): void {
  const unused = chardevs.find((one) => !used.has(one));
  if (unused === undefined) return;
  throw new UsageError({
    what: unused.what,
    cause: "nothing is connected with it",
    fix: `add -serial chardev:${unused.id}, or -device virtconsole,chardev=${unused.id}`,
  });
}

function terminalTwice(serial: string): UsageError {
  return new UsageError({
    what: `-serial ${serial} with a -chardev stdio`,
    cause: "standard input and output have one user, or several that share them",
    fix: "write -chardev stdio,id=ID,mux=on, and -serial chardev:ID besides the port",
  });
}
