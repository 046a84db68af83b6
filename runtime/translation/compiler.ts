/**
 * The compiler: takes requests from the ring in batches, builds their regions or finds them in the code cache,
 * makes one module for each batch and hands it to every vCPU.
 *
 * With a code cache the emitter, which takes long to load, may come later: what is not in the cache is put aside
 * until then.
 */
import type { GuestFrontend } from "../../frontend/frontend.ts";
import type { Pass } from "../../optimizer/pass.ts";
import { passesByName, runPasses } from "../../optimizer/pipeline.ts";
import type { RegionSource } from "../../wasm_backend/region/region_module.ts";
import { EntryGraph } from "../../wasm_backend/region/entry_graph.ts";
import { regionName } from "../../wasm_backend/region/region_place.ts";
import { nextRequest, NO_REQUEST, releaseRequest } from "../atomics/compile_ring.ts";
import { CompilerCounter, compilerCounters } from "../atomics/statistics_layout.ts";
import type { PlacedRegion } from "../code_cache/region_linking.ts";
import type { FoundRegion } from "../code_cache/warm_code.ts";
import type { WarmCompilation } from "../code_cache/warm_compilation.ts";
import { isPageOpening } from "./compile_request.ts";
import { LiveRegions, type Place, placeKey, placeOf } from "./live_regions.ts";
import {
  blockStarts,
  type BuiltRegion,
  type Hotspot,
  readHotspot,
  RegionBuilder,
} from "./region_builder.ts";
import type { InstalledModule, InstalledRegion } from "./region_catalog.ts";
import { announce, announceLinked } from "./region_announcement.ts";
import type { RegionEmitter } from "./region_emitter.ts";
import { type ModuleRecord, recordRegion, type RegionTimes } from "./region_record.ts";
import { RegionReport } from "./region_report.ts";
import { ModuleRenewal } from "./module_renewal.ts";
import { SlotAllocator } from "./slot_allocator.ts";
import type { TranslationSettings } from "./translation_settings.ts";

/** Most regions of one module. */
const BATCH_LIMIT = 24;
/** So many places that are not in the cache are worth loading the emitter. */
const MANY_MISSES = 24;
/** Most requests that are taken out of the ring at a time: all that fit into it. */
const TAKEN_LIMIT = 256;

/** What the compiler is made of. */
export interface CompilerParts {
  /** The machine's memory as words. */
  readonly words: Int32Array;
  /** The guest. */
  readonly frontend: GuestFrontend;
  /** How guest code is translated. */
  readonly settings: TranslationSettings;
  /** About how much memory compiled code may take. */
  readonly codeBytes: number;
  /** Do regions return after each call, to be compared with the cold tier? */
  readonly isChecked: boolean;
  /** Is a copy of every module's text and its regions' IR wanted? */
  readonly trace: CompilerTrace | null;
  /** What encodes regions; null when it is to be loaded once it is needed. */
  readonly emitter: RegionEmitter | null;
  /** The code cache; null without one. */
  readonly warm: WarmCompilation | null;
  /** Receiver of what a list of compiled code keeps; nothing when there is none. Code of the cache is not told. */
  readonly record?: ((made: ModuleRecord) => void) | null;
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
  /** A module's text, with the numbers of its regions and the names of their functions. */
  emitted(text: string, regions: readonly { number: number; name: string }[]): void;
}

interface PlacedSource {
  readonly built: BuiltRegion;
  readonly source: RegionSource;
}

/** A module with its regions, before it is published. */
interface MadeModule {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly regions: readonly InstalledRegion[];
}

/** See the header of this file. */
export class Compiler {
  readonly #parts: CompilerParts;
  readonly #builder: RegionBuilder;
  readonly #slots: SlotAllocator;
  readonly #live: LiveRegions;
  /** Requests that the cache does not answer and that wait for the emitter. */
  readonly #missed = new Map<string, Hotspot>();
  /** Was one of them asked for again? */
  #staysHot = false;
  /** Modules published so far. */
  #modules = 0;
  #emitter: RegionEmitter | null;
  readonly #counters: Float64Array;
  readonly #times = new WeakMap<BuiltRegion, RegionTimes>();
  readonly #reports = new WeakMap<BuiltRegion, RegionReport>();
  readonly #renewal: ModuleRenewal | null;
  readonly #passes: readonly Pass[];
  /** Of the module that was renewed last. */
  #renewalTicket = 0;

  /** A compiler for one machine. */
  constructor(parts: CompilerParts) {
    this.#parts = parts;
    this.#emitter = parts.emitter;
    this.#builder = new RegionBuilder(
      parts.words,
      parts.frontend,
      parts.isChecked,
      parts.settings.regionInstructions,
    );
    this.#passes = passesByName(parts.settings.passes);
    this.#renewal = parts.settings.renewsModules ? new ModuleRenewal() : null;
    this.#slots = new SlotAllocator(parts.words);
    this.#live = new LiveRegions(parts.words, this.#slots, parts.codeBytes);
    this.#counters = compilerCounters(parts.words.buffer);
  }

  /**
   * Is there something to compile that is worth {@linkcode Compiler.useEmitter}: a place that has stayed hot, or
   * many? What is missing where a machine does what another one did is mostly hot by chance and soon over.
   */
  get needsEmitter(): boolean {
    return this.#emitter === null && (this.#staysHot || this.#missed.size >= MANY_MISSES);
  }

  /** Does something of the cache wait for vCPUs to acknowledge guards? */
  get waitsForGuards(): boolean {
    return this.#parts.warm?.code.waitsForGuards === true;
  }

  /** Is there more to compile already? */
  get hasWork(): boolean {
    return this.#emitter !== null && this.#missed.size > 0;
  }

  /** Compiles from now on. */
  useEmitter(emitter: RegionEmitter): void {
    this.#emitter = emitter;
  }

  /** Answers the requests that wait now. */
  compileWaiting(): void {
    const { warm } = this.#parts;
    const hotspots = this.#takeRequests();
    const found = warm === null ? [] : this.#placeFound(warm, hotspots);
    const placed = this.#emitter === null ? [] : this.#buildMissed();
    if (warm !== null) this.#makeWarm(warm, found, placed);
    else if (placed.length > 0) this.#finish(this.#make(placed));
  }

  /**
   * Where modules are renewed: publishes those of late once more, as modules that the host never saw, unless a
   * vCPU has yet to take the last ones. On a busy host they would pile up.
   */
  renewModules(): void {
    if (this.#renewal === null || !this.#slots.isAcknowledged(this.#renewalTicket)) return;
    for (const { module, regions } of this.#renewal.renewed()) {
      this.#renewalTicket = this.#slots.ticket();
      const displaced = { outdated: [], evicted: [], suspended: [] };
      this.#publish({ module, regions, ...displaced, ticket: this.#renewalTicket });
    }
  }

  #finish({ bytes, regions }: MadeModule): void {
    const module = this.#timed(
      CompilerCounter.MODULE_MS,
      () => new WebAssembly.Module(bytes),
    );
    const displaced = this.#live.admit(regions.map(({ slot }) => slot), bytes.length);
    this.#renewal?.forget([...displaced.outdated, ...displaced.evicted]);
    this.#counters[CompilerCounter.REGIONS] += regions.length;
    this.#counters[CompilerCounter.MODULES]++;
    this.#counters[CompilerCounter.MODULE_BYTES] += bytes.length;
    this.#counters[CompilerCounter.EVICTED_REGIONS] += displaced.evicted.length;
    this.#publish({ module, regions, ...displaced });
    this.#renewal?.remember(bytes, regions);
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

  /** Takes hot places out of the ring, and tells the cache of pages that were opened. */
  #takeRequests(): Hotspot[] {
    const { words, warm } = this.#parts;
    const taken = new Map<string, Hotspot>();
    const limit = warm === null ? BATCH_LIMIT : TAKEN_LIMIT;
    while (taken.size < limit) {
      const request = nextRequest(words);
      if (request === NO_REQUEST) break;
      const hotspot = readHotspot(words, request);
      releaseRequest(words);
      if (isPageOpening(hotspot)) warm?.code.open(hotspot);
      else taken.set(placeKey(placeOf(hotspot)), hotspot);
    }
    if (warm !== null) return [...taken.values()];
    for (const [key, hotspot] of taken) this.#missed.set(key, hotspot);
    return [];
  }

  // --- from the cache -------------------------------------------------------------------------------

  /** Cached regions for hot places and for pages that were opened; what is not there is missed. */
  #placeFound(warm: WarmCompilation, hotspots: readonly Hotspot[]): PlacedRegion[] {
    const placed: PlacedRegion[] = [];
    for (const hotspot of hotspots) {
      warm.code.tellMapping(hotspot);
      const place = placeOf(hotspot);
      if (this.#live.isServed(hotspot)) continue;
      const found = warm.code.find(hotspot);
      if (found === null) this.#miss(placeKey(place), hotspot);
      else placed.push(...this.#placeRegion(found, place));
    }
    for (const found of warm.code.ready()) {
      const { region: { modeKey, hotOffset }, pages: [{ hostPage }] } = found;
      const place = { hostPage, offset: hotOffset, modeKey };
      if (this.#live.isEntry(place)) continue;
      placed.push(...this.#placeRegion(found, place));
    }
    this.#counters[CompilerCounter.CACHE_HITS] += placed.length;
    return placed;
  }

  #miss(key: string, hotspot: Hotspot): void {
    if (this.#missed.has(key)) this.#staysHot = true;
    this.#missed.set(key, hotspot);
  }

  #placeRegion({ region, pages }: FoundRegion, place: Place): PlacedRegion[] {
    const { modeKey, starts, entryOffsets: entries } = region;
    const slot = this.#live.place(
      place,
      { modeKey, pages, starts, entries },
      this.#modules + 1,
    );
    return slot === 0 ? [] : [{ region, pages, slot }];
  }

  #makeWarm(
    warm: WarmCompilation,
    found: readonly PlacedRegion[],
    placed: readonly PlacedSource[],
  ): void {
    this.#counters[CompilerCounter.CACHE_MISSES] += placed.length;
    const emitter = this.#emitter;
    const batch = placed.length === 0 || emitter === null
      ? null
      : this.#timed(CompilerCounter.EMIT_MS, () => warm.record(emitter, placed));
    if (batch === null && placed.length > 0) this.#finish(this.#make(placed));
    const regions = [...found, ...batch?.regions ?? []];
    if (regions.length === 0) return;
    const bytes = this.#timed(CompilerCounter.LINK_MS, () => warm.link(regions));
    const made = batch === null ? [] : placed.map(({ built }) => built);
    const announced = regions.map((region, index) => {
      const report = this.#reportOf(made[index - found.length]);
      return announceLinked(region, report?.text(regionName(region), batch?.text ?? null));
    });
    this.#finish({ bytes, regions: announced });
  }

  #reportOf(built: BuiltRegion | undefined): RegionReport | undefined {
    return built === undefined ? undefined : this.#reports.get(built);
  }

  // --- built anew -----------------------------------------------------------------------------------

  #buildMissed(): PlacedSource[] {
    const batch = [...this.#missed].slice(0, BATCH_LIMIT);
    return batch.flatMap(([key, hotspot]) => {
      this.#missed.delete(key);
      return this.#build(hotspot).flatMap((built) => this.#source(built));
    });
  }

  #build(hotspot: Hotspot): BuiltRegion[] {
    if (this.#live.isServed(hotspot)) return [];
    const [liftedBefore, optimizedBefore] = this.#phases();
    const built = this.#timed(
      CompilerCounter.LIFT_MS,
      () => this.#builder.build(hotspot, this.#live.entriesAround(hotspot)),
    );
    if (built === null) {
      this.#counters[CompilerCounter.STALE_REGIONS]++;
      return [];
    }
    this.#counters[CompilerCounter.INSTRUCTIONS] += instructionsOf(built);
    const { trace } = this.#parts;
    trace?.lifted(built);
    const report = this.#parts.isChecked
      ? new RegionReport(built, this.#parts.frontend, this.#parts.words)
      : null;
    this.#timed(CompilerCounter.OPTIMIZE_MS, () => runPasses(built.region, this.#passes));
    trace?.optimized(built);
    const [lifted, optimized] = this.#phases();
    const times = { lift: lifted - liftedBefore, optimize: optimized - optimizedBefore };
    this.#times.set(built, times);
    if (report !== null) this.#reports.set(built, report);
    return [built];
  }

  /** Milliseconds of the phases that are made for each region. */
  #phases(): readonly [lift: number, optimize: number] {
    return [this.#counters[CompilerCounter.LIFT_MS], this.#counters[CompilerCounter.OPTIMIZE_MS]];
  }

  #source(built: BuiltRegion): PlacedSource[] {
    const { region, pages, hotspot: { modeKey } } = built;
    const graph = new EntryGraph(region);
    const entries = graph.entries.map(({ offset }) => offset);
    const code = { modeKey, pages, starts: blockStarts(region), entries };
    const slot = this.#live.place(placeOf(built.hotspot), code, this.#modules + 1);
    if (slot === 0) return [];
    const { dataMmu, isOpen } = this.#parts.frontend.describeMode(modeKey);
    return [{ built, source: { region, graph, slot, pages, modeKey, dataMmu, isOpen } }];
  }

  #make(placed: readonly PlacedSource[]): MadeModule {
    const emitter = this.#emitter;
    if (emitter === null) throw new TypeError("Cannot compile regions before there is an emitter");
    const sources = placed.map(({ source }) => source);
    const batch = this.#timed(CompilerCounter.EMIT_MS, () => emitter.emit(sources));
    if (batch.text !== null) {
      const named = batch.regions.map(({ name }, at) => ({
        name,
        number: placed[at].built.number,
      }));
      this.#parts.trace?.emitted(batch.text, named);
    }
    this.#record(placed, batch.bytes.length);
    const regions = batch.regions.map((compiled, index) => {
      const { built } = placed[index];
      return announce(compiled, built, this.#reports.get(built), batch.text);
    });
    return { bytes: batch.bytes, regions };
  }

  #record(placed: readonly PlacedSource[], bytes: number): void {
    const { record } = this.#parts;
    if (record === undefined || record === null) return;
    const regions = placed.map(({ built, source }) =>
      recordRegion(built, source, this.#times.get(built) ?? { lift: 0, optimize: 0 })
    );
    record({ module: this.#modules + 1, bytes, regions });
  }
}

function instructionsOf({ region }: BuiltRegion): number {
  return region.blocks.reduce((count, { instructions }) => count + instructions, 0);
}
