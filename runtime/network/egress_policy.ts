/**
 * Where a guest may go: which of the host's addresses an address of the guest's network stands for, if any.
 *
 * REQUIREMENT. A guest is not trusted. What the host can reach and the world cannot, such as services on the host's
 * loopback or machines in its private networks, is reached only where that was allowed by name; link-local addresses,
 * where clouds keep secrets, as well. What is allowed is decided by number, when the connection is made.
 *
 * SOLUTION. A list of ranges that need to be allowed, and of those that nobody can allow, because they are no one
 * station. The rest is public. The gateway's address stands for the host's loopback.
 *
 * LIMITATION. The host's own public addresses are public: what listens there is open to the world anyway, or behind a
 * firewall that sees connections of the host's.
 */

import { type AddressRange, isInRange, parseRange } from "./address.ts";
import type { AddressPlan } from "./address_plan.ts";
import type { Endpoint } from "./host_network.ts";
import { Protocol } from "./ipv4.ts";

/** The host itself, as it sees itself. */
export const LOOPBACK = 0x7f00_0001;
/** Port of name servers. */
export const NAME_PORT = 53;

/** Ranges that a guest reaches only when that is allowed, by the word that allows them. */
const WORDS: ReadonlyMap<string, readonly string[]> = new Map([
  ["loopback", ["127.0.0.0/8"]],
  ["private", ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10"]],
]);

/** What such ranges are called. */
export const ALLOW_WORDS: readonly string[] = [...WORDS.keys()];

/** Ranges that have to be named by their numbers to be allowed, besides those with a word. */
const NAMED_ONLY: readonly string[] = [
  "169.254.0.0/16",
  "192.0.0.0/24",
  "198.18.0.0/15",
];
/** Addresses of nobody, or of many. */
const NEVER: readonly AddressRange[] = ranges(["0.0.0.0/8", "224.0.0.0/4", "240.0.0.0/4"]);
const GUARDED: readonly AddressRange[] = ranges([...[...WORDS.values()].flat(), ...NAMED_ONLY]);

function ranges(texts: readonly string[]): AddressRange[] {
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
  if (word !== undefined) return ranges(word).map((range) => ({ range, port: null }));
  const match = /^([\d./]+)(?::(\d{1,5}))?$/.exec(text);
  const range = parseRange(match?.[1] ?? "");
  const port = match?.[2] === undefined ? null : Number(match[2]);
  const isPort = port === null || (port >= 1 && port <= 0xffff);
  return range === undefined || !isPort ? undefined : [{ range, port }];
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
      const forward = guestForwards.find(({ guest }) => isSame(guest, wanted));
      if (forward !== undefined) return forward.host;
    }
    if (isRestricted) return null;
    if (wanted.address === plan.nameServer) {
      return wanted.port === NAME_PORT ? nameServers[0] ?? null : null;
    }
    const real = wanted.address === plan.gateway
      ? { address: LOOPBACK, port: wanted.port }
      : wanted;
    if (real === wanted && isInRange(plan.network, wanted.address)) return null;
    return this.#allows(real) ? real : null;
  }

  #allows({ address, port }: Endpoint): boolean {
    if (port === 0 || NEVER.some((range) => isInRange(range, address))) return false;
    if (!GUARDED.some((range) => isInRange(range, address))) return true;
    return this.#settings.allowed.some((allowed) =>
      isInRange(allowed.range, address) && (allowed.port === null || allowed.port === port)
    );
  }
}

function isSame(a: Endpoint, b: Endpoint): boolean {
  return a.address === b.address && a.port === b.port;
}
