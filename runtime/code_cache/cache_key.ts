/**
 * The key of a code cache: all that a translation depends on besides the guest code itself. Regions under equal
 * keys are interchangeable.
 *
 * What a mode of the guest changes is in the mode key that each region carries; how much RAM there is, which only
 * code of some modes relies on, stands with these regions too (`cached_region.ts`).
 */
import { hostFuses } from "../../wasm_backend/host_fusing.ts";
import type { CpuChoice } from "../machine/options.ts";
import type { TranslationSettings } from "../translation/translation_settings.ts";
import { TRANSLATOR_VERSION } from "./translator_version.ts";

/** What a key is made from. */
export interface KeyParts {
  /** Name of the guest architecture. */
  readonly guest: string;
  /** Its CPU. */
  readonly cpu: CpuChoice;
  /** Guest physical address of RAM. */
  readonly ramBase: number;
  /** How guest code is translated. */
  readonly translation: TranslationSettings;
  /** Can another thread write guest RAM while a region runs? */
  readonly hasOtherWriters: boolean;
  /** Are regions made for check mode? */
  readonly isChecked: boolean;
}

/** The key as text; equal for equal parts, whatever the order of their properties. */
export function cacheKey(parts: KeyParts): string {
  return inOrder({ translator: TRANSLATOR_VERSION, hostFuses: hostFuses(), ...parts });
}

function inOrder(value: unknown): string {
  if (typeof value !== "object" || value === null) return JSON.stringify(value) ?? "null";
  const properties = Object.entries(value).sort(([a], [b]) => a < b ? -1 : 1);
  return `{${properties.map(([name, part]) => `${name}:${inOrder(part)}`).join(",")}}`;
}
