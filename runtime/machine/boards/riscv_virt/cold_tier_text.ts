/**
 * The prebuilt cold tier of the RISC-V guest: the module as base64 text, because Wasm files cannot be
 * imported with a shared memory. `deno task cold-tier` writes the files.
 */

import { hostOrder } from "../../host_processor.ts";
import type { HostOrder } from "../../../../wasm_backend/host_order.ts";

/**
 * The text for a host, this one if none is named, in the usual or the counting form. What is right on every host
 * serves those without a text of their own.
 */
export async function coldTierText(
  host: HostOrder = hostOrder(),
  isCounted = false,
): Promise<string> {
  return (await (isCounted ? countingFile(host) : usualFile(host))).default;
}

function usualFile(host: HostOrder): Promise<{ readonly default: string }> {
  return host === "x64"
    ? import("./cold_tier_x64.b64.txt", { with: { type: "text" } })
    : import("./cold_tier_portable.b64.txt", { with: { type: "text" } });
}

function countingFile(host: HostOrder): Promise<{ readonly default: string }> {
  return host === "x64"
    ? import("./cold_tier_counting_x64.b64.txt", { with: { type: "text" } })
    : import("./cold_tier_counting_portable.b64.txt", { with: { type: "text" } });
}
