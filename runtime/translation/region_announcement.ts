/** What vCPUs are told of the regions of a module. */
import type { CompiledRegion } from "../../wasm_backend/region/region_module.ts";
import { regionName } from "../../wasm_backend/region/region_place.ts";
import type { PlacedRegion } from "../code_cache/region_linking.ts";
import { type BuiltRegion, hotPage } from "./region_builder.ts";
import type { InstalledRegion } from "./region_catalog.ts";
import type { RegionReport } from "./region_report.ts";

/** In place of the report of a region that was not compiled by this machine. */
const CACHED_REPORT = "(it comes from the code cache; run without code-cache= to see its code)";

/** A region that was compiled for its place. */
export function announce(
  { slot, name, entryOffsets }: CompiledRegion,
  built: BuiltRegion,
  report: RegionReport | undefined,
  moduleText: string | null,
): InstalledRegion {
  const hostPage = hotPage(built.hotspot);
  return {
    slot,
    name,
    modeKey: built.hotspot.modeKey,
    report: report?.text(name, moduleText) ?? null,
    entries: entryOffsets.map((offset) => ({ hostPage, offset })),
    pages: built.pages.slice(1).map(({ distance, hostPage: page }) => [distance, page]),
  };
}

/** A region that was linked for its place; what a cached one was made from is not kept. */
export function announceLinked(
  { region, pages, slot }: PlacedRegion,
  report: string = CACHED_REPORT,
): InstalledRegion {
  const [{ hostPage }, ...others] = pages;
  return {
    slot,
    name: regionName({ slot }),
    modeKey: region.modeKey,
    report,
    entries: region.entryOffsets.map((offset) => ({ hostPage, offset })),
    pages: others.map(({ distance, hostPage: page }) => [distance, page]),
  };
}
