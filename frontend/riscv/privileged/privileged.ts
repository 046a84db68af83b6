/** The privileged architecture of the hart, as the functions that lifters and trampoline call. */
import type { Region } from "../../../ir/region.ts";
import type { PrivilegedFunctions } from "../../frontend.ts";
import { checkBlock } from "./cache_blocks.ts";
import { checkSfence, checkWfi } from "./checks.ts";
import { csrAccess } from "./csr_access.ts";
import { pendingInterrupt, wakePending } from "./interrupt.ts";
import { addressSpace, isBare, mmuIndex, modeKey } from "./mode.ts";
import { walk } from "./page_walk.ts";
import { pmpPermissions } from "./physical_protection.ts";
import {
  INTERRUPT_ENTER,
  IS_BARE,
  MODE_KEY,
  PENDING_INTERRUPT,
  TRAP_ENTER,
  WAKE_PENDING,
  WALK,
} from "./signatures.ts";
import { interruptEnter, machineReturn, supervisorReturn, takeTrap, trapEnter } from "./trap.ts";

/** Bodies of all of them. */
export function privilegedFunctions(): Region[] {
  return [
    csrAccess(),
    takeTrap(),
    trapEnter(),
    interruptEnter(),
    machineReturn(),
    supervisorReturn(),
    pendingInterrupt(),
    wakePending(),
    mmuIndex(),
    modeKey(),
    isBare(),
    addressSpace(),
    pmpPermissions(),
    walk(),
    checkWfi(),
    checkSfence(),
    checkBlock(),
  ];
}

/** Those that the trampoline calls. */
export const PRIVILEGED_FUNCTIONS: PrivilegedFunctions = {
  modeKey: MODE_KEY,
  pendingInterrupt: PENDING_INTERRUPT,
  trapEnter: TRAP_ENTER,
  interruptEnter: INTERRUPT_ENTER,
  walk: WALK,
  wakePending: WAKE_PENDING,
  isBare: IS_BARE,
};
