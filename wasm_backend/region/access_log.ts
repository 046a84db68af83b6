/**
 * Check mode's note of each access, so that the cold tier can be given the same results. Without check mode
 * nothing is emitted.
 */
import { LogEntry } from "../abi/vcpu_layout.ts";
import { type Expression, type ModuleBuilder, wasmType } from "../module_builder.ts";
import type { AccessHost } from "./access_host.ts";
import type { RegionFunctions } from "./region_functions.ts";

const I64 = wasmType("i64");

/** One access. */
export interface LoggedAccess {
  /** `LogKind`. */
  readonly kind: number;
  /** Width. */
  readonly bytes: number;
  /** Local of the address. */
  readonly address: () => number;
  /** Local of what was stored, or null. */
  readonly operand: number | null;
}

/** See the header of this file. */
export class AccessLog {
  /** The module under construction. */
  readonly m: ModuleBuilder;
  readonly #host: AccessHost;
  readonly #functions: RegionFunctions;
  readonly #isOn: boolean;

  /** A log that notes, or one that does not. */
  constructor(m: ModuleBuilder, host: AccessHost, functions: RegionFunctions, isOn: boolean) {
    this.m = m;
    this.#host = host;
    this.#functions = functions;
    this.#isOn = isOn;
  }

  /** Notes an access whose result, if it has one, is in a local. */
  note({ kind, bytes, address, operand }: LoggedAccess, result: number | null): void {
    if (!this.#isOn) return;
    const { m } = this;
    const value = (local: number | null): Expression =>
      local === null ? m.i64(0n) : m.localGet(local, I64);
    const what = m.i32(kind | bytes << LogEntry.WIDTH_SHIFT);
    const operands = [what, m.localGet(address(), I64), value(result), value(operand)];
    this.#host.push(m.call(this.#functions.log(), operands, wasmType("void")));
  }

  /** The result of an access, after it was noted. */
  noted(access: LoggedAccess, result: Expression): Expression {
    if (!this.#isOn) return result;
    const local = this.#host.toLocal(result, "i64");
    this.note(access, local);
    return this.m.localGet(local, I64);
  }
}
