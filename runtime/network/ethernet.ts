/** Ethernet frames, without tags and without checksum: what a network card gives and takes. */

import { MAC_BYTES } from "./mac_address.ts";

/** What frames carry. */
export const EtherType = { IPV4: 0x0800, ARP: 0x0806, IPV6: 0x86dd } as const;

/** Bytes of the header. */
export const ETHERNET_HEADER_BYTES = 14;
/** Least bytes of a frame. */
export const MIN_FRAME_BYTES = 60;
/** Most bytes of one: a packet is no longer. */
export const MAX_FRAME_BYTES = ETHERNET_HEADER_BYTES + 0xffff;

const TYPE = 12;

/** A frame that was read; its parts are views of it. */
export interface EthernetFrame {
  /** The station that it is for. */
  readonly destination: Readonly<Uint8Array>;
  /** The station that sent it. */
  readonly source: Readonly<Uint8Array>;
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

/** Who sends a frame to whom, and what it carries. */
export type FrameHead = Omit<EthernetFrame, "payload">;

/** Begins a frame in a buffer, with room for a payload of `length` bytes behind its header. @returns the frame */
export function beginFrame(
  buffer: Uint8Array<ArrayBuffer>,
  { destination, source, type }: FrameHead,
  length: number,
): Uint8Array<ArrayBuffer> {
  const end = ETHERNET_HEADER_BYTES + length;
  const bytes = buffer.subarray(0, Math.max(MIN_FRAME_BYTES, end));
  bytes.set(destination);
  bytes.set(source, MAC_BYTES);
  bytes[TYPE] = type >>> 8;
  bytes[TYPE + 1] = type & 0xff;
  bytes.fill(0, end);
  return bytes;
}
