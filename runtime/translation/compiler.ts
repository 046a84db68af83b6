/**
 * The compiler: takes requests from the ring in batches, builds their regions, compiles one module for each
 * batch and hands it to every vCPU.
 */
import type { GuestFrontend } from "../../frontend/frontend.ts";
import type { Region } from "../../ir/region.ts";
import type { Pass } from "../../optimizer/pass.ts";
import { passesByName, runPasses } from "../../optimizer/pipeline.ts";
import { ModuleFactory } from "../../wasm_backend/module_builder.ts";
import {
  compileBatch,
  type CompiledRegion,
  type RegionSource,
} from "../../wasm_backend/region/region_module.ts";
import { EntryGraph } from "../../wasm_backend/region/entry_graph.ts";
import type { OpenRam } from "../../wasm_backend/region/access_translation.ts";
import { isGenerationCurrent } from "../atomics/code_guard.ts";
import { nextRequest, NO_REQUEST, releaseRequest } from "../atomics/compile_ring.ts";
import { Machine, PAGE_BYTES } from "../atomics/shared_layout.ts";
import { CompilerCounter, compilerCounters } from "../atomics/statistics_layout.ts";
import {
  type BuiltRegion,
  hotPage,
  type Hotspot,
  readHotspot,
  RegionBuilder,
} from "./region_builder.ts";
import type { InstalledModule, InstalledRegion } from "./region_catalog.ts";
import { RegionCoverage } from "./region_coverage.ts";
import { RegionReport } from "./region_report.ts";
import { ModuleRenewal } from "./module_renewal.ts";
import { SlotAllocator } from "./slot_allocator.ts";
import type { TranslationSettings } from "./translation_settings.ts";

/** Most regions of one module. */
const BATCH_LIMIT = 24;

/** What the compiler is made of. */
export interface CompilerParts {
  /** The machine's memory as words. */
  readonly words: Int32Array;
  /** The guest. */
  readonly frontend: GuestFrontend;
  /** Guest physical address of RAM. */
  readonly ramBase: number;
  /** How guest code is translated. */
  readonly settings: TranslationSettings;
  /** Do regions return after each call, to be compared with the cold tier? */
  readonly isChecked: boolean;
  /** Is a copy of every module's text and its regions' IR wanted? */
  readonly trace: CompilerTrace | null;
  /** Hands a module to every vCPU. */
  publish(module: InstalledModule): void;
}

/** Receiver of what the debug log shows. */
export interface CompilerTrace {
  /** Is the text of modules wanted? It is dear. */
  readonly wantsText: boolean;
  /** A region as lifted. */
  lifted(built: BuiltRegion): void;
  /** A region after the optimizer. */
  optimized(built: BuiltRegion): void;
  /** A module's text. */
  emitted(text: string): void;
}

interface LiveRegion {
  readonly built: BuiltRegion;
  readonly slot: number;
}

interface PlacedRegion {
  readonly built: BuiltRegion;
  readonly source: RegionSource;
}

/** See the header of this file. */
export class Compiler {
  readonly #parts: CompilerParts;
  readonly #factory = new ModuleFactory();
  readonly #builder: RegionBuilder;
  #copiedFunctions: ReadonlyMap<string, Region> | null = null;
  readonly #coverage: RegionCoverage;
  readonly #slots: SlotAllocator;
  readonly #live = new Map<string, LiveRegion>();
  /** Slots of outdated regions: retired with the next module. */
  readonly #outdated: number[] = [];
  /** Modules published so far. */
  #modules = 0;
  readonly #ram: OpenRam;
  readonly #hasOtherWriters: boolean;
  readonly #counters: Float64Array;
  readonly #reports = new WeakMap<BuiltRegion, RegionReport>();
  readonly #renewal: ModuleRenewal | null;
  readonly #passes: readonly Pass[];
  /** Of the module that was renewed last. */
  #renewalTicket = 0;

  /** A compiler for one machine. */
  constructor(parts: CompilerParts) {
    this.#parts = parts;
    this.#builder = new RegionBuilder(
      parts.words,
      parts.frontend,
      parts.isChecked,
      parts.settings.regionInstructions,
    );
    this.#passes = passesByName(parts.settings.passes);
    this.#renewal = parts.settings.renewsModules ? new ModuleRenewal() : null;
    this.#coverage = new RegionCoverage(parts.words);
    this.#slots = new SlotAllocator(parts.words);
    // ORDER: constant after start.
    const ramPages = Atomics.load(parts.words, Machine.RAM_PAGES.offset >> 2);
    this.#ram = { base: BigInt(parts.ramBase), bytes: BigInt(ramPages * PAGE_BYTES) };
    // ORDER: constant after start. One hart is the only writer of guest RAM: no device writes it.
    const isShared = Atomics.load(parts.words, Machine.HART_COUNT.offset >> 2) > 1;
    this.#hasOtherWriters = isShared && !parts.settings.hasPlainLoads;
    this.#counters = compilerCounters(parts.words.buffer);
  }

  /** Compiles the requests that wait now. */
  compileWaiting(): void {
    const hotspots = this.#takeRequests();
    const placed = hotspots.flatMap((hotspot) =>
      this.#build(hotspot).flatMap((region) => this.#source(region))
    );
    if (placed.length === 0) return;
    const sources = placed.map(({ source }) => source);
    const bytes = this.#timed(CompilerCounter.EMIT_MS, () => this.#emit(sources));
    const module = this.#timed(
      CompilerCounter.MODULE_MS,
      () => new WebAssembly.Module(bytes.bytes),
    );
    const retired = this.#outdated.splice(0);
    const ticket = this.#slots.retire(retired);
    this.#renewal?.forget(retired);
    const regions = bytes.regions.map((compiled, index) => {
      const { built } = placed[index];
      return announce(compiled, built, this.#reports.get(built), bytes.text);
    });
    this.#counters[CompilerCounter.REGIONS] += regions.length;
    this.#counters[CompilerCounter.MODULES]++;
    this.#counters[CompilerCounter.MODULE_BYTES] += bytes.bytes.length;
    this.#publish({ module, regions, retired, ticket });
    this.#renewal?.remember(bytes.bytes, regions);
  }

  /**
   * Where modules are renewed: publishes those of late once more, as modules that the host never saw, unless a
   * vCPU has yet to take the last ones. On a busy host they would pile up.
   */
  renewModules(): void {
    if (this.#renewal === null || !this.#slots.isAcknowledged(this.#renewalTicket)) return;
    for (const { module, regions } of this.#renewal.renewed()) {
      this.#renewalTicket = this.#slots.ticket();
      this.#publish({ module, regions, retired: [], ticket: this.#renewalTicket });
    }
  }

  #publish(module: InstalledModule): void {
    this.#modules++;
    this.#parts.publish(module);
  }

  #timed<Result>(counter: number, work: () => Result): Result {
    const start = performance.now();
    const result = work();
    this.#counters[counter] += performance.now() - start;
    return result;
  }

  #takeRequests(): Hotspot[] {
    const { words } = this.#parts;
    const taken = new Map<string, Hotspot>();
    while (taken.size < BATCH_LIMIT) {
      const request = nextRequest(words);
      if (request === NO_REQUEST) break;
      const hotspot = readHotspot(words, request);
      releaseRequest(words);
      taken.set(placeOf(hotspot), hotspot);
    }
    return [...taken.values()];
  }

  #build(hotspot: Hotspot): BuiltRegion[] {
    const live = this.#live.get(placeOf(hotspot));
    if (live !== undefined) {
      if (this.#isCurrent(live.built)) return [];
      this.#outdated.push(live.slot);
      this.#live.delete(placeOf(hotspot));
    } else if (this.#coverage.isServed(hotspot)) return [];
    const built = this.#timed(
      CompilerCounter.LIFT_MS,
      () => this.#builder.build(hotspot, this.#coverage.entriesAround(hotspot)),
    );
    if (built === null) {
      this.#counters[CompilerCounter.STALE_REGIONS]++;
      return [];
    }
    const { trace } = this.#parts;
    trace?.lifted(built);
    const report = this.#parts.isChecked
      ? new RegionReport(built, this.#parts.frontend, this.#parts.words)
      : null;
    this.#timed(CompilerCounter.OPTIMIZE_MS, () => runPasses(built.region, this.#passes));
    trace?.optimized(built);
    if (report !== null) this.#reports.set(built, report);
    return [built];
  }

  #isCurrent({ pages }: BuiltRegion): boolean {
    return pages.every(({ hostPage, generation }) =>
      isGenerationCurrent(this.#parts.words, hostPage, generation)
    );
  }

  /** Gives a region its slot; without a free one it has to be asked for again. */
  #source(built: BuiltRegion): PlacedRegion[] {
    const slot = this.#slots.take();
    if (slot === 0) return [];
    this.#live.set(placeOf(built.hotspot), { built, slot });
    const graph = new EntryGraph(built.region);
    const entries = graph.entries.map(({ offset }) => offset);
    this.#coverage.add(built, entries, this.#modules + 1);
    const { modeKey } = built.hotspot;
    const { dataMmu, isOpen } = this.#parts.frontend.describeMode(modeKey);
    const { region, pages } = built;
    return [{ built, source: { region, graph, slot, pages, modeKey, dataMmu, isOpen } }];
  }

  #emit(sources: readonly RegionSource[]) {
    const { frontend, settings: { host }, isChecked, trace } = this.#parts;
    const batch = compileBatch(this.#factory, sources, {
      pc: frontend.pc,
      ram: this.#ram,
      stackPointer: frontend.stackPointer,
      copiedFunctions: () => this.#copiedFunctions ??= functionsByName(frontend),
      host,
      hasOtherWriters: this.#hasOtherWriters,
      isChecked,
      wantsText: trace?.wantsText === true || isChecked,
    });
    if (batch.text !== null) trace?.emitted(batch.text);
    return batch;
  }
}

/** Dear to build, and needed by float code alone. */
function functionsByName(frontend: GuestFrontend): ReadonlyMap<string, Region> {
  return new Map(frontend.copiedFunctions().map((region) => [region.name, region]));
}

function placeOf(hotspot: Hotspot): string {
  return `${hotPage(hotspot)}.${hotspot.offset}.${hotspot.modeKey}`;
}

function announce(
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
