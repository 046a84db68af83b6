/** Messages that give out addresses: RFC 2131, "Format of a DHCP message", and options of RFC 2132. */

import { type Address, ADDRESS_BYTES, addressBytes, putAddress, readAddress } from "./address.ts";
import { MAC_BYTES } from "./mac_address.ts";

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

/** These messages give out addresses of version 4. */
const VERSION = 4;
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
  readonly clientAddress: Address;
  /** Can it hear only what is for everyone? */
  readonly wantsBroadcast: boolean;
  /** The address that it would like. */
  readonly requestedAddress: Address | undefined;
  /** The server that it has chosen. */
  readonly server: Address | undefined;
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
    clientAddress: readAddress(view, Field.CLIENT_ADDRESS, VERSION),
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

function addressOption(bytes: Uint8Array | undefined): Address | undefined {
  if (bytes?.length !== ADDRESS_BYTES[VERSION]) return undefined;
  return readAddress(new DataView(bytes.buffer, bytes.byteOffset), 0, VERSION);
}

/** An option of a server's: an address, a number of 32 bits, or text. */
export type DhcpOptionValue = readonly [option: number, value: Address | number | string];

/** A server's message. */
export interface DhcpReply {
  /** Its kind. */
  readonly message: number;
  /** What it answers. */
  readonly request: DhcpRequest;
  /** The address that the client gets, or that of nobody. */
  readonly address: Address;
  /** The server. */
  readonly server: Address;
  /** Other options. */
  readonly options: readonly DhcpOptionValue[];
}

/** Writes a server's message. */
export function dhcpBytes({ message, request, address, server, options }: DhcpReply): Uint8Array {
  const encoded = [
    ...optionBytes(DhcpOption.MESSAGE, Uint8Array.of(message)),
    ...optionBytes(DhcpOption.SERVER, addressBytes(server)),
    ...options.flatMap(([option, value]) => optionBytes(option, valueBytes(value))),
    END,
  ];
  const bytes = new Uint8Array(Math.max(LEAST_BYTES, Field.OPTIONS + encoded.length));
  const view = new DataView(bytes.buffer);
  view.setUint8(Field.OPERATION, REPLY);
  view.setUint8(Field.HARDWARE, ETHERNET);
  view.setUint8(Field.HARDWARE_LENGTH, MAC_BYTES);
  view.setUint32(Field.TRANSACTION, request.transaction);
  view.setUint16(Field.FLAGS, request.flags);
  putAddress(view, Field.CLIENT_ADDRESS, request.clientAddress);
  putAddress(view, Field.YOUR_ADDRESS, address);
  putAddress(view, Field.SERVER_ADDRESS, server);
  bytes.set(request.mac, Field.CLIENT_MAC);
  view.setUint32(Field.COOKIE, COOKIE);
  bytes.set(encoded, Field.OPTIONS);
  return bytes;
}

function optionBytes(option: number, value: Uint8Array): number[] {
  return [option, value.length, ...value];
}

function valueBytes(value: DhcpOptionValue[1]): Uint8Array {
  if (typeof value === "string") return new TextEncoder().encode(value);
  return typeof value === "number" ? wordBytes(value) : addressBytes(value);
}

function wordBytes(word: number): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, word);
  return bytes;
}
