/** Who has which address in a user-mode network. The defaults are QEMU's. */

import {
  type Address,
  addressBehind,
  IP_VERSIONS,
  type IpVersion,
  isSameAddress,
} from "./address.ts";
import { parseAddress } from "./address_text.ts";
import { type AddressRange, isInRange, lastOf, parseRange } from "./address_range.ts";
import { isGroup, isOfThisLink, stationAddress } from "./ipv6_addresses.ts";

/** The addresses of one version. */
export interface FamilyPlan {
  /** All of them. */
  readonly network: AddressRange;
  /** The host, which is the gateway too. */
  readonly gateway: Address;
  /** The name server. */
  readonly nameServer: Address;
  /** The first guest: in version 4 it is given this address, in version 6 it gives it to itself. */
  readonly firstGuest: Address;
}

/** See the header of this file; a network may do without one of the versions. */
export type AddressPlan = Readonly<Record<IpVersion, FamilyPlan | null>>;

/** How many addresses are given out at most. */
export const MAX_LEASES = 16;

/** Numbers of addresses in a network. */
const Place = { GATEWAY: 2, NAME_SERVER: 3, FIRST_GUEST: 15 } as const;

/** What a version's addresses are called, and how large its networks are. */
interface FamilyWords {
  readonly net: NetWord;
  readonly host: StationWord;
  readonly dns: StationWord;
  /** The network of a guest that says nothing else. */
  readonly standard: string;
  /** Shortest part that all addresses of a network share, and longest. */
  readonly bits: { readonly least: number; readonly most: number };
}

type NetWord = "net" | "ipv6-net";
type StationWord = "host" | "dns" | "dhcpstart" | "ipv6-host" | "ipv6-dns";

const WORDS: Readonly<Record<IpVersion, FamilyWords>> = {
  4: {
    net: "net",
    host: "host",
    dns: "dns",
    standard: "10.0.2.0/24",
    bits: { least: 8, most: 27 },
  },
  6: {
    net: "ipv6-net",
    host: "ipv6-host",
    dns: "ipv6-dns",
    standard: "fec0::/64",
    bits: { least: 8, most: 126 },
  },
};

/** A plan in which something is wrong. */
export interface PlanFault {
  /** What was said. */
  readonly what: string;
  /** Why it cannot be. */
  readonly cause: string;
}

/** What a caller says of addresses, by QEMU's words. */
export type PlanOptions =
  & {
    readonly [word in NetWord | StationWord]?: string | undefined;
  }
  & {
    /** Is there version 4? */
    readonly ipv4?: boolean | undefined;
    /** Is there version 6? */
    readonly ipv6?: boolean | undefined;
  };

/** The plan, or what is wrong with it. @param mac the card's address, of which a guest makes its own one */
export function planAddresses(
  options: PlanOptions,
  mac: Readonly<Uint8Array>,
): AddressPlan | PlanFault {
  const wanted = { 4: options.ipv4, 6: options.ipv6 };
  const plans: Record<IpVersion, FamilyPlan | null> = { 4: null, 6: null };
  for (const version of IP_VERSIONS) {
    // QEMU: a version that is named alone is the only one.
    const isThere = wanted[version] ?? wanted[version === 4 ? 6 : 4] !== true;
    const plan = isThere ? planFamily(version, options, mac) : unusedWord(version, options);
    if (plan !== null && "cause" in plan) return plan;
    plans[version] = plan;
  }
  if (plans[4] !== null || plans[6] !== null) return plans;
  return { what: "ipv4=off,ipv6=off", cause: "a network has at least one of them" };
}

/** A word about what there is none of. */
function unusedWord(version: IpVersion, options: PlanOptions): PlanFault | null {
  const { net, host, dns } = WORDS[version];
  const words = [net, host, dns, ...(version === 4 ? ["dhcpstart"] as const : [])];
  const used = words.find((word) => options[word] !== undefined);
  if (used === undefined) return null;
  return { what: `${used}=${options[used]}`, cause: `the network has no version ${version}` };
}

function planFamily(
  version: IpVersion,
  options: PlanOptions,
  mac: Readonly<Uint8Array>,
): FamilyPlan | PlanFault {
  const words = WORDS[version];
  const text = options[words.net] ?? words.standard;
  const network = networkOf(version, text);
  if ("cause" in network) return network;
  const stations = new Stations(network, text);
  const gateway = stations.place(words.host, options, Place.GATEWAY);
  if ("cause" in gateway) return gateway;
  const nameServer = stations.place(words.dns, options, Place.NAME_SERVER);
  if ("cause" in nameServer) return nameServer;
  if (version === 6) {
    return { network, gateway, nameServer, firstGuest: stationAddress(network, mac) };
  }
  const firstGuest = stations.place("dhcpstart", options, Place.FIRST_GUEST);
  return "cause" in firstGuest ? firstGuest : { network, gateway, nameServer, firstGuest };
}

function networkOf(version: IpVersion, text: string): AddressRange | PlanFault {
  const { net, bits } = WORDS[version];
  const network = parseRange(text);
  const what = `${net}=${text}`;
  const isOne = network?.base.version === version && network.bits >= bits.least &&
    network.bits <= bits.most;
  if (network === undefined || !isOne) {
    const cause = `a network is an address of version ${version} with ${bits.least} to ` +
      `${bits.most} bits`;
    return { what, cause };
  }
  if (version === 4 || !(isGroup(network.base) || isOfThisLink(network.base))) return network;
  return { what, cause: "these addresses are not those of a network" };
}

/** Gives each station of a network an address of its own. */
class Stations {
  readonly #network: AddressRange;
  readonly #text: string;
  readonly #used: { readonly word: string; readonly address: Address }[] = [];

  constructor(network: AddressRange, text: string) {
    this.#network = network;
    this.#text = text;
  }

  /** The address that a word names, or that with a number. */
  place(word: StationWord, options: PlanOptions, number: number): Address | PlanFault {
    const text = options[word];
    const address = text === undefined
      ? addressBehind(this.#network.base, number)
      : parseAddress(text);
    const what = `${word}=${text}`;
    if (address === undefined) return { what, cause: "it is not an address" };
    if (!this.#isStation(address)) {
      return { what, cause: `it is not the address of one station in ${this.#text}` };
    }
    const other = this.#used.find((used) => isSameAddress(used.address, address));
    if (other !== undefined) return { what, cause: `${other.word} has this address` };
    this.#used.push({ word, address });
    return address;
  }

  #isStation(address: Address): boolean {
    const network = this.#network;
    if (!isInRange(network, address) || isSameAddress(address, network.base)) return false;
    return address.version === 6 || !isSameAddress(address, lastOf(network));
  }
}
