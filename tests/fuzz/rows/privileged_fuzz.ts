/** Fuzzes privileged forms: every case in the cold tier, in a region and in the reference interpreter. */
import { BatchCompiler } from "../../differential/batch_compiler.ts";
import { assemble } from "../../../frontend/riscv/encoder.ts";
import { createDecoder } from "../../../frontend/riscv/decoder.ts";
import { liftBound, liftUnbound } from "../../../frontend/riscv/lift/single_instruction_fixture.ts";
import { boundModeOf } from "../../../frontend/riscv/privileged/mode.ts";
import { MODE_KEY, TRAP_ENTER } from "../../../frontend/riscv/privileged/signatures.ts";
import { createRecordFiller, RECORD_FIELDS } from "../../../frontend/riscv/record.ts";
import { RISCV_STATE, ZERO_SINK } from "../../../frontend/riscv/registers.ts";
import { RiscvFrontend } from "../../../frontend/riscv/riscv_frontend.ts";
import { ROWS } from "../../../frontend/riscv/rows.ts";
import { ExitReason } from "../../../ir/exit_reason.ts";
import { type HostFunction, Interpreter } from "../../../ir/interpreter/interpreter.ts";
import { FlatMemory } from "../../../ir/interpreter/memory.ts";
import { InterpreterState } from "../../../ir/interpreter/state.ts";
import type { Region } from "../../../ir/region.ts";
import { PIPELINE } from "../../../optimizer/pipeline.ts";
import { Control } from "../../../wasm_backend/abi/vcpu_layout.ts";
import { Device, Page, physical, RAM_BASE, RAM_BYTES } from "../../differential/guest_layout.ts";
import { Heat, TestHart } from "../../differential/test_hart.ts";
import type { InstructionForm } from "./instruction_forms.ts";
import {
  DEVICE_REGISTER,
  END_PLACES,
  endAddress,
  PrivilegedGenerator,
  type PrivilegedSite,
  type StateList,
} from "./privileged_case.ts";

const CASES_PER_SITE = 32;
const PARCEL_BITS = 16;
const PARCEL_MASK = 0xffff;
const BUDGET = 1000;
const FIRST_ENVIRONMENT_CALL = 8n;
/** What instructions leave behind for the trampoline, or for nobody. */
const HIDDEN: ReadonlySet<string> = new Set([
  "csr_result",
  "flush_address",
  "flush_space",
  "flush_scope",
]);
const NO_HOST: ReadonlyMap<string, HostFunction> = new Map<string, HostFunction>([
  ["retired_instructions", () => 0n],
  ["guest_time", () => 0n],
  ["timer_changed", () => {}],
  ["interrupt_file_read", () => 0n],
  ["interrupt_file_update", () => {}],
  ["interrupt_file_top", () => 0n],
  ["interrupt_file_claim", () => {}],
]);

/** A case about which two oracles disagree. */
export interface PrivilegedDifference {
  readonly oracles: string;
  /** The site with this case alone. */
  readonly site: PrivilegedSite;
  /** What differs. */
  readonly lines: readonly string[];
}

/** What fuzzing a form gave. */
export interface PrivilegedResult {
  readonly sites: number;
  readonly cases: number;
  /** Cases in which a region executed the instruction. */
  readonly inRegions: number;
  readonly differences: readonly PrivilegedDifference[];
}

/** See the header of this file. */
export class PrivilegedFuzzer {
  readonly #hart: TestHart;
  readonly #compiler: BatchCompiler;
  readonly #frontend = new RiscvFrontend();
  readonly #decoder = createDecoder();
  readonly #fillRecord = createRecordFiller(this.#decoder);
  readonly #functions: ReadonlyMap<string, Region>;
  readonly #handlers = new Map<number, Region>();

  /** A hart with this cold tier, and an interpreter. */
  constructor(coldTier: WebAssembly.Module) {
    this.#hart = new TestHart(coldTier);
    this.#compiler = new BatchCompiler(this.#hart.words, this.#hart.frontend);
    this.#functions = new Map(this.#frontend.functions().map((region) => [region.name, region]));
  }

  /** Fuzzes a form with at least so many cases. */
  fuzz(form: InstructionForm, seed: number, cases: number): PrivilegedResult {
    const count = Math.ceil(cases / CASES_PER_SITE);
    const sites = new PrivilegedGenerator(seed).sites(form, count, CASES_PER_SITE);
    return this.compare(sites);
  }

  /** Compares these sites. */
  compare(sites: readonly PrivilegedSite[]): PrivilegedResult {
    this.#prepare(sites);
    const cold = sites.map(({ cases }) => cases.map((state) => this.#run(state, Heat.ALWAYS)));
    const heads = new Set(sites.map(({ pc }) => pc - physical(Page.CODE)));
    const hotspots = this.#compiler.takeHotspots().filter(({ offset }) => heads.has(offset));
    this.#hart.publish(this.#compiler.compile(hotspots, { passes: PIPELINE, wantsReport: false }));
    const { memory } = this.#hart.vcpu;
    const before = memory.wideControl(Control.HOT_RETIRED);
    const differences = sites.flatMap((site, index) =>
      site.cases.flatMap((state, number) => {
        const expected = cold[index][number];
        const hot = this.#run(state, Heat.NEVER);
        const reference = this.#interpret(site, state, number % 2 === 0);
        const found = (oracles: string, lines: string[]): PrivilegedDifference[] =>
          lines.length === 0 ? [] : [{ oracles, site: { ...site, cases: [state] }, lines }];
        return [
          ...found("cold tier, hot tier", stateDifferences(expected, hot)),
          ...found("cold tier, interpreter", stateDifferences(expected, reference)),
        ];
      })
    );
    return {
      sites: sites.length,
      cases: sites.reduce((sum, { cases }) => sum + cases.length, 0),
      inRegions: memory.wideControl(Control.HOT_RETIRED) - before,
      differences,
    };
  }

  #prepare(sites: readonly PrivilegedSite[]): void {
    const ram = new Uint8Array(RAM_BYTES);
    const view = new DataView(ram.buffer);
    const end = assemble("sw", { rs1: DEVICE_REGISTER, rs2: 0, imm: Device.END });
    for (let place = 0; place < END_PLACES; place++) {
      view.setUint32(endAddress(place) - RAM_BASE, end, true);
    }
    for (const { pc, bits } of sites) {
      view.setUint32(pc - RAM_BASE, bits, true);
      view.setUint32(pc - RAM_BASE + 4, end, true);
    }
    this.#compiler.takeHotspots();
    this.#hart.setRam(ram);
    this.#hart.publish(this.#compiler.compile([], { passes: [], wantsReport: false }));
  }

  #run(state: StateList, heat: number): BigInt64Array {
    this.#hart.reset(state);
    const isEnded = this.#hart.run({
      heat,
      nextBudget: () => BUDGET,
      isInterrupted: () => false,
      onVisit: () => this.#compiler.takeRequests(),
      limit: BUDGET,
    });
    if (!isEnded) throw new Error("A case does not end");
    return this.#hart.state();
  }

  // --- the reference --------------------------------------------------------------------------------

  #interpret({ bits, pc }: PrivilegedSite, given: StateList, isBound: boolean): BigInt64Array {
    const state = new InterpreterState(RISCV_STATE);
    for (const { slot, index, value } of this.#frontend.resetState(RESET)) {
      state.write(slot, BigInt.asIntN(64, value), index);
    }
    for (const [slot, index, value] of given) state.write(slot, BigInt.asIntN(64, value), index);
    const instruction = this.#decoder.decode(bits);
    const filled = { handler: 0, length: 0, fields: new Uint8Array(RECORD_FIELDS.length), imm: 0 };
    this.#fillRecord(bits & PARCEL_MASK, bits >>> PARCEL_BITS, filled);
    const interpreter = new Interpreter({
      state,
      memory: new FlatMemory(0),
      pc: BigInt(pc),
      length: instruction.length,
      encoding: BigInt(bits),
      fields: {
        imm: BigInt(filled.imm),
        ...Object.fromEntries(RECORD_FIELDS.map((name, i) => [name, BigInt(filled.fields[i])])),
      },
      functions: this.#functions,
      host: NO_HOST,
    });
    const call = (name: string, operands: bigint[] = []): bigint => {
      const region = this.#functions.get(name);
      if (region === undefined) throw new TypeError(`Cannot call "${name}"`);
      const outcome = interpreter.run(region, operands);
      return outcome.kind === "return" ? outcome.value : 0n;
    };
    const privilege = state.read("privilege");
    const region = isBound
      ? liftBound(instruction, boundModeOf(Number(call(MODE_KEY.name))))
      : this.#handler(instruction.row);
    const outcome = interpreter.run(region);
    state.write("x", 0n, ZERO_SINK);
    const trap = (cause: bigint, value: bigint): void => {
      state.write("pc", BigInt(pc));
      call(TRAP_ENTER.name, [cause, value]);
    };
    if (outcome.kind === "trap") trap(outcome.cause, outcome.value);
    else if (outcome.kind === "exit" && outcome.reason === ExitReason.ENVIRONMENT_CALL) {
      trap(FIRST_ENVIRONMENT_CALL + privilege, 0n);
    } else if (outcome.kind === "next") state.write("pc", BigInt(pc + instruction.length));
    else if ("pc" in outcome) state.write("pc", outcome.pc);
    return state.snapshot();
  }

  #handler(row: number): Region {
    const known = this.#handlers.get(row);
    if (known !== undefined) return known;
    const handler = liftUnbound(ROWS[row]);
    this.#handlers.set(row, handler);
    return handler;
  }
}

const RESET = { hart: 0, hasBuiltinFirmware: false } as const;

function stateDifferences(a: BigInt64Array, b: BigInt64Array): string[] {
  const lines: string[] = [];
  for (const { name, type, count, offset } of RISCV_STATE.slots()) {
    const width = type === "i32" ? 32 : 64;
    if (HIDDEN.has(name)) continue;
    for (let index = 0; index < count; index++) {
      const at = offset / 8 + index;
      if (name === "x" && index === ZERO_SINK) continue;
      const [left, right] = [a, b].map((state) => BigInt.asUintN(width, state[at]));
      if (left === right) continue;
      lines.push(`${name}[${index}]: ${left.toString(16)} and ${right.toString(16)}`);
    }
  }
  return lines;
}
