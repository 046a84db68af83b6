/** The processor this process runs on, as far as the code generator must know it. */

import type { PassName } from "../../optimizer/pass_names.ts";
import type { HostOrder } from "../../wasm_backend/host_order.ts";
import { type TranslationSettings, usualTranslation } from "../translation/translation_settings.ts";
import type { AccelOptions } from "./options.ts";

/** What the host orders without being asked; the portable column is right on every host. */
export function hostOrder(architecture: string = Deno.build.arch): HostOrder {
  switch (architecture) {
    case "x86_64":
      return "x64";
    case "aarch64":
      return "arm64";
    default:
      return "portable";
  }
}

/** Passes that leave all state at the starts of blocks as it is: a region may be left at any of them. */
function passesBetweenBlocks(passes: readonly PassName[]): readonly PassName[] {
  return passes.filter((pass) => pass !== "dead_state_writes");
}

/** How a machine's guest code is translated on this host. */
export function translationSettings(accel: Required<AccelOptions>): TranslationSettings {
  const { experiment } = accel;
  const column = accel.hostOrder === "auto" ? hostOrder() : accel.hostOrder;
  const usual = usualTranslation(experiment.dropBarriers ? "unfenced" : column);
  return {
    ...usual,
    encoder: accel.encoder,
    hasPlainLoads: accel.unsafePlainLoads,
    hasRegions: experiment.regions ?? usual.hasRegions,
    passes: accel.icount === null ? accel.passes : passesBetweenBlocks(accel.passes),
    isCounted: accel.icount !== null,
    regionInstructions: experiment.regionInstructions ?? usual.regionInstructions,
    renewsModules: experiment.renewModules ?? usual.renewsModules,
  };
}
