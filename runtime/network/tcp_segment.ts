/** Segments of TCP: RFC 9293, "Header Format"; options for segment size and window scale (RFC 7323). */

import { type PseudoHeader, transportChecksum } from "./checksum.ts";

/** Bits of a segment. */
export const TcpFlag = { FIN: 1, SYN: 2, RST: 4, PSH: 8, ACK: 16 } as const;

/** Bytes of a header without options. */
export const TCP_HEADER_BYTES = 20;
/** Where a header has its checksum. */
export const TCP_CHECKSUM_AT = 16;

const WORD_BYTES = 4;
const Field = {
  SOURCE: 0,
  DESTINATION: 2,
  SEQUENCE: 4,
  ACKNOWLEDGMENT: 8,
  OFFSET: 12,
  FLAGS: 13,
  WINDOW: 14,
} as const;
const Option = { END: 0, NOTHING: 1, SEGMENT_SIZE: 2, WINDOW_SCALE: 3 } as const;
const SEGMENT_SIZE_BYTES = 4;
const WINDOW_SCALE_BYTES = 3;
/** Larger shifts are taken for this one. */
const MAX_SHIFT = 14;

/** A segment. */
export interface TcpSegment {
  /** Port of the sender. */
  readonly sourcePort: number;
  /** Port of the receiver. */
  readonly destinationPort: number;
  /** Number of its first byte, or of its SYN. */
  readonly sequence: number;
  /** The next number that its sender expects. */
  readonly acknowledgment: number;
  /** Bits: {@linkcode TcpFlag}. */
  readonly flags: number;
  /** Room of its sender, as it stands in the header. */
  readonly window: number;
  /** Largest segment that its sender takes; of a SYN. */
  readonly segmentSize?: number | undefined;
  /** By how many bits its sender's windows are shifted; of a SYN. */
  readonly windowShift?: number | undefined;
  /** What it carries; it may change when the call is over that gives the segment. */
  readonly payload: Uint8Array;
}

/** Reads a segment; null when it is none. @param header null: the checksum is not complete, and not looked at */
export function readTcp(bytes: Uint8Array, header: PseudoHeader | null): TcpSegment | null {
  if (bytes.length < TCP_HEADER_BYTES) return null;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const headerBytes = (view.getUint8(Field.OFFSET) >>> 4) * WORD_BYTES;
  if (headerBytes < TCP_HEADER_BYTES || headerBytes > bytes.length) return null;
  if (header !== null && transportChecksum(header, bytes) !== 0) return null;
  const flags = view.getUint8(Field.FLAGS);
  const isSyn = (flags & TcpFlag.SYN) !== 0;
  return {
    sourcePort: view.getUint16(Field.SOURCE),
    destinationPort: view.getUint16(Field.DESTINATION),
    sequence: view.getUint32(Field.SEQUENCE),
    acknowledgment: view.getUint32(Field.ACKNOWLEDGMENT),
    flags,
    window: view.getUint16(Field.WINDOW),
    ...(isSyn ? readOptions(bytes.subarray(TCP_HEADER_BYTES, headerBytes)) : {}),
    payload: bytes.subarray(headerBytes),
  };
}

function readOptions(bytes: Uint8Array): Pick<TcpSegment, "segmentSize" | "windowShift"> {
  let segmentSize: number | undefined;
  let windowShift: number | undefined;
  for (let at = 0; at < bytes.length;) {
    const kind = bytes[at];
    if (kind === Option.END) break;
    if (kind === Option.NOTHING) {
      at++;
      continue;
    }
    const length = bytes[at + 1] ?? 0;
    if (length < 2 || at + length > bytes.length) break;
    if (kind === Option.SEGMENT_SIZE && length === SEGMENT_SIZE_BYTES) {
      segmentSize = (bytes[at + 2] << 8) | bytes[at + 3];
    } else if (kind === Option.WINDOW_SCALE && length === WINDOW_SCALE_BYTES) {
      windowShift = Math.min(bytes[at + 2], MAX_SHIFT);
    }
    at += length;
  }
  return { segmentSize, windowShift };
}

/** Writes the header of a segment, without its checksum; its length is even. */
export function tcpHeader(segment: TcpSegment): Uint8Array<ArrayBuffer> {
  const options = optionBytes(segment);
  const headerBytes = TCP_HEADER_BYTES + options.length;
  const bytes = new Uint8Array(headerBytes);
  const view = new DataView(bytes.buffer);
  view.setUint16(Field.SOURCE, segment.sourcePort);
  view.setUint16(Field.DESTINATION, segment.destinationPort);
  view.setUint32(Field.SEQUENCE, segment.sequence);
  view.setUint32(Field.ACKNOWLEDGMENT, segment.acknowledgment);
  view.setUint8(Field.OFFSET, headerBytes / WORD_BYTES << 4);
  view.setUint8(Field.FLAGS, segment.flags);
  view.setUint16(Field.WINDOW, segment.window);
  bytes.set(options, TCP_HEADER_BYTES);
  return bytes;
}

function optionBytes({ segmentSize, windowShift }: TcpSegment): number[] {
  return [
    ...(segmentSize === undefined
      ? []
      : [Option.SEGMENT_SIZE, SEGMENT_SIZE_BYTES, segmentSize >>> 8, segmentSize & 0xff]),
    ...(windowShift === undefined
      ? []
      : [Option.NOTHING, Option.WINDOW_SCALE, WINDOW_SCALE_BYTES, windowShift]),
  ];
}

/** The answer to a segment for which there is no connection: RFC 9293, "Reset Generation"; null for a reset. */
export function resetFor(segment: TcpSegment): TcpSegment | null {
  if ((segment.flags & TcpFlag.RST) !== 0) return null;
  const isAnswer = (segment.flags & TcpFlag.ACK) !== 0;
  const length = segment.payload.length + ((segment.flags & TcpFlag.SYN) !== 0 ? 1 : 0) +
    ((segment.flags & TcpFlag.FIN) !== 0 ? 1 : 0);
  return {
    sourcePort: segment.destinationPort,
    destinationPort: segment.sourcePort,
    sequence: isAnswer ? segment.acknowledgment : 0,
    acknowledgment: isAnswer ? 0 : (segment.sequence + length) >>> 0,
    flags: isAnswer ? TcpFlag.RST : TcpFlag.RST | TcpFlag.ACK,
    window: 0,
    payload: new Uint8Array(0),
  };
}
