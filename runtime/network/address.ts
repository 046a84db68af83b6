/**
 * Addresses of both versions of the Internet Protocol, as four words of 32 bits: what a packet is looked at for takes
 * neither text nor wide integers. Addresses are plain data, which settings carry to workers.
 *
 * An address of version 6 that has one of version 4 in it is another address: nothing here takes one for the other.
 */

/** The versions of the protocol. */
export type IpVersion = 4 | 6;
/** Both, the older one first. */
export const IP_VERSIONS: readonly IpVersion[] = [4, 6];

/** See the header of this file. */
export interface Address {
  /** Its version. */
  readonly version: IpVersion;
  /** Its first 32 bits; 0 in version 4. */
  readonly word0: number;
  /** The second ones; 0 in version 4. */
  readonly word1: number;
  /** The third ones; 0 in version 4. */
  readonly word2: number;
  /** The last ones; all of an address of version 4. */
  readonly word3: number;
}

/** Bits of an address. */
export const ADDRESS_BITS: Readonly<Record<IpVersion, number>> = { 4: 32, 6: 128 };
/** Bytes of one in a packet. */
export const ADDRESS_BYTES: Readonly<Record<IpVersion, number>> = { 4: 4, 6: 16 };
/** Nobody, and to a host that listens: all addresses that it has. */
export const UNSPECIFIED: Readonly<Record<IpVersion, Address>> = {
  4: ipv4Address(0),
  6: ipv6Address(0, 0, 0, 0),
};
/** Everyone on the link, in version 4. */
export const BROADCAST: Address = ipv4Address(0xffff_ffff);
/** The host itself, as it sees itself. */
export const LOOPBACK: Readonly<Record<IpVersion, Address>> = {
  4: ipv4Address(0x7f00_0001),
  6: ipv6Address(0, 0, 0, 1),
};

/** An address of version 4. */
export function ipv4Address(word: number): Address {
  return { version: 4, word0: 0, word1: 0, word2: 0, word3: word >>> 0 };
}

/** An address of version 6. */
export function ipv6Address(word0: number, word1: number, word2: number, word3: number): Address {
  return {
    version: 6,
    word0: word0 >>> 0,
    word1: word1 >>> 0,
    word2: word2 >>> 0,
    word3: word3 >>> 0,
  };
}

/** Are two addresses the same? */
export function isSameAddress(a: Address, b: Address): boolean {
  return a.word3 === b.word3 && a.word2 === b.word2 && a.word1 === b.word1 &&
    a.word0 === b.word0 && a.version === b.version;
}

/** Is it nobody's? */
export function isUnspecified(address: Address): boolean {
  return isSameAddress(address, UNSPECIFIED[address.version]);
}

/** The address so many behind another one, which has room for that in its last word. */
export function addressBehind(address: Address, count: number): Address {
  return { ...address, word3: (address.word3 + count) >>> 0 };
}

/** The address of a packet. */
export function readAddress(view: DataView, at: number, version: IpVersion): Address {
  return version === 4 ? ipv4Address(view.getUint32(at)) : ipv6Address(
    view.getUint32(at),
    view.getUint32(at + 4),
    view.getUint32(at + 8),
    view.getUint32(at + 12),
  );
}

/** Writes an address into a packet. */
export function putAddress(view: DataView, at: number, address: Address): void {
  if (address.version === 4) return view.setUint32(at, address.word3);
  view.setUint32(at, address.word0);
  view.setUint32(at + 4, address.word1);
  view.setUint32(at + 8, address.word2);
  view.setUint32(at + 12, address.word3);
}

/** An address as packets have it. */
export function addressBytes(address: Address): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(ADDRESS_BYTES[address.version]);
  putAddress(new DataView(bytes.buffer), 0, address);
  return bytes;
}
