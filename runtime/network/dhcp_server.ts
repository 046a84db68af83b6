/** Gives out addresses: RFC 2131, "Server behavior". A station keeps its address as long as the network lives. */

import { BROADCAST, macText, maskOf, UNSPECIFIED } from "./address.ts";
import { type AddressPlan, MAX_LEASES } from "./address_plan.ts";
import { dhcpBytes, DhcpMessage, DhcpOption, type DhcpRequest, readDhcp } from "./dhcp.ts";

const LEASE_SECONDS = 86_400;

/** An answer, and whom it is for. */
export interface DhcpAnswer {
  /** The message. */
  readonly bytes: Uint8Array;
  /** The address that it is sent to. */
  readonly destination: number;
  /** The station; null for everyone. */
  readonly mac: Uint8Array | null;
}

/** What a server tells besides addresses. */
export interface DhcpSettings {
  /** The addresses. */
  readonly plan: AddressPlan;
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
        return this.#reply(request, DhcpMessage.ACK, UNSPECIFIED);
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
    if (request.server !== undefined && request.server !== gateway) return null;
    const wanted = request.requestedAddress ?? request.clientAddress;
    const address = this.#addressOf(request);
    return address === wanted
      ? this.#reply(request, DhcpMessage.ACK, address)
      : this.#reply(request, DhcpMessage.NAK, UNSPECIFIED);
  }

  #addressOf({ mac }: DhcpRequest): number | null {
    const station = macText(mac);
    const known = this.#stations.indexOf(station);
    if (known >= 0) return this.#settings.plan.firstGuest + known;
    if (this.#stations.length >= MAX_LEASES) return null;
    return this.#settings.plan.firstGuest + this.#stations.push(station) - 1;
  }

  #reply(request: DhcpRequest, message: number, address: number): DhcpAnswer {
    const { plan } = this.#settings;
    const bytes = dhcpBytes({
      message,
      request,
      address,
      server: plan.gateway,
      options: message === DhcpMessage.NAK ? [] : this.#options(message),
    });
    const own = address || request.clientAddress;
    const isForAll = request.wantsBroadcast || own === UNSPECIFIED ||
      message === DhcpMessage.NAK;
    return isForAll
      ? { bytes, destination: BROADCAST, mac: null }
      : { bytes, destination: own, mac: request.mac };
  }

  #options(message: number): [number, number | string][] {
    const { plan, isRestricted, hostName } = this.#settings;
    const isLease = message === DhcpMessage.OFFER || message === DhcpMessage.ACK;
    return [
      [DhcpOption.SUBNET_MASK, maskOf(plan.network.bits)],
      [DhcpOption.ROUTER, plan.gateway],
      ...(isRestricted ? [] : [[DhcpOption.NAME_SERVER, plan.nameServer] as [number, number]]),
      ...(isLease ? [[DhcpOption.LEASE_SECONDS, LEASE_SECONDS] as [number, number]] : []),
      ...(hostName === "" ? [] : [[DhcpOption.HOST_NAME, hostName] as [number, string]]),
    ];
  }
}
