/** Regions apart from machines become a module for one machine. */
import type { FunctionObject } from "../../wasm_backend/link/function_object.ts";
import { type CallTarget, linkModule } from "../../wasm_backend/link/module_linker.ts";
import {
  isCovered,
  placeConstants,
  regionName,
  type RegionPage,
} from "../../wasm_backend/region/region_place.ts";
import type { CachedRegion } from "./cached_region.ts";

/** A region with its place in a machine. */
export interface PlacedRegion {
  /** The region. */
  readonly region: CachedRegion;
  /** Its pages, the origin page first. */
  readonly pages: readonly RegionPage[];
  /** Its slot in the vCPUs' tables. */
  readonly slot: number;
}

/** Functions that regions call and that each module has of its own, by name. */
export type Helpers = ReadonlyMap<string, FunctionObject>;

/** A module with these regions, each under the name of its slot. */
export function linkRegions(
  placed: readonly PlacedRegion[],
  helpers: Helpers,
): Uint8Array<ArrayBuffer> {
  const functions = placed.map((caller) => ({
    name: regionName(caller),
    object: caller.region.object,
    constants: placeConstants(caller.slot, caller.pages),
    resolve: (name: string) => target(name, caller, placed),
  }));
  return linkModule(functions, (name) => helpers.get(name));
}

/** A callee of the same module is called directly if the caller's checks hold for its pages too. */
function target(name: string, caller: PlacedRegion, placed: readonly PlacedRegion[]): CallTarget {
  const call = caller.region.calls.find((candidate) => candidate.name === name);
  if (call === undefined) return { kind: "function", name };
  const callee = placed.find((candidate) =>
    candidate.region === call.region && isCovered(candidate, caller, call.distance)
  );
  return callee === undefined
    ? { kind: "unknown", distance: call.entryOffset }
    : { kind: "function", name: regionName(callee) };
}
