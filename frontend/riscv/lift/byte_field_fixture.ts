/** Arithmetic of fields of 256 elements digit by digit, for tests of ciphers. */

const BYTES = 256;

/** Product of two polynomials over the field of two elements, reduced by a third one. */
export function fieldProduct(a: number, b: number, polynomial: number): number {
  let product = 0;
  for (let bit = 0; bit < 8; bit++) if ((b >> bit) & 1) product ^= a << bit;
  for (let bit = 14; bit >= 8; bit--) {
    if ((product >> bit) & 1) product ^= polynomial << (bit - 8);
  }
  return product;
}

/** Inverse; 0 for 0. */
export function fieldInverse(a: number, polynomial: number): number {
  for (let b = 0; b < BYTES; b++) if (fieldProduct(a, b, polynomial) === 1) return b;
  return 0;
}

/** A table of all bytes. */
export function byteTable(entry: (byte: number) => number): number[] {
  return Array.from({ length: BYTES }, (_, byte) => entry(byte));
}

/** Is the number of one bits odd? */
export function parity(bits: number): number {
  return bits.toString(2).replaceAll("0", "").length % 2;
}

/** Bytes of a value, the lowest one first. */
export function bytesOf(value: bigint, count: number): number[] {
  return Array.from({ length: count }, (_, i) => Number((value >> BigInt(8 * i)) & 0xffn));
}

/** The value of bytes, the lowest one first. */
export function fromBytes(bytes: readonly number[]): bigint {
  return bytes.reduceRight((value, byte) => (value << 8n) | BigInt(byte), 0n);
}
