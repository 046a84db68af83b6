// Writes the checked-in cold tier of the RISC-V guest, so that starting a machine does not wait for Binaryen, and
// the version of the translator.

import { RiscvFrontend } from "../../frontend/riscv/riscv_frontend.ts";
import { buildGuestColdTier } from "../../runtime/translation/guest_cold_tier.ts";
import type { ColdTierForm } from "../../wasm_backend/cold_tier/run_loop.ts";
import type { HostOrder } from "../../wasm_backend/host_order.ts";
import { BinaryenFactory } from "../../wasm_backend/binaryen/binaryen_builder.ts";
import { translatorVersionText, VERSION_FILE } from "./translator_version.ts";

const FOLDER = new URL("../../runtime/machine/boards/riscv_virt/", import.meta.url);

/** Hosts with an artefact of their own, and the one that serves all others. */
export const COLD_TIER_HOSTS = ["x64", "portable"] as const satisfies readonly HostOrder[];

/** Forms of the cold tier that are checked in. */
export const COLD_TIER_FORMS = ["usual", "counting"] as const satisfies readonly ColdTierForm[];

type CheckedInForm = typeof COLD_TIER_FORMS[number];

/** The length that text has elsewhere in this repository. */
const LINE_LENGTH = 100;

/** Where the artefact for a host is checked in. */
export function coldTierFile(host: HostOrder, form: CheckedInForm): URL {
  return new URL(`cold_tier_${form === "usual" ? "" : `${form}_`}${host}.b64.txt`, FOLDER);
}

/** Text of the artefact for a host. */
export function buildColdTierText(
  factory: BinaryenFactory,
  host: HostOrder,
  form: CheckedInForm,
): string {
  const bytes = buildGuestColdTier(factory, new RiscvFrontend(), host, form);
  return inLines(bytes.toBase64());
}

function inLines(text: string): string {
  const lines = text.match(new RegExp(`.{1,${LINE_LENGTH}}`, "g")) ?? [];
  return lines.map((line) => `${line}\n`).join("");
}

if (import.meta.main) {
  const factory = new BinaryenFactory();
  for (const form of COLD_TIER_FORMS) {
    for (const host of COLD_TIER_HOSTS) {
      const text = buildColdTierText(factory, host, form);
      await Deno.writeTextFile(coldTierFile(host, form), text);
      console.log(`${coldTierFile(host, form).pathname}: ${text.length} bytes`);
    }
  }
  await Deno.writeTextFile(VERSION_FILE, await translatorVersionText());
}
