/**
 * A guest's cold tier, built with Binaryen: ahead of time for the checked-in artefacts, and at start in the
 * replaying form of check mode.
 */
import type { GuestFrontend } from "../../frontend/frontend.ts";
import { buildColdTier } from "../../wasm_backend/cold_tier/cold_tier.ts";
import type { ColdTierForm } from "../../wasm_backend/cold_tier/run_loop.ts";
import type { HostOrder } from "../../wasm_backend/host_order.ts";
import type { BinaryenFactory } from "../../wasm_backend/binaryen/binaryen_builder.ts";

/** Encodes the cold tier of a guest, in the form that is wanted. */
export function buildGuestColdTier(
  factory: BinaryenFactory,
  frontend: GuestFrontend,
  host: HostOrder,
  form: ColdTierForm = "usual",
): Uint8Array<ArrayBuffer> {
  const { hostFunctions, recordFields, privileged, pc, accessFaults } = frontend;
  const { translationVersion, addressSpace, flush } = frontend;
  return buildColdTier(factory, {
    handlers: frontend.handlers(),
    isRare: (handler) => frontend.isRare(handler),
    functions: frontend.functions(),
    hostFunctions,
    recordFields,
    privileged,
    pc,
    translationVersion,
    addressSpace,
    flush,
    accessFaults,
    host,
    form,
  });
}
