/**
 * Whether the current privilege may execute `wfi` and `sfence.vma`.
 *
 * Source: RISC-V Privileged ISA, "Virtualization Support in mstatus Register", "Wait for Interrupt",
 * "Supervisor Memory-Management Fence Instruction".
 */
import { buildFunction } from "../../../ir/builder.ts";
import type { FunctionSignature, Region } from "../../../ir/region.ts";
import { slot } from "../registers.ts";
import { anySet } from "./bit_fields.ts";
import { Privilege } from "./causes.ts";
import { AccessStatus, CHECK_SFENCE, CHECK_WFI } from "./signatures.ts";
import { Status } from "./status_bits.ts";

/** Illegal in user mode, and in supervisor mode when machine mode set the trapping bit. */
function trappedBy(signature: FunctionSignature, trap: bigint): Region {
  return buildFunction(signature, (b) => {
    const privilege = b.getState(slot("privilege"));
    const isUser = b.eq(privilege, b.i32(Privilege.USER));
    const isSupervisor = b.eq(privilege, b.i32(Privilege.SUPERVISOR));
    const isTrapped = anySet(b, b.getState(slot("mstatus")), trap);
    const isIllegal = b.or(isUser, b.and(isSupervisor, isTrapped));
    b.return(b.select(isIllegal, b.i32(AccessStatus.ILLEGAL), b.i32(0)));
  });
}

/** Body of {@linkcode CHECK_WFI}. */
export function checkWfi(): Region {
  return trappedBy(CHECK_WFI, Status.TW);
}

/** Body of {@linkcode CHECK_SFENCE}. */
export function checkSfence(): Region {
  return trappedBy(CHECK_SFENCE, Status.TVM);
}
