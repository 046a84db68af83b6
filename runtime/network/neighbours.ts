/** Who on a link has which address, and packets that wait until that is known. Both are bounded. */

import type { Address } from "./address.ts";
import { ADDRESS_KEY } from "./address_keys.ts";
import { isSameStation } from "./mac_address.ts";
import type { OutgoingPacket } from "./ip_link.ts";
import { ValueMap } from "./value_map.ts";

/** Guests that are known at a time. */
const MAX_NEIGHBOURS = 64;
/** Packets that wait for a guest to be known. */
const MAX_WAITING = 4;

/** See the header of this file. */
export class Neighbours {
  readonly #known = new ValueMap<Address, Uint8Array>(ADDRESS_KEY);
  readonly #waiting = new ValueMap<Address, OutgoingPacket[]>(ADDRESS_KEY);

  /** The station that has an address, if that is known. */
  find(address: Address): Uint8Array | undefined {
    return this.#known.get(address);
  }

  /** Learns who has an address. @returns packets that have waited for that */
  learn(address: Address, mac: Readonly<Uint8Array>): OutgoingPacket[] {
    const known = this.#known.get(address);
    if (known !== undefined && isSameStation(known, mac)) return [];
    const { oldest } = this.#known;
    if (known === undefined && this.#known.size >= MAX_NEIGHBOURS && oldest !== undefined) {
      this.#known.delete(oldest);
    }
    this.#known.set(address, mac.slice());
    const waiting = this.#waiting.get(address) ?? [];
    this.#waiting.delete(address);
    return waiting;
  }

  /** Keeps a packet, or loses it where too many wait. */
  wait(packet: OutgoingPacket): void {
    const { destination, payload } = packet;
    const waiting = this.#waiting.get(destination) ?? [];
    if (waiting.length < MAX_WAITING) waiting.push({ ...packet, payload: payload.slice() });
    if (this.#waiting.size < MAX_NEIGHBOURS) this.#waiting.set(destination, waiting);
  }
}
