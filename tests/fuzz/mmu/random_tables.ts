/** Page tables of random entries, shared by a few address spaces, which may be of different schemes. */
import type { SeededRandom } from "../../differential/seeded_random.ts";
import {
  ANCHOR_INDEX,
  Entry,
  Frame,
  frameAddress,
  frameNumber,
  ROOT_FRAMES,
  Scheme,
} from "./mmu_layout.ts";

const WORD_BYTES = 8;
const SPACES = 3;
const SCHEMES = ["sv39", "sv39", "sv48", "sv57"] as const;
type SchemeName = typeof SCHEMES[number];
const MODE_SHIFT = 60n;
const SPACE_SHIFT = 44n;
/** Indices of random entries in levels above the pages. */
export const UPPER_INDICES: readonly number[] = [0, 1, 4, 511];
const MIDDLE_INDICES: readonly number[] = [0, 1, 2];
/** Low bits of the number of sixteen contiguous pages. */
const CONTIGUOUS_ORDER = 8n;
const NOWHERE_NUMBER = 0x5_0000n;
const RESERVED_SHIFT = 54n;

/** An address space. */
export interface AddressSpace {
  /** Value of the register that chooses it. */
  readonly satp: bigint;
  /** Levels of its tables. */
  readonly levels: number;
}

/** See the header of this file. */
export class RandomTables {
  readonly #random: SeededRandom;
  /** The address spaces. */
  readonly spaces: AddressSpace[] = [];
  /** All entries: address and value. */
  readonly entries: (readonly [bigint, bigint])[] = [];
  /** Is any page global? Then address spaces differ in what they should have in common. */
  readonly usesGlobal: boolean;
  /** The scheme of all address spaces, or null when each has one of its own. */
  readonly #scheme: SchemeName | null;

  /** Empty tables. */
  constructor(random: SeededRandom) {
    this.#random = random;
    this.usesGlobal = random.chance(35);
    this.#scheme = random.chance(70) ? random.pick(SCHEMES) : null;
  }

  /** Fills tables with random entries, some for pages, some for what lies above, and roots over them. */
  fill(): void {
    this.#tables();
    for (let id = 0; id < SPACES; id++) this.#space(id);
  }

  #tables(): void {
    for (let frame = Frame.TABLES; frame < Frame.DATA; frame++) {
      const isLeaves = frame % 2 === 0;
      const indices = isLeaves
        ? Array.from({ length: Frame.LIMIT - Frame.DATA }, (_, i) => Frame.DATA + i)
        : [...MIDDLE_INDICES, ...UPPER_INDICES];
      for (const index of indices) this.#put(frame, index, this.entry(isLeaves));
    }
  }

  #put(frame: number, index: number, value: bigint): void {
    this.entries.push([frameAddress(frame) + BigInt(index * WORD_BYTES), value]);
  }

  #space(id: number): void {
    const random = this.#random;
    const { mode, levels } = Scheme[this.#scheme ?? random.pick(SCHEMES)];
    const first = Frame.ROOTS + id * ROOT_FRAMES;
    for (let level = levels - 1; level >= 2; level--) {
      const frame = first + levels - 1 - level;
      for (const index of UPPER_INDICES) this.#put(frame, index, this.entry(false));
      const next = level === 2 ? Frame.ANCHOR : frame + 1;
      this.#put(frame, level === 2 ? ANCHOR_INDEX : 0, pointer(next));
    }
    const satp = (mode << MODE_SHIFT) | (BigInt(id + 1) << SPACE_SHIFT) | frameNumber(first);
    this.spaces.push({ satp, levels });
  }

  /** An entry: mostly a pointer to a table, or a leaf, that makes sense. */
  entry(isLeaf: boolean): bigint {
    const random = this.#random;
    if (random.chance(4)) {
      const any = (BigInt(random.word()) << 32n) | BigInt(random.word());
      return this.usesGlobal ? any : any & ~Entry.GLOBAL;
    }
    const reserved = random.chance(2)
      ? 1n << BigInt(random.between(Number(RESERVED_SHIFT), 60))
      : 0n;
    const valid = random.chance(5) ? 0n : Entry.VALID;
    if (!isLeaf && random.chance(65)) {
      return pointer(random.between(Frame.TABLES, Frame.DATA - 1)) & ~Entry.VALID | valid |
        reserved;
    }
    const rights = random.pick([
      Entry.READ | Entry.WRITE | Entry.EXECUTE,
      Entry.READ | Entry.WRITE | Entry.EXECUTE,
      Entry.READ | Entry.WRITE,
      Entry.READ | Entry.WRITE | Entry.EXECUTE,
      Entry.READ | Entry.WRITE | Entry.EXECUTE,
      Entry.READ | Entry.WRITE | Entry.EXECUTE,
      Entry.READ,
      Entry.EXECUTE,
      Entry.READ | Entry.EXECUTE,
      Entry.WRITE,
    ]);
    const global = this.usesGlobal && random.chance(6) ? Entry.GLOBAL : 0n;
    const flags = rights | global | (random.chance(45) ? Entry.USER : 0n) |
      (random.chance(80) ? Entry.ACCESSED : 0n) | (random.chance(75) ? Entry.DIRTY : 0n) |
      (BigInt(random.below(4)) << 8n);
    const type = random.chance(8) ? BigInt(random.between(1, 3)) << Entry.TYPE_SHIFT : 0n;
    return this.#number(isLeaf) | flags | valid | reserved | type;
  }

  /** Page number of a leaf in its place: mostly RAM, as the table's level is meant to be. */
  #number(isLeaf: boolean): bigint {
    const random = this.#random;
    const placed = (number: bigint): bigint => number << Entry.NUMBER_SHIFT;
    if (random.chance(3)) return placed(NOWHERE_NUMBER);
    if (!isLeaf) {
      return placed(random.chance(90) ? frameNumber(0) : frameNumber(random.below(Frame.LIMIT)));
    }
    if (random.chance(12)) {
      const order = random.chance(85) ? CONTIGUOUS_ORDER : BigInt(random.below(16));
      return placed(frameNumber(Frame.DATA) | order) | Entry.CONTIGUOUS;
    }
    return placed(frameNumber(random.between(Frame.DATA, Frame.LIMIT - 1)));
  }
}

/** An entry that points to a table. */
function pointer(frame: number): bigint {
  return (frameNumber(frame) << Entry.NUMBER_SHIFT) | Entry.VALID;
}
