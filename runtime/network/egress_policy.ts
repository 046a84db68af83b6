/**
 * Where a guest may go: which of the host's addresses an address of the guest's network stands for, if any.
 *
 * REQUIREMENT. A guest is not trusted. What the host can reach and the world cannot, such as services on the host's
 * loopback or machines in its private networks, is reached only where that was allowed by name; link-local addresses,
 * where clouds keep secrets, as well. What is allowed is decided by number, when the connection is made.
 *
 * SOLUTION. A list of ranges that need to be allowed, and of those that nobody can allow, because they are no one
 * station. In version 4 the rest is public. In version 6 only what is given out to the world is, and of that not what leads
 * to addresses of version 4 that are not. The gateway's address stands for the host's loopback.
 *
 * LIMITATION. The host's own public addresses are public: what listens there is open to the world anyway, or behind a
 * firewall that sees connections of the host's.
 */

import { type Address, isSameAddress, LOOPBACK } from "./address.ts";
import { isSameEndpoint } from "./address_keys.ts";
import type { AddressPlan } from "./address_plan.ts";
import { type AddressRange, isInRange, parseRange } from "./address_range.ts";
import { parsePort } from "./address_text.ts";
import { embeddedAddresses } from "./embedded_address.ts";
import type { Endpoint } from "./host_network.ts";
import { Protocol } from "./ip_packet.ts";

/** Port of name servers. */
export const NAME_PORT = 53;

/** Ranges that a guest reaches only when that is allowed, by the word that allows them. */
const WORDS: ReadonlyMap<string, readonly AddressRange[]> = new Map([
  ["loopback", ranges("127.0.0.0/8", "::1")],
  [
    "private",
    ranges(
      ...["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10"],
      ...["fc00::/7", "fec0::/10"],
    ),
  ],
]);

/** What such ranges are called. */
export const ALLOW_WORDS: readonly string[] = [...WORDS.keys()];

/** Ranges that have to be named by their numbers to be allowed, besides those with a word. */
const NAMED_ONLY: readonly AddressRange[] = ranges(
  ...["169.254.0.0/16", "192.0.0.0/24", "198.18.0.0/15"],
  // Of what is given out: for protocols, for documentation (twice), for networks that know no routers.
  ...["2001:2::/48", "2001:10::/28", "2001:20::/28", "2001:db8::/32", "3fff::/20"],
);
/** Addresses of nobody, or of many, or of version 4 in another form, which hosts take for these. */
const NEVER: readonly AddressRange[] = ranges(
  ...["0.0.0.0/8", "224.0.0.0/4", "240.0.0.0/4"],
  ...["::", "::ffff:0:0/96", "::ffff:0:0:0/96", "100::/64", "ff00::/8"],
);
const GUARDED: readonly AddressRange[] = [...[...WORDS.values()].flat(), ...NAMED_ONLY];
/** What of version 6 is given out to the world, and what stands there for addresses of version 4. */
const GIVEN_OUT: readonly AddressRange[] = ranges("2000::/3", "64:ff9b::/96");

function ranges(...texts: readonly string[]): AddressRange[] {
  return texts.flatMap((text) => parseRange(text) ?? []);
}

/** Where a guest may go although it is not public. */
export interface AllowedTarget {
  /** Which addresses. */
  readonly range: AddressRange;
  /** Which port; null for all. */
  readonly port: number | null;
}

/** An address of the guest's network that stands for one of the host's. */
export interface GuestForward {
  /** As the guest sees it; TCP only. */
  readonly guest: Endpoint;
  /** What it stands for. */
  readonly host: Endpoint;
}

/** What a policy is made of. */
export interface PolicySettings {
  /** Addresses in the network. */
  readonly plan: AddressPlan;
  /** May the guest go nowhere? */
  readonly isRestricted: boolean;
  /** What is allowed besides what is public. */
  readonly allowed: readonly AllowedTarget[];
  /** Addresses that stand for others. */
  readonly guestForwards: readonly GuestForward[];
  /** The host's name servers. */
  readonly nameServers: readonly Endpoint[];
}

/** What a word or range with or without port allows; undefined when it is none. */
export function parseAllowed(text: string): AllowedTarget[] | undefined {
  const word = WORDS.get(text);
  if (word !== undefined) return word.map((range) => ({ range, port: null }));
  const match = /^(?:\[([^\]]*)\]|([\d./]+))(?::(\d+))?$|^([\da-f:./]+)$/i.exec(text);
  const [, inBrackets, version4, portText, version6] = match ?? [];
  const range = parseRange(inBrackets ?? version4 ?? version6 ?? "");
  const port = portText === undefined ? null : parsePort(portText);
  return range === undefined || port === undefined ? undefined : [{ range, port }];
}

/** See the header of this file. */
export class EgressPolicy {
  readonly #settings: PolicySettings;

  /** A policy as it is set. */
  constructor(settings: PolicySettings) {
    this.#settings = settings;
  }

  /** Where the host has to go for what the guest wants; null: nowhere. */
  target(protocol: number, wanted: Endpoint): Endpoint | null {
    const { plan, isRestricted, guestForwards, nameServers } = this.#settings;
    if (protocol === Protocol.TCP) {
      const forward = guestForwards.find(({ guest }) => isSameEndpoint(guest, wanted));
      if (forward !== undefined) return forward.host;
    }
    if (isRestricted) return null;
    const own = plan[wanted.address.version];
    if (own === null) return null;
    if (isSameAddress(wanted.address, own.nameServer)) {
      return wanted.port === NAME_PORT ? nameServers[0] ?? null : null;
    }
    const real = isSameAddress(wanted.address, own.gateway)
      ? { address: LOOPBACK[wanted.address.version], port: wanted.port }
      : wanted;
    if (real === wanted && isInRange(own.network, wanted.address)) return null;
    return this.#allows(real) ? real : null;
  }

  #allows({ address, port }: Endpoint): boolean {
    if (port === 0 || isIn(NEVER, address)) return false;
    if (isPublic(address)) return true;
    return this.#settings.allowed.some((allowed) =>
      isInRange(allowed.range, address) && (allowed.port === null || allowed.port === port)
    );
  }
}

function isIn(all: readonly AddressRange[], address: Address): boolean {
  return all.some((range) => isInRange(range, address));
}

function isPublic(address: Address): boolean {
  if (isIn(GUARDED, address) || isIn(NEVER, address)) return false;
  if (address.version === 4) return true;
  return isIn(GIVEN_OUT, address) && embeddedAddresses(address).every(isPublic);
}
