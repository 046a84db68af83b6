/** Messages that give out addresses: RFC 2131, "Format of a DHCP message", and options of RFC 2132. */

import { MAC_BYTES } from "./address.ts";

/** Ports of servers and clients. */
export const DhcpPort = { SERVER: 67, CLIENT: 68 } as const;

/** Kinds of messages. */
export const DhcpMessage = {
  DISCOVER: 1,
  OFFER: 2,
  REQUEST: 3,
  DECLINE: 4,
  ACK: 5,
  NAK: 6,
  RELEASE: 7,
  INFORM: 8,
} as const;

/** Options by number. */
export const DhcpOption = {
  SUBNET_MASK: 1,
  ROUTER: 3,
  NAME_SERVER: 6,
  HOST_NAME: 12,
  REQUESTED_ADDRESS: 50,
  LEASE_SECONDS: 51,
  MESSAGE: 53,
  SERVER: 54,
} as const;

const PAD = 0;
const END = 255;
const REQUEST = 1;
const REPLY = 2;
const ETHERNET = 1;
const COOKIE = 0x6382_5363;
const Field = {
  OPERATION: 0,
  HARDWARE: 1,
  HARDWARE_LENGTH: 2,
  TRANSACTION: 4,
  FLAGS: 10,
  CLIENT_ADDRESS: 12,
  YOUR_ADDRESS: 16,
  SERVER_ADDRESS: 20,
  CLIENT_MAC: 28,
  COOKIE: 236,
  OPTIONS: 240,
} as const;
/** Least bytes of a message that old clients take. */
const LEAST_BYTES = 300;
const BROADCAST_FLAG = 0x8000;

/** A message of a client. */
export interface DhcpRequest {
  /** Its kind. */
  readonly message: number;
  /** Number that the answer has too. */
  readonly transaction: number;
  /** The station. */
  readonly mac: Uint8Array;
  /** The address that it has. */
  readonly clientAddress: number;
  /** Can it hear only what is for everyone? */
  readonly wantsBroadcast: boolean;
  /** The address that it would like. */
  readonly requestedAddress: number | undefined;
  /** The server that it has chosen. */
  readonly server: number | undefined;
  /** Flags as they came. */
  readonly flags: number;
}

/** Reads a client's message; null when it is none. */
export function readDhcp(bytes: Uint8Array): DhcpRequest | null {
  if (bytes.length < Field.OPTIONS) return null;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const isRequest = view.getUint8(Field.OPERATION) === REQUEST &&
    view.getUint8(Field.HARDWARE) === ETHERNET &&
    view.getUint8(Field.HARDWARE_LENGTH) === MAC_BYTES &&
    view.getUint32(Field.COOKIE) === COOKIE;
  if (!isRequest) return null;
  const options = readOptions(bytes.subarray(Field.OPTIONS));
  const [message] = options.get(DhcpOption.MESSAGE) ?? [];
  if (message === undefined) return null;
  const flags = view.getUint16(Field.FLAGS);
  return {
    message,
    transaction: view.getUint32(Field.TRANSACTION),
    mac: bytes.slice(Field.CLIENT_MAC, Field.CLIENT_MAC + MAC_BYTES),
    clientAddress: view.getUint32(Field.CLIENT_ADDRESS),
    wantsBroadcast: (flags & BROADCAST_FLAG) !== 0,
    requestedAddress: addressOption(options.get(DhcpOption.REQUESTED_ADDRESS)),
    server: addressOption(options.get(DhcpOption.SERVER)),
    flags,
  };
}

function readOptions(bytes: Uint8Array): Map<number, Uint8Array> {
  const options = new Map<number, Uint8Array>();
  for (let at = 0; at < bytes.length && bytes[at] !== END;) {
    if (bytes[at] === PAD) {
      at++;
      continue;
    }
    const length = bytes[at + 1];
    if (length === undefined || at + 2 + length > bytes.length) break;
    options.set(bytes[at], bytes.subarray(at + 2, at + 2 + length));
    at += 2 + length;
  }
  return options;
}

function addressOption(bytes: Uint8Array | undefined): number | undefined {
  if (bytes?.length !== 4) return undefined;
  return new DataView(bytes.buffer, bytes.byteOffset).getUint32(0);
}

/** A server's message. */
export interface DhcpReply {
  /** Its kind. */
  readonly message: number;
  /** What it answers. */
  readonly request: DhcpRequest;
  /** The address that the client gets; 0 for none. */
  readonly address: number;
  /** The server. */
  readonly server: number;
  /** Other options: addresses and numbers of 32 bits, or text. */
  readonly options: readonly (readonly [option: number, value: number | string])[];
}

/** Writes a server's message. */
export function dhcpBytes({ message, request, address, server, options }: DhcpReply): Uint8Array {
  const encoded = [
    ...optionBytes(DhcpOption.MESSAGE, Uint8Array.of(message)),
    ...optionBytes(DhcpOption.SERVER, wordBytes(server)),
    ...options.flatMap(([option, value]) =>
      optionBytes(
        option,
        typeof value === "number" ? wordBytes(value) : new TextEncoder().encode(value),
      )
    ),
    END,
  ];
  const bytes = new Uint8Array(Math.max(LEAST_BYTES, Field.OPTIONS + encoded.length));
  const view = new DataView(bytes.buffer);
  view.setUint8(Field.OPERATION, REPLY);
  view.setUint8(Field.HARDWARE, ETHERNET);
  view.setUint8(Field.HARDWARE_LENGTH, MAC_BYTES);
  view.setUint32(Field.TRANSACTION, request.transaction);
  view.setUint16(Field.FLAGS, request.flags);
  view.setUint32(Field.CLIENT_ADDRESS, request.clientAddress);
  view.setUint32(Field.YOUR_ADDRESS, address);
  view.setUint32(Field.SERVER_ADDRESS, server);
  bytes.set(request.mac, Field.CLIENT_MAC);
  view.setUint32(Field.COOKIE, COOKIE);
  bytes.set(encoded, Field.OPTIONS);
  return bytes;
}

function optionBytes(option: number, value: Uint8Array): number[] {
  return [option, value.length, ...value];
}

function wordBytes(word: number): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, word);
  return bytes;
}
