import { assert, assertEquals, assertNotEquals } from "@std/assert";
import { ModuleRenewal, withNonce } from "./module_renewal.ts";
import type { InstalledRegion } from "./region_catalog.ts";

function region(slot: number): InstalledRegion {
  return { slot, name: `r${slot}`, modeKey: 1, entries: [], report: null, pages: [] };
}

/** A module with nothing in it. */
const EMPTY = Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0);

Deno.test("a nonce makes other bytes of the same module", () => {
  const [first, second] = [withNonce(EMPTY, 1), withNonce(EMPTY, 0x1234_5678)];
  assertNotEquals(first, second);
  for (const bytes of [first, second]) {
    const module = new WebAssembly.Module(bytes);
    assertEquals(WebAssembly.Module.customSections(module, "nonce").length, 1);
  }
});

Deno.test("the youngest modules are renewed, each time as others", () => {
  const renewal = new ModuleRenewal();
  assertEquals(renewal.renewed(), []);
  for (let n = 0; n < 9; n++) renewal.remember(EMPTY, []);
  const nonce = (module: WebAssembly.Module): number =>
    new DataView(WebAssembly.Module.customSections(module, "nonce")[0]).getUint32(0, true);
  const nonces = [...renewal.renewed(), ...renewal.renewed()].map(({ module }) => nonce(module));
  assert(nonces.length < 18, "all modules are renewed");
  assertEquals(new Set(nonces).size, nonces.length);
});

Deno.test("a module goes when the slot of one of its regions is about to be used anew", () => {
  const renewal = new ModuleRenewal();
  renewal.remember(EMPTY, [region(1), region(2)]);
  renewal.remember(EMPTY, [region(3)]);
  renewal.forget([2]);
  assertEquals(renewal.renewed().map(({ regions }) => regions.map(({ slot }) => slot)), [[3]]);
});
