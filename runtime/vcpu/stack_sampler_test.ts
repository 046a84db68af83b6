import { assertEquals } from "@std/assert";
import type { GuestFrontend } from "../../frontend/frontend.ts";
import { StateLayout } from "../../ir/guest_state.ts";
import { Control, Tlb, TLB_ENTRIES, WalkCache } from "../../wasm_backend/abi/vcpu_layout.ts";
import { createSampleBuffer, drainSamples, droppedSamples } from "../atomics/sample_ring.ts";
import {
  GUEST_RAM_OFFSET,
  PAGE_BYTES,
  SAMPLE_RETURNS,
  SAMPLE_SLOTS,
  SampleField,
} from "../atomics/shared_layout.ts";
import { guestAddress } from "../profile/guest_address.ts";
import { StackSampler } from "./stack_sampler.ts";
import { TranslationLookup, UNKNOWN_HOST } from "./translation_lookup.ts";
import { VcpuMemory } from "./vcpu_memory.ts";
import { VcpuRegisters } from "./vcpu_registers.ts";

const RAM_BASE = 0x8000_0000;
const RAM_BYTES = 16 * PAGE_BYTES;
/** Where a translated stack page is: above 2 GiB, in the lower half. */
const STACK_PAGE = 0x7f_8000_3000;
const STACK_HOST = GUEST_RAM_OFFSET + 5 * PAGE_BYTES;
const MODE_KEY = 0x12;
const OPEN_MODE_KEY = 0x400;
const [RA, SP, FP] = [1, 2, 8];
const HALF_RANGE = 0x1_0000_0000;

const LAYOUT = new StateLayout([
  { name: "pc", type: "i64" },
  { name: "x", type: "i64", count: 32 },
  { name: "privilege", type: "i32" },
  { name: "space", type: "i64" },
]);

/** A guest of which only names of places are asked. */
function guest(): GuestFrontend {
  return {
    state: LAYOUT,
    pc: LAYOUT.slot("pc"),
    integerFile: LAYOUT.slot("x"),
    callConvention: {
      stackPointer: SP,
      framePointer: FP,
      returnAddress: RA,
      savedReturn: -8,
      savedFrame: -16,
      alignment: 16,
    },
    controlRegisters: { privilege: LAYOUT.slot("privilege") },
    addressSpace: { register: LAYOUT.slot("space") },
    describeMode: (key: number) => ({ isOpen: key === OPEN_MODE_KEY }),
  } as unknown as GuestFrontend;
}

class Bench {
  readonly memory = new VcpuMemory();
  readonly words = new Int32Array(new SharedArrayBuffer(GUEST_RAM_OFFSET + RAM_BYTES));
  readonly samples = createSampleBuffer(1);
  readonly sampler: StackSampler;
  readonly lookup: TranslationLookup;
  readonly registers: VcpuRegisters;

  constructor(modeKey = MODE_KEY) {
    const { memory, words, samples } = this;
    const frontend = guest();
    this.registers = new VcpuRegisters(memory, frontend);
    const ramRange = { base: RAM_BASE, bytes: RAM_BYTES };
    const registers = this.registers;
    this.sampler = new StackSampler({
      ...{ samples, hart: 0, words, memory, registers, frontend, ramRange },
    });
    this.lookup = new TranslationLookup({ memory, frontend, ramRange });
    memory.setControl(Control.CONTEXT, modeKey);
    memory.setControl(Control.DATA_TLB, Tlb.BASE);
    memory.setControl(Control.FETCH_TLB, Tlb.BASE);
    memory.words.fill(-1, Tlb.BASE >> 2, WalkCache.BASE >> 2);
  }

  /** Caches a page for loads, as a TLB refill does. */
  fill(page: number, host: number): void {
    const entry = Tlb.BASE + (Math.floor(page / PAGE_BYTES) % TLB_ENTRIES) * Tlb.ENTRY_BYTES;
    this.memory.setWideControl(entry + Tlb.READ_TAG, page);
    this.memory.setControl(entry + Tlb.ADDEND, (host - page % HALF_RANGE) | 0);
  }

  /** A frame whose pointer is `frame`: return address and the caller's frame pointer. */
  frame(host: number, returnAddress: number, caller: number): void {
    const wide = new DataView(this.words.buffer);
    wide.setBigInt64(host - 8, BigInt(returnAddress), true);
    wide.setBigInt64(host - 16, BigInt(caller), true);
  }

  set(register: number, value: number): void {
    this.registers.set(register, value | 0, Math.floor(value / HALF_RANGE));
  }

  returns(): number[] {
    this.sampler.record();
    const found: number[] = [];
    drainSamples(this.samples, 0, (sample) => {
      const address = (field: number): number =>
        guestAddress(this.samples[sample + field], this.samples[sample + field + 1]);
      const count = this.samples[sample + SampleField.RETURNS];
      for (let at = 0; at < count; at++) found.push(address(SampleField.ADDRESSES + 2 * at));
    });
    return found;
  }
}

/** Two frames on a translated stack. */
function twoFrames(): Bench {
  const bench = new Bench();
  bench.fill(STACK_PAGE, STACK_HOST);
  bench.set(RA, 0x1111);
  bench.set(SP, STACK_PAGE + 0x100);
  bench.set(FP, STACK_PAGE + 0x200);
  bench.frame(STACK_HOST + 0x200, 0x2222, STACK_PAGE + 0x300);
  bench.frame(STACK_HOST + 0x300, -0x3333, 0);
  return bench;
}

Deno.test("a sample has the registers, and the return addresses of the chain of frames", () => {
  const bench = twoFrames();
  bench.registers.setPc(0x1234, -1);
  bench.memory.setState(LAYOUT.slot("privilege"), 0, 1n);
  bench.memory.setState(LAYOUT.slot("space"), 0, 0x8000_0000_0000_1234n);
  bench.sampler.record();
  const { samples } = bench;
  drainSamples(samples, 0, (sample) => {
    const fields = [...samples.subarray(sample, sample + SampleField.ADDRESSES)];
    assertEquals(fields, [0x1234, -1, 0x1234, -0x8000_0000, 1, MODE_KEY, 0, 3]);
  });
  assertEquals(bench.returns(), [0x1111, 0x2222, -0x3333]);
});

Deno.test("a chain ends where it is not plausible or not readable", () => {
  const changes: readonly (readonly [string, (bench: Bench) => void, number])[] = [
    ["below the stack pointer", (bench) => bench.set(SP, STACK_PAGE + 0x200), 1],
    ["far from the stack pointer", (bench) => bench.set(SP, STACK_PAGE - 0x1_0000), 1],
    ["not aligned", (bench) => bench.set(FP, STACK_PAGE + 0x208), 1],
    ["not growing", (bench) => bench.frame(STACK_HOST + 0x200, 0x2222, STACK_PAGE + 0x200), 2],
    ["a return address of 0", (bench) => bench.frame(STACK_HOST + 0x200, 0, STACK_PAGE + 0x300), 1],
    ["another page", (bench) => bench.frame(STACK_HOST + 0x200, 0x2222, STACK_PAGE + 0x1010), 2],
    [
      "nothing cached",
      (bench) => bench.memory.words.fill(-1, Tlb.BASE >> 2, WalkCache.BASE >> 2),
      1,
    ],
  ];
  for (const [name, change, length] of changes) {
    const bench = twoFrames();
    change(bench);
    assertEquals(bench.returns().length, length, name);
  }
});

Deno.test("a chain is followed so far and no further", () => {
  const bench = twoFrames();
  for (let at = 0x200; at < 0x200 + 0x20 * (SAMPLE_RETURNS + 5); at += 0x20) {
    bench.frame(STACK_HOST + at, at, STACK_PAGE + at + 0x20);
  }
  assertEquals(bench.returns().length, SAMPLE_RETURNS);
});

Deno.test("where addresses are physical, frames are read from RAM and from nowhere else", () => {
  const bench = new Bench(OPEN_MODE_KEY);
  bench.set(SP, RAM_BASE + 0x100);
  bench.set(FP, RAM_BASE + 0x200);
  bench.frame(GUEST_RAM_OFFSET + 0x200, 0x2222, RAM_BASE + 0x300);
  assertEquals(bench.returns(), [0, 0x2222]);
  bench.set(SP, RAM_BASE + RAM_BYTES - 0x10);
  bench.set(FP, RAM_BASE + RAM_BYTES + 0x10);
  assertEquals(bench.returns(), [0]);
});

Deno.test("what the second level of the cache knows is found while it is of this address space", () => {
  const bench = new Bench();
  const { memory, lookup } = bench;
  const page = STACK_PAGE / PAGE_BYTES;
  const sets = (1 << WalkCache.INDEX_BITS) - 1;
  const set = (page ^ Math.floor((page % HALF_RANGE) / (1 << WalkCache.INDEX_BITS))) & sets;
  const way = WalkCache.BASE + (set << WalkCache.SET_SHIFT) + WalkCache.ENTRY_BYTES;
  const [mmu, epoch] = [3, 0x5000];
  memory.setControl(Control.DATA_MMU, mmu);
  memory.setControl(Control.SPACE_EPOCH, epoch);
  memory.setWideControl(way + WalkCache.KEY, STACK_PAGE + mmu);
  memory.setControl(way + WalkCache.LEAF, STACK_HOST | 1);
  memory.setControl(way + WalkCache.EPOCH, epoch);
  const loaded = (): number => lookup.loaded((STACK_PAGE + 0x58) | 0, STACK_PAGE / HALF_RANGE | 0);
  assertEquals(loaded(), STACK_HOST + 0x58);
  assertEquals(lookup.fetched(STACK_PAGE | 0, STACK_PAGE / HALF_RANGE | 0), UNKNOWN_HOST);
  memory.setControl(Control.SPACE_EPOCH, epoch + 0x1000);
  assertEquals(loaded(), UNKNOWN_HOST);
  memory.setControl(Control.SHARED_EPOCH, epoch);
  assertEquals(loaded(), STACK_HOST + 0x58);
});

Deno.test("samples that find no room change nothing", () => {
  const bench = twoFrames();
  for (let count = 0; count < SAMPLE_SLOTS + 3; count++) bench.sampler.record();
  assertEquals(droppedSamples(bench.samples, 0), 3);
});
