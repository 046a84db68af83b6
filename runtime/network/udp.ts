/** Datagrams: RFC 768; with RFC 8200, "Upper-Layer Checksums", which takes none without checksum. */

import { type PseudoHeader, transportChecksum } from "./checksum.ts";

/** Bytes of a header. */
export const UDP_HEADER_BYTES = 8;

const Field = { SOURCE: 0, DESTINATION: 2, LENGTH: 4, CHECKSUM: 6 } as const;
/** What stands for a checksum of 0, because 0 means that there is none. */
const ZERO_CHECKSUM = 0xffff;

/** A datagram. */
export interface UdpDatagram {
  /** Port of the sender. */
  readonly sourcePort: number;
  /** Port of the receiver. */
  readonly destinationPort: number;
  /** What it carries. */
  readonly payload: Uint8Array;
}

/** Reads a datagram; null when it is none. @param header null: the checksum is not complete, and not looked at */
export function readUdp(bytes: Uint8Array, header: PseudoHeader | null): UdpDatagram | null {
  if (bytes.length < UDP_HEADER_BYTES) return null;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const length = view.getUint16(Field.LENGTH);
  if (length < UDP_HEADER_BYTES || length > bytes.length) return null;
  const needsChecksum = header !== null &&
    (header.source.version === 6 || view.getUint16(Field.CHECKSUM) !== 0);
  if (needsChecksum && !isRight(bytes.subarray(0, length), header)) return null;
  return {
    sourcePort: view.getUint16(Field.SOURCE),
    destinationPort: view.getUint16(Field.DESTINATION),
    payload: bytes.subarray(UDP_HEADER_BYTES, length),
  };
}

function isRight(bytes: Uint8Array, header: PseudoHeader): boolean {
  const isThere = bytes[Field.CHECKSUM] !== 0 || bytes[Field.CHECKSUM + 1] !== 0;
  return isThere && transportChecksum(header, bytes) === 0;
}

/** Writes a datagram. */
export function udpBytes(
  { sourcePort, destinationPort, payload }: UdpDatagram,
  header: PseudoHeader,
): Uint8Array {
  const bytes = new Uint8Array(UDP_HEADER_BYTES + payload.length);
  const view = new DataView(bytes.buffer);
  view.setUint16(Field.SOURCE, sourcePort);
  view.setUint16(Field.DESTINATION, destinationPort);
  view.setUint16(Field.LENGTH, bytes.length);
  bytes.set(payload, UDP_HEADER_BYTES);
  view.setUint16(Field.CHECKSUM, transportChecksum(header, bytes) || ZERO_CHECKSUM);
  return bytes;
}
