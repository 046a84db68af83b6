/**
 * The prebuilt cold tier of the RISC-V guest: the module as base64 text, because Wasm files cannot be
 * imported with a shared memory. `deno task cold-tier` writes the files.
 */

import { hostOrder } from "../../host_processor.ts";

/** The text for this host. What is right on every host serves those without a text of their own. */
export async function coldTierText(): Promise<string> {
  const file = hostOrder() === "x64"
    ? await import("./cold_tier_x64.b64.txt", { with: { type: "text" } })
    : await import("./cold_tier_portable.b64.txt", { with: { type: "text" } });
  return file.default;
}
