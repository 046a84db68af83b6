/**
 * "RFENCE Extension": fences on other harts. A range of addresses and an address space are handed on; a range that is
 * too long to be gone through page by page covers all addresses. The hypervisor's fences do not exist: these harts
 * have no hypervisor extension.
 */

import {
  ALL_SPACES,
  MOST_FENCED_PAGES,
  type TranslationFence,
} from "../../../../atomics/translation_fences.ts";
import { PAGE_BYTES } from "../../../../atomics/shared_layout.ts";
import { ArgumentRegister, type SbiCaller, type SbiHost } from "./sbi_host.ts";
import { decodeHartMask, keepStarted } from "./hart_mask.ts";
import { SbiError, SbiExtensionId } from "./sbi_codes.ts";
import { finish, type SbiExtension, succeed } from "./sbi_extension.ts";

/** Functions; others do not exist. */
const Function = { FENCE_I: 0, SFENCE_VMA: 1, SFENCE_VMA_ASID: 2 } as const;
const PAGE_MASK = PAGE_BYTES - 1;
/** Bits of an address space's number. */
const SPACE_MASK = 0xffff;

/** The remote fence extension. */
export const RFENCE_EXTENSION: SbiExtension = {
  id: SbiExtensionId.RFENCE,
  call(functionId: number, caller: SbiCaller, host: SbiHost): void {
    if (functionId < Function.FENCE_I || functionId > Function.SFENCE_VMA_ASID) {
      return finish(caller, SbiError.NOT_SUPPORTED);
    }
    const named = decodeHartMask(caller, host);
    if (named === undefined) return finish(caller, SbiError.INVALID_PARAM);
    const harts = keepStarted(named, host);
    if (functionId === Function.FENCE_I) host.remoteInstructionFence(harts);
    else host.remoteTranslationFence(harts, decodeFence(caller, functionId));
    succeed(caller);
  },
};

function decodeFence(caller: SbiCaller, functionId: number): TranslationFence {
  const { A2, A4 } = ArgumentRegister;
  return {
    addressLow: caller.low(A2) & ~PAGE_MASK,
    addressHigh: caller.high(A2),
    pages: decodePages(caller),
    space: functionId === Function.SFENCE_VMA ? ALL_SPACES : caller.low(A4) & SPACE_MASK,
  };
}

/** The pages that a2 and a3 reach, an empty range counted as one; 0 for all addresses. */
function decodePages(caller: SbiCaller): number {
  const { A2, A3 } = ArgumentRegister;
  const isFromZero = caller.low(A2) === 0 && caller.high(A2) === 0;
  const size = caller.low(A3) >>> 0;
  if (caller.high(A3) !== 0 || (isFromZero && size === 0)) return 0;
  const reach = (caller.low(A2) & PAGE_MASK) + size;
  const pages = Math.max(1, Math.ceil(reach / PAGE_BYTES));
  return pages > MOST_FENCED_PAGES ? 0 : pages;
}
