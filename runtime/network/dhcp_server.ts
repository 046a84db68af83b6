/** Gives out addresses: RFC 2131, "Server behavior". A station keeps its address as long as the network lives. */

import {
  type Address,
  addressBehind,
  BROADCAST,
  isSameAddress,
  isUnspecified,
  UNSPECIFIED,
} from "./address.ts";
import { type FamilyPlan, MAX_LEASES } from "./address_plan.ts";
import { maskOf } from "./address_range.ts";
import {
  dhcpBytes,
  DhcpMessage,
  DhcpOption,
  type DhcpOptionValue,
  type DhcpRequest,
  readDhcp,
} from "./dhcp.ts";
import { macText } from "./mac_address.ts";

const LEASE_SECONDS = 86_400;
const NOBODY = UNSPECIFIED[4];

/** An answer, and whom it is for. */
export interface DhcpAnswer {
  /** The message. */
  readonly bytes: Uint8Array;
  /** The address that it is sent to. */
  readonly destination: Address;
  /** The station; null for everyone. */
  readonly mac: Uint8Array | null;
}

/** What a server tells besides addresses. */
export interface DhcpSettings {
  /** The addresses. */
  readonly plan: FamilyPlan;
  /** Is there no way out? The router is told all the same: answers to those who come in go there. */
  readonly isRestricted: boolean;
  /** The guest's name; empty for none. */
  readonly hostName: string;
}

/** See the header of this file. */
export class DhcpServer {
  readonly #settings: DhcpSettings;
  /** Stations in the order of their addresses. */
  readonly #stations: string[] = [];

  /** A server of a network. */
  constructor(settings: DhcpSettings) {
    this.#settings = settings;
  }

  /** The answer to a message, if there is one. */
  answer(bytes: Uint8Array): DhcpAnswer | null {
    const request = readDhcp(bytes);
    if (request === null) return null;
    switch (request.message) {
      case DhcpMessage.DISCOVER:
        return this.#give(request, DhcpMessage.OFFER);
      case DhcpMessage.REQUEST:
        return this.#grant(request);
      case DhcpMessage.INFORM:
        return this.#reply(request, DhcpMessage.ACK, NOBODY);
      default:
        return null;
    }
  }

  #give(request: DhcpRequest, message: number): DhcpAnswer | null {
    const address = this.#addressOf(request);
    return address === null ? null : this.#reply(request, message, address);
  }

  /** A request names the server, or an address from before: it gets its own address or hears that this is another. */
  #grant(request: DhcpRequest): DhcpAnswer | null {
    const { gateway } = this.#settings.plan;
    const { server } = request;
    if (server !== undefined && !isSameAddress(server, gateway)) return null;
    const wanted = request.requestedAddress ?? request.clientAddress;
    const address = this.#addressOf(request);
    return address !== null && isSameAddress(address, wanted)
      ? this.#reply(request, DhcpMessage.ACK, address)
      : this.#reply(request, DhcpMessage.NAK, NOBODY);
  }

  #addressOf({ mac }: DhcpRequest): Address | null {
    const station = macText(mac);
    const known = this.#stations.indexOf(station);
    const { firstGuest } = this.#settings.plan;
    if (known >= 0) return addressBehind(firstGuest, known);
    if (this.#stations.length >= MAX_LEASES) return null;
    return addressBehind(firstGuest, this.#stations.push(station) - 1);
  }

  #reply(request: DhcpRequest, message: number, address: Address): DhcpAnswer {
    const { plan } = this.#settings;
    const bytes = dhcpBytes({
      message,
      request,
      address,
      server: plan.gateway,
      options: message === DhcpMessage.NAK ? [] : this.#options(message),
    });
    const own = isUnspecified(address) ? request.clientAddress : address;
    const isForAll = request.wantsBroadcast || isUnspecified(own) || message === DhcpMessage.NAK;
    return isForAll
      ? { bytes, destination: BROADCAST, mac: null }
      : { bytes, destination: own, mac: request.mac };
  }

  #options(message: number): DhcpOptionValue[] {
    const { plan, isRestricted, hostName } = this.#settings;
    const isLease = message === DhcpMessage.OFFER || message === DhcpMessage.ACK;
    const options: DhcpOptionValue[] = [
      [DhcpOption.SUBNET_MASK, maskOf(plan.network.bits)],
      [DhcpOption.ROUTER, plan.gateway],
    ];
    if (!isRestricted) options.push([DhcpOption.NAME_SERVER, plan.nameServer]);
    if (isLease) options.push([DhcpOption.LEASE_SECONDS, LEASE_SECONDS]);
    if (hostName !== "") options.push([DhcpOption.HOST_NAME, hostName]);
    return options;
  }
}
