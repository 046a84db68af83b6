/**
 * A load-reserved and its store-conditional in one region, with nothing but register work between them (the
 * frontend saw to that): one compare-and-swap of the value that was read.
 *
 * Whatever else comes between breaks the pair, and the store-conditional is left to the cold tier.
 */
import type { FunctionSignature } from "../../ir/region.ts";
import { ColdExport } from "../abi/module_shape.ts";
import { Control, LogKind } from "../abi/vcpu_layout.ts";
import { storeControl } from "../lower/guest_state_access.ts";
import { type Expression, type ModuleBuilder, wasmType } from "../module_builder.ts";
import type { AccessLog } from "./access_log.ts";
import type { AccessTranslation } from "./access_translation.ts";
import type { AccessHost } from "./access_host.ts";
import type { RegionFunctions } from "./region_functions.ts";

const I32 = wasmType("i32");
const I64 = wasmType("i64");
const LOW_WORD = 0xffff_ffffn;
const EXCHANGE_GUARDED: FunctionSignature = {
  name: ColdExport.EXCHANGE_GUARDED,
  parameters: ["i64", "i64", "i64", "i32"],
  result: "i64",
};

/** See the header of this file. */
export class ReservedPair {
  /** The module under construction. */
  readonly m: ModuleBuilder;
  readonly #host: AccessHost;
  readonly #functions: RegionFunctions;
  readonly #translation: AccessTranslation;
  readonly #log: AccessLog;
  readonly #width: number;
  readonly #address: number;
  readonly #value: number;

  /** Locals for the pairs of one region. */
  constructor(
    m: ModuleBuilder,
    host: AccessHost,
    functions: RegionFunctions,
    translation: AccessTranslation,
    log: AccessLog,
  ) {
    this.m = m;
    this.#host = host;
    this.#functions = functions;
    this.#translation = translation;
    this.#log = log;
    this.#width = host.locals.permanent("i32");
    this.#address = host.locals.permanent("i64");
    this.#value = host.locals.permanent("i64");
  }

  /** Something came between: the pair is broken. */
  drop(): void {
    this.#host.push(this.m.localSet(this.#width, this.m.i32(0)));
  }

  /**
   * The value that is reserved, in place of what the cold tier had reserved.
   *
   * ORDER: sc load; partner: every store and update of the word by other harts.
   */
  load(address: number, bytes: number): Expression {
    const { m } = this;
    const addend = this.#host.toLocal(this.#translation.probe("load", address, bytes), "i32");
    this.#host.push(m.ifRare(this.#translation.isOdd(addend), this.#host.stepHere()));
    const place = this.#translation.place(address, addend);
    this.#host.push(storeControl(m, Control.RESERVATION, m.i32(0)));
    this.#host.push(m.localSet(this.#value, m.atomicLoad("ram", bytes, I64, place)));
    this.#host.push(m.localSet(this.#address, m.localGet(address, I64)));
    this.#host.push(m.localSet(this.#width, m.i32(bytes)));
    const access = { kind: LogKind.LOAD_RESERVED, bytes, address: () => address, operand: null };
    this.#log.note(access, this.#value);
    return m.localGet(this.#value, I64);
  }

  /** Statements that leave to the cold tier unless this address and width are reserved. */
  #requirePair(address: number, bytes: number): Expression {
    const { m } = this;
    const otherWidth = m.binary("i32.ne", m.localGet(this.#width, I32), m.i32(bytes));
    const otherPlace = m.binary(
      "i64.ne",
      m.localGet(this.#address, I64),
      m.localGet(address, I64),
    );
    return m.ifRare(m.binary("i32.or", otherWidth, otherPlace), this.#host.stepHere());
  }

  /** Statements that make the exchange where the page is guarded, or leave where there is no page to store to. */
  #exchangeGuarded(address: number, stored: number, bytes: number, result: number): Expression[] {
    const { m } = this;
    const operands = [
      m.localGet(address, I64),
      m.localGet(this.#value, I64),
      m.localGet(stored, I64),
      m.i32(bytes),
    ];
    const exchanged = m.call(this.#functions.imported(EXCHANGE_GUARDED), operands, I64);
    const isImpossible = m.binary("i64.lt_u", m.i64(1n), m.localGet(result, I64));
    return [
      m.localSet(result, exchanged),
      m.if(isImpossible, m.block(null, this.#host.stepHere())),
    ];
  }

  /**
   * The store-conditional's result, 0 or 1.
   *
   * ORDER: sc compare-and-swap; partner: every store and update of the word by other harts.
   */
  storeConditional(address: number, stored: number, bytes: number): Expression {
    const { m } = this;
    this.#host.push(this.#requirePair(address, bytes));
    const addend = this.#host.toLocal(this.#translation.probe("store", address, bytes), "i32");
    const result = this.#host.locals.scratch("i64");
    const value = m.localGet(stored, I64);
    const old = m.atomicCompareExchange(
      "ram",
      bytes,
      I64,
      this.#translation.place(address, addend),
      m.localGet(this.#value, I64),
      bytes === 4 ? m.binary("i64.and", value, m.i64(LOW_WORD)) : value,
    );
    const failed = m.binary("i64.ne", old, m.localGet(this.#value, I64));
    this.#host.push(
      m.if(
        this.#translation.isOdd(addend),
        m.block(null, [m.nop(), ...this.#exchangeGuarded(address, stored, bytes, result)]),
        m.localSet(result, m.unary("i64.extend_i32_u", failed)),
      ),
    );
    this.drop();
    const access = {
      kind: LogKind.STORE_CONDITIONAL,
      bytes,
      address: () => address,
      operand: stored,
    };
    this.#log.note(access, result);
    return m.localGet(result, I64);
  }
}
