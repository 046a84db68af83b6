/** The bound of `nearest_in_place.ts` as guest state has it beside accrued flags. */
import { buildFunction } from "../../ir/builder.ts";
import { StateLayout } from "../../ir/guest_state.ts";
import { Interpreter } from "../../ir/interpreter/interpreter.ts";
import { InterpreterState } from "../../ir/interpreter/state.ts";
import { rangeOf } from "./nearest_in_place.ts";

const RANGE_OF = buildFunction(
  { name: "range_of", parameters: ["i32"], result: "i32" },
  (b) => b.return(rangeOf(b, b.parameter(0))),
);

/** The bound that belongs to the flags. */
export function rangeBeside(flags: number): bigint {
  const state = new InterpreterState(new StateLayout([]));
  const outcome = new Interpreter({ state }).run(RANGE_OF, [BigInt(flags)]);
  if (outcome.kind !== "return") throw new TypeError(`Cannot find a range: ${outcome.kind}`);
  return outcome.value;
}
