/**
 * Addresses to which the host has found no way a moment ago. A host whose router does not answer takes up to seconds to
 * find that out, each time; programs that try version 6 first would wait for it at each connection.
 */

import type { Address } from "./address.ts";
import { ADDRESS_KEY } from "./address_keys.ts";
import { ValueMap } from "./value_map.ts";

/** How long it is believed: a way that comes back is found soon. */
const BELIEVED_MS = 10_000;
/** Addresses that are known at a time. */
const MAX_ADDRESSES = 256;

/** See the header of this file. */
export class UnreachableAddresses {
  readonly #until = new ValueMap<Address, number>(ADDRESS_KEY);
  readonly #now: () => number;

  /** @param now the time in milliseconds */
  constructor(now: () => number) {
    this.#now = now;
  }

  /** There is no way to an address. */
  add(address: Address): void {
    const { oldest } = this.#until;
    if (this.#until.size >= MAX_ADDRESSES && oldest !== undefined) this.#until.delete(oldest);
    this.#until.set(address, this.#now() + BELIEVED_MS);
  }

  /** Was that found a moment ago? */
  has(address: Address): boolean {
    const until = this.#until.get(address);
    if (until === undefined) return false;
    if (until > this.#now()) return true;
    this.#until.delete(address);
    return false;
  }
}
