/**
 * Networks on the command line, in QEMU's words: `-netdev user` is a network, `-device virtio-net-device` or
 * `virtio-net-pci` a card on it, `-nic user` both, `-object filter-dump` a file with the frames.
 *
 * Two properties are not QEMU's: `allow=` names what the guest may reach although it is not public, and `nameserver=` who
 * answers its questions for names.
 */

import type {
  GuestForwardOptions,
  HostForwardOptions,
  NetworkOptions,
  UserNetworkOptions,
} from "../machine/network_options.ts";
import type { PlugOptions } from "../machine/slot_assignment.ts";
import type { DeviceLine } from "./device_flags.ts";
import { parsePropertyList, parseSwitch, rejectUnknownProperties } from "./property_list.ts";
import { requireNames } from "./request_names.ts";
import { UsageError } from "./usage_error.ts";
import { parsePlace, placeOf, virtioDriver } from "./virtio_driver.ts";

const NETWORK_FAMILY = "virtio-net";
const NETWORK_DRIVER = `${NETWORK_FAMILY}-device`;
/** QEMU's short name for a card with `-nic`. */
const SHORT_MODEL = "virtio";

/** One `-netdev`. */
export interface NetworkRequest {
  /** The flag, for messages. */
  readonly what: string;
  /** Name for `netdev=`. */
  readonly id: string;
  /** The network. */
  readonly network: UserNetworkOptions;
}

/** One `-nic`, or one `-device virtio-net-device`. */
export interface NetworkCardRequest extends PlugOptions {
  /** Says so. */
  readonly kind: "network";
  /** The flag, for messages. */
  readonly what: string;
  /** Name of its network; with `-nic` the network itself. */
  readonly netdev: string | UserNetworkOptions;
  /** Its address. */
  readonly mac: string | undefined;
}

/** One `-object filter-dump`. */
export interface DumpRequest {
  /** Name of the network. */
  readonly netdev: string;
  /** The file. */
  readonly file: string;
  /** Bytes of each frame that are kept. */
  readonly maxBytes: number | undefined;
}

/** The words of a command line about networks. */
export interface NetworkFlags {
  /** Networks. */
  networks?: NetworkRequest[];
  /** Cards with a network of their own. */
  nics?: NetworkCardRequest[];
}

const TEXTS = ["net", "host", "dns", "dhcpstart", "hostname"] as const;
/** Words of version 6, and the options that they are. */
const VERSION_6_TEXTS = [
  ["ipv6-host", "ipv6Host"],
  ["ipv6-dns", "ipv6Dns"],
] as const;
/** A network by one word, or by QEMU's two. */
const NET_6 = { NET: "ipv6-net", PREFIX: "ipv6-prefix", BITS: "ipv6-prefixlen" } as const;
const NET_6_BITS = "64";
const VERSIONS = ["ipv4", "ipv6"] as const;
const USER_PROPERTIES = [
  ...TEXTS,
  ...VERSION_6_TEXTS.map(([word]) => word),
  ...Object.values(NET_6),
  ...VERSIONS,
  "nameserver",
  "restrict",
  "allow",
  "hostfwd",
  "guestfwd",
] as const;

/** Understands the value of `-netdev`. Throws UsageError. */
export function parseNetdev(text: string): NetworkRequest {
  const what = `-netdev ${text}`;
  const { head, properties, words } = parsePropertyList("netdev", text);
  requireUser(what, head ?? properties.get("type"));
  rejectUnknownProperties("netdev", properties, ["type", "id", ...USER_PROPERTIES]);
  const id = properties.get("id") ?? "";
  if (id === "") throw new UsageError({ what, cause: "it has no name", fix: "add id=NAME" });
  return { what, id, network: userNetwork("netdev", what, words) };
}

/** Understands the value of `-nic`. Throws UsageError. @returns undefined when there is to be none */
export function parseNic(text: string): NetworkCardRequest | undefined {
  const what = `-nic ${text}`;
  const { head, properties, words } = parsePropertyList("nic", text);
  const type = head ?? properties.get("type");
  if (type === "none") return undefined;
  requireUser(what, type);
  rejectUnknownProperties("nic", properties, ["type", "id", "model", "mac", ...USER_PROPERTIES]);
  const place = parseModel(what, properties.get("model") ?? NETWORK_DRIVER);
  const netdev = userNetwork("nic", what, words);
  return { kind: "network", what, netdev, mac: properties.get("mac"), ...place };
}

function parseModel(what: string, model: string): PlugOptions {
  const driver = virtioDriver(NETWORK_FAMILY, model === SHORT_MODEL ? NETWORK_FAMILY : model);
  if (driver !== undefined) return parsePlace(what, driver, new Map());
  const cause = `there is no network card "${model}"`;
  const fix = `write model=${NETWORK_DRIVER} or model=virtio-net-pci, or leave it out`;
  throw new UsageError({ what, cause, fix });
}

function requireUser(what: string, type: string | undefined): void {
  if (type === "user") return;
  const cause = `there are no networks of the kind "${type ?? ""}"`;
  throw new UsageError({ what, cause, fix: "write user, which needs no privileges" });
}

function userNetwork(
  flag: string,
  what: string,
  words: readonly (readonly [string, string])[],
): UserNetworkOptions {
  const properties = new Map(words);
  const all = (name: string): string[] =>
    words.filter(([key]) => key === name).map(([, value]) => value);
  const texts = TEXTS.flatMap((name) => {
    const value = properties.get(name);
    return value === undefined ? [] : [[name, value]];
  });
  const texts6 = VERSION_6_TEXTS.flatMap(([word, option]) => {
    const value = properties.get(word);
    return value === undefined ? [] : [[option, value]];
  });
  const versions = VERSIONS.flatMap((name) => {
    const value = properties.get(name);
    return value === undefined ? [] : [[name, parseSwitch(flag, name, value)]];
  });
  const nameServer = properties.get("nameserver");
  const ipv6Net = parseNet6(what, properties);
  return {
    ...Object.fromEntries([...texts, ...texts6, ...versions]),
    ...(ipv6Net === undefined ? {} : { ipv6Net }),
    ...(nameServer === undefined ? {} : { nameServer }),
    restrict: parseSwitch(flag, "restrict", properties.get("restrict") ?? "off"),
    allow: all("allow"),
    hostForwards: all("hostfwd").map(parseHostForward),
    guestForwards: all("guestfwd").map(parseGuestForward),
  };
}

function parseNet6(what: string, properties: ReadonlyMap<string, string>): string | undefined {
  const [net, prefix, bits] = [NET_6.NET, NET_6.PREFIX, NET_6.BITS].map((word) =>
    properties.get(word)
  );
  if (net !== undefined && (prefix ?? bits) !== undefined) {
    const cause = `${NET_6.NET} says the prefix and its length already`;
    throw new UsageError({ what, cause, fix: `leave ${NET_6.PREFIX} and ${NET_6.BITS} out` });
  }
  if (prefix === undefined && bits !== undefined) {
    const cause = `${NET_6.BITS} is the length of a prefix that is not there`;
    throw new UsageError({ what, cause, fix: `add ${NET_6.PREFIX}=PREFIX` });
  }
  return prefix === undefined ? net : `${prefix}/${bits ?? NET_6_BITS}`;
}

/** An address in front of a port: one of version 6 is in brackets. */
const ADDRESS = String.raw`(?:\[([\da-fA-F:.]+)\]|([\d.]+))`;
const HOST_FORWARD = new RegExp(
  String.raw`^(tcp|udp|):${ADDRESS}?:(\d{1,5})-${ADDRESS}?:(\d{1,5})$`,
);
const GUEST_FORWARD = new RegExp(
  String.raw`^(?:tcp)?:${ADDRESS}:(\d{1,5})-tcp:${ADDRESS}:(\d{1,5})$`,
);

function parseHostForward(text: string): HostForwardOptions {
  const match = HOST_FORWARD.exec(text);
  if (match === null) {
    throw new UsageError({
      what: `hostfwd=${text}`,
      cause: "it is not of the form [tcp|udp]:[HOSTADDR]:HOSTPORT-[GUESTADDR]:GUESTPORT",
      fix: "write it like hostfwd=tcp:127.0.0.1:2222-:22 or hostfwd=tcp:[::1]:2222-:22",
    });
  }
  const [, protocol, host6, host4, hostPort, guest6, guest4, guestPort] = match;
  const [hostAddress, guestAddress] = [host6 ?? host4, guest6 ?? guest4];
  return {
    protocol: protocol === "udp" ? "udp" : "tcp",
    ...(hostAddress === undefined ? {} : { hostAddress }),
    hostPort: Number(hostPort),
    ...(guestAddress === undefined ? {} : { guestAddress }),
    guestPort: Number(guestPort),
  };
}

function parseGuestForward(text: string): GuestForwardOptions {
  const match = GUEST_FORWARD.exec(text);
  if (match === null) {
    const runs = /-cmd:/.test(text);
    throw new UsageError({
      what: `guestfwd=${text}`,
      cause: runs
        ? "no programs are started"
        : "it is not of the form [tcp]:GUESTADDR:GUESTPORT-tcp:HOSTADDR:HOSTPORT",
      fix: "write it like guestfwd=tcp:10.0.2.100:80-tcp:127.0.0.1:8080",
    });
  }
  const [, guest6, guest4, guestPort, host6, host4, hostPort] = match;
  return {
    guestAddress: guest6 ?? guest4,
    guestPort: Number(guestPort),
    hostAddress: host6 ?? host4,
    hostPort: Number(hostPort),
  };
}

/** Understands a line of `-device`. Throws UsageError. */
export function parseNetworkDevice({ what, properties }: DeviceLine): NetworkCardRequest {
  const netdev = properties.get("netdev") ?? "";
  if (netdev !== "") return { kind: "network", what, netdev, mac: properties.get("mac") };
  const cause = "it names no network";
  throw new UsageError({ what, cause, fix: "add netdev=NAME, and -netdev user,id=NAME" });
}

/** Understands a line of `-object filter-dump`. Throws UsageError. */
export function parseDump({ what, properties }: DeviceLine): DumpRequest {
  const [netdev = "", file = ""] = ["netdev", "file"].map((name) => properties.get(name));
  if (netdev === "") {
    throw new UsageError({ what, cause: "it names no network", fix: "add netdev=NAME" });
  }
  if (file === "") throw new UsageError({ what, cause: "it names no file", fix: "add file=FILE" });
  const maxBytes = properties.get("maxlen");
  return { netdev, file, maxBytes: maxBytes === undefined ? undefined : Number(maxBytes) };
}

/** The networks that all flags together describe: each is connected to one card. */
export class NetworkRequests {
  readonly #networks: readonly NetworkRequest[];
  readonly #dumps: readonly DumpRequest[];
  readonly #unused: Set<NetworkRequest>;

  /** All networks of a command line. Throws UsageError. */
  constructor(networks: readonly NetworkRequest[], dumps: readonly DumpRequest[]) {
    requireNames("network", networks);
    this.#networks = networks;
    this.#dumps = dumps;
    this.#unused = new Set(networks);
    for (const { netdev, file } of dumps) {
      if (networks.some(({ id }) => id === netdev)) continue;
      throw this.#unknown(`-object filter-dump,file=${file}`, netdev);
    }
  }

  /** The card with its network. Throws UsageError. */
  take(request: NetworkCardRequest): NetworkOptions {
    const { what, netdev, mac } = request;
    const card = { ...(mac === undefined ? {} : { mac }), ...placeOf(request) };
    if (typeof netdev !== "string") return { ...card, network: netdev };
    const named = this.#networks.find(({ id }) => id === netdev);
    if (named === undefined) throw this.#unknown(what, netdev);
    if (!this.#unused.delete(named)) {
      const cause = `network ${netdev} has a card already`;
      throw new UsageError({ what, cause, fix: "give each card a network of its own" });
    }
    return { ...card, network: named.network, ...this.#capture(netdev) };
  }

  #capture(netdev: string): Pick<NetworkOptions, "capture" | "captureBytes"> {
    const [dump, other] = this.#dumps.filter((one) => one.netdev === netdev);
    if (dump === undefined) return {};
    if (other !== undefined) {
      const cause = `${dump.file} gets the frames of network ${netdev} already`;
      const what = `-object filter-dump,file=${other.file}`;
      throw new UsageError({ what, cause, fix: "leave one of them out" });
    }
    const { file, maxBytes } = dump;
    return { capture: file, ...(maxBytes === undefined ? {} : { captureBytes: maxBytes }) };
  }

  /** Throws UsageError when a network has no card. */
  requireAllUsed(): void {
    const [unused] = this.#unused;
    if (unused === undefined) return;
    const fix = `add -device ${NETWORK_DRIVER},netdev=${unused.id}`;
    throw new UsageError({ what: unused.what, cause: "no card is connected to it", fix });
  }

  #unknown(what: string, name: string): UsageError {
    const names = this.#networks.map(({ id }) => id);
    const fix = names.length > 0
      ? `write netdev= with one of: ${names.join(", ")}`
      : `add -netdev user,id=${name}`;
    return new UsageError({ what, cause: `there is no network "${name}"`, fix });
  }
}
