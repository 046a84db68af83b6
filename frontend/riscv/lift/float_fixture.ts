/** Executes float instructions in both forms, as part of a region and as a handler: for tests. */
import { assertEquals } from "@std/assert";
import {
  Interpreter,
  type InterpreterEnvironment,
  type Outcome,
} from "../../../ir/interpreter/interpreter.ts";
import { FlatMemory } from "../../../ir/interpreter/memory.ts";
import { InterpreterState } from "../../../ir/interpreter/state.ts";
import { verify } from "../../../ir/verifier.ts";
import { RoundingMode } from "../../softfloat/format.ts";
import { rangeBeside } from "../../softfloat/float_range_fixture.ts";
import { softfloatFunctions } from "../../softfloat/softfloat.ts";
import { bitFunctions } from "../bit_functions/bit_functions.ts";
import { createDecoder } from "../decoder.ts";
import { assemble, type OperandFields } from "../encoder.ts";
import { RV_FLOAT } from "../encoding/rv_float.ts";
import { ZFA } from "../encoding/zfa.ts";
import type { InstructionRow } from "../instruction.ts";
import { RECORD_FIELDS } from "../record.ts";
import { FLOAT_STATE, RISCV_STATE } from "../registers.ts";
import { ROWS } from "../rows.ts";
import { liftBound, liftUnbound } from "./single_instruction_fixture.ts";

/** All float instructions. */
export const FLOAT_ROWS: readonly InstructionRow[] = [...RV_FLOAT, ...ZFA];
const FUNCTIONS = new Map(
  [...softfloatFunctions(FLOAT_STATE), ...bitFunctions()].map((region) => [region.name, region]),
);
const DECODER = createDecoder();
/** Where RAM is. */
export const RAM_BASE = 0x1000n;
const FS_INITIAL = 0x2000n;
/** The mode in the field that stands for the one in `frm`. */
export const DYNAMIC = 7;

/** Registers that the instructions under test use; distinct, none of them x0. */
export const REGISTERS = { rd: 9, rs1: 10, rs2: 11, rs3: 12 };

/** What an instruction starts from. */
export interface Setting {
  /** Raw bits of the float sources. */
  readonly f?: readonly bigint[];
  /** The integer source. */
  readonly x?: bigint;
  /** Other fields. */
  readonly fields?: OperandFields;
  /** Dynamic rounding mode; 0 when absent. */
  readonly frm?: number;
  /** Accrued flags; none when absent. */
  readonly fflags?: number;
  /** Float state is on when absent. */
  readonly mstatus?: bigint;
  /** Bytes at the start of RAM. */
  readonly ram?: Uint8Array;
}

/** State and memory of a setting. */
export function environmentOf({ f = [], x = 0n, ...rest }: Setting): InterpreterEnvironment & {
  memory: FlatMemory;
} {
  const state = new InterpreterState(RISCV_STATE);
  const memory = new FlatMemory(0x100, RAM_BASE);
  if (rest.ram !== undefined) memory.bytes.set(rest.ram);
  f.forEach((bits, index) => state.write("f", BigInt.asIntN(64, bits), REGISTERS.rs1 + index));
  state.write("x", BigInt.asIntN(64, x), REGISTERS.rs1);
  state.write("frm", BigInt(rest.frm ?? 0));
  state.write("fflags", BigInt(rest.fflags ?? 0));
  state.write("float_range", rangeBeside(rest.fflags ?? 0));
  state.write("mstatus", rest.mstatus ?? FS_INITIAL);
  return { state, memory, functions: FUNCTIONS };
}

/** Executes an instruction in both forms, asserts that they did the same, gives the environment. */
export function execute(name: string, setting: Setting): {
  outcome: Outcome;
  state: InterpreterState;
  memory: FlatMemory;
  bits: number;
} {
  const bits = assemble(name, withoutUnknown(name, { ...REGISTERS, ...setting.fields }));
  const instruction = DECODER.decode(bits);
  const mode = {
    floatEnabled: (setting.mstatus ?? FS_INITIAL) !== 0n,
    roundsToNearest: (setting.frm ?? 0) === RoundingMode.NEAREST_EVEN,
    hasCompressed: true,
  };
  const region = liftBound(instruction, mode);
  const handler = liftUnbound(ROWS[instruction.row]);
  verify(region);
  verify(handler);
  const [bound, unbound] = [environmentOf(setting), environmentOf(setting)];
  bound.encoding = unbound.encoding = BigInt(bits);
  unbound.fields = Object.fromEntries(
    [...RECORD_FIELDS, "imm" as const].map((field) => [field, BigInt(instruction[field])]),
  );
  const boundOutcome = new Interpreter(bound).run(region);
  const outcome = new Interpreter(unbound).run(handler);
  const expected = outcome.kind === "next" ? { kind: "goto", pc: 4n } : outcome;
  assertEquals(boundOutcome, expected, name);
  assertEquals(bound.state.snapshot(), unbound.state.snapshot(), name);
  assertEquals(bound.memory.bytes, unbound.memory.bytes, name);
  return { outcome, state: bound.state, memory: bound.memory, bits };
}

/** Only the fields that the pattern has. */
function withoutUnknown(name: string, fields: OperandFields): OperandFields {
  const row = FLOAT_ROWS.find((candidate) => candidate.name === name);
  const known = Object.entries(fields).filter(([field]) =>
    field === "imm" ? true : row?.pattern.split(" ").includes(field)
  );
  return Object.fromEntries(known);
}

/** The destination float register and the flags. */
export function floatResult(name: string, setting: Setting): [bigint, number] {
  const { state } = execute(name, setting);
  assertEquals(state.read("fs_dirty"), 1n, `${name} marks float state dirty`);
  return [BigInt.asUintN(64, state.read("f", REGISTERS.rd)), Number(state.read("fflags"))];
}

/** The destination integer register and the flags. */
export function integerResult(name: string, setting: Setting): [bigint, number] {
  const { state } = execute(name, setting);
  const flags = Number(state.read("fflags"));
  assertEquals(state.read("fs_dirty"), flags === 0 ? 0n : 1n, `${name} and dirty float state`);
  return [state.read("x", REGISTERS.rd), flags];
}

/** Bits of a double. */
export function double(value: number): bigint {
  return BigInt.asUintN(64, new BigInt64Array(Float64Array.of(value).buffer)[0]);
}

/** A single as it stands in a register. */
export function boxed(bits: bigint): bigint {
  return 0xffff_ffff_0000_0000n | bits;
}

/** Bits of a single in a register. */
export function single(value: number): bigint {
  return boxed(BigInt(new Uint32Array(Float32Array.of(value).buffer)[0]));
}
