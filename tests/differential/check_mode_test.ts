/** Check mode finds a frontend that means another instruction in regions than in the cold tier. */
import { EncoderFactory } from "../../wasm_backend/encoder/module_encoder.ts";
import { assertEquals, assertMatch, assertStringIncludes, assertThrows } from "@std/assert";
import type { GuestFrontend, RegionRequest } from "../../frontend/frontend.ts";
import { assemble } from "../../frontend/riscv/encoder.ts";
import { RISCV_STATE } from "../../frontend/riscv/registers.ts";
import { RiscvFrontend } from "../../frontend/riscv/riscv_frontend.ts";
import type { Region } from "../../ir/region.ts";
import { nextRequest, NO_REQUEST } from "../../runtime/atomics/compile_ring.ts";
import { post } from "../../runtime/atomics/pending.ts";
import {
  GUEST_RAM_OFFSET,
  Machine,
  PAGE_BYTES,
  PAGE_SHIFT,
  Pending,
} from "../../runtime/atomics/shared_layout.ts";
import { coldTierText } from "../../runtime/machine/boards/riscv_virt/cold_tier_text.ts";
import { GuestClock, startClock } from "../../runtime/machine/clock.ts";
import { DEFAULT_CODE_BYTES } from "../../runtime/translation/code_clock.ts";
import { usualTranslation } from "../../runtime/translation/translation_settings.ts";
import { Compiler } from "../../runtime/translation/compiler.ts";
import { RegionEmitter } from "../../runtime/translation/region_emitter.ts";
import { buildGuestColdTier } from "../../runtime/translation/guest_cold_tier.ts";
import type { InstalledModule } from "../../runtime/translation/region_catalog.ts";
import { RegionMismatch } from "../../runtime/vcpu/region_check.ts";
import { runOnOwnThread } from "../../runtime/vcpu/own_thread.ts";
import { Vcpu } from "../../runtime/vcpu/vcpu.ts";
import { SHARED_MAXIMUM_PAGES, SHARED_MINIMUM_PAGES } from "../../wasm_backend/abi/module_shape.ts";
import { Control, ReservationScheme } from "../../wasm_backend/abi/vcpu_layout.ts";
import { BinaryenFactory } from "../../wasm_backend/binaryen/binaryen_builder.ts";

const HART = 0;
const RAM_BASE = 0x8000_0000;
const RAM_BYTES = 0x10_0000;
const WASM_PAGE_BYTES = 0x1_0000;
const DEVICE = 0x1000_0000;
const WORD_BYTES = 4;
const TURNS = 40;
const STEP = 3;
const [COUNTER, SUM, END, PLACE] = [10, 11, 12, 13];

/** Adds in a loop, keeps the sum in memory, and ends with a store to the device. */
const PROGRAM: readonly number[] = [
  assemble("lui", { rd: END, imm: DEVICE }),
  assemble("auipc", { rd: PLACE, imm: PAGE_BYTES }),
  assemble("addi", { rd: COUNTER, rs1: 0, imm: TURNS }),
  assemble("addi", { rd: SUM, rs1: SUM, imm: STEP }),
  assemble("sd", { rs1: PLACE, rs2: SUM, imm: 0 }),
  assemble("addi", { rd: COUNTER, rs1: COUNTER, imm: -1 }),
  assemble("bne", { rs1: COUNTER, rs2: 0, imm: -3 * WORD_BYTES }),
  assemble("sw", { rs1: END, rs2: 0, imm: 0 }),
];

/** Few enough that the loop meets its region before its end. */
const BUDGET = 8;

/** The guest, but regions add something else than instructions say. */
class BrokenFrontend extends RiscvFrontend {
  override liftRegion(request: RegionRequest): Region {
    const region = super.liftRegion(request);
    for (const block of region.blocks) {
      for (const operation of block.operations) {
        const [, right] = operation.operands;
        if (operation.opcode !== "i64.add" || right.opcode !== "i64.const") continue;
        const { constant } = right.attribute as { readonly constant: bigint };
        if (constant !== BigInt(STEP)) continue;
        const wrong = region.makeOperation("i64.const", "i64", [], { constant: constant + 1n });
        block.operations.splice(block.operations.indexOf(operation), 0, wrong);
        operation.operands[1] = wrong;
      }
    }
    return region;
  }
}

interface CheckedParts {
  readonly coldTier: WebAssembly.Module;
  readonly replayTier: WebAssembly.Module;
  readonly guest: GuestFrontend;
}

/** A hart in check mode with its compiler, in this process. */
class CheckedHart {
  readonly vcpu: Vcpu;
  readonly words: Int32Array;
  /** Regions that were installed. */
  regions = 0;
  readonly #modules: InstalledModule[] = [];
  readonly #compiler: Compiler;

  constructor({ coldTier, replayTier, guest }: CheckedParts) {
    const ram = new WebAssembly.Memory({
      initial: SHARED_MINIMUM_PAGES + RAM_BYTES / WASM_PAGE_BYTES,
      maximum: SHARED_MAXIMUM_PAGES,
      shared: true,
    });
    this.words = new Int32Array(ram.buffer);
    this.words[Machine.HART_COUNT.offset >> 2] = 1;
    this.words[Machine.RAM_PAGES.offset >> 2] = RAM_BYTES >> PAGE_SHIFT;
    startClock(this.words);
    this.words.set(PROGRAM, GUEST_RAM_OFFSET >> 2);
    this.vcpu = new Vcpu({
      hart: HART,
      ram,
      frontend: guest,
      coldTier,
      replayTier,
      devices: {
        bus: { load: () => false, store: () => this.#end() },
        timedDevices: [],
        virtioSlots: [],
        inputArrived: () => {},
        receiveBreak: () => {},
        environmentCall: () => false,
      },
      clock: new GuestClock(this.words),
      ramRange: { base: RAM_BASE, bytes: RAM_BYTES },
      hasBuiltinFirmware: false,
      reservationScheme: ReservationScheme.MONITOR,
      modules: { next: () => this.#modules.shift() },
      poll: () => this.#compileWaiting(),
    });
    this.#compiler = new Compiler({
      words: this.words,
      frontend: guest,
      settings: usualTranslation("x64"),
      codeBytes: DEFAULT_CODE_BYTES,
      isChecked: true,
      trace: null,
      emitter: new RegionEmitter({
        factory: new EncoderFactory(),
        frontend: guest,
        ram: { base: BigInt(RAM_BASE), bytes: BigInt(RAM_BYTES) },
        host: "x64",
        hasOtherWriters: false,
        isChecked: true,
        isCounted: false,
        textFactory: new BinaryenFactory(),
      }),
      warm: null,
      publish: (module) => this.#publish(module),
    });
  }

  #end(): boolean {
    post(this.words, HART, Pending.STOP);
    return true;
  }

  #publish(module: InstalledModule): void {
    this.regions += module.regions.length;
    this.#modules.push(module);
    post(this.words, HART, Pending.MODULES);
  }

  #compileWaiting(): void {
    if (nextRequest(this.words) !== NO_REQUEST) this.#compiler.compileWaiting();
    const { memory } = this.vcpu;
    if (memory.control(Control.BUDGET) > 0) return;
    memory.setWideControl(Control.RETIRED_BASE, memory.retired());
    memory.setControl(Control.BUDGET_FILLED, BUDGET);
    memory.setControl(Control.BUDGET, BUDGET);
  }

  run(): void {
    this.vcpu.reset(RAM_BASE, []);
    this.vcpu.memory.setControl(Control.HEAT_MASK, 0);
    runOnOwnThread(this.vcpu, this.words, HART);
  }

  register(index: number): number {
    const { memory } = this.vcpu;
    return memory.words[memory.stateIndex(RISCV_STATE.slot("x"), index)];
  }
}

async function checkedHart(guest: GuestFrontend): Promise<CheckedHart> {
  const cold = Uint8Array.fromBase64((await coldTierText()).replaceAll("\n", ""));
  const replay = buildGuestColdTier(new BinaryenFactory(), guest, "x64", "replay");
  return new CheckedHart({
    coldTier: new WebAssembly.Module(cold),
    replayTier: new WebAssembly.Module(replay),
    guest,
  });
}

Deno.test("check mode has nothing against regions that are right", async () => {
  const hart = await checkedHart(new RiscvFrontend());
  hart.run();
  assertEquals(hart.register(SUM), TURNS * STEP);
  assertEquals(hart.register(COUNTER), 0);
  assertEquals(hart.regions > 0, true);
});

Deno.test("check mode reports a region that was lifted wrong, with code, IR and Wasm", async () => {
  const hart = await checkedHart(new BrokenFrontend());
  const { message } = assertThrows(() => hart.run(), RegionMismatch);
  assertMatch(message, /^Region \d+, entry \d+ at 000000008000000c, differs from the cold tier/);
  assertMatch(message, /^x\[11\]: before \w+, region \w+, cold tier \w+$/m);
  const [, code, lifted, optimized, wasm] = message.split(/^--- .*$/m);
  assertMatch(code, /addi +a1, ?a1, ?3/);
  assertMatch(code, /bne +a0/);
  for (const ir of [lifted, optimized]) {
    assertMatch(ir, /i64\.const 4$/m);
    assertMatch(ir, /guest\.store/);
  }
  assertMatch(wasm, /\(func \$r\d+ /);
  assertStringIncludes(wasm, "i64.add");
});
