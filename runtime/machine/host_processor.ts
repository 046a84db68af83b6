/** The processor this process runs on, as far as the code generator must know it. */

import type { HostOrder } from "../../wasm_backend/host_order.ts";

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
