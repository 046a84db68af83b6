/** Ethernet frames, without tags and without checksum: what a network card gives and takes. */

import { MAC_BYTES } from "./address.ts";

/** What frames carry. */
export const EtherType = { IPV4: 0x0800, ARP: 0x0806 } as const;

/** Bytes of the header. */
export const ETHERNET_HEADER_BYTES = 14;
/** Least bytes of a frame. */
export const MIN_FRAME_BYTES = 60;

const TYPE = 12;

/** A frame that was read; its parts are views of it. */
export interface EthernetFrame {
  /** The station that it is for. */
  readonly destination: Uint8Array;
  /** The station that sent it. */
  readonly source: Uint8Array;
  /** What it carries. */
  readonly type: number;
  /** That. */
  readonly payload: Uint8Array;
}

/** Reads a frame; null when it is none. */
export function readEthernet(bytes: Uint8Array): EthernetFrame | null {
  if (bytes.length < ETHERNET_HEADER_BYTES) return null;
  return {
    destination: bytes.subarray(0, MAC_BYTES),
    source: bytes.subarray(MAC_BYTES, TYPE),
    type: (bytes[TYPE] << 8) | bytes[TYPE + 1],
    payload: bytes.subarray(ETHERNET_HEADER_BYTES),
  };
}

/** A frame of the right size with a payload of `length` bytes, to be filled in behind the header. */
export function newFrame(
  destination: Readonly<Uint8Array>,
  source: Readonly<Uint8Array>,
  type: number,
  length: number,
): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(Math.max(MIN_FRAME_BYTES, ETHERNET_HEADER_BYTES + length));
  bytes.set(destination);
  bytes.set(source, MAC_BYTES);
  bytes[TYPE] = type >>> 8;
  bytes[TYPE + 1] = type & 0xff;
  return bytes;
}
