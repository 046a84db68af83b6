import { assertEquals } from "@std/assert";
import { BinaryenFactory } from "../../wasm_backend/binaryen/binaryen_builder.ts";
import {
  buildColdTierText,
  COLD_TIER_FORMS,
  COLD_TIER_HOSTS,
  coldTierFile,
} from "./build_cold_tier.ts";

for (const host of COLD_TIER_HOSTS) {
  Deno.test(`the checked-in cold tier for ${host} hosts is what the sources give`, async () => {
    for (const form of COLD_TIER_FORMS) {
      const checkedIn = await Deno.readTextFile(coldTierFile(host, form));
      const built = buildColdTierText(new BinaryenFactory(), host, form);
      assertEquals(checkedIn === built, true, "it is out of date: run `deno task cold-tier`");
      assertEquals(WebAssembly.validate(Uint8Array.fromBase64(checkedIn)), true);
    }
  });
}
