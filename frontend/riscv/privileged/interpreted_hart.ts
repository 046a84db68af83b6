/** A hart whose privileged functions run in the reference interpreter: the double that tests drive. */
import { type HostFunction, Interpreter } from "../../../ir/interpreter/interpreter.ts";
import { FlatMemory } from "../../../ir/interpreter/memory.ts";
import { InterpreterState } from "../../../ir/interpreter/state.ts";
import type { FunctionSignature, Region } from "../../../ir/region.ts";
import { RISCV_STATE } from "../registers.ts";
import { featureMask } from "./features.ts";
import { privilegedFunctions } from "./privileged.ts";
import { resetValues } from "./reset.ts";
import { AccessStatus, CSR_ACCESS, CsrOperation } from "./signatures.ts";

/** What a CSR instruction did. */
export interface CsrOutcome {
  /** Was it illegal? */
  readonly illegal: boolean;
  /** Must the hart go back to the trampoline? */
  readonly leaves: boolean;
  /** Value read. */
  readonly old: bigint;
}

/** Choices of a hart under test. */
export interface InterpretedHartOptions {
  /** Letters of `misa`; those of RV64GC when absent. */
  readonly letters?: string;
  /** Feature bit numbers; none when absent. */
  readonly features?: readonly number[];
  /** See `reset.ts`; `none` when absent. */
  readonly firmware?: "builtin" | "none";
  /** Physical memory; 64 KiB at 0 when absent. */
  readonly memory?: FlatMemory;
}

const DEFAULT_RAM_BYTES = 0x1_0000;

/** See the header of this file. */
export class InterpretedHart {
  /** Its state. */
  readonly state: InterpreterState = new InterpreterState(RISCV_STATE);
  /** Its memory and interrupt lines. */
  readonly memory: FlatMemory;
  /** Guest time it reads. */
  time = 0;
  /** Instructions it has retired. */
  retired = 0n;
  /** Deadlines it told the host, in order. */
  readonly deadlines: bigint[] = [];
  /** What its interrupt files hold: by privilege and register, as `"1 112"`. */
  readonly fileRegisters = new Map<string, number>();
  /** The most urgent interrupt of a file, by privilege. */
  readonly fileTops = new Map<number, number>();
  /** What it claimed of its files: privilege and identity, in order. */
  readonly claims: [privilege: number, identity: number][] = [];
  readonly #extensions: ReadonlySet<string>;
  readonly #functions: Map<string, Region>;
  readonly #interpreter: Interpreter;

  /** A hart at reset. */
  constructor(options: InterpretedHartOptions = {}) {
    const { letters = "imafdc", features = [], firmware = "none", memory } = options;
    this.#extensions = new Set(letters);
    this.memory = memory ?? new FlatMemory(DEFAULT_RAM_BYTES);
    this.#functions = new Map(privilegedFunctions().map((region) => [region.name, region]));
    this.#interpreter = new Interpreter({
      state: this.state,
      memory: this.memory,
      functions: this.#functions,
      host: new Map<string, HostFunction>([
        ["guest_time", () => doubleBits(this.time)],
        ["retired_instructions", () => this.retired],
        ["timer_changed", () => void this.deadlines.push(this.read("supervisor_deadline"))],
        ...this.#fileFunctions(),
      ]),
    });
    this.reset(featureMask(...features), firmware);
  }

  #fileFunctions(): [string, HostFunction][] {
    const registers = this.fileRegisters;
    const held = (place: string): number => registers.get(place) ?? 0;
    return [
      ["interrupt_file_read", ([privilege, register]) => BigInt(held(`${privilege} ${register}`))],
      ["interrupt_file_update", ([privilege, register, set, clear]) => {
        const place = `${privilege} ${register}`;
        registers.set(place, (held(place) | Number(set)) & ~Number(clear));
      }],
      ["interrupt_file_top", ([privilege]) => BigInt(this.fileTops.get(Number(privilege)) ?? 0)],
      ["interrupt_file_claim", ([privilege, identity]) => {
        this.claims.push([Number(privilege), Number(identity)]);
      }],
    ];
  }

  /** Puts the state of reset into effect. */
  reset(features: bigint, firmware: "builtin" | "none"): void {
    this.state.restore(new InterpreterState(RISCV_STATE).snapshot());
    const extensions = this.#extensions;
    for (
      const { slot, index, value } of resetValues({ hartId: 0, extensions, features, firmware })
    ) {
      this.state.write(slot, BigInt.asIntN(64, value), index);
    }
  }

  /** Element of the state, unsigned. */
  read(slot: string, index = 0): bigint {
    return BigInt.asUintN(64, this.state.read(slot, index));
  }

  /** Sets an element of the state. */
  write(slot: string, value: bigint | number, index = 0): void {
    this.state.write(slot, BigInt.asIntN(64, BigInt(value)), index);
  }

  /** Sets several plain slots. */
  writeAll(values: Readonly<Record<string, bigint | number>>): void {
    for (const [slot, value] of Object.entries(values)) this.write(slot, value);
  }

  /** Calls a privileged function; gives its result, signed. */
  call(signature: FunctionSignature, ...args: (bigint | number)[]): bigint {
    const region = this.#functions.get(signature.name);
    if (region === undefined) throw new TypeError(`Cannot call "${signature.name}"`);
    const operands = args.map((value) => BigInt.asIntN(64, BigInt(value)));
    const outcome = this.#interpreter.run(region, operands);
    if (outcome.kind !== "return") throw new TypeError(`Function left by "${outcome.kind}"`);
    return outcome.value;
  }

  #csr(number: number, operation: number, writes: boolean, source: bigint): CsrOutcome {
    const status = Number(this.call(CSR_ACCESS, number, operation, writes ? 1 : 0, source));
    return {
      illegal: (status & AccessStatus.ILLEGAL) !== 0,
      leaves: (status & AccessStatus.LEAVE) !== 0,
      old: this.read("csr_result"),
    };
  }

  /** `csrrs` with x0. */
  csrRead(number: number): CsrOutcome {
    return this.#csr(number, CsrOperation.SET, false, 0n);
  }

  /** `csrrw`. */
  csrWrite(number: number, value: bigint): CsrOutcome {
    return this.#csr(number, CsrOperation.WRITE, true, value);
  }

  /** `csrrs`. */
  csrSet(number: number, bits: bigint): CsrOutcome {
    return this.#csr(number, CsrOperation.SET, true, bits);
  }

  /** `csrrc`. */
  csrClear(number: number, bits: bigint): CsrOutcome {
    return this.#csr(number, CsrOperation.CLEAR, true, bits);
  }

  /** Value of a CSR that must be legal to read here. */
  csrValue(number: number): bigint {
    const { illegal, old } = this.csrRead(number);
    if (illegal) throw new RangeError(`Cannot read CSR 0x${number.toString(16)} here`);
    return old;
  }

  /** Writes a CSR that must be legal to write here, and gives what it then holds. */
  csrWritten(number: number, value: bigint): bigint {
    if (this.csrWrite(number, value).illegal) {
      throw new RangeError(`Cannot write CSR 0x${number.toString(16)} here`);
    }
    return this.csrValue(number);
  }
}

function doubleBits(value: number): bigint {
  return new BigInt64Array(new Float64Array([value]).buffer)[0];
}
