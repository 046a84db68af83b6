/** What a caller says of a network card, checked and with every default filled in. */

import { type Address, addressBehind, isSameAddress } from "../network/address.ts";
import { type AddressPlan, type FamilyPlan, planAddresses } from "../network/address_plan.ts";
import { isInRange } from "../network/address_range.ts";
import { addressText, parseAddress, parsePort } from "../network/address_text.ts";
import { DEFAULT_CAPTURE_BYTES } from "../network/capture.ts";
import {
  ALLOW_WORDS,
  type AllowedTarget,
  type GuestForward,
  NAME_PORT,
  parseAllowed,
} from "../network/egress_policy.ts";
import type { Endpoint } from "../network/host_network.ts";
import { isStation, macText, parseMac } from "../network/mac_address.ts";
import type { HostForward, UserNetworkSettings } from "../network/user_network.ts";
import { ConfigurationError } from "./configuration_error.ts";
import type {
  GuestForwardOptions,
  HostForwardOptions,
  NetBackend,
  NetworkOptions,
  UserNetworkOptions,
} from "./network_options.ts";

/** A user-mode network with every default filled in but the host's name servers. */
export type UserNetworkDescription = Omit<UserNetworkSettings, "nameServers"> & {
  /** The name server; null: the host's own. */
  readonly nameServer: Endpoint | null;
};

/** Where frames are kept. */
export interface CaptureFile {
  /** The file. */
  readonly path: string;
  /** Bytes of each frame that are kept. */
  readonly maxBytes: number;
}

/** A network card with every default filled in. */
export interface NetworkDescription {
  /** Its name in messages. */
  readonly name: string;
  /** Its slot. */
  readonly slot: number;
  /** Its address. */
  readonly mac: Uint8Array;
  /** What it is connected to. */
  readonly source: { readonly user: UserNetworkDescription } | { readonly backend: NetBackend };
  /** Where its frames are kept; null: nowhere. */
  readonly capture: CaptureFile | null;
}

/** The first card's address; the others follow. */
const FIRST_MAC = Uint8Array.of(0x52, 0x54, 0x00, 0x12, 0x34, 0x56);
const MAX_CAPTURE_BYTES = 0x1_0000;
const ALL_ADDRESSES = "0.0.0.0";
/** An address that others of a network may stand for, as an example. */
const EXAMPLE_PLACE = 100;
/** A name as a label of the domain name system. */
const HOST_NAME = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/i;

/** A card's name in messages. */
export const NETWORK_NAME = "a network card";

/** Checks a card and fills in its defaults. @param index counts the cards. Throws ConfigurationError. */
export function describeNetwork(
  options: NetworkOptions,
  slot: number,
  index: number,
): NetworkDescription {
  const { network = {}, capture, captureBytes = DEFAULT_CAPTURE_BYTES } = options;
  if (capture === "") throw refused("a capture of frames", "its path is empty", "name a file");
  const isSize = Number.isInteger(captureBytes) && captureBytes >= 1 &&
    captureBytes <= MAX_CAPTURE_BYTES;
  if (!isSize) {
    const cause = `of each frame 1 to ${MAX_CAPTURE_BYTES} bytes are kept`;
    throw refused(`maxlen=${captureBytes}`, cause, "use such a number, or leave it out");
  }
  const mac = cardAddress(options.mac, index);
  return {
    name: NETWORK_NAME,
    slot,
    mac,
    source: "send" in network ? { backend: network } : { user: describeUser(network, mac) },
    capture: capture === undefined ? null : { path: capture, maxBytes: captureBytes },
  };
}

function cardAddress(text: string | undefined, index: number): Uint8Array {
  if (text === undefined) {
    const mac = FIRST_MAC.slice();
    mac[mac.length - 1] += index;
    return mac;
  }
  const mac = parseMac(text);
  if (mac !== undefined && isStation(mac)) return mac;
  const cause = "it is not the address of one network card";
  throw refused(`mac=${text}`, cause, `write one such as mac=${macText(FIRST_MAC)}`);
}

function describeUser(options: UserNetworkOptions, mac: Uint8Array): UserNetworkDescription {
  const { ipv6Net, ipv6Host, ipv6Dns } = options;
  const words = { "ipv6-net": ipv6Net, "ipv6-host": ipv6Host, "ipv6-dns": ipv6Dns };
  const plan = planAddresses({ ...options, ...words }, mac);
  if ("cause" in plan) throw refused(plan.what, plan.cause, "use another one, or leave it out");
  const { hostname = "" } = options;
  if (hostname !== "" && !HOST_NAME.test(hostname)) {
    throw refused(
      `hostname=${hostname}`,
      "it is not a name of letters, digits and dashes",
      "use one",
    );
  }
  return {
    plan,
    hostName: hostname,
    isRestricted: options.restrict ?? false,
    allowed: (options.allow ?? []).flatMap(describeAllowed),
    nameServer: options.nameServer === undefined ? null : describeNameServer(options.nameServer),
    hostForwards: (options.hostForwards ?? []).map((one) => describeHostForward(one, plan)),
    guestForwards: (options.guestForwards ?? []).map((one) => describeGuestForward(one, plan)),
  };
}

function describeAllowed(text: string): AllowedTarget[] {
  const allowed = parseAllowed(text);
  if (allowed !== undefined) return allowed;
  const fix = `write ${ALLOW_WORDS.join(", ")}, or a range such as 192.168.1.0/24, ` +
    "127.0.0.1:80 or [::1]:80";
  throw refused(`allow=${text}`, "it is neither a word nor a range of addresses", fix);
}

function describeNameServer(text: string): Endpoint {
  const match = /^(?:\[([^\]]*)\]|([\d.]+))(?::(\d+))?$/.exec(text);
  const address = parseAddress(match?.[1] ?? match?.[2] ?? text);
  const port = match?.[3] === undefined ? NAME_PORT : parsePort(match[3]);
  if (address !== undefined && port !== undefined) return { address, port };
  const cause = "it is not an address, or one with a port";
  const fix = "write one such as 127.0.0.53 or [::1]:53, or leave it out";
  throw refused(`nameserver=${text}`, cause, fix);
}

function describeHostForward(options: HostForwardOptions, plan: AddressPlan): HostForward {
  const { protocol = "tcp", hostAddress = ALL_ADDRESSES, hostPort, guestPort } = options;
  const { firstGuest } = firstFamily(plan);
  const { guestAddress = addressText(firstGuest) } = options;
  const what = `hostfwd=${protocol}:${bracketed(hostAddress)}:${hostPort}-` +
    `${bracketed(guestAddress)}:${guestPort}`;
  if (protocol !== "tcp" && protocol !== "udp") {
    throw refused(what, "ports are forwarded for tcp and udp", "use one of these");
  }
  const guest = endpoint(what, guestAddress, guestPort);
  if (!isGuest(guest.address, plan)) {
    const cause = `${guestAddress} is not the address of a guest in the network`;
    throw refused(what, cause, `write ${addressText(firstGuest)}, or leave it out`);
  }
  return { protocol, host: endpoint(what, hostAddress, hostPort), guest };
}

/** The plan of the version whose addresses are sure: those that are given out, where there are such. */
function firstFamily(plan: AddressPlan): FamilyPlan {
  const family = plan[4] ?? plan[6];
  if (family === null) throw new TypeError("Cannot use a network without addresses");
  return family;
}

function isGuest(address: Address, plan: AddressPlan): boolean {
  const family = plan[address.version];
  return family !== null && isInRange(family.network, address) &&
    !isSameAddress(address, family.gateway) && !isSameAddress(address, family.nameServer);
}

/** An address in front of a port. */
function bracketed(address: string): string {
  return address.includes(":") ? `[${address}]` : address;
}

function describeGuestForward(options: GuestForwardOptions, plan: AddressPlan): GuestForward {
  const { guestAddress, guestPort, hostAddress, hostPort } = options;
  const what = `guestfwd=tcp:${bracketed(guestAddress)}:${guestPort}-` +
    `tcp:${bracketed(hostAddress)}:${hostPort}`;
  const guest = endpoint(what, guestAddress, guestPort);
  const { network } = plan[guest.address.version] ?? firstFamily(plan);
  if (!isInRange(network, guest.address)) {
    const cause = `${guestAddress} is not an address of the network`;
    const example = addressText(addressBehind(network.base, EXAMPLE_PLACE));
    throw refused(what, cause, `write one such as ${example}`);
  }
  return { guest, host: endpoint(what, hostAddress, hostPort) };
}

function endpoint(what: string, text: string, port: number): Endpoint {
  const address = parseAddress(text);
  if (address === undefined) {
    throw refused(what, `"${text}" is not an address`, "write one such as 127.0.0.1 or ::1");
  }
  if (parsePort(String(port)) === undefined) {
    throw refused(what, `${port} is not a port`, "use a number from 1 to 65535");
  }
  return { address, port };
}

function refused(what: string, cause: string, fix: string): ConfigurationError {
  return new ConfigurationError({ what, cause, fix });
}
