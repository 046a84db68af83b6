/** "System Reset Extension": power-off and reboot. */

import type { SbiCaller, SbiHost, SystemResetType } from "./sbi_host.ts";
import { ArgumentRegister } from "./sbi_host.ts";
import { SbiError, SbiExtensionId } from "./sbi_codes.ts";
import { finish, type SbiExtension } from "./sbi_extension.ts";

const SYSTEM_RESET = 0;

/** Reset types by number; the ones above are reserved, then the vendor's. */
const TYPES: readonly SystemResetType[] = ["shutdown", "cold-reboot", "warm-reboot"];
const FIRST_VENDOR_TYPE = 0xf000_0000;

const ResetReason = {
  NONE: 0,
  SYSTEM_FAILURE: 1,
  /** From here on the reason is the implementation's or vendor's own: it says nothing to us. */
  FIRST_SPECIFIC: 0xe000_0000,
} as const;

/** The system reset extension. */
export const SYSTEM_RESET_EXTENSION: SbiExtension = {
  id: SbiExtensionId.SYSTEM_RESET,
  call(functionId: number, caller: SbiCaller, host: SbiHost): void {
    if (functionId !== SYSTEM_RESET) return finish(caller, SbiError.NOT_SUPPORTED);
    const type = caller.low(ArgumentRegister.A0) >>> 0;
    const reason = caller.low(ArgumentRegister.A1) >>> 0;
    if (type >= FIRST_VENDOR_TYPE) return finish(caller, SbiError.NOT_SUPPORTED);
    const known = TYPES[type];
    if (known === undefined || isReserved(reason)) return finish(caller, SbiError.INVALID_PARAM);
    host.reset(known, reason === ResetReason.SYSTEM_FAILURE);
  },
};

function isReserved(reason: number): boolean {
  return reason > ResetReason.SYSTEM_FAILURE && reason < ResetReason.FIRST_SPECIFIC;
}
