/**
 * What a region checks before it runs: that its code is still the code it was built from, that the pages it
 * was built from are still mapped side by side, that there is budget, and that entry conditions hold.
 *
 * A refused entry has done nothing: state `pc` is that of the entry, and registers are in memory.
 */
import type { EntryCondition, FunctionSignature } from "../../ir/region.ts";
import { LEAVE, LeaveReason } from "../abi/leave_reason.ts";
import { ColdExport } from "../abi/module_shape.ts";
import { Control, ENTRY_INDEX_BITS } from "../abi/vcpu_layout.ts";
import { loadControl, storeControl } from "../lower/guest_state_access.ts";
import { type Expression, type ModuleBuilder, wasmType } from "../module_builder.ts";
import { Parameter } from "./departures.ts";
import type { RegionFunctions } from "./region_functions.ts";
import { PAGE_CONSTANTS, PlaceConstant } from "./region_place.ts";
import type { RegisterLocals } from "./register_locals.ts";

const I32 = wasmType("i32");
const I64 = wasmType("i64");
const PAGE_SHIFT = 12n;
const HALF_BITS = 32n;
const WORD_SIGN_BIT = 31n;
const ENTRY_MASK = (1 << ENTRY_INDEX_BITS) - 1;

const CHECK_MAPPING: FunctionSignature = {
  name: ColdExport.CHECK_MAPPING,
  parameters: ["i32", "i32", "i32"],
  result: "i32",
};

/** What is checked. */
export interface EntryContext {
  /** Functions of the module. */
  readonly functions: RegionFunctions;
  /** Where the region is, see `region_place.ts`. */
  readonly place: readonly number[];
  /** Local of the instruction budget. */
  readonly budget: number;
  /** Local of the entry label. */
  readonly label: number;
}

/** Statements that start a region: budget and label into locals, and the checks that any entry has. */
export function entryChecks(m: ModuleBuilder, context: EntryContext): Expression[] {
  const { place, budget, label } = context;
  const entry = m.binary("i32.and", m.localGet(Parameter.DEPTH_AND_ENTRY, I32), m.i32(ENTRY_MASK));
  return [
    m.localSet(budget, loadControl(m, Control.BUDGET)),
    m.localSet(label, entry),
    ...pageConstants(place).map(([begun, generation]) => checkGeneration(m, begun, generation)),
    ...(pageConstants(place).length > 1 ? [checkMapping(m, context)] : []),
    m.ifRare(
      m.binary("i32.lt_s", m.localGet(budget, I32), m.i32(1)),
      refuse(m, LeaveReason.BUDGET),
    ),
  ];
}

/** Address and expected value of the generation, for each page. */
function pageConstants(place: readonly number[]): [begun: number, generation: number][] {
  const pairs: [number, number][] = [];
  for (let at: number = PlaceConstant.FIRST_PAGE; at < place.length; at += PAGE_CONSTANTS) {
    pairs.push([place[at], place[at + 1]]);
  }
  return pairs;
}

function refuse(m: ModuleBuilder, reason: number): Expression[] {
  return [storeControl(m, Control.REASON, m.i32(reason)), m.return(m.i64(LEAVE))];
}

/** ORDER: sc load at entry; partner: the begun-stores count before a store to the page's code. */
function checkGeneration(m: ModuleBuilder, address: number, generation: number): Expression {
  const begun = m.atomicLoad("ram", 4, I32, m.i32(address));
  return m.ifRare(m.binary("i32.ne", begun, m.i32(generation)), refuse(m, LeaveReason.DEAD));
}

/** One compare while the mapping epoch is that of the last check of this slot. */
function checkMapping(m: ModuleBuilder, { functions, place }: EntryContext): Expression {
  const origin = (): Expression => m.localGet(Parameter.ORIGIN, I64);
  const page = m.binary(
    "i64.shl",
    m.binary("i64.shr_u", origin(), m.i64(PAGE_SHIFT)),
    m.i64(HALF_BITS),
  );
  const context = m.unary("i64.extend_i32_u", loadControl(m, Control.CONTEXT));
  const present = m.binary("i64.or", page, context);
  const checked = m.load("cpu", 8, false, I64, m.i32(place[PlaceConstant.MAPPING_CHECK]));
  const high = m.unary("i32.wrap_i64", m.binary("i64.shr_u", origin(), m.i64(HALF_BITS)));
  const slot = m.i32(place[PlaceConstant.SLOT]);
  const operands = [slot, m.unary("i32.wrap_i64", origin()), high];
  const isMapped = m.call(functions.imported(CHECK_MAPPING), operands, I32);
  return m.ifRare(m.binary("i64.ne", checked, present), [
    m.if(m.unary("i32.eqz", isMapped), m.block(null, refuse(m, LeaveReason.UNMAPPED))),
  ]);
}

/** An i32 that is 1 when the region was entered at this label and one of the conditions does not hold. */
export function violatesConditions(
  registers: RegisterLocals,
  label: number,
  entry: number,
  conditions: readonly EntryCondition[],
): Expression {
  const { m } = registers;
  const isEntered = m.binary("i32.eq", m.localGet(label, I32), m.i32(entry));
  const violations = conditions.map((condition) => violation(registers, condition))
    .reduce((a, b) => m.binary("i64.or", a, b));
  const isViolated = m.unary("i32.eqz", m.unary("i64.eqz", violations));
  return m.binary("i32.and", isEntered, isViolated);
}

/** Not zero where the condition does not hold. */
function violation(registers: RegisterLocals, condition: EntryCondition): Expression {
  const { m } = registers;
  const value = (): Expression => registers.get(condition);
  if (condition.range === "u31") return m.binary("i64.shr_u", value(), m.i64(WORD_SIGN_BIT));
  return m.binary("i64.xor", value(), m.unary("i64.extend32_s", value()));
}
