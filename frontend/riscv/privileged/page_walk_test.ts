import { assert, assertEquals } from "@std/assert";
import * as fc from "fast-check";
import { FlatMemory } from "../../../ir/interpreter/memory.ts";
import type { MemoryWidth } from "../../../ir/types.ts";
import { AccessKind, WalkResult } from "../../frontend.ts";
import { Cause } from "./causes.ts";
import { Feature } from "./features.ts";
import { InterpretedHart } from "./interpreted_hart.ts";
import { type ModelResult, type ModelSituation, modelWalk } from "./page_walk_model.ts";
import { ALL_PERMISSIONS, PMP_ENTRIES } from "./physical_protection.ts";
import { modelProtection, type ProtectionEntry } from "./physical_protection_model.ts";
import { WALK } from "./signatures.ts";
import { MmuIndex } from "./translation_mode.ts";

const RAM_BASE = 0x8000_0000n;
const FRAMES = 8;
const FRAME_BYTES = 4096;
const V = 1n, R = 2n, W = 4n, X = 8n, U = 0x10n, G = 0x20n, A = 0x40n, D = 0x80n;
/** What a walk without tables gives: every permission, alike in all address spaces. */
const IDENTITY = 0xfn;
const SV39 = 8n;

const ACCESSES = ["load", "store", "fetch"] as const;
const ACCESS_KINDS = {
  load: AccessKind.LOAD,
  store: AccessKind.STORE,
  fetch: AccessKind.FETCH,
} as const;
const CAUSES = {
  page: {
    load: Cause.LOAD_PAGE_FAULT,
    store: Cause.STORE_PAGE_FAULT,
    fetch: Cause.INSTRUCTION_PAGE_FAULT,
  },
  access: {
    load: Cause.LOAD_ACCESS_FAULT,
    store: Cause.STORE_ACCESS_FAULT,
    fetch: Cause.INSTRUCTION_ACCESS_FAULT,
  },
} as const;

type Mode = Pick<ModelSituation, "mode" | "sum" | "mxr">;

const MMU_MODES: readonly (Mode & { readonly mmu: number })[] = [
  { mmu: MmuIndex.USER, mode: "user", sum: false, mxr: false },
  { mmu: MmuIndex.SUPERVISOR, mode: "supervisor", sum: false, mxr: false },
  { mmu: MmuIndex.SUPERVISOR_USER, mode: "supervisor", sum: true, mxr: false },
  { mmu: MmuIndex.USER_EXECUTABLE, mode: "user", sum: false, mxr: true },
  { mmu: MmuIndex.SUPERVISOR_USER_EXECUTABLE, mode: "supervisor", sum: true, mxr: true },
  { mmu: MmuIndex.SUPERVISOR_EXECUTABLE, mode: "supervisor", sum: false, mxr: true },
];

/** Reproducible random numbers from a seed (a Lehmer generator). */
class Random {
  #state: bigint;

  constructor(seed: number) {
    this.#state = (BigInt(seed >>> 0) << 1n) | 1n;
  }

  /** Uniform below `limit`. */
  below(limit: number): number {
    this.#state = BigInt.asUintN(96, this.#state * 0xda942042e4dd58b5n);
    return Number((this.#state >> 64n) % BigInt(limit));
  }

  /** True once in `times`. */
  onceIn(times: number): boolean {
    return this.below(times) === 0;
  }

  /** One of the values. */
  pick<T>(values: readonly T[]): T {
    return values[this.below(values.length)];
  }

  /** An integer of up to 64 random bits. */
  bits(count: number): bigint {
    this.below(1);
    return BigInt.asUintN(count, this.#state >> 32n);
  }
}

function frameNumber(index: number): bigint {
  return RAM_BASE / BigInt(FRAME_BYTES) + BigInt(index);
}

/** Now and then one of a contiguous group, mostly in the one legal way. */
function randomGroup(random: Random): bigint {
  if (!random.onceIn(6)) return 0n;
  return (1n << 63n) | (random.onceIn(4) ? 0n : 8n << 10n);
}

function randomType(random: Random): bigint {
  return random.onceIn(8) ? BigInt(random.below(4)) << 61n : 0n;
}

/** Mostly sound entries: pointers into RAM and leaves; now and then anything. */
function randomEntry(random: Random): bigint {
  if (random.onceIn(40)) return random.bits(64);
  const reserved = random.onceIn(40) ? 1n << BigInt(54 + random.below(10)) : 0n;
  const valid = random.onceIn(30) ? 0n : V;
  const inRam = frameNumber(random.below(FRAMES)) << 10n;
  if (random.onceIn(2)) {
    const stray = random.onceIn(20) ? random.pick([U, G, A, D, 1n << 61n, 1n << 63n]) : 0n;
    const outside = random.onceIn(30) ? random.bits(44) << 10n : inRam;
    return reserved | outside | stray | valid;
  }
  const aligned = random.bits(44) & ~((1n << BigInt(9 * random.below(5))) - 1n);
  const page = random.pick([aligned << 10n, inRam, frameNumber(0) << 10n]);
  const flags = random.pick([R, R | W, R | W, X, R | X, R | W | X, R | W | X, W, W | X]);
  const mode = random.pick([0n, U]) | random.pick([0n, A, A | D, A | D, A | D, D]) |
    (random.onceIn(5) ? G : 0n);
  return reserved | page | flags | mode | valid | randomGroup(random) | randomType(random);
}

function randomMemory(random: Random): FlatMemory {
  const memory = new FlatMemory(FRAMES * FRAME_BYTES, RAM_BASE);
  const view = new DataView(memory.bytes.buffer);
  for (let offset = 0; offset < memory.bytes.length; offset += 8) {
    view.setBigUint64(offset, randomEntry(random), true);
  }
  return memory;
}

function randomProtection(random: Random): ProtectionEntry[] {
  const config = (): number => random.pick([0x18, 0x19, 0x19, 0x1b, 0x1c, 0x1f]);
  return Array.from({ length: PMP_ENTRIES }, (_, i): ProtectionEntry => {
    if (i === PMP_ENTRIES - 1) return { config: 0x1f, address: (1n << 54n) - 1n };
    if (!random.onceIn(3)) return { config: 0, address: 0n };
    const frame = frameNumber(random.below(FRAMES)) << 10n;
    return { config: config(), address: frame | ((1n << BigInt(9 + random.below(3))) - 1n) };
  });
}

function describe(result: ModelResult, access: typeof ACCESSES[number]): bigint {
  if ("fault" in result) return -1n - BigInt(CAUSES[result.fault][access]);
  const { page, permissions, level, shared } = result;
  const flags = permissions | (shared ? WalkResult.SHARED : 0) | level << WalkResult.LEVEL_SHIFT;
  return page | BigInt(flags);
}

/** Memory as the model sees it. */
function modelMemory(bytes: Uint8Array): Pick<ModelSituation, "read" | "write"> {
  const view = new DataView(bytes.buffer);
  const offsetOf = (address: bigint): number | undefined => {
    const offset = address - RAM_BASE;
    return offset < 0n || offset >= BigInt(bytes.length) ? undefined : Number(offset);
  };
  return {
    read: (address) => {
      const offset = offsetOf(address);
      return offset === undefined ? undefined : view.getBigUint64(offset, true);
    },
    write: (address, value) => view.setBigUint64(offsetOf(address) ?? -1, value, true),
  };
}

/** Accessed and dirty bits: features, `menvcfg`, and who sets the bits. */
const UPDATE_CHOICES = [
  { features: [], menvcfg: 0n, updates: true },
  { features: [Feature.SVADE], menvcfg: 0n, updates: false },
  { features: [Feature.SVADU], menvcfg: 0n, updates: false },
  { features: [Feature.SVADU], menvcfg: 1n << 61n, updates: true },
  { features: [Feature.SVADU, Feature.SVADE], menvcfg: 1n << 61n, updates: true },
  { features: [Feature.SVADU, Feature.SVADE], menvcfg: 0n, updates: false },
] as const;

function randomAddress(random: Random, levels: number): bigint {
  const bits = 12 + 9 * levels;
  return random.onceIn(40) ? random.bits(64) : BigInt.asIntN(bits, random.bits(bits));
}

/** Many walks over one random memory; gives a name for each result to count kinds by. */
function compareWalks(seed: number, walks: number, kinds: Set<string>): void {
  const random = new Random(seed);
  const memory = randomMemory(random);
  const reference = memory.bytes.slice();
  const entries = random.onceIn(2) ? randomProtection(random) : null;
  const choice = random.pick(UPDATE_CHOICES);
  const [contiguous, types] = [random.onceIn(2), random.onceIn(2)];
  const features = [
    ...choice.features,
    ...(entries === null ? [] : [Feature.PMP]),
    ...(contiguous ? [Feature.SVNAPOT] : []),
  ];
  const hart = new InterpretedHart({ features, memory });
  hart.write("menvcfg", choice.menvcfg | (types ? 1n << 62n : 0n));
  entries?.forEach(({ config, address }, i) => {
    hart.write("pmpaddr", address, i);
    const register = i >> 3;
    const shift = BigInt(8 * (i & 7));
    hart.write("pmpcfg", hart.read("pmpcfg", register) | BigInt(config) << shift, register);
  });
  const protection = (address: bigint): number =>
    entries === null ? ALL_PERMISSIONS : modelProtection(entries, address, false);
  for (let i = 0; i < walks; i++) {
    const scheme = random.pick([8, 8, 9, 10]);
    const satp = (BigInt(scheme) << 60n) | frameNumber(random.below(FRAMES));
    const virtual = randomAddress(random, scheme - 5);
    const access = random.pick(ACCESSES);
    const { mmu, ...mode } = random.pick(MMU_MODES);
    hart.write("satp", satp);
    const result = modelWalk({
      ...{ satp, virtual, access, ...mode, updates: choice.updates, contiguous, types, protection },
      ...modelMemory(reference),
    });
    const given = hart.call(WALK, virtual, ACCESS_KINDS[access], mmu);
    const text = `seed ${seed}, walk ${i}: ${access} 0x${BigInt.asUintN(64, virtual).toString(16)}`;
    assertEquals(given, describe(result, access), text);
    kinds.add("fault" in result ? `${result.fault} ${access}` : `leaf ${result.level} ${access}`);
    if (!("fault" in result) && result.shared) kinds.add(`shared ${access}`);
    if (!("fault" in result) && protection(result.page) !== ALL_PERMISSIONS) kinds.add("limited");
  }
  assertEquals(memory.bytes, reference);
}

Deno.test("walk agrees with the manual's steps over random page tables", () => {
  const kinds = new Set<string>();
  fc.assert(
    fc.property(fc.integer(), (seed) => compareWalks(seed, 250, kinds)),
    { numRuns: 120, endOnFailure: true },
  );
  const expected = ["page", "access", "shared", "leaf 0", "leaf 1", "leaf 2", "leaf 3"]
    .flatMap((kind) => ACCESSES.map((access) => `${kind} ${access}`));
  for (const kind of [...expected, "limited"]) assert(kinds.has(kind), `never seen: ${kind}`);
});

// --- single cases ---------------------------------------------------------------------------------------

/** Memory with one three-level path: root frame 0, then 1, then 2 whose entry 0 is the leaf. */
function pathMemory(leaf: bigint): FlatMemory {
  const memory = new FlatMemory(FRAMES * FRAME_BYTES, RAM_BASE);
  const view = new DataView(memory.bytes.buffer);
  view.setBigUint64(0, (frameNumber(1) << 10n) | V, true);
  view.setBigUint64(FRAME_BYTES, (frameNumber(2) << 10n) | V, true);
  view.setBigUint64(LEAF_OFFSET, leaf, true);
  return memory;
}

const LEAF_OFFSET = 2 * FRAME_BYTES;
const TARGET = 0x1234_5000n;

function leafOf(memory: FlatMemory): bigint {
  return new DataView(memory.bytes.buffer).getBigUint64(LEAF_OFFSET, true);
}

function hartOver(memory: FlatMemory, features: readonly number[] = []): InterpretedHart {
  const hart = new InterpretedHart({ features, memory });
  hart.write("satp", (SV39 << 60n) | frameNumber(0));
  return hart;
}

function leaf(flags: bigint): bigint {
  return ((TARGET >> 12n) << 10n) | flags;
}

Deno.test("a load of a clean page does not report it as writable; a store dirties it", () => {
  const memory = pathMemory(leaf(V | R | W));
  const hart = hartOver(memory);
  const walk = (access: number): bigint => hart.call(WALK, 0x123n, access, MmuIndex.SUPERVISOR);
  assertEquals(walk(AccessKind.LOAD), TARGET | 1n);
  assertEquals(leafOf(memory), leaf(V | R | W | A));
  assertEquals(walk(AccessKind.STORE), TARGET | 3n);
  assertEquals(leafOf(memory), leaf(V | R | W | A | D));
  assertEquals(walk(AccessKind.LOAD), TARGET | 3n);
});

Deno.test("what any entry on the way calls global is alike in all address spaces", () => {
  for (const [pointer, flags] of [[0n, 0n], [0n, G], [G, 0n], [G, G]]) {
    const memory = pathMemory(leaf(V | R | A | flags));
    new DataView(memory.bytes.buffer).setBigUint64(
      FRAME_BYTES,
      (frameNumber(2) << 10n) | V | pointer,
      true,
    );
    const given = hartOver(memory).call(WALK, 0n, AccessKind.LOAD, MmuIndex.SUPERVISOR);
    const shared = (pointer | flags) === 0n ? 0 : WalkResult.SHARED;
    assertEquals(given, TARGET | BigInt(WalkResult.READ | shared));
  }
});

Deno.test("a refused store leaves the entry alone", () => {
  const memory = pathMemory(leaf(V | R));
  const hart = hartOver(memory);
  const given = hart.call(WALK, 0n, AccessKind.STORE, MmuIndex.SUPERVISOR);
  assertEquals(given, -1n - BigInt(Cause.STORE_PAGE_FAULT));
  assertEquals(leafOf(memory), leaf(V | R));
});

/** Another hart changes the leaf between its reading and its update, once. */
class RacingMemory extends FlatMemory {
  #intruder: (() => void) | null;

  constructor(base: FlatMemory, intruder: (memory: FlatMemory) => void) {
    super(base.bytes.length, base.base);
    this.bytes.set(base.bytes);
    this.#intruder = () => intruder(this);
  }

  override physicalCompareExchange(
    physical: bigint,
    expected: bigint,
    replacement: bigint,
    width: MemoryWidth,
  ): bigint {
    const intruder = this.#intruder;
    this.#intruder = null;
    intruder?.();
    return super.physicalCompareExchange(physical, expected, replacement, width);
  }
}

function setLeaf(memory: FlatMemory, value: bigint): void {
  new DataView(memory.bytes.buffer).setBigUint64(LEAF_OFFSET, value, true);
}

Deno.test("an entry that changes during its update is read and judged again", () => {
  const clean = leaf(V | R | W);
  const elsewhere = ((0x777n << 10n) | V | R | W) as bigint;
  const cases: [bigint, bigint, bigint][] = [
    [elsewhere, 0x77_7003n, elsewhere | A | D],
    [leaf(V | R | W | A), TARGET | 3n, leaf(V | R | W | A | D)],
    [leaf(V | R | A), -1n - BigInt(Cause.STORE_PAGE_FAULT), leaf(V | R | A)],
    [0n, -1n - BigInt(Cause.STORE_PAGE_FAULT), 0n],
  ];
  for (const [changed, result, after] of cases) {
    const memory = new RacingMemory(pathMemory(clean), (m) => setLeaf(m, changed));
    const hart = hartOver(memory);
    assertEquals(hart.call(WALK, 0n, AccessKind.STORE, MmuIndex.SUPERVISOR), result);
    assertEquals(leafOf(memory), after);
  }
});

Deno.test("a walk without address translation faults instead of reading memory", () => {
  const hart = hartOver(pathMemory(leaf(V | R | A)));
  hart.write("satp", 0);
  const given = hart.call(WALK, 0n, AccessKind.LOAD, MmuIndex.SUPERVISOR);
  assertEquals(given, -1n - BigInt(Cause.LOAD_PAGE_FAULT));
});

Deno.test("physical addresses translate to themselves within the physical address space", () => {
  const hart = new InterpretedHart();
  const walk = (address: bigint, access: number): bigint =>
    hart.call(WALK, address, access, MmuIndex.MACHINE);
  assertEquals(walk(0x8000_0fffn, AccessKind.STORE), 0x8000_0000n | IDENTITY);
  assertEquals(walk((1n << 56n) - 1n, AccessKind.LOAD), (1n << 56n) - 4096n | IDENTITY);
  for (const [access, cause] of Object.entries(CAUSES.access)) {
    const kind = ACCESS_KINDS[access as keyof typeof ACCESS_KINDS];
    for (const address of [1n << 56n, 1n << 63n, -1n]) {
      assertEquals(walk(address, kind), -1n - BigInt(cause));
    }
  }
});

Deno.test("protection binds bare supervisor accesses, and machine mode where it is locked", () => {
  const hart = new InterpretedHart({ features: [Feature.PMP] });
  const walk = (address: bigint, mmu: number): bigint =>
    hart.call(WALK, address, AccessKind.LOAD, mmu);
  const denied = -1n - BigInt(Cause.LOAD_ACCESS_FAULT);
  assertEquals(walk(0x8000_0000n, MmuIndex.PROTECTED_BARE), denied);
  assertEquals(walk(0x8000_0000n, MmuIndex.MACHINE), 0x8000_0000n | IDENTITY);
  hart.write("pmpaddr", (0x8000_0000n >> 2n) | 0x1ffn, 0);
  hart.write("pmpcfg", 0x19);
  assertEquals(walk(0x8000_0000n, MmuIndex.PROTECTED_BARE), 0x8000_0009n);
  hart.write("pmpcfg", 0x98);
  assertEquals(walk(0x8000_0000n, MmuIndex.MACHINE), denied);
  assertEquals(walk(0x8000_1000n, MmuIndex.MACHINE), 0x8000_1000n | IDENTITY);
});

/** Frame of a group of 16, 64 KiB aligned. */
const GROUP = 0x1235_0000n;
const CONTIGUOUS = 1n << 63n;

Deno.test("a contiguous leaf takes the page among 16 from the address", () => {
  const entry = ((GROUP >> 12n) | 8n) << 10n | CONTIGUOUS | V | R | A;
  const memory = pathMemory(entry);
  const view = new DataView(memory.bytes.buffer);
  for (let page = 0; page < 16; page++) view.setBigUint64(LEAF_OFFSET + 8 * page, entry, true);
  const hart = hartOver(memory, [Feature.SVNAPOT]);
  for (let page = 0n; page < 16n; page++) {
    const address = page * 4096n + 0x123n;
    const given = hart.call(WALK, address, AccessKind.LOAD, MmuIndex.SUPERVISOR);
    assertEquals(given, (GROUP + page * 4096n) | 1n);
  }
  const absent = hartOver(memory);
  const fault = -1n - BigInt(Cause.LOAD_PAGE_FAULT);
  assertEquals(absent.call(WALK, 0n, AccessKind.LOAD, MmuIndex.SUPERVISOR), fault);
});

Deno.test("all other sizes of contiguous pages are reserved, and so is the last memory type", () => {
  const reserved = [0n, 1n, 2n, 4n, 9n, 12n, 15n].map((low) =>
    ((GROUP >> 12n) | low) << 10n | CONTIGUOUS | V | R | A
  );
  const hartWith = (entry: bigint): InterpretedHart => {
    const hart = hartOver(pathMemory(entry), [Feature.SVNAPOT]);
    hart.write("menvcfg", 1n << 62n);
    return hart;
  };
  const fault = -1n - BigInt(Cause.LOAD_PAGE_FAULT);
  for (const entry of [...reserved, leaf(V | R | A) | 3n << 61n]) {
    assertEquals(hartWith(entry).call(WALK, 0n, AccessKind.LOAD, MmuIndex.SUPERVISOR), fault);
  }
  for (const type of [0n, 1n, 2n]) {
    const hart = hartWith(leaf(V | R | A) | type << 61n);
    assertEquals(hart.call(WALK, 0n, AccessKind.LOAD, MmuIndex.SUPERVISOR), TARGET | 1n);
    if (type === 0n) continue;
    hart.write("menvcfg", 0n);
    assertEquals(hart.call(WALK, 0n, AccessKind.LOAD, MmuIndex.SUPERVISOR), fault);
  }
});
