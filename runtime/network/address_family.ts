/** What the versions of the Internet Protocol do each in its own way on a link with guests. */

import type { Address } from "./address.ts";
import type { Endpoint } from "./host_network.ts";
import type { IpPacket } from "./ip_packet.ts";

/** Why something of the guest's is not delivered. */
export type Refusal = "prohibited" | "unreachable";

/** See the header of this file. */
export interface AddressFamily {
  /** Is it an address that a guest may have? */
  isGuest(address: Address): boolean;
  /** The stations of an address of many; null where it is the address of one. */
  groupMac(address: Address): Readonly<Uint8Array> | null;
  /** Asks all stations who has an address. */
  ask(address: Address): void;
  /** Reads a packet of a guest's; null when it is none, or there is more of it to come. */
  read(bytes: Uint8Array): IpPacket | null;
  /**
   * Answers what is for the gateway itself. @param isComplete is the checksum of what the packet carries there?
   * @returns false when it is for others
   */
  answer(packet: IpPacket, isComplete: boolean): boolean;
  /** Tells a guest that its datagram is not delivered. */
  refuse(guest: Endpoint, to: Endpoint, sent: Uint8Array, reason: Refusal): void;
  /** Begins what is done without being asked. */
  open(): void;
  /** Ends it. */
  close(): void;
}
