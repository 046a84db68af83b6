/**
 * Random scripts: a few address spaces of different schemes over shared tables of random entries, and steps that
 * change tables and registers between accesses. The model runs along, so that fences are as narrow as they may
 * be and what was overwritten is not executed.
 */
import { Feature, featureMask } from "../../../frontend/riscv/privileged/features.ts";
import { SeededRandom } from "../../differential/seeded_random.ts";
import { scriptImage } from "./mmu_image.ts";
import { Entry, FetchTarget, Frame, frameAddress, frameNumber, PAGE_BYTES } from "./mmu_layout.ts";
import { MmuModel, NoMeaning } from "./mmu_model.ts";
import type { Fence, MmuScript, MmuStep } from "./mmu_script.ts";
import { type AddressSpace, RandomTables, UPPER_INDICES } from "./random_tables.ts";
import { STUB_NAMES } from "./stubs.ts";
import { pagesAround } from "./touched_pages.ts";

const MOST_STEPS = 120;
const TRIES = 60;
/** A leaf that few accesses fail at. */
const EASY_LEAF = Entry.VALID | Entry.READ | Entry.WRITE | Entry.ACCESSED | Entry.DIRTY;
const ADDRESSES = 20;
const OTHER_ADDRESSES = 5;
const CANDIDATES = 150;
const ADDRESS_MIDDLES: readonly number[] = [0, 0, 0, 1, 2];
/** Bits of an address that one level of tables takes. */
const INDEX_BITS = 9;
const RESERVED_SHIFT = 54n;
const RESERVED_RANGE = 1n << 7n;
const NAPOT = 0x18;
const TOR = 0x08;
/** Rights that protection may give: writing without reading is reserved. */
const RIGHTS: readonly number[] = [0, 1, 3, 4, 5, 7, 7, 7];

class ScriptGenerator {
  readonly #random: SeededRandom;
  readonly #seed: number;
  readonly #tables: RandomTables;
  readonly #addresses: bigint[] = [];
  #current: AddressSpace | null = null;
  /** Steps that come next, last first. */
  readonly #planned: MmuStep[] = [];

  constructor(seed: number) {
    this.#seed = seed;
    this.#random = new SeededRandom(seed);
    this.#tables = new RandomTables(this.#random);
  }

  generate(): MmuScript {
    const random = this.#random;
    const updating = random.pick([[], [Feature.SVADE], [Feature.SVADU]]);
    const features = featureMask(
      Feature.SV57,
      Feature.PMP,
      Feature.SVNAPOT,
      Feature.SVPBMT,
      ...updating,
    );
    this.#tables.fill();
    const { entries } = this.#tables;
    const spaces = this.#tables.spaces.map(({ satp }) => satp);
    const empty = { seed: this.#seed, features, spaces, entries, steps: [] };
    this.#chooseAddresses(new MmuModel(scriptImage(empty), empty, []));
    const around = this.#addresses.flatMap((
      address,
    ) => [address, address + BigInt(PAGE_BYTES - 1)]);
    const model = new MmuModel(scriptImage(empty), empty, pagesAround(around));
    const steps: MmuStep[] = [];
    const count = random.between(20, MOST_STEPS);
    for (let i = 0; i < count; i++) steps.push(...settled(model, this.#step(model), random));
    return { ...empty, steps };
  }

  // --- steps ----------------------------------------------------------------------------------------

  #address(): bigint {
    const random = this.#random;
    const index = (indices: readonly number[]): bigint => BigInt(random.pick(indices));
    const page = BigInt(random.between(Frame.DATA, Frame.LIMIT - 1));
    const low = (index(UPPER_INDICES) << 18n) | (index(ADDRESS_MIDDLES) << 9n) | page;
    const high = random.chance(75)
      ? 0n
      : (index(UPPER_INDICES) << 36n) | (index(UPPER_INDICES) << 27n);
    const isUpperHalf = ((low >> 26n) & 1n) === 1n;
    const extended = high === 0n && isUpperHalf ? BigInt.asUintN(52, -1n << 27n) | low : high | low;
    const address = extended << 12n;
    return BigInt.asUintN(64, random.chance(97) ? address : address | (1n << 62n));
  }

  /** Mostly pages that an address space maps at first, and any others. */
  #chooseAddresses(model: MmuModel): void {
    const candidates = Array.from({ length: CANDIDATES }, () => this.#address());
    const easy = candidates.filter((page) =>
      this.#tables.spaces.some(({ satp, levels }) => isEasy(model.leafOf(satp, page), page, levels))
    );
    this.#addresses.push(...easy.slice(0, ADDRESSES), ...candidates.slice(0, OTHER_ADDRESSES));
  }

  #offset(stub: string): bigint {
    const random = this.#random;
    if (stub === "fetch") {
      return BigInt(random.pick([FetchTarget.INSIDE, FetchTarget.INSIDE, FetchTarget.STRADDLING]));
    }
    const roll = random.below(10);
    if (roll < 1) return BigInt(PAGE_BYTES - random.between(1, 12));
    const aligned = random.between(0x208, PAGE_BYTES - 0x48) & ~7;
    return BigInt(roll < 8 ? aligned : aligned + random.below(8));
  }

  /** A page to access: mostly one that is mapped. */
  #page(model: MmuModel): { page: bigint; leaf: bigint | null } {
    const random = this.#random;
    if (this.#current === null) {
      return { page: frameAddress(random.between(Frame.DATA, Frame.LIMIT - 1)), leaf: null };
    }
    const { satp, levels } = this.#current;
    const wantsEasy = random.chance(75);
    for (let time = 0;; time++) {
      const page = random.pick(this.#addresses);
      const leaf = model.leafOf(satp, page);
      if (!wantsEasy || time > TRIES || isEasy(leaf, page, levels)) return { page, leaf };
    }
  }

  #access(model: MmuModel): MmuStep {
    const { page, leaf } = this.#page(model);
    return this.#accessTo(page, leaf);
  }

  #accessTo(page: bigint, leaf: bigint | null): MmuStep {
    const random = this.#random;
    const stub = random.pick(STUB_NAMES);
    const modifies = stub !== "fetch" && random.chance(10);
    const isUsers = leaf !== null && (leaf & Entry.USER) !== 0n;
    const isAllowed = random.chance(85);
    return {
      kind: "access",
      stub,
      privilege: isAllowed === isUsers ? "user" : "supervisor",
      sum: random.chance(50),
      mxr: random.chance(30),
      modifies,
      address: page + this.#offset(stub),
      value: BigInt.asUintN(64, random.register()),
    };
  }

  #step(model: MmuModel): MmuStep {
    const random = this.#random;
    const planned = this.#planned.pop();
    if (planned !== undefined) return planned;
    const roll = random.below(100);
    if (this.#current === null && roll < 60 || roll < 12) return this.#chooseSpace();
    if (roll < 28) return this.#changeEntry();
    if (roll < 32) return this.#protect();
    if (roll < 34) {
      return { kind: "environment", updates: random.chance(50), types: random.chance(80) };
    }
    if (roll < 42) return this.#changeLargePage(model);
    return this.#access(model);
  }

  /**
   * An access to a large page, a change of its entry with a fence of another address in it, and the same access
   * again; another access where there is no large page.
   */
  #changeLargePage(model: MmuModel): MmuStep {
    const random = this.#random;
    const space = this.#current;
    const known = new Set(this.#tables.entries.map(([address]) => address));
    const large = this.#addresses.flatMap((page) => {
      if (space === null || !isCanonical(page, space.levels)) return [];
      const { path, leaf, level } = model.mappingOf(space.satp, page);
      const entry = path[path.length - 1];
      return leaf === null || level === 0 || !known.has(entry)
        ? []
        : [{ page, leaf, level, entry }];
    });
    if (large.length === 0) return this.#access(model);
    const { page, leaf, level, entry } = random.pick(large);
    const access = this.#accessTo(page, leaf);
    const size = BigInt(PAGE_BYTES) << BigInt(INDEX_BITS * level);
    const inside = BigInt(random.below(PAGE_BYTES)) * BigInt(random.below(PAGE_BYTES));
    const fence: Fence = { address: (page & -size) + inside % size, space: null };
    const value = random.pick([leaf & ~Entry.VALID, leaf ^ Entry.USER, leaf ^ Entry.WRITE]);
    this.#planned.push(access, { kind: "entry", address: entry, value, fence });
    return access;
  }

  #chooseSpace(): MmuStep {
    const random = this.#random;
    this.#current = random.chance(8) ? null : random.pick(this.#tables.spaces);
    return {
      kind: "space",
      satp: this.#current?.satp ?? 0n,
      fence: random.chance(25) ? EVERYTHING : null,
    };
  }

  /** An entry that a page's translation may use, or any other; the fence is narrow where that is enough. */
  #changeEntry(): MmuStep {
    const random = this.#random;
    const [address] = random.pick(this.#tables.entries);
    const frame = Number(address / BigInt(PAGE_BYTES) - frameNumber(0));
    const isLeaves = frame >= Frame.TABLES && frame % 2 === 0;
    const near = random.pick(this.#addresses);
    const fence: Fence = {
      address: random.chance(70) ? near + BigInt(random.below(PAGE_BYTES)) : null,
      space: random.chance(40) ? BigInt(random.between(1, 3)) : null,
    };
    return { kind: "entry", address, value: this.#tables.entry(isLeaves), fence };
  }

  #protect(): MmuStep {
    const random = this.#random;
    const addresses = Array.from({ length: 3 }, () => {
      const frame = random.between(Frame.TABLES, Frame.LIMIT - 1);
      const base = frameAddress(frame) >> 2n;
      const size = random.pick([0x1ffn, 0x3ffn, 0xfffn, 0x7fffn]);
      return random.chance(60) ? (base & ~size) | size : base;
    });
    const configuration = addresses.reduce((sum, address, index) => {
      const matching = (address & 1n) === 1n ? NAPOT : random.pick([TOR, 0]);
      const rights = random.pick(RIGHTS);
      return sum | (BigInt(matching | rights) << BigInt(8 * index));
    }, 0n);
    return random.chance(55)
      ? { kind: "protection", addresses: [0n, 0n, 0n], configuration: 0n }
      : { kind: "protection", addresses, configuration };
  }
}

/** Do the bits above a scheme's addresses repeat the highest? */
function isCanonical(address: bigint, levels: number): boolean {
  return BigInt.asIntN(12 + 9 * levels, address) === BigInt.asIntN(64, address);
}

/** Is the page mapped by a leaf that few accesses fail at? */
function isEasy(leaf: bigint | null, page: bigint, levels: number): boolean {
  return leaf !== null && (leaf & EASY_LEAF) === EASY_LEAF &&
    (leaf >> RESERVED_SHIFT) % RESERVED_RANGE === 0n &&
    isCanonical(page, levels);
}

const EVERYTHING: Fence = { address: null, space: null };

const TRIED_FENCES: readonly ((fence: Fence) => Fence)[] = [
  (fence) => fence,
  ({ address }) => ({ address, space: null }),
  ({ space }) => ({ address: null, space }),
  () => EVERYTHING,
];

/** The step as it keeps its meaning: with a fence that is enough, or not at all. */
function settled(model: MmuModel, step: MmuStep, random: SeededRandom): MmuStep[] {
  let given = step;
  if (step.kind === "entry") {
    const { address, value, fence } = step;
    const fences = random.chance(15) ? TRIED_FENCES.slice(3) : TRIED_FENCES;
    const enough = fences.map((make) => make(fence)).find((each) =>
      model.isCovered(address, value, each)
    );
    given = { ...step, fence: enough ?? EVERYTHING };
  }
  if (step.kind === "space" && !model.agreesWithOthers(step.satp)) {
    given = { ...step, fence: EVERYTHING };
  }
  try {
    model.step(given);
    return [given];
  } catch (error) {
    if (error instanceof NoMeaning) return [];
    throw error;
  }
}

/** The script of a seed. */
export function generateScript(seed: number): MmuScript {
  return new ScriptGenerator(seed).generate();
}
