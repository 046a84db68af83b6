/**
 * Packets that come in fragments are put together again: RFC 791, "An Example Reassembly Procedure", and RFC 8200,
 * "Fragment Header", with what RFC 5722 says of fragments that overlap: such a packet is dropped. How many are waited for,
 * and how long, is bounded.
 */

import { isSameAddress } from "./address.ts";
import { type IpPacket, isFragment, MAX_PACKET_BYTES } from "./ip_packet.ts";

/** Packets that are waited for at a time. */
const MAX_WAITING = 16;
/** How long the rest of a packet is waited for. */
const TIMEOUT_MS = 15_000;

interface Part {
  readonly offset: number;
  readonly bytes: Uint8Array;
}

interface Waiting {
  /** The one that came first: the others have its ends and its number. */
  readonly first: IpPacket;
  readonly until: number;
  readonly parts: Part[];
  /** Length of the whole payload; unknown before the last fragment has come. */
  total: number;
}

/** See the header of this file. */
export class Reassembly {
  #waiting: Waiting[] = [];
  readonly #now: () => number;

  /** @param now the time in milliseconds */
  constructor(now: () => number) {
    this.#now = now;
  }

  /** The whole packet, when this one is whole or its last part; null when others are to come. */
  take(packet: IpPacket): IpPacket | null {
    if (!isFragment(packet)) return packet;
    this.#waiting = this.#waiting.filter(({ until }) => until > this.#now());
    const waiting = this.#waiting.find((one) => isOfSame(one.first, packet)) ??
      this.#begin(packet);
    if (waiting === undefined) return null;
    if (!add(waiting, packet)) {
      this.#forget(waiting);
      return null;
    }
    const payload = joined(waiting);
    if (payload === null) return null;
    this.#forget(waiting);
    return { ...packet, fragmentOffset: 0, hasMoreFragments: false, payload };
  }

  #begin(packet: IpPacket): Waiting | undefined {
    if (this.#waiting.length >= MAX_WAITING) return undefined;
    const waiting: Waiting = {
      first: packet,
      until: this.#now() + TIMEOUT_MS,
      parts: [],
      total: Infinity,
    };
    this.#waiting.push(waiting);
    return waiting;
  }

  #forget(waiting: Waiting): void {
    this.#waiting = this.#waiting.filter((one) => one !== waiting);
  }
}

function isOfSame(a: IpPacket, b: IpPacket): boolean {
  return a.identification === b.identification && a.protocol === b.protocol &&
    isSameAddress(a.source, b.source) && isSameAddress(a.destination, b.destination);
}

/** @returns false when the packet cannot become whole any more */
function add(waiting: Waiting, { fragmentOffset, payload, hasMoreFragments }: IpPacket): boolean {
  const end = fragmentOffset + payload.length;
  const overlaps = waiting.parts.some(({ offset, bytes }) =>
    fragmentOffset < offset + bytes.length && offset < end
  );
  const isTwoEnds = !hasMoreFragments && waiting.total !== Infinity;
  if (payload.length === 0 || end > MAX_PACKET_BYTES || overlaps || isTwoEnds) return false;
  if (!hasMoreFragments) waiting.total = end;
  waiting.parts.push({ offset: fragmentOffset, bytes: payload.slice() });
  return waiting.parts.every(({ offset, bytes }) => offset + bytes.length <= waiting.total);
}

function joined({ parts, total }: Waiting): Uint8Array | null {
  const length = parts.reduce((sum, { bytes }) => sum + bytes.length, 0);
  if (length !== total) return null;
  const payload = new Uint8Array(total);
  for (const { offset, bytes } of parts) payload.set(bytes, offset);
  return payload;
}
