/**
 * The code cache in the hands of one machine's compiler: what it finds there, and what it adds.
 */
import type { FunctionObject } from "../../wasm_backend/link/function_object.ts";
import type { RegionSource } from "../../wasm_backend/region/region_module.ts";
import type { BuiltRegion } from "../translation/region_builder.ts";
import type { RegionEmitter } from "../translation/region_emitter.ts";
import type { CachedRegion } from "./cached_region.ts";
import { linkRegions, type PlacedRegion } from "./region_linking.ts";
import { recordRegions } from "./region_recording.ts";
import { WarmCode } from "./warm_code.ts";

/** Where regions come from and go to. */
export interface RegionStore {
  /** Functions that regions call, by name. */
  readonly helpers: ReadonlyMap<string, FunctionObject>;
  /** Regions that are there. */
  regions(): Iterable<CachedRegion>;
  /** Keeps regions, and the functions that they call. */
  add(regions: readonly CachedRegion[], helpers: ReadonlyMap<string, FunctionObject>): void;
  /** A machine uses the region. */
  use(region: CachedRegion): void;
}

/** A region that was just built. */
export interface BuiltSource {
  /** What it was built from. */
  readonly built: BuiltRegion;
  /** What is compiled. */
  readonly source: RegionSource;
}

/** What was just compiled. */
export interface RecordedBatch {
  /** Its regions, in their order. */
  readonly regions: readonly PlacedRegion[];
  /** Text of their functions when it was asked for. */
  readonly text: string | null;
}

/** See the header of this file. */
export class WarmCompilation {
  /** Finds cached regions. */
  readonly code: WarmCode;
  readonly #store: RegionStore;
  readonly #ramBytes: number;

  /** For a machine with so much RAM. */
  constructor(store: RegionStore, words: Int32Array, ramBytes: number) {
    this.#store = store;
    this.#ramBytes = ramBytes;
    this.code = new WarmCode(words);
    this.code.add(
      [...store.regions()].filter(({ ramBytes: needed }) => needed === 0 || needed === ramBytes),
    );
  }

  /** Compiles and keeps regions; null when they cannot be kept. */
  record(emitter: RegionEmitter, placed: readonly BuiltSource[]): RecordedBatch | null {
    const batch = emitter.emitMovable(placed.map(({ source }) => source));
    if (batch === null) return null;
    const recorded = placed.map(({ built, source }) => ({ built, isOpen: source.isOpen }));
    const regions = recordRegions(recorded, batch, this.#ramBytes);
    this.#store.add(regions, batch.helpers);
    this.code.add(regions);
    const { text } = batch;
    return {
      regions: regions.map((region, index) => ({ region, ...placeOf(placed[index]) })),
      text,
    };
  }

  /** A module with these regions. */
  link(regions: readonly PlacedRegion[]): Uint8Array<ArrayBuffer> {
    for (const { region } of regions) this.#store.use(region);
    return linkRegions(regions, this.#store.helpers);
  }
}

function placeOf({ source: { pages, slot } }: BuiltSource): Omit<PlacedRegion, "region"> {
  return { pages, slot };
}
