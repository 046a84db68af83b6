/** What stands for a fence in Wasm. */
import { Control } from "../abi/vcpu_layout.ts";
import type { FenceKind } from "../host_order.ts";
import { type Expression, type ModuleBuilder, wasmType } from "../module_builder.ts";

const I32 = wasmType("i32");
const WORD_BYTES = 4;

/**
 * A barrier of a kind that is something.
 *
 * ORDER: the pairs are the guest's own; partner: whatever access of another hart the guest pairs it with.
 */
export function barrier(m: ModuleBuilder, kind: Exclude<FenceKind, "nothing">): Expression {
  if (kind === "fence") return m.atomicFence();
  const exchanged = m.atomicUpdate(
    "xchg",
    "cpu",
    WORD_BYTES,
    I32,
    m.i32(Control.BARRIER),
    m.i32(0),
  );
  return m.drop(exchanged);
}
