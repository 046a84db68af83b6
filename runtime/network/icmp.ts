/** Messages about packets: RFC 792. Echoes are answered, and what cannot be delivered is said to be so. */

import { checksumOf } from "./checksum.ts";
import type { IpPacket } from "./ip_packet.ts";

const Type = { ECHO_REPLY: 0, UNREACHABLE: 3, ECHO: 8 } as const;
const Field = { TYPE: 0, CODE: 1, CHECKSUM: 2, BYTES: 8 } as const;
/** Bytes of a packet that are sent back behind its header. */
const QUOTED_BYTES = 8;

/** What is sent back of a packet: its headers, and something of what it carries. */
export type QuotedPacket = Pick<IpPacket, "bytes" | "payload">;

/** Why something is not delivered. */
export const Unreachable = { NETWORK: 0, PROHIBITED: 13 } as const;

/** The answer to an echo request; null for anything else. */
export function echoReply(message: Uint8Array): Uint8Array | null {
  if (message.length < Field.BYTES || message[Field.TYPE] !== Type.ECHO) return null;
  if (checksumOf(message) !== 0) return null;
  const reply = message.slice();
  reply[Field.TYPE] = Type.ECHO_REPLY;
  return withChecksum(reply);
}

/** Says that a packet was not delivered. */
export function unreachable(code: number, { bytes, payload }: QuotedPacket): Uint8Array {
  const headerBytes = bytes.length - payload.length;
  const quoted = bytes.subarray(0, Math.min(bytes.length, headerBytes + QUOTED_BYTES));
  const message = new Uint8Array(Field.BYTES + quoted.length);
  message[Field.TYPE] = Type.UNREACHABLE;
  message[Field.CODE] = code;
  message.set(quoted, Field.BYTES);
  return withChecksum(message);
}

function withChecksum(message: Uint8Array): Uint8Array {
  message[Field.CHECKSUM] = 0;
  message[Field.CHECKSUM + 1] = 0;
  const sum = checksumOf(message);
  message[Field.CHECKSUM] = sum >>> 8;
  message[Field.CHECKSUM + 1] = sum & 0xff;
  return message;
}
