/**
 * Lifts and executes one instruction in both forms, as part of a region and as a handler, on the reference
 * interpreter: what the tests of lifters stand on.
 */
import { assertEquals } from "@std/assert";
import { Builder } from "../../../ir/builder.ts";
import {
  type HostFunction,
  Interpreter,
  type InterpreterEnvironment,
  type Outcome,
} from "../../../ir/interpreter/interpreter.ts";
import { FlatMemory } from "../../../ir/interpreter/memory.ts";
import { InterpreterState } from "../../../ir/interpreter/state.ts";
import { Region } from "../../../ir/region.ts";
import type { DecodedRecord } from "../../frontend.ts";
import { createDecoder } from "../decoder.ts";
import type { DecodedInstruction, InstructionRow } from "../instruction.ts";
import { createRecordFiller, RECORD_FIELDS } from "../record.ts";
import { RISCV_STATE, ZERO_SINK } from "../registers.ts";
import { ROWS } from "../rows.ts";
import { type BoundMode, LiftContext } from "./lift_context.ts";

const DEFAULT_MODE: BoundMode = {
  floatEnabled: true,
  roundsToNearest: true,
  hasCompressed: true,
};
const MISA_C = 4n;
const RAM_BASE = 0x1000n;
const RAM_BYTES = 0x1000;
const PARCEL_BITS = 16;
const PARCEL_MASK = 0xffff;

/** Lifts an instruction as the only one of a region. */
export function liftBound(
  instruction: DecodedInstruction,
  mode: BoundMode = DEFAULT_MODE,
  hostFuses = true,
): Region {
  const row = ROWS[instruction.row];
  const region = new Region(row.name, "region");
  const builder = new Builder(region);
  const { length } = instruction;
  builder.append("guest.boundary", "void", [], { offset: 0, length, index: 0 });
  const context = new LiftContext(builder, { instruction, offset: 0, mode, hostFuses });
  row.lift(context);
  if (!builder.isTerminated) builder.goto(context.nextPc(), "jump");
  region.blocks[0].instructions = 1;
  region.entries.push({ block: region.blocks[0], offset: 0 });
  return region;
}

/** Lifts a row as a handler. */
export function liftUnbound(row: InstructionRow): Region {
  const builder = new Builder(new Region(row.name, "handler"));
  row.lift(new LiftContext(builder, null));
  if (!builder.isTerminated) builder.terminate({ kind: "next" });
  return builder.region;
}

/** What an instruction starts from. */
export interface InstructionSetting {
  /** Bits of the instruction. */
  readonly bits: number;
  /** Its address; 0 when absent. */
  readonly pc?: bigint;
  /** Has the hart compressed instructions? True when absent. */
  readonly hasCompressed?: boolean;
  /** Integer registers by number; others are 0. */
  readonly x?: Readonly<Record<number, bigint>>;
  /** Other state by slot name. */
  readonly state?: Readonly<Record<string, bigint>>;
  /** Bytes at the start of RAM, which is at 0x1000. */
  readonly ram?: Uint8Array;
  /** Functions that the instruction may call. */
  readonly host?: ReadonlyMap<string, HostFunction>;
  /** Functions in IR that the instruction may call. */
  readonly functions?: ReadonlyMap<string, Region>;
}

/** What an instruction did. */
export interface InstructionEffect {
  /** How it ended; going on behind it is a `goto`. */
  readonly outcome: Outcome;
  /** State afterwards. */
  readonly state: InterpreterState;
  /** RAM afterwards, with the fences executed. */
  readonly memory: FlatMemory;
}

type TestEnvironment = InterpreterEnvironment & { readonly memory: FlatMemory };

function environmentOf(setting: InstructionSetting): TestEnvironment {
  const state = new InterpreterState(RISCV_STATE);
  const memory = new FlatMemory(RAM_BYTES, RAM_BASE);
  if (setting.ram !== undefined) memory.bytes.set(setting.ram);
  if (setting.hasCompressed !== false) state.write("misa", MISA_C);
  for (const [index, value] of Object.entries(setting.x ?? {})) {
    state.write("x", value, Number(index));
  }
  for (const [name, value] of Object.entries(setting.state ?? {})) state.write(name, value);
  return {
    state,
    memory,
    pc: setting.pc ?? 0n,
    encoding: BigInt(setting.bits),
    host: setting.host ?? new Map<string, HostFunction>(),
    functions: setting.functions ?? new Map<string, Region>(),
  };
}

/** Executes instructions, each from a setting of its own. */
export class InstructionRunner {
  readonly #decoder = createDecoder();
  readonly #fillRecord = createRecordFiller(this.#decoder);
  readonly #handlers = new Map<number, Region>();

  /** Executes an instruction as part of a region. */
  bound(setting: InstructionSetting): InstructionEffect {
    const environment = environmentOf(setting);
    const mode = { ...DEFAULT_MODE, hasCompressed: setting.hasCompressed !== false };
    const region = liftBound(this.#decoder.decode(setting.bits), mode);
    const outcome = new Interpreter(environment).run(region);
    return { outcome, state: environment.state, memory: environment.memory };
  }

  /** Executes an instruction as a handler with a decoded record. */
  unbound(setting: InstructionSetting): InstructionEffect {
    const environment = environmentOf(setting);
    const record = this.#record(setting.bits);
    environment.length = record.length;
    environment.fields = {
      imm: BigInt(record.imm),
      ...Object.fromEntries(RECORD_FIELDS.map((name, i) => [name, BigInt(record.fields[i])])),
    };
    const run = new Interpreter(environment).run(this.#handler(record.handler));
    environment.state.write("x", 0n, ZERO_SINK);
    const next = BigInt.asIntN(64, (environment.pc ?? 0n) + BigInt(record.length));
    const outcome: Outcome = run.kind === "next" ? { kind: "goto", pc: next } : run;
    return { outcome, state: environment.state, memory: environment.memory };
  }

  /** Executes an instruction both ways and asserts that it did the same. */
  both(setting: InstructionSetting): InstructionEffect {
    const bound = this.bound(setting);
    const unbound = this.unbound(setting);
    assertEquals(unbound.outcome, bound.outcome);
    assertEquals(unbound.state.snapshot(), bound.state.snapshot());
    assertEquals(unbound.memory.bytes, bound.memory.bytes);
    assertEquals(unbound.memory.fences, bound.memory.fences);
    return bound;
  }

  #record(bits: number): DecodedRecord {
    const fields = new Uint8Array(RECORD_FIELDS.length);
    const record: DecodedRecord = { handler: 0, length: 0, fields, imm: 0 };
    this.#fillRecord(bits & PARCEL_MASK, bits >>> PARCEL_BITS, record);
    return record;
  }

  #handler(row: number): Region {
    const known = this.#handlers.get(row);
    if (known !== undefined) return known;
    const handler = liftUnbound(ROWS[row]);
    this.#handlers.set(row, handler);
    return handler;
  }
}
