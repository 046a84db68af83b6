/**
 * A map whose keys are looked up by what they are and not by which object they are, for keys of some numbers: a text made
 * of them for each packet would be memory that is filled and collected.
 *
 * Keys with the same hash are in one chain. Whoever chooses keys so that one chain gets long waits for its own packets: how
 * many keys there are is bounded by those who put them in.
 */

/** What makes a kind of keys. */
export interface KeyKind<Key> {
  /** A number of up to 30 bits that is the same for the same keys. */
  readonly hash: (key: Key) => number;
  /** Are they the same? */
  readonly isSame: (a: Key, b: Key) => boolean;
}

interface Entry<Key, Value> {
  readonly key: Key;
  value: Value;
}

const HASH_BITS_MASK = 0x3fff_ffff;
const MULTIPLIER = 0x9e37_79b1;

/** One more number in a hash. */
export function mixHash(hash: number, word: number): number {
  const mixed = Math.imul(hash ^ word, MULTIPLIER);
  return mixed ^ (mixed >>> 15);
}

/** See the header of this file. Its order is that in which keys came. */
export class ValueMap<Key, Value> {
  readonly #kind: KeyKind<Key>;
  readonly #chains = new Map<number, Entry<Key, Value>[]>();
  readonly #entries = new Set<Entry<Key, Value>>();

  /** An empty map. */
  constructor(kind: KeyKind<Key>) {
    this.#kind = kind;
  }

  /** How many keys there are. */
  get size(): number {
    return this.#entries.size;
  }

  /** The key that came first. */
  get oldest(): Key | undefined {
    for (const { key } of this.#entries) return key;
    return undefined;
  }

  /** What belongs to a key. */
  get(key: Key): Value | undefined {
    return this.#find(key)?.value;
  }

  /** Is there such a key? */
  has(key: Key): boolean {
    return this.#find(key) !== undefined;
  }

  /** Sets what belongs to a key. */
  set(key: Key, value: Value): void {
    const found = this.#find(key);
    if (found !== undefined) {
      found.value = value;
      return;
    }
    const entry = { key, value };
    const hash = this.#hash(key);
    const chain = this.#chains.get(hash);
    if (chain === undefined) this.#chains.set(hash, [entry]);
    else chain.push(entry);
    this.#entries.add(entry);
  }

  /** Forgets a key. */
  delete(key: Key): void {
    const hash = this.#hash(key);
    const chain = this.#chains.get(hash) ?? [];
    const index = chain.findIndex((entry) => this.#kind.isSame(entry.key, key));
    if (index < 0) return;
    for (const entry of chain.splice(index, 1)) this.#entries.delete(entry);
    if (chain.length === 0) this.#chains.delete(hash);
  }

  /** All values, oldest key first; the map may be changed meanwhile. */
  values(): Value[] {
    return Array.from(this.#entries, ({ value }) => value);
  }

  #hash(key: Key): number {
    return this.#kind.hash(key) & HASH_BITS_MASK;
  }

  #find(key: Key): Entry<Key, Value> | undefined {
    const chain = this.#chains.get(this.#hash(key));
    if (chain === undefined) return undefined;
    for (const entry of chain) {
      if (this.#kind.isSame(entry.key, key)) return entry;
    }
    return undefined;
  }
}
