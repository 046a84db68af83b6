/** "Timer Extension": the next timer interrupt of the calling hart. */

import type { SbiCaller, SbiHost } from "./sbi_host.ts";
import { ArgumentRegister } from "./sbi_host.ts";
import { SbiError, SbiExtensionId } from "./sbi_codes.ts";
import { finish, type SbiExtension, succeed } from "./sbi_extension.ts";

const SET_TIMER = 0;

/** The timer extension. */
export const TIME_EXTENSION: SbiExtension = {
  id: SbiExtensionId.TIME,
  call(functionId: number, caller: SbiCaller, host: SbiHost): void {
    if (functionId !== SET_TIMER) return finish(caller, SbiError.NOT_SUPPORTED);
    const { A0 } = ArgumentRegister;
    host.setSupervisorTimer(caller.hart, caller.low(A0), caller.high(A0));
    succeed(caller);
  },
};
