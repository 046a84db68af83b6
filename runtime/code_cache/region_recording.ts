/** What the compiler has just made becomes regions that can be kept. */
import type { MovableBatch } from "../../wasm_backend/region/movable_batch.ts";
import { blockStarts, type BuiltRegion } from "../translation/region_builder.ts";
import { type CachedCall, type CachedRegion, rangesOf } from "./cached_region.ts";

/** A region of a batch, as it was built. */
export interface RecordedRegion {
  /** What it was built from. */
  readonly built: BuiltRegion;
  /** Are its data addresses those of RAM, so that the size of RAM is in its code? */
  readonly isOpen: boolean;
}

/** The regions of a batch, in its order. */
export function recordRegions(
  recorded: readonly RecordedRegion[],
  { regions }: MovableBatch,
  ramBytes: number,
): CachedRegion[] {
  const calls: CachedCall[][] = recorded.map(() => []);
  const cached = recorded.map(({ built, isOpen }, index): CachedRegion => ({
    modeKey: built.hotspot.modeKey,
    hotOffset: built.hotspot.offset,
    ramBytes: isOpen ? ramBytes : 0,
    entryOffsets: regions[index].entryOffsets,
    starts: blockStarts(built.region),
    pages: built.pages.map(({ distance }) => distance),
    code: rangesOf(built.parcels, built.hotspot.offset),
    object: regions[index].object,
    calls: calls[index],
  }));
  regions.forEach((movable, index) => {
    for (const { name, region, distance } of movable.calls) {
      const [entryOffset] = regions[region].entryOffsets;
      calls[index].push({ name, region: cached[region], distance, entryOffset });
    }
  });
  return cached;
}
