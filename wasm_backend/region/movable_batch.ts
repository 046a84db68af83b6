/**
 * Compiles a batch of regions so that each can be put into other modules later, in other slots, for other pages
 * with the same code: marks stand for the constants of their places, and calls name what they call.
 */
import type { FunctionObject } from "../link/function_object.ts";
import { splitModule } from "../link/module_splitter.ts";
import type { ModuleFactory } from "../module_builder.ts";
import type { DirectCallee } from "./region_lowering.ts";
import {
  addRegions,
  type BatchBinding,
  type BatchOptions,
  batchText,
  directCallee,
  type RegionSource,
} from "./region_module.ts";
import { hasItsMarks, markedPlace, PLACE_MARKS, regionName } from "./region_place.ts";

const PAGE_SHIFT = 12;

/** A region that is called directly. */
export interface MovableCall {
  /** Its function's name among those that the caller calls. */
  readonly name: string;
  /** The region: index in the batch. */
  readonly region: number;
  /** Its origin's distance in pages from the caller's. */
  readonly distance: number;
}

/** A region that can be moved. */
export interface MovableRegion {
  /** Its function. */
  readonly object: FunctionObject;
  /** Distances from the origin of its entries, by label. */
  readonly entryOffsets: readonly number[];
  /** Regions of the batch that it calls at their first entry. */
  readonly calls: readonly MovableCall[];
}

/** A batch whose regions can be moved. */
export interface MovableBatch {
  /** Its regions, in the order of the sources. */
  readonly regions: readonly MovableRegion[];
  /** Functions that regions call and that all modules may have, by name. */
  readonly helpers: ReadonlyMap<string, FunctionObject>;
  /** Text of the module when it was asked for. */
  readonly text: string | null;
}

/** Compiles a batch; null when the guest's own constants look like marks, which no program should. */
export function compileMovable(
  factory: ModuleFactory,
  sources: readonly RegionSource[],
  options: BatchOptions,
): MovableBatch | null {
  const m = factory.create();
  const calls = new Map<RegionSource, MovableCall[]>(sources.map((source) => [source, []]));
  const binding: BatchBinding = {
    place: ({ pages }) => markedPlace(pages.length),
    callee: (caller, offset) => {
      const callee = directCallee(caller, offset, sources);
      return callee !== null && isNoted(calls.get(caller) ?? [], callee, sources)
        ? { ...callee, mayBeAbsent: true }
        : null;
    },
  };
  const compiled = addRegions(m, sources, options, binding);
  const text = batchText(sources, options, binding);
  const names = m.addedFunctions;
  const functions = splitModule(m.emit(), names, PLACE_MARKS);
  m.dispose();
  const regions = sources.flatMap((source, index) => {
    const object = functions.get(regionName(source));
    if (object === undefined || !hasItsMarks(object, source.pages.length)) return [];
    functions.delete(regionName(source));
    const { entryOffsets } = compiled[index];
    return [{ object, entryOffsets, calls: calls.get(source) ?? [] }];
  });
  return regions.length === sources.length ? { regions, helpers: functions, text } : null;
}

/**
 * Notes a callee that can be named; where it is not linked, its address must be known from its name. That of its
 * first entry is, if it has one distance from the caller alone.
 */
function isNoted(
  calls: MovableCall[],
  { name, label, originOffset }: DirectCallee,
  sources: readonly RegionSource[],
): boolean {
  if (label !== 0) return false;
  const distance = originOffset >> PAGE_SHIFT;
  const known = calls.find((call) => call.name === name);
  if (known !== undefined) return known.distance === distance;
  const region = sources.findIndex((source) => regionName(source) === name);
  calls.push({ name, region, distance });
  return true;
}
