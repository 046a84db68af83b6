/**
 * Packets that come in fragments are put together again: RFC 791, "An Example Reassembly Procedure", with what RFC 5722
 * says of fragments that overlap: such a packet is dropped. How many are waited for, and how long, is bounded.
 */

import { type Ipv4Packet, MAX_PACKET_BYTES } from "./ipv4.ts";

/** Packets that are waited for at a time. */
const MAX_WAITING = 16;
/** How long the rest of a packet is waited for. */
const TIMEOUT_MS = 15_000;

interface Part {
  readonly offset: number;
  readonly bytes: Uint8Array;
}

interface Waiting {
  readonly until: number;
  readonly parts: Part[];
  /** Length of the whole payload; unknown before the last fragment has come. */
  total: number;
}

/** See the header of this file. */
export class Reassembly {
  readonly #waiting = new Map<string, Waiting>();
  readonly #now: () => number;

  /** @param now the time in milliseconds */
  constructor(now: () => number) {
    this.#now = now;
  }

  /** The whole packet, when this one is whole or its last part; null when others are to come. */
  take(packet: Ipv4Packet): Ipv4Packet | null {
    if (packet.fragmentOffset === 0 && !packet.hasMoreFragments) return packet;
    const { source, destination, protocol, identification } = packet;
    const key = `${source} ${destination} ${protocol} ${identification}`;
    this.#forgetOld();
    const waiting = this.#waiting.get(key) ?? this.#begin(key);
    if (waiting === undefined || !add(waiting, packet)) {
      this.#waiting.delete(key);
      return null;
    }
    const payload = joined(waiting);
    if (payload === null) return null;
    this.#waiting.delete(key);
    return { ...packet, fragmentOffset: 0, hasMoreFragments: false, payload };
  }

  #begin(key: string): Waiting | undefined {
    if (this.#waiting.size >= MAX_WAITING) return undefined;
    const waiting: Waiting = { until: this.#now() + TIMEOUT_MS, parts: [], total: Infinity };
    this.#waiting.set(key, waiting);
    return waiting;
  }

  #forgetOld(): void {
    for (const [key, { until }] of this.#waiting) {
      if (until <= this.#now()) this.#waiting.delete(key);
    }
  }
}

/** @returns false when the packet cannot become whole any more */
function add(waiting: Waiting, { fragmentOffset, payload, hasMoreFragments }: Ipv4Packet): boolean {
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
