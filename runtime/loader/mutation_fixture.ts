/**
 * Damages files in repeatable ways, for tests of everything that reads files of users.
 *
 * A mutation changes what matters to readers: single bytes, whole fields to values at the edges of their
 * range, pieces that are repeated, moved or missing, and the length of the file.
 */

/** A source of numbers below a bound. */
export type Random = (bound: number) => number;

/** A repeatable source of numbers below a bound (xorshift, 32 bits). */
export function randomNumbers(seed: number): Random {
  let state = seed;
  return (bound) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % bound;
  };
}

const MOST_MUTATIONS = 6;
const EDGE_BYTES: readonly number[] = [0x00, 0x01, 0x7f, 0x80, 0xff];
const FIELD_BYTES: readonly number[] = [2, 4, 8];
const EDGE_FIELDS: readonly bigint[] = [
  0n,
  1n,
  0x7fn,
  0xffffn,
  0x7fff_ffffn,
  0x8000_0000n,
  0xffff_ffffn,
  0x1f_ffff_ffff_ffffn,
  0x7fff_ffff_ffff_ffffn,
  0xffff_ffff_ffff_ffffn,
];

/** One way to change bytes in place. */
type Mutation = (bytes: Uint8Array, random: Random) => void;

const MUTATIONS: readonly Mutation[] = [
  (bytes, random) => bytes[random(bytes.length)] = random(256),
  (bytes, random) => bytes[random(bytes.length)] = EDGE_BYTES[random(EDGE_BYTES.length)],
  (bytes, random) => bytes[random(bytes.length)] ^= 1 << random(8),
  setField,
  setField,
  (bytes, random) => {
    const start = random(bytes.length);
    bytes.copyWithin(random(bytes.length), start, start + random(64));
  },
  (bytes, random) => {
    const start = random(bytes.length);
    bytes.fill(EDGE_BYTES[random(EDGE_BYTES.length)], start, start + random(32));
  },
];

/** Readers of both byte orders see an edge value in one of the two. */
function setField(bytes: Uint8Array, random: Random): void {
  const length = FIELD_BYTES[random(FIELD_BYTES.length)];
  if (bytes.length < length) return;
  const offset = random(Math.floor(bytes.length / length)) * length;
  const value = EDGE_FIELDS[random(EDGE_FIELDS.length)] + BigInt(random(3)) - 1n;
  const field = new DataView(bytes.buffer, bytes.byteOffset + offset, length);
  const isLittleEndian = random(2) === 0;
  if (length === 2) field.setUint16(0, Number(BigInt.asUintN(16, value)), isLittleEndian);
  else if (length === 4) field.setUint32(0, Number(BigInt.asUintN(32, value)), isLittleEndian);
  else field.setBigUint64(0, BigInt.asUintN(64, value), isLittleEndian);
}

/** A damaged copy, sometimes cut short or with more behind it. */
export function damage(original: Uint8Array, random: Random): Uint8Array {
  const longer = random(8) === 0 ? random(64) : 0;
  const bytes = new Uint8Array(original.length + longer);
  bytes.set(original);
  for (let count = 1 + random(MOST_MUTATIONS); count > 0; count--) {
    MUTATIONS[random(MUTATIONS.length)](bytes, random);
  }
  return random(4) === 0 ? bytes.subarray(0, random(bytes.length + 1)) : bytes;
}
