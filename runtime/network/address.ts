/** Addresses of version 4 of the Internet Protocol and of Ethernet: as text, as numbers, and ranges of them. */

/** Bytes of an Ethernet address. */
export const MAC_BYTES = 6;
/** Everyone on an Ethernet. */
export const BROADCAST_MAC: Readonly<Uint8Array> = new Uint8Array(MAC_BYTES).fill(0xff);
/** Everyone on the link. */
export const BROADCAST = 0xffff_ffff;
/** Nobody. */
export const UNSPECIFIED = 0;

const BITS = 32;
const MAX_PORT = 0xffff;

/** The address that a text like `10.0.2.2` stands for, as an unsigned number. */
export function parseAddress(text: string): number | undefined {
  const match = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(text);
  if (match === null) return undefined;
  const bytes = match.slice(1).map(Number);
  if (bytes.some((byte) => byte > 255)) return undefined;
  return bytes.reduce((address, byte) => address * 256 + byte, 0);
}

/** An address as text. */
export function addressText(address: number): string {
  return [24, 16, 8, 0].map((shift) => (address >>> shift) & 0xff).join(".");
}

/** A port that a text names, without 0. */
export function parsePort(text: string): number | undefined {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  return port >= 1 && port <= MAX_PORT ? port : undefined;
}

/** Addresses that begin with the same bits. */
export interface AddressRange {
  /** The lowest one. */
  readonly base: number;
  /** How many bits they share. */
  readonly bits: number;
}

/** The range that a text like `10.0.2.0/24` stands for; without bits it is one address. */
export function parseRange(text: string): AddressRange | undefined {
  const [head, tail, more] = text.split("/");
  const address = parseAddress(head);
  if (address === undefined || more !== undefined) return undefined;
  if (tail === undefined) return { base: address, bits: BITS };
  const bits = /^\d{1,2}$/.test(tail) ? Number(tail) : BITS + 1;
  if (bits > BITS) return undefined;
  return { base: (address & maskOf(bits)) >>> 0, bits };
}

/** Is the address one of the range? */
export function isInRange({ base, bits }: AddressRange, address: number): boolean {
  return ((address & maskOf(bits)) >>> 0) === base;
}

/** The mask of a range with so many bits. */
export function maskOf(bits: number): number {
  return bits === 0 ? 0 : (-1 << (BITS - bits)) >>> 0;
}

/** The highest address of a range, which is everyone in it. */
export function lastOf({ base, bits }: AddressRange): number {
  return (base | ~maskOf(bits)) >>> 0;
}

/** The Ethernet address that a text like `52:54:00:12:34:56` stands for. */
export function parseMac(text: string): Uint8Array<ArrayBuffer> | undefined {
  if (!/^[0-9a-f]{1,2}([:-][0-9a-f]{1,2}){5}$/i.test(text)) return undefined;
  return Uint8Array.from(text.split(/[:-]/), (byte) => parseInt(byte, 16));
}

/** An Ethernet address as text. */
export function macText(mac: Readonly<Uint8Array>): string {
  return Array.from(mac, (byte) => byte.toString(16).padStart(2, "0")).join(":");
}

/** Is it the address of one station, and of a real one? */
export function isStation(mac: Readonly<Uint8Array>): boolean {
  return (mac[0] & 1) === 0 && mac.some((byte) => byte !== 0);
}

/** Are two Ethernet addresses the same? */
export function isSameStation(a: Readonly<Uint8Array>, b: Readonly<Uint8Array>): boolean {
  return a.every((byte, index) => byte === b[index]);
}
