/** Addresses, endpoints, and pairs of them as keys of maps. */

import { type Address, isSameAddress } from "./address.ts";
import type { Endpoint } from "./host_network.ts";
import { type KeyKind, mixHash } from "./value_map.ts";

/** The ends of a connection as the guest sees them. */
export interface EndpointPair {
  /** The guest's. */
  readonly guest: Endpoint;
  /** The other one. */
  readonly other: Endpoint;
}

function hashAddress(hash: number, { word0, word1, word2, word3 }: Address): number {
  return mixHash(mixHash(mixHash(mixHash(hash, word0), word1), word2), word3);
}

function hashEndpoint(hash: number, { address, port }: Endpoint): number {
  return mixHash(hashAddress(hash, address), port);
}

/** Are two endpoints the same? */
export function isSameEndpoint(a: Endpoint, b: Endpoint): boolean {
  return a.port === b.port && isSameAddress(a.address, b.address);
}

/** Addresses as keys. */
export const ADDRESS_KEY: KeyKind<Address> = {
  hash: (address) => hashAddress(0, address),
  isSame: isSameAddress,
};

/** Endpoints as keys. */
export const ENDPOINT_KEY: KeyKind<Endpoint> = {
  hash: (endpoint) => hashEndpoint(0, endpoint),
  isSame: isSameEndpoint,
};

/** Pairs of endpoints as keys. */
export const PAIR_KEY: KeyKind<EndpointPair> = {
  hash: ({ guest, other }) => hashEndpoint(hashEndpoint(0, guest), other),
  isSame: (a, b) => isSameEndpoint(a.guest, b.guest) && isSameEndpoint(a.other, b.other),
};
