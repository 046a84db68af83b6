/** Addresses of Ethernet: as text, and as bytes. */

/** Bytes of an Ethernet address. */
export const MAC_BYTES = 6;
/** Everyone on an Ethernet. */
export const BROADCAST_MAC: Readonly<Uint8Array> = new Uint8Array(MAC_BYTES).fill(0xff);

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
