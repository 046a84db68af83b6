/**
 * Puts functions together to a module that vCPUs instantiate.
 *
 * A region may call another one that is not in the module. Such a call goes through a stub that looks the
 * address up in the jump cache, as calls of unknown code do.
 *
 * Source: WebAssembly Core Specification, "Binary Format", "Modules".
 */
import { ENTRY_INDEX_BITS } from "../abi/vcpu_layout.ts";
import { addBranchHints } from "../branch_hints.ts";
import { ByteWriter } from "../byte_writer.ts";
import { Op } from "../code_reader.ts";
import { encodeModule } from "../module_sections.ts";
import { type FunctionObject, OperandKind, typeBytes } from "./function_object.ts";

const ENTRY_MASK = (1 << ENTRY_INDEX_BITS) - 1;
const I32_AND = 0x71;
const I64_ADD = 0x7c;

/** Name of the function that calls whatever the jump cache has for an address. */
export const ENTER_FUNCTION = "enter";

/** A function of a module to be made. */
export interface LinkedFunction {
  /** Name in the module; also that of its export. */
  readonly name: string;
  /** The function. */
  readonly object: FunctionObject;
  /** Its constants. */
  readonly constants: readonly number[];
  /** What stands for a function it calls: another of the module's by name, or the distance of an unknown region. */
  resolve(name: string): CallTarget;
}

/** What a call goes to. */
export type CallTarget =
  /** A function of the module: a region, or a helper that is added. */
  | { readonly kind: "function"; readonly name: string }
  /** Whatever there is at a distance from the address that the caller passes as the callee's origin. */
  | { readonly kind: "unknown"; readonly distance: number };

interface PlacedFunction {
  readonly object: FunctionObject;
  readonly constants: readonly number[];
  resolve(name: string): CallTarget;
}

/**
 * The module with these functions and the helpers that they need.
 * @throws {RangeError} when a helper is missing
 */
export function linkModule(
  functions: readonly LinkedFunction[],
  helper: (name: string) => FunctionObject | undefined,
): Uint8Array<ArrayBuffer> {
  return addBranchHints(new Linker(functions, helper).link());
}

/** Numbers of what has a text: the order of first use. */
class Numbering {
  readonly numbers = new Map<string, number>();

  of(text: string): number {
    let number = this.numbers.get(text);
    if (number === undefined) this.numbers.set(text, number = this.numbers.size);
    return number;
  }
}

class Linker {
  readonly #exported: readonly LinkedFunction[];
  readonly #helper: (name: string) => FunctionObject | undefined;
  readonly #types = new Numbering();
  readonly #imports = new Map<string, string>();
  readonly #importNumbers = new Numbering();
  /** In the order of their numbers. */
  readonly #functions = new Map<string, PlacedFunction>();
  readonly #functionNumbers = new Numbering();

  constructor(
    functions: readonly LinkedFunction[],
    helper: (name: string) => FunctionObject | undefined,
  ) {
    this.#exported = functions;
    this.#helper = helper;
    for (const linked of functions) this.#functions.set(linked.name, linked);
  }

  link(): Uint8Array<ArrayBuffer> {
    // A map shows what is added while it is gone through.
    for (const [name, placed] of this.#functions) {
      this.#functionNumbers.of(name);
      this.#collect(placed);
    }
    const code = [...this.#functions.values()].map((placed) => this.#code(placed));
    return encodeModule({
      types: [...this.#types.numbers.keys()].map(typeBytes),
      imports: [...this.#imports].map(([name, type]) => ({ name, number: this.#types.of(type) })),
      functions: [...this.#functions.values()].map(({ object }) => this.#types.of(object.type)),
      exports: this.#exported.map(({ name }) => ({ name, number: this.#definedNumber(name) })),
      code,
    });
  }

  /** Numbers everything that a function refers to, and adds the helpers it calls. */
  #collect({ object, resolve }: PlacedFunction): void {
    this.#types.of(object.type);
    for (const type of object.types) this.#types.of(type);
    for (const { name, importType } of object.calls) {
      if (importType === null) this.#addCalled(resolve(name));
      else {
        this.#types.of(importType);
        this.#importNumbers.of(name);
        this.#imports.set(name, importType);
      }
    }
  }

  #addCalled(target: CallTarget): void {
    const name = nameOf(target);
    if (this.#functions.has(name)) return;
    const object = target.kind === "unknown"
      ? stub(target.distance, this.#helperObject(ENTER_FUNCTION).type)
      : this.#helperObject(name);
    const resolve = (callee: string): CallTarget => ({ kind: "function", name: callee });
    this.#functions.set(name, { object, constants: [], resolve });
  }

  #helperObject(name: string): FunctionObject {
    const object = this.#helper(name);
    if (object === undefined) throw new RangeError(`Cannot link a module: no function "${name}"`);
    return object;
  }

  #definedNumber(name: string): number {
    return this.#imports.size + this.#functionNumbers.of(name);
  }

  // --- code -----------------------------------------------------------------------------------------

  #code(placed: PlacedFunction): Uint8Array {
    const { code, operands } = placed.object;
    const w = new ByteWriter();
    let copied = 0;
    for (const { at, kind, index } of operands) {
      w.raw(code.subarray(copied, at));
      copied = at;
      if (kind === OperandKind.CONSTANT) w.signed(placed.constants[index]);
      else if (kind === OperandKind.TYPE) w.unsigned(this.#types.of(placed.object.types[index]));
      else w.unsigned(this.#calledNumber(placed, index));
    }
    w.raw(code.subarray(copied));
    return w.take();
  }

  #calledNumber({ object, resolve }: PlacedFunction, index: number): number {
    const { name, importType } = object.calls[index];
    return importType === null
      ? this.#definedNumber(nameOf(resolve(name)))
      : this.#importNumbers.of(name);
  }
}

function nameOf(target: CallTarget): string {
  return target.kind === "function" ? target.name : `unknown_${target.distance}`;
}

/** `(origin, depth and entry) -> i64`: enters what there is at the distance from the origin. */
function stub(distance: number, type: string): FunctionObject {
  const w = new ByteWriter();
  w.unsigned(0);
  w.raw([Op.LOCAL_GET, 0, Op.I64_CONST]);
  w.signed(distance);
  w.raw([I64_ADD, Op.LOCAL_GET, 1, Op.I32_CONST]);
  w.signed(~ENTRY_MASK);
  w.raw([I32_AND, Op.RETURN_CALL]);
  const at = w.length;
  w.byte(Op.END);
  return {
    type,
    code: w.take(),
    operands: [{ at, kind: OperandKind.FUNCTION, index: 0 }],
    calls: [{ name: ENTER_FUNCTION, importType: null }],
    types: [],
  };
}
