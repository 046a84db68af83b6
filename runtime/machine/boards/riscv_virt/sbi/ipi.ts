/** "IPI Extension": supervisor software interrupts to other harts. */

import type { SbiCaller, SbiHost } from "./sbi_host.ts";
import { hasHart } from "../../../../atomics/remote_work.ts";
import { decodeHartMask, keepStarted } from "./hart_mask.ts";
import { SbiError, SbiExtensionId } from "./sbi_codes.ts";
import { finish, type SbiExtension, succeed } from "./sbi_extension.ts";

const SEND_IPI = 0;

/** The inter-processor interrupt extension. */
export const IPI_EXTENSION: SbiExtension = {
  id: SbiExtensionId.IPI,
  call(functionId: number, caller: SbiCaller, host: SbiHost): void {
    if (functionId !== SEND_IPI) return finish(caller, SbiError.NOT_SUPPORTED);
    const harts = decodeHartMask(caller, host);
    if (harts === undefined) return finish(caller, SbiError.INVALID_PARAM);
    const started = keepStarted(harts, host);
    for (let hart = 0; hart < host.hartCount; hart++) {
      if (hasHart(started, hart)) host.sendSoftwareInterrupt(hart);
    }
    succeed(caller);
  },
};
