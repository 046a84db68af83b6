/**
 * The hot tier without its worker: takes what block heads asked for out of the ring, and compiles what the test
 * picks of it, with the passes the test picks, into one module.
 */
import type { GuestFrontend } from "../../frontend/frontend.ts";
import type { Pass } from "../../optimizer/pass.ts";
import { runPasses } from "../../optimizer/pipeline.ts";
import { nextRequest, NO_REQUEST, releaseRequest } from "../../runtime/atomics/compile_ring.ts";
import { NEIGHBOUR_PAGES } from "../../runtime/translation/compile_request.ts";
import { GuestCode } from "../../runtime/code_cache/cached_region.ts";
import { linkRegions } from "../../runtime/code_cache/region_linking.ts";
import { recordRegions } from "../../runtime/code_cache/region_recording.ts";
import { RAM_BASE, RAM_BYTES } from "./guest_layout.ts";
import {
  type BuiltRegion,
  hotPage,
  type Hotspot,
  readHotspot,
  RegionBuilder,
} from "../../runtime/translation/region_builder.ts";
import type { InstalledModule } from "../../runtime/translation/region_catalog.ts";
import { RegionReport } from "../../runtime/translation/region_report.ts";
import { regionName } from "../../wasm_backend/region/region_place.ts";
import { BinaryenFactory } from "../../wasm_backend/binaryen/binaryen_builder.ts";
import { EncoderFactory } from "../../wasm_backend/encoder/module_encoder.ts";
import { EntryGraph } from "../../wasm_backend/region/entry_graph.ts";
import { compileMovable } from "../../wasm_backend/region/movable_batch.ts";
import {
  type BatchOptions,
  compileBatch,
  type CompiledBatch,
  type RegionSource,
} from "../../wasm_backend/region/region_module.ts";

/** How a batch is compiled. */
export interface BatchChoice {
  /** Passes to run. */
  readonly passes: readonly Pass[];
  /** Are reports for people wanted? */
  readonly wantsReport: boolean;
  /** Are regions taken apart and linked anew, as the code cache does it? */
  readonly isLinked?: boolean;
}

/** Compiles for one machine with one hart. */
export class BatchCompiler {
  readonly #words: Int32Array;
  readonly #frontend: GuestFrontend;
  readonly #ramBytes: number;
  readonly #factory = new EncoderFactory();
  readonly #textFactory = new BinaryenFactory();
  readonly #builder: RegionBuilder;
  readonly #hotspots = new Map<string, Hotspot>();
  #live: readonly number[] = [];
  #ticket = 0;

  /** Reads code from the machine's memory. */
  constructor(words: Int32Array, frontend: GuestFrontend, ramBytes = RAM_BYTES) {
    this.#ramBytes = ramBytes;
    this.#words = words;
    this.#frontend = frontend;
    this.#builder = new RegionBuilder(words, frontend, false);
  }

  /** Takes what block heads asked for out of the ring: of each place, the latest request knows most. */
  takeRequests(): void {
    for (;;) {
      const request = nextRequest(this.#words);
      if (request === NO_REQUEST) return;
      const hotspot = readHotspot(this.#words, request);
      releaseRequest(this.#words);
      this.#hotspots.set(`${hotPage(hotspot)}.${hotspot.offset}.${hotspot.modeKey}`, hotspot);
    }
  }

  /** The places that asked since the last call. */
  takeHotspots(): Hotspot[] {
    this.takeRequests();
    const hotspots = [...this.#hotspots.values()];
    this.#hotspots.clear();
    return hotspots;
  }

  /** A module with regions for these places, in place of all regions compiled before. */
  compile(hotspots: readonly Hotspot[], choice: BatchChoice): InstalledModule {
    const { passes, wantsReport, isLinked = false } = choice;
    const reports = new Map<BuiltRegion, RegionReport>();
    const built = hotspots.flatMap((hotspot) => {
      const region = this.#builder.build(hotspot, new Set());
      if (region === null) return [];
      if (wantsReport) reports.set(region, new RegionReport(region, this.#frontend, this.#words));
      runPasses(region.region, passes, { verifies: wantsReport });
      return [region];
    });
    const sources = built.map(({ region, pages, hotspot }, index) => {
      const { modeKey } = hotspot;
      const { dataMmu, isOpen } = this.#frontend.describeMode(modeKey);
      const graph = new EntryGraph(region);
      return { region, graph, pages, modeKey, dataMmu, isOpen, slot: index + 1 };
    });
    const options = this.#options(wantsReport);
    const batch = isLinked
      ? this.#linked(sources, built, options)
      : compileBatch(this.#factory, sources, options);
    const outdated = this.#live;
    this.#live = sources.map(({ slot }) => slot);
    return {
      module: new WebAssembly.Module(batch.bytes),
      ...{ outdated, evicted: [], suspended: [] },
      ticket: ++this.#ticket,
      regions: batch.regions.map(({ slot, name, entryOffsets }, index) => ({
        slot,
        name,
        modeKey: built[index].hotspot.modeKey,
        report: reports.get(built[index])?.text(name, batch.text) ?? null,
        entries: entryOffsets.map((offset) => ({
          hostPage: hotPage(built[index].hotspot),
          offset,
        })),
        pages: built[index].pages.slice(1).map(({ distance, hostPage }) => [distance, hostPage]),
      })),
    };
  }

  #options(wantsText: boolean): BatchOptions {
    const { pc, stackPointer } = this.#frontend;
    return {
      pc,
      ram: { base: BigInt(RAM_BASE), bytes: BigInt(this.#ramBytes) },
      stackPointer,
      copiedFunctions: () =>
        new Map(this.#frontend.copiedFunctions().map((region) => [region.name, region])),
      host: "x64",
      hasOtherWriters: false,
      isChecked: false,
      isCounted: false,
      textFactory: wantsText ? this.#textFactory : null,
    };
  }

  /** The same through regions apart from the machine, which are found again by their code. */
  #linked(
    sources: readonly RegionSource[],
    built: readonly BuiltRegion[],
    options: BatchOptions,
  ): CompiledBatch {
    const batch = compileMovable(this.#factory, sources, options);
    if (batch === null) throw new Error("Cannot move regions of a program without marks");
    const recorded = sources.map(({ isOpen }, index) => ({ built: built[index], isOpen }));
    const regions = recordRegions(recorded, batch, this.#ramBytes);
    const code = new GuestCode(this.#words);
    const placed = regions.map((region, index) => {
      const { hotspot } = built[index];
      const pages = code.match(region, (distance) => hotspot.pages[NEIGHBOUR_PAGES + distance]);
      if (typeof pages === "string") throw new Error(`Cannot find a region's code: ${pages}`);
      return { region, pages, slot: sources[index].slot };
    });
    return {
      bytes: linkRegions(placed, batch.helpers),
      regions: placed.map(({ region, slot }) => ({
        slot,
        name: regionName({ slot }),
        entryOffsets: region.entryOffsets,
      })),
      text: batch.text,
    };
  }
}
