/**
 * Guest registers of a region in Wasm locals. A register that holds doubles and nothing else has an `f64` local.
 */
import type { StateSlot } from "../../ir/guest_state.ts";
import type { Region, SlotAttribute } from "../../ir/region.ts";
import type { ValueType } from "../../ir/types.ts";
import { loadState, storeState } from "../lower/guest_state_access.ts";
import type { LocalAllocation } from "../lower/local_allocation.ts";
import { type Expression, type ModuleBuilder, wasmType } from "../module_builder.ts";
import type { ElementSet } from "./element_set.ts";
import { findNumberElements } from "./number_elements.ts";
import type { PromotedState } from "./promoted_state.ts";

/** See the header of this file. */
export class RegisterLocals {
  /** The module under construction. */
  readonly m: ModuleBuilder;
  readonly #state: PromotedState;
  /** Elements whose locals are doubles. */
  readonly #numbers: ReadonlySet<number>;
  readonly #locals: readonly number[];

  /** A local for each element that the region promotes. */
  constructor(m: ModuleBuilder, region: Region, state: PromotedState, locals: LocalAllocation) {
    this.m = m;
    this.#state = state;
    this.#numbers = findNumberElements(region, (element) => state.number(element));
    this.#locals = state.elements.map((_, element) => locals.permanent(this.#typeOf(element)));
  }

  #typeOf(element: number): ValueType {
    return this.#numbers.has(element) ? "f64" : this.#state.elements[element].slot.type;
  }

  #get(element: number): Expression {
    return this.m.localGet(this.#locals[element], wasmType(this.#typeOf(element)));
  }

  /** The register's value, with the type of its slot. */
  get(register: SlotAttribute): Expression {
    const element = this.#state.number(register);
    const value = this.#get(element);
    return this.#typeOf(element) === register.slot.type
      ? value
      : this.m.unary("i64.reinterpret_f64", value);
  }

  /** Gives the register a value of its slot's type. */
  set(slot: StateSlot, index: number, value: Expression): Expression {
    const element = this.#state.number({ slot, index });
    const carried = this.#numbers.has(element) ? this.m.unary("f64.reinterpret_i64", value) : value;
    return this.m.localSet(this.#locals[element], carried);
  }

  /** Statements that fill locals from memory. */
  load(elements: ElementSet): Expression[] {
    return elements.elements().map((element) => {
      const { slot, index } = this.#state.elements[element];
      const value = loadState(this.m, slot, index, this.#typeOf(element));
      return this.m.localSet(this.#locals[element], value);
    });
  }

  /** Statements that write locals to memory. */
  store(elements: ElementSet): Expression[] {
    return elements.elements().map((element) => {
      const { slot, index } = this.#state.elements[element];
      return storeState(this.m, slot, index, this.#get(element), this.#typeOf(element));
    });
  }
}
