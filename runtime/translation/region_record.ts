/** What the list of compiled code (`-jit-map`) keeps of a region: sent by the compiler with each module. */
import type { BoundaryAttribute } from "../../ir/region.ts";
import type { RegionSource } from "../../wasm_backend/region/region_module.ts";
import { PAGE_BYTES, PAGE_SHIFT } from "../atomics/shared_layout.ts";
import type { BuiltRegion } from "./region_builder.ts";

/** A region that was compiled. */
export interface RegionRecord {
  /** Its number among the regions that this compiler lifted, from 1. */
  readonly number: number;
  /** Virtual address of the hot place, as the hart saw it that asked. */
  readonly address: number;
  /** Mode key that it was compiled for. */
  readonly modeKey: number;
  /** Where the hot place is in shared memory, and the other entries. */
  readonly entries: readonly number[];
  /** Where each of its instructions is in shared memory. */
  readonly code: readonly number[];
  /** Bytes of guest code. */
  readonly bytes: number;
  /** Milliseconds of the compiler's phases that are made for each region. */
  readonly times: RegionTimes;
}

/** A module and its regions. */
export interface ModuleRecord {
  /** Number of the module, from 1. */
  readonly module: number;
  /** Its bytes. */
  readonly bytes: number;
  /** Its regions. */
  readonly regions: readonly RegionRecord[];
}

/** Milliseconds. */
export interface RegionTimes {
  /** Reading guest code and lifting it. */
  readonly lift: number;
  /** The optimizer. */
  readonly optimize: number;
}

/** The record of a region that is being compiled. */
export function recordRegion(
  built: BuiltRegion,
  { graph }: RegionSource,
  times: RegionTimes,
): RegionRecord {
  const { number, region, hotspot, pages } = built;
  const hostOf = (offset: number): number => {
    const page = pages.find(({ distance }) => distance === offset >> PAGE_SHIFT) ?? pages[0];
    return page.hostPage * PAGE_BYTES + (offset & (PAGE_BYTES - 1));
  };
  const code = new Map<number, number>();
  for (const { operations } of region.blocks) {
    for (const { opcode, attribute } of operations) {
      if (opcode !== "guest.boundary") continue;
      const { offset, length } = attribute as BoundaryAttribute;
      code.set(hostOf(offset), length);
    }
  }
  const hot = hostOf(hotspot.offset);
  const others = graph.entries.map(({ offset }) => hostOf(offset)).filter((host) => host !== hot);
  return {
    number,
    address: hotspot.address,
    modeKey: hotspot.modeKey,
    entries: [hot, ...others],
    code: [...code.keys()],
    bytes: [...code.values()].reduce((sum, length) => sum + length, 0),
    times,
  };
}
