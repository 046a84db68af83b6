/**
 * A batch in the reference interpreter: each case by itself, as part of a region and as a handler in turns, with
 * the lifted operations as they are, before any pass.
 */
import { csrNumber } from "../../differential/csr_numbers.ts";
import { liftBound, liftUnbound } from "../../../frontend/riscv/lift/single_instruction_fixture.ts";
import type { DecodedInstruction } from "../../../frontend/riscv/instruction.ts";
import { CSR_ACCESS, CsrOperation } from "../../../frontend/riscv/privileged/signatures.ts";
import { createDecoder } from "../../../frontend/riscv/decoder.ts";
import { createRecordFiller, RECORD_FIELDS } from "../../../frontend/riscv/record.ts";
import { RISCV_STATE, ZERO_SINK } from "../../../frontend/riscv/registers.ts";
import { RiscvFrontend } from "../../../frontend/riscv/riscv_frontend.ts";
import { ROWS } from "../../../frontend/riscv/rows.ts";
import {
  type HostFunction,
  Interpreter,
  type Outcome,
} from "../../../ir/interpreter/interpreter.ts";
import { FlatMemory } from "../../../ir/interpreter/memory.ts";
import { InterpreterState } from "../../../ir/interpreter/state.ts";
import { Order } from "../../../ir/memory_order.ts";
import type { Region } from "../../../ir/region.ts";
import { Address, Field, RECORD_BYTES, recordAddress } from "./case_record.ts";
import { type Batch, recordBytes } from "./oracle.ts";
import type { CaseInput, Site } from "./site.ts";

const WORD_BYTES = 8;
const PARCEL_BITS = 16;
const PARCEL_MASK = 0xffff;
const FLOAT_ON = 0x6000n;
const NEAREST = 0;
const RESET = { hart: 0, hasBuiltinFirmware: false } as const;
const NO_HOST: ReadonlyMap<string, HostFunction> = new Map([["retired_instructions", () => 0n]]);
const Cause = {
  FETCH_ACCESS: 1n,
  LOAD_MISALIGNED: 4n,
  LOAD_ACCESS: 5n,
  STORE_MISALIGNED: 6n,
  STORE_ACCESS: 7n,
} as const;

/** A lifted site. */
interface LiftedSite {
  readonly bound: Region;
  readonly unbound: Region;
  readonly fields: Readonly<Record<string, bigint>>;
}

/** See the header of this file. */
export class InterpreterOracle {
  readonly #frontend = new RiscvFrontend();
  readonly #decoder = createDecoder();
  readonly #fillRecord = createRecordFiller(this.#decoder);
  readonly #functions: ReadonlyMap<string, Region>;
  readonly #handlers = new Map<number, Region>();

  /** Lifts what all instructions share. */
  constructor() {
    this.#functions = new Map(this.#frontend.functions().map((region) => [region.name, region]));
  }

  /** Executes the batch. */
  run({ sites, image }: Batch): Uint8Array {
    const start = recordAddress(0) - Address.SUPPORT;
    const memory = new FlatMemory(recordBytes(sites), BigInt(recordAddress(0)));
    memory.bytes.set(image.bytes.subarray(start, start + memory.bytes.length));
    for (const site of sites) {
      const lifted = this.#lift(site);
      site.cases.forEach((input, i) =>
        this.#execute(site, lifted, input, { memory, record: site.firstRecord + i })
      );
    }
    return memory.bytes;
  }

  #lift({ bits, frm }: Site): LiftedSite {
    const instruction = this.#decoder.decode(bits);
    const mode = {
      floatEnabled: true,
      hasCompressed: true,
      roundsToNearest: (frm ?? NEAREST) === NEAREST,
    };
    const filled = { handler: 0, length: 0, fields: new Uint8Array(RECORD_FIELDS.length), imm: 0 };
    this.#fillRecord(bits & PARCEL_MASK, bits >>> PARCEL_BITS, filled);
    return {
      bound: liftBound(instruction, mode),
      unbound: this.#handler(instruction.row),
      fields: {
        imm: BigInt(filled.imm),
        ...Object.fromEntries(RECORD_FIELDS.map((name, i) => [name, BigInt(filled.fields[i])])),
      },
    };
  }

  #handler(row: number): Region {
    const known = this.#handlers.get(row);
    if (known !== undefined) return known;
    const handler = liftUnbound(ROWS[row]);
    this.#handlers.set(row, handler);
    return handler;
  }

  #execute(
    site: Site,
    { bound, unbound, fields }: LiftedSite,
    { x, f, fcsr }: CaseInput,
    { memory, record }: { readonly memory: FlatMemory; readonly record: number },
  ): void {
    const state = new InterpreterState(RISCV_STATE);
    const interpreter = new Interpreter({
      state,
      memory,
      pc: BigInt(site.pc),
      length: site.length,
      encoding: BigInt(site.bits),
      fields,
      functions: this.#functions,
      host: NO_HOST,
    });
    const view = new DataView(memory.bytes.buffer);
    const put = (field: number, value: bigint): void =>
      view.setBigUint64(record * RECORD_BYTES + field, BigInt.asUintN(64, value), true);
    for (const { slot, index, value } of this.#frontend.resetState(RESET)) {
      state.write(slot, BigInt.asIntN(64, value), index);
    }
    state.write("mstatus", FLOAT_ON);
    x.forEach((value, i) => state.write("x", BigInt.asIntN(64, value), site.x[i]));
    f.forEach((value, i) => state.write("f", BigInt.asIntN(64, value), site.f[i]));
    const { frm } = site;
    const csr = (name: string, value: number | null): bigint =>
      this.#csr(interpreter, csrNumber(name), value);
    if (frm !== null) {
      csr("frm", frm);
      csr(site.setsFcsr ? "fcsr" : "fflags", fcsr);
    }
    if (site.reserve !== null) reserve(memory, state, this.#decoder.decode(site.reserve));
    const outcome = interpreter.run(record % 2 === 0 ? bound : unbound);
    state.write("x", 0n, ZERO_SINK);
    settle(site, outcome, put);
    site.x.forEach((register, i) => put(Field.X_OUT + i * WORD_BYTES, state.read("x", register)));
    site.f.forEach((register, i) => put(Field.F_OUT + i * WORD_BYTES, state.read("f", register)));
    if (frm !== null) put(Field.FCSR_OUT, csr("fcsr", null));
  }

  /** Writes a control register, or reads it when there is no value. */
  #csr(interpreter: Interpreter, csr: number, value: number | null): bigint {
    const region = this.#functions.get(CSR_ACCESS.name);
    if (region === undefined) throw new TypeError("Cannot access control registers");
    const operation = value === null ? CsrOperation.SET : CsrOperation.WRITE;
    const writes = value === null ? 0n : 1n;
    interpreter.run(region, [BigInt(csr), BigInt(operation), writes, BigInt(value ?? 0)]);
    return interpreter.environment.state.read("csr_result");
  }
}

function reserve(
  memory: FlatMemory,
  state: InterpreterState,
  { rs1, row }: DecodedInstruction,
): void {
  const width = ROWS[row].name.startsWith("lr.w") ? 32 : 64;
  memory.loadReserved(state.read("x", rs1), { width, signed: true, order: Order.NONE });
}

/** Writes down where the instruction went, or which exception it raised. */
function settle(
  { pc, length, places }: Site,
  outcome: Outcome,
  put: (field: number, value: bigint) => void,
): void {
  const raise = (cause: bigint, value: bigint): void => {
    put(Field.TRAP, cause + 1n);
    put(Field.TRAP_VALUE, value);
  };
  switch (outcome.kind) {
    case "trap":
      return raise(outcome.cause, outcome.value);
    case "fault": {
      const isMisaligned = outcome.reason === "misaligned";
      const load = isMisaligned ? Cause.LOAD_MISALIGNED : Cause.LOAD_ACCESS;
      const store = isMisaligned ? Cause.STORE_MISALIGNED : Cause.STORE_ACCESS;
      return raise(outcome.access === "load" ? load : store, outcome.address);
    }
    case "goto":
    case "exit":
    case "leave": {
      if (outcome.pc === BigInt(pc + length)) return;
      const place = places.indexOf(Number(outcome.pc));
      if (place >= 0) return put(Field.PLACE, BigInt(place + 1));
      return raise(Cause.FETCH_ACCESS, outcome.pc);
    }
    case "next":
      return;
    default:
      throw new TypeError(`Cannot settle a case that ends with "${outcome.kind}"`);
  }
}
