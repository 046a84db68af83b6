/** Who has which address in a user-mode network. The defaults are QEMU's. */

import { type AddressRange, lastOf, parseAddress, parseRange } from "./address.ts";

/** See the header of this file. */
export interface AddressPlan {
  /** All of it. */
  readonly network: AddressRange;
  /** The host, which is the gateway too. */
  readonly gateway: number;
  /** The name server. */
  readonly nameServer: number;
  /** The first guest. */
  readonly firstGuest: number;
}

/** How many addresses are given out at most. */
export const MAX_LEASES = 16;

const GATEWAY = 2;
const NAME_SERVER = 3;
const FIRST_GUEST = 15;
/** Shortest part that all addresses of a network share, and longest. */
const BITS = { LEAST: 8, MOST: 27 } as const;

/** The network of a guest that says nothing else. */
export const DEFAULT_NETWORK = "10.0.2.0/24";

/** A plan in which something is wrong. */
export interface PlanFault {
  /** What was said. */
  readonly what: string;
  /** Why it cannot be. */
  readonly cause: string;
}

/** What a caller says of addresses. */
export interface PlanOptions {
  /** As `net=`. */
  readonly net?: string | undefined;
  /** As `host=`. */
  readonly host?: string | undefined;
  /** As `dns=`. */
  readonly dns?: string | undefined;
  /** As `dhcpstart=`. */
  readonly dhcpstart?: string | undefined;
}

/** The plan, or what is wrong with it. */
export function planAddresses(options: PlanOptions): AddressPlan | PlanFault {
  const { net = DEFAULT_NETWORK } = options;
  const network = parseRange(net);
  if (network === undefined || network.bits < BITS.LEAST || network.bits > BITS.MOST) {
    const cause = `a network is an address with ${BITS.LEAST} to ${BITS.MOST} bits`;
    return { what: `net=${net}`, cause };
  }
  const used = new Map<number, string>();
  const place = (name: "host" | "dns" | "dhcpstart", number: number): number | PlanFault => {
    const text = options[name];
    const address = text === undefined ? network.base + number : parseAddress(text);
    const what = `${name}=${text}`;
    if (address === undefined) return { what, cause: "it is not an address" };
    if (address <= network.base || address >= lastOf(network)) {
      return { what, cause: `it is not the address of one station in ${net}` };
    }
    const other = used.get(address);
    if (other !== undefined) return { what, cause: `${other} has this address` };
    used.set(address, name);
    return address;
  };
  const gateway = place("host", GATEWAY);
  const nameServer = place("dns", NAME_SERVER);
  const firstGuest = place("dhcpstart", FIRST_GUEST);
  if (typeof gateway !== "number") return gateway;
  if (typeof nameServer !== "number") return nameServer;
  if (typeof firstGuest !== "number") return firstGuest;
  return { network, gateway, nameServer, firstGuest };
}
