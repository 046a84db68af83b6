/**
 * Breakpoints, as Wasm text: is the instruction that comes next one that is waited for? Asked by the counting run loop
 * alone, before each instruction and only while there are any.
 */
import { BreakpointList, Control } from "../abi/vcpu_layout.ts";
import { get32, get64, set64 } from "./control_text.ts";

const ENTRY_BYTES = 1 << BreakpointList.ENTRY_SHIFT;
const LIST_END = `(i32.add (i32.const ${BreakpointList.BASE})
      (i32.shl ${get32(Control.BREAKPOINTS)} (i32.const ${BreakpointList.ENTRY_SHIFT})))`;

/** The run loop has the budget in a local; `retired_instructions` does not see it there. */
export const BREAKPOINT_FUNCTIONS = `
  (func $note_breakpoint (param $budget i32) (result i32)
    (local $retired i64)
    (local.set $retired (i64.add ${get64(Control.RETIRED_BASE)}
      (i64.extend_i32_s (i32.sub ${get32(Control.BUDGET_FILLED)} (local.get $budget)))))
    (if (i64.lt_u (local.get $retired) ${
  get64(Control.BREAKPOINTS_FROM)
}) (then (return (i32.const 0))))
    ${set64(Control.BREAKPOINT_MET, "(i64.add (local.get $retired) (i64.const 1))")}
    ${get32(Control.BREAKPOINT_STOPS)})

  (func $meets_breakpoint (param $pc i64) (param $budget i32) (result i32)
    (local $entry i32) (local $end i32)
    (local.set $entry (i32.const ${BreakpointList.BASE}))
    (local.set $end ${LIST_END})
    (loop $next
      (if (i32.lt_u (local.get $entry) (local.get $end)) (then
        (if (i64.eq (i64.load $cpu (local.get $entry)) (local.get $pc))
          (then (return (call $note_breakpoint (local.get $budget)))))
        (local.set $entry (i32.add (local.get $entry) (i32.const ${ENTRY_BYTES})))
        (br $next))))
    (i32.const 0))
`;
