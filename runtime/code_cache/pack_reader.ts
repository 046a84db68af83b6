/** Reads the numbers, names and lists of a pack, and never beyond its end. */

const GROUP_BITS = 7;
const GROUP_MASK = 0x7f;
const MORE = 0x80;
const SIGN_OF_GROUP = 0x40;
const NUMBER_BITS = 32;

/** The bytes are not what a pack is made of. */
export class PackDamage extends Error {
  /** Name of the error class. */
  override readonly name = "PackDamage";
}

/** See the header of this file. */
export class PackReader {
  readonly #bytes: Uint8Array;
  #position = 0;

  /** Reads these bytes from their start. */
  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  #byte(): number {
    if (this.#position >= this.#bytes.length) throw new PackDamage("it ends too early");
    return this.#bytes[this.#position++];
  }

  /** An unsigned number of at most 32 bits. */
  unsigned(): number {
    let value = 0;
    for (let shift = 0; shift < NUMBER_BITS; shift += GROUP_BITS) {
      const byte = this.#byte();
      value |= (byte & GROUP_MASK) << shift;
      if (byte < MORE) return value >>> 0;
    }
    throw new PackDamage("a number is too long");
  }

  /** A signed number of at most 32 bits. */
  signed(): number {
    let value = 0;
    for (let shift = 0; shift < NUMBER_BITS; shift += GROUP_BITS) {
      const byte = this.#byte();
      value |= (byte & GROUP_MASK) << shift;
      if (byte >= MORE) continue;
      const isNegative = (byte & SIGN_OF_GROUP) !== 0 && shift + GROUP_BITS < NUMBER_BITS;
      return isNegative ? value | (-1 << (shift + GROUP_BITS)) : value;
    }
    throw new PackDamage("a number is too long");
  }

  /** Bytes behind their number. */
  counted(): Uint8Array {
    const length = this.unsigned();
    const start = this.#position;
    if (length > this.#bytes.length - start) throw new PackDamage("it ends too early");
    this.#position += length;
    return this.#bytes.subarray(start, this.#position);
  }

  /** A name. */
  name(): string {
    return new TextDecoder().decode(this.counted());
  }

  /** Items behind their number. */
  list<Item>(read: () => Item): Item[] {
    const items: Item[] = [];
    for (let left = this.unsigned(); left > 0; left--) items.push(read());
    return items;
  }

  /** One of a list. */
  oneOf<Item>(items: readonly Item[], index: number): Item {
    if (index >= items.length) throw new PackDamage("it names what is not there");
    return items[index];
  }
}
