import { assert, assertEquals, assertNotEquals } from "@std/assert";
import { HostImport } from "../abi/module_shape.ts";
import {
  CONTEXT_MODE_BITS,
  Control,
  GUEST_STATE,
  MappingChecks,
  RegionPages,
  Tlb,
  TLB_ENTRIES,
  TLB_SET_BYTES,
} from "../abi/vcpu_layout.ts";
import { BinaryenFactory } from "../binaryen/binaryen_builder.ts";
import { moduleImports } from "../module_fixture.ts";
import { translationFunctions } from "./translation_functions.ts";

/** Where the guest's state stands in these tests. */
const State = { REGISTER: GUEST_STATE, ADDRESS: GUEST_STATE + 8, SPACE: GUEST_STATE + 16 } as const;
const SCOPE = GUEST_STATE + 24;
const SCHEME_SHIFT = 60n;
const NUMBER_SHIFT = 44n;

/** What a walk may say of a page, at level 0. */
const Leaf = { ALL: 7, SHARED: 8, LEVEL_SHIFT: 4 } as const;
const LOAD = 0;
const [USER, SUPERVISOR] = [1, 2];
const TAGS = [Tlb.READ_TAG, Tlb.WRITE_TAG, Tlb.FETCH_TAG];
const EPOCH_STEP = 1 << CONTEXT_MODE_BITS;
const FIRST_EPOCHS = { shared: EPOCH_STEP, space: 2 * EPOCH_STEP };

/** Exports of the functions under test, and doubles of what they call. */
const TEXT = `
  (import "env" "${HostImport.TRANSLATION_CHANGED}" (func $host_translation_changed))
  (import "env" "${HostImport.DROP_PROVISIONAL}" (func $host_drop_provisional))
  (import "env" "translate_fetch" (func $translate_fetch (param i64) (result i32)))
  (func $tlb_entry (export "entry") (param $va i64) (param $set i32) (result i32)
    (i32.add (local.get $set) (i32.shl
      (i32.and (i32.wrap_i64 (i64.shr_u (local.get $va) (i64.const 12))) (i32.const ${
  TLB_ENTRIES - 1
}))
      (i32.const ${Tlb.ENTRY_SHIFT}))))
  (export "choose_space" (func $choose_space))
  (export "note_leaf" (func $note_leaf))
  (export "note_code" (func $note_code))
  (export "walked_before" (func $walked_before))
  (export "remember_walk" (func $remember_walk))`;

const MODULE = new WebAssembly.Module(build());

function build(): Uint8Array<ArrayBuffer> {
  const m = new BinaryenFactory().create(
    TEXT + translationFunctions({
      address: State.ADDRESS,
      space: State.SPACE,
      scope: SCOPE,
      register: State.REGISTER,
      schemeShift: Number(SCHEME_SHIFT),
      numberShift: Number(NUMBER_SHIFT),
      numberOnes: 0xffff,
    }),
  );
  m.validate();
  const bytes = m.emit();
  m.dispose();
  return bytes;
}

interface Exports {
  entry(va: bigint, set: number): number;
  choose_space(): void;
  note_leaf(entry: number, va: bigint, leaf: number, mmu: number): void;
  note_code(va: bigint): void;
  walked_before(va: bigint, access: number, mmu: number): number;
  remember_walk(va: bigint, leaf: number, mmu: number): void;
  flush_translations(): void;
  flush_instructions(): void;
  check_mapping(slot: number, low: number, high: number): number;
}

/** A vCPU's cached translations. */
class Scene {
  readonly #view: DataView;
  readonly #functions: Exports;
  /** What the host was asked for. */
  readonly asked: string[] = [];
  /** Where fetches lead, by page. */
  readonly fetched = new Map<bigint, number>();

  constructor() {
    const imports = moduleImports({
      [HostImport.TRANSLATION_CHANGED]: () => void this.asked.push("all"),
      [HostImport.DROP_PROVISIONAL]: () => void this.asked.push("provisional"),
      translate_fetch: (va: bigint) => this.fetched.get(BigInt.asUintN(64, va)) ?? 0,
    });
    const memory = imports["env"]["cpu"] as WebAssembly.Memory;
    new Uint8Array(memory.buffer).fill(0xff, Tlb.BASE, Tlb.BASE + 8 * TLB_SET_BYTES);
    this.#view = new DataView(memory.buffer);
    this.#functions = new WebAssembly.Instance(MODULE, imports).exports as unknown as Exports;
    this.set(Control.SHARED_EPOCH, FIRST_EPOCHS.shared);
    this.set(Control.SPACE_EPOCH, FIRST_EPOCHS.space);
    this.set(Control.LAST_EPOCH, FIRST_EPOCHS.space);
    for (let set = 0; set < 8; set++) this.set(Control.SET_EPOCHS + 4 * set, FIRST_EPOCHS.shared);
    this.enter(SUPERVISOR);
  }

  get(offset: number): number {
    return this.#view.getInt32(offset, true);
  }

  set(offset: number, value: number): void {
    this.#view.setInt32(offset, value, true);
  }

  count(counter: number): number {
    return Number(this.#view.getBigInt64(counter, true));
  }

  /** Fetches through a set from now on. */
  enter(mmu: number): void {
    this.set(Control.FETCH_MMU, mmu);
    this.set(Control.CONTEXT, this.get(Control.SET_EPOCHS + 4 * mmu) | mmu);
  }

  context(mmu: number): number {
    return this.get(Control.SET_EPOCHS + 4 * mmu);
  }

  /** Writes the register; numbers stand for themselves under the same scheme. */
  choose(number: number, { scheme = 0n, root = 0n } = {}): void {
    const value = (scheme << SCHEME_SHIFT) | (BigInt(number) << NUMBER_SHIFT) | root;
    this.#view.setBigInt64(State.REGISTER, BigInt.asIntN(64, value), true);
    this.#functions.choose_space();
  }

  #entry(va: bigint, mmu: number): number {
    return this.#functions.entry(va, Tlb.BASE + mmu * TLB_SET_BYTES);
  }

  /** Caches a page after a walk. */
  fill(va: bigint, mmu: number, { shared = false, level = 0 } = {}): void {
    const leaf = 0x200_0000 | Leaf.ALL | (shared ? Leaf.SHARED : 0) | level << Leaf.LEVEL_SHIFT;
    this.#functions.remember_walk(va, leaf, mmu);
    this.refill(va, leaf, mmu);
  }

  refill(va: bigint, leaf: number, mmu: number): void {
    const entry = this.#entry(va, mmu);
    this.#functions.note_leaf(entry, va, leaf, mmu);
    for (const tag of TAGS) this.#view.setBigInt64(entry + tag, va, true);
  }

  /** Is the page in the TLB, and is its walk remembered? */
  has(va: bigint, mmu: number): [boolean, boolean] {
    const entry = this.#entry(va, mmu);
    const hits = TAGS.map((tag) => this.#view.getBigInt64(entry + tag, true) === va);
    assert(hits.every((hit) => hit === hits[0]));
    return [hits[0], this.#functions.walked_before(va, LOAD, mmu) !== 0];
  }

  fence(address: bigint | null, number: number | null): void {
    this.#view.setBigInt64(State.ADDRESS, address ?? 0n, true);
    this.#view.setBigInt64(State.SPACE, BigInt(number ?? 0), true);
    this.set(SCOPE, (address === null ? 0 : 1) | (number === null ? 0 : 2));
    this.#functions.flush_translations();
  }

  fenceInstructions(): void {
    this.#functions.flush_instructions();
  }

  /** Compiled code is entered. */
  run(va: bigint): void {
    this.#functions.note_code(va);
  }

  checkMapping(slot: number, origin: bigint): boolean {
    const [low, high] = [BigInt.asIntN(32, origin), BigInt.asIntN(32, origin >> 32n)].map(Number);
    return this.#functions.check_mapping(slot, low, high) === 1;
  }
}

const PAGE = 0x4020_3000n;
const OTHER = PAGE + 0x5000n;
const KERNEL = -0x7fff_b000n;
const [BOTH, NEITHER, WALK_ALONE] = [[true, true], [false, false], [false, true]];

Deno.test("another address space drops local entries, keeps shared ones, and finds its walks again", () => {
  const scene = new Scene();
  scene.choose(1);
  scene.fill(PAGE, USER);
  scene.fill(KERNEL, SUPERVISOR, { shared: true });
  scene.choose(2);
  assertEquals(scene.has(PAGE, USER), NEITHER);
  assertEquals(scene.has(KERNEL, SUPERVISOR), BOTH);
  scene.fill(PAGE, USER);
  scene.choose(1);
  assertEquals(scene.has(PAGE, USER), WALK_ALONE);
  assertEquals(scene.has(KERNEL, SUPERVISOR), BOTH);
  assertEquals(scene.asked, []);
  assertEquals(scene.count(Control.FLUSHES_AVOIDED), 3);
});

Deno.test("entries that change between shared and local are listed once and dropped when local", () => {
  const scene = new Scene();
  scene.choose(1);
  for (let round = 0; round < 3; round++) scene.fill(PAGE, USER);
  assertEquals(scene.get(Control.LOCAL_ENTRIES), 1);
  scene.fill(PAGE, USER, { shared: true });
  scene.choose(2);
  assertEquals(scene.has(PAGE, USER)[0], true);
  assertEquals(scene.get(Control.LOCAL_ENTRIES), 0);
  scene.fill(PAGE, USER);
  scene.choose(1);
  assertEquals(scene.has(PAGE, USER)[0], false);
});

Deno.test("a number with another root is another address space, and the first is forgotten", () => {
  const scene = new Scene();
  scene.choose(5, { root: 1n });
  scene.fill(PAGE, USER);
  scene.choose(5, { root: 2n });
  assertEquals(scene.has(PAGE, USER), NEITHER);
  scene.choose(5, { root: 1n });
  assertEquals(scene.has(PAGE, USER), NEITHER);
  scene.fill(PAGE, USER);
  const far = 5 + 64;
  scene.choose(far);
  scene.choose(5, { root: 1n });
  assertEquals(scene.has(PAGE, USER), NEITHER, "two numbers with one record");
});

Deno.test("another scheme drops everything", () => {
  const scene = new Scene();
  scene.choose(1, { scheme: 8n });
  scene.choose(2, { scheme: 8n });
  scene.choose(2, { scheme: 9n });
  assertEquals(scene.asked, ["all", "all"]);
});

Deno.test("a fence of an address drops it everywhere, unless a number narrows it", () => {
  const cases: [fence: [bigint | null, number | null], user: boolean[], shared: boolean[]][] = [
    [[PAGE + 0x123n, null], NEITHER, NEITHER],
    [[PAGE, 1], NEITHER, BOTH],
    [[PAGE, 2], BOTH, BOTH],
    [[OTHER, null], BOTH, BOTH],
    [[null, 1], NEITHER, BOTH],
    [[null, 2], BOTH, BOTH],
  ];
  for (const [[address, number], user, shared] of cases) {
    const scene = new Scene();
    scene.choose(1);
    scene.fill(PAGE, USER);
    scene.fill(PAGE, SUPERVISOR, { shared: true });
    scene.fence(address, number);
    assertEquals([scene.has(PAGE, USER), scene.has(PAGE, SUPERVISOR)], [user, shared]);
    assertEquals(scene.asked, []);
  }
});

Deno.test("a fence of an address space that is not chosen reaches what was walked in it", () => {
  for (const address of [PAGE, null]) {
    const scene = new Scene();
    scene.choose(1);
    scene.fill(PAGE, USER);
    scene.choose(2);
    scene.fill(PAGE, USER);
    scene.fence(address, 1);
    assertEquals(scene.has(PAGE, USER), BOTH);
    scene.choose(1);
    assertEquals(scene.has(PAGE, USER), NEITHER);
  }
});

Deno.test("a fence of an address for all reaches what was walked in other address spaces", () => {
  const scene = new Scene();
  scene.choose(1);
  scene.fill(PAGE, USER);
  scene.fill(OTHER, USER);
  scene.choose(2);
  scene.fence(PAGE, null);
  scene.choose(1);
  assertEquals([scene.has(PAGE, USER), scene.has(OTHER, USER)], [NEITHER, WALK_ALONE]);
});

Deno.test("a fence of any address of a large leaf drops all pages that came from it", () => {
  for (const [level, size] of [[1, 1n << 21n], [2, 1n << 30n], [3, 1n << 39n]] as const) {
    const scene = new Scene();
    const base = 7n * size;
    const [inside, outside] = [base + 0x7000n, base + size + 0x9000n];
    scene.choose(1);
    scene.fill(inside, USER, { level });
    scene.fill(inside, SUPERVISOR, { level, shared: true });
    scene.fill(outside, USER, { level });
    scene.fill(base + 0x1_1000n, USER);
    scene.fence(base + size / 2n, 1);
    assertEquals([scene.has(inside, USER), scene.has(inside, SUPERVISOR)], [NEITHER, BOTH]);
    assertEquals([scene.has(outside, USER)[0], scene.has(base + 0x1_1000n, USER)[0]], [true, true]);
    scene.fence(base + size / 2n, null);
    assertEquals(scene.has(inside, SUPERVISOR), NEITHER);
  }
});

Deno.test("a fence of everything is the host's, one of an unknown address space nobody's", () => {
  const scene = new Scene();
  scene.choose(1);
  scene.fence(null, 9);
  scene.fence(PAGE, 9);
  assertEquals([scene.asked, scene.count(Control.FLUSHES_PARTIAL)], [[], 0]);
  assertEquals(scene.count(Control.FLUSHES_AVOIDED), 3);
  scene.fence(null, null);
  assertEquals(scene.asked, ["all"]);
});

Deno.test("fetches have the shared epoch until one goes through a local translation", () => {
  const scene = new Scene();
  scene.choose(1);
  scene.enter(USER);
  const before = scene.get(Control.CONTEXT);
  scene.fill(PAGE, USER);
  assertNotEquals(scene.get(Control.CONTEXT), before);
  assertEquals(scene.get(Control.CONTEXT) & (EPOCH_STEP - 1), USER);
  const [own, kernel] = [scene.context(USER), scene.context(SUPERVISOR)];
  scene.choose(2);
  assertNotEquals(scene.context(USER), own);
  assertEquals(scene.context(SUPERVISOR), kernel);
  scene.choose(1);
  assertEquals(scene.context(USER), own, "the address space has its epoch again");
});

Deno.test("a fence begins an epoch where compiled code was entered, for those it may concern", () => {
  const scene = new Scene();
  scene.choose(2);
  const second = scene.get(Control.SPACE_EPOCH);
  scene.choose(1);
  scene.fill(PAGE, USER);
  scene.enter(USER);
  scene.run(PAGE);
  scene.enter(SUPERVISOR);
  scene.run(KERNEL);
  const [user, kernel] = [scene.context(USER), scene.context(SUPERVISOR)];
  scene.fence(OTHER, null);
  assertEquals([scene.context(USER), scene.context(SUPERVISOR)], [user, kernel]);
  scene.fence(KERNEL, 1);
  assertEquals([scene.context(USER), scene.context(SUPERVISOR)], [user, kernel]);
  scene.fence(PAGE, 2);
  assertEquals(scene.context(USER), user);
  scene.choose(2);
  assertNotEquals(scene.context(USER), second);
  scene.choose(1);
  assertEquals(scene.context(USER), user);
  scene.fence(PAGE, 1);
  assertNotEquals(scene.context(USER), user);
  assertEquals(scene.context(SUPERVISOR), kernel);
  scene.fence(KERNEL, null);
  assertNotEquals(scene.context(SUPERVISOR), kernel);
});

Deno.test("before epochs are used up the host is asked to begin anew", () => {
  const scene = new Scene();
  scene.set(Control.LAST_EPOCH, -2 * EPOCH_STEP);
  scene.choose(1);
  assertEquals(scene.asked, ["all"]);
});

Deno.test("an instruction fence leaves to the host only where something is provisional", () => {
  const scene = new Scene();
  scene.fenceInstructions();
  assertEquals(scene.asked, []);
  scene.set(Control.PROVISIONAL_PAGES, 1);
  scene.fenceInstructions();
  assertEquals(scene.asked, ["provisional"]);
  assertEquals(scene.count(Control.INSTRUCTION_FENCES), 2);
});

Deno.test("a region's other pages must lie where it was built from, and that is remembered", () => {
  const scene = new Scene();
  const slot = 3;
  const pages = RegionPages.BASE + (slot << RegionPages.ENTRY_SHIFT);
  const expected: [distance: number, hostPage: number][] = [[-1, 0x2100], [2, 0x2200]];
  for (const [distance, hostPage] of expected) {
    scene.set(pages + 4 * (RegionPages.REACH + distance), hostPage + 1);
    scene.fetched.set(KERNEL_ORIGIN + BigInt(distance) * 0x1000n, hostPage << 12);
  }
  const check = MappingChecks.BASE + (slot << MappingChecks.ENTRY_SHIFT);
  assert(scene.checkMapping(slot, KERNEL_ORIGIN));
  assertEquals(scene.get(check), scene.get(Control.CONTEXT));
  assertEquals(scene.get(check + 4), Number(BigInt.asIntN(32, KERNEL_ORIGIN >> 12n)));
  const kernel = scene.context(SUPERVISOR);
  scene.fence(KERNEL_ORIGIN + 0x2000n, null);
  assertNotEquals(scene.context(SUPERVISOR), kernel, "code of a checked page was entered");
  scene.fetched.set(KERNEL_ORIGIN + 0x2000n, 0x2300 << 12);
  assertEquals(scene.checkMapping(slot, KERNEL_ORIGIN), false);
});

/** A page of the upper half, unsigned. */
const KERNEL_ORIGIN = BigInt.asUintN(64, KERNEL);

Deno.test("another address space and every fence that may drop something make page caches stale", () => {
  const changes: ((scene: Scene) => void)[] = [
    (scene) => scene.choose(2),
    (scene) => scene.fence(0x5000n, null),
    (scene) => scene.fence(0x5000n, 1),
    (scene) => scene.fence(null, 1),
  ];
  for (const change of changes) {
    const scene = new Scene();
    scene.choose(1);
    scene.set(Control.PAGE_CACHES_STALE, 0);
    change(scene);
    assertEquals([scene.get(Control.PAGE_CACHES_STALE), scene.asked], [1, []]);
  }
});
