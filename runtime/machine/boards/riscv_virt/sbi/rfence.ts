/**
 * "RFENCE Extension": fences on other harts. Address ranges and address spaces are hints for less work; here
 * every translation fence covers everything, which a smaller request may not notice. The hypervisor's fences
 * do not exist: these harts have no hypervisor extension.
 */

import type { FenceKind, SbiCaller, SbiHost } from "./sbi_host.ts";
import { decodeHartMask, keepStarted } from "./hart_mask.ts";
import { SbiError, SbiExtensionId } from "./sbi_codes.ts";
import { finish, type SbiExtension, succeed } from "./sbi_extension.ts";

/** What each function fences; functions that are not here do not exist. */
const FENCES: readonly FenceKind[] = [
  "instructions", // remote_fence_i
  "translations", // remote_sfence_vma
  "translations", // remote_sfence_vma_asid
];

/** The remote fence extension. */
export const RFENCE_EXTENSION: SbiExtension = {
  id: SbiExtensionId.RFENCE,
  call(functionId: number, caller: SbiCaller, host: SbiHost): void {
    const kind = FENCES[functionId];
    if (kind === undefined) return finish(caller, SbiError.NOT_SUPPORTED);
    const harts = decodeHartMask(caller, host);
    if (harts === undefined) return finish(caller, SbiError.INVALID_PARAM);
    host.remoteFence(caller.hart, keepStarted(harts, host), kind);
    succeed(caller);
  },
};
