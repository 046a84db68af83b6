/**
 * Handlers that are functions of their own: `(record, pc) -> ()`.
 *
 * The dispatch loop is one function that the host compiles as a whole. Instructions that few programs use
 * would be much of it; for them a call costs less than their place there. They do register work only. An
 * exception is left in FAULT, which the loop looks at afterwards.
 */
import type { Operation, Region } from "../../ir/region.ts";
import type { ValueType } from "../../ir/types.ts";
import { Control, Fault } from "../abi/vcpu_layout.ts";
import { LocalAllocation } from "../lower/local_allocation.ts";
import type { ModuleFunctions } from "../lower/operation_lowering.ts";
import { type Expression, type ModuleBuilder, wasmType } from "../module_builder.ts";
import { MemoryResidentLowering } from "./memory_resident_lowering.ts";
import { recordField } from "./record_field.ts";

const I32 = wasmType("i32");
const I64 = wasmType("i64");
const VOID = wasmType("void");
const PARAMETERS = [I32, I64] as const;
const [RECORD, PC] = [0, 1];
/** Shorter handlers are no longer than a call. */
const SHORTEST = 12;

/** Effects of operations that stay in the loop; `trap_if` is the one departure that does not. */
const LOOP_EFFECTS: ReadonlySet<string> = new Set(["access", "leave", "marker"]);

/** Can the handler be a function, and is it long enough for that? */
export function canBeOutlined({ blocks }: Region): boolean {
  const [{ operations, terminator }] = blocks;
  const isRegisterWork = operations.every(({ opcode, effect }) =>
    opcode === "trap_if" ||
    (!LOOP_EFFECTS.has(effect) && opcode !== "guest.fence" && opcode !== "guest.next_pc")
  );
  return isRegisterWork && terminator?.kind === "next" && operations.length >= SHORTEST;
}

/** Name of the function of a handler. */
export function outlinedName({ name }: Region): string {
  return `handle ${name}`;
}

/** See the header of this file. */
export class OutlinedHandlerLowering extends MemoryResidentLowering {
  readonly #region: Region;
  readonly #fields: readonly string[];

  /** Prepares a handler with these byte-wide record fields. */
  constructor(
    m: ModuleBuilder,
    functions: ModuleFunctions,
    region: Region,
    fields: readonly string[],
  ) {
    super(m, functions, region, new LocalAllocation(PARAMETERS.length));
    this.#region = region;
    this.#fields = fields;
  }

  /** Adds the function to the module. */
  addToModule(): void {
    this.lowerOperations(this.#region.blocks[0]);
    const body = this.m.block(null, this.endBlock());
    this.m.addFunction(outlinedName(this.#region), [...PARAMETERS], VOID, this.locals.types, body);
  }

  protected override field(name: string, type: ValueType): Expression {
    return recordField(this.m, this.m.localGet(RECORD, I32), this.#fields, name, type);
  }

  protected override instructionAddress(which: string): Expression {
    const { m } = this;
    const pc = m.localGet(PC, I64);
    if (which !== "guest.encoding") return pc;
    return m.unary("i64.extend_i32_u", m.call("encoding", [pc], I32));
  }

  protected override leave({ operands: [condition, cause, value] }: Operation): void {
    const { m } = this;
    const raise = [
      m.store("cpu", 4, I32, m.i32(Control.FAULT_CAUSE), this.use(cause)),
      m.store("cpu", 8, I64, m.i32(Control.FAULT_VALUE), this.use(value)),
      m.store("cpu", 4, I32, m.i32(Control.FAULT), m.i32(Fault.EXCEPTION)),
      m.return(0),
    ];
    this.push(m.if(this.use(condition), m.block(null, raise)));
  }

  protected override beforeCall(): Expression[] {
    return [];
  }

  protected override access(operation: Operation): Expression | null {
    return this.#refuse(operation.opcode);
  }

  protected override fence(): Expression | null {
    return this.#refuse("guest.fence");
  }

  protected override pcRelative(): Expression {
    return this.#refuse("guest.pc_relative");
  }

  protected override boundary(): void {
    this.#refuse("guest.boundary");
  }

  #refuse(opcode: string): never {
    throw new TypeError(`Cannot lower "${opcode}" in "${outlinedName(this.#region)}"`);
  }
}
