/**
 * Puts compiled regions into this vCPU's table and lets block heads find them, and writes down which pages a
 * region that spans several was built from: the cold tier checks whether they are mapped so.
 */
import { ENVIRONMENT } from "../../wasm_backend/abi/module_shape.ts";
import { JumpCache, MappingChecks, RegionPages } from "../../wasm_backend/abi/vcpu_layout.ts";
import type { ActivityLog } from "../atomics/activity_log.ts";
import { Activity, Happening, Vcpu, vcpuWord } from "../atomics/shared_layout.ts";
import type {
  InstalledModule,
  InstalledRegion,
  RegionCatalog,
} from "../translation/region_catalog.ts";
import type { DecodedPages } from "./decoded_pages.ts";
import type { VcpuMemory } from "./vcpu_memory.ts";
import type { VcpuStatistics } from "./vcpu_statistics.ts";

/** Where compiled modules come from. */
export interface ModuleSource {
  /** The next one, or undefined when there is none now. Never waits. */
  next(): InstalledModule | undefined;
}

/** What the installer works with. */
export interface InstallerParts {
  /** Where modules come from; null when nothing is compiled. */
  readonly source: ModuleSource | null;
  /** Shared memory. */
  readonly words: Int32Array;
  /** The hart. */
  readonly hart: number;
  /** The vCPU's table. */
  readonly table: WebAssembly.Table;
  /** Imports of region modules. */
  readonly imports: WebAssembly.ModuleImports;
  /** The vCPU's catalog. */
  readonly catalog: RegionCatalog;
  /** The vCPU's decoded pages. */
  readonly pages: DecodedPages;
  /** The vCPU's private memory. */
  readonly memory: VcpuMemory;
  /** The vCPU's counters. */
  readonly statistics: VcpuStatistics;
  /** Where its work is shown. */
  readonly log: ActivityLog;
}

const JUMP_CACHE_END = JumpCache.BASE + (1 << (JumpCache.INDEX_BITS + JumpCache.ENTRY_SHIFT));

/** See the header of this file. */
export class RegionInstaller {
  readonly #parts: InstallerParts;

  /** An installer for one vCPU. */
  constructor(parts: InstallerParts) {
    this.#parts = parts;
  }

  /** Installs every module that has arrived. Called in the trampoline. */
  receive(): void {
    const { source, log } = this.#parts;
    if (source === null) return;
    log.begin(Activity.INSTALLS);
    for (let next = source.next(); next !== undefined; next = source.next()) this.#install(next);
    log.end();
  }

  /** Forgets regions, or suspends them; no frame of theirs is alive here, so forgotten slots may be used anew. */
  #unlink({ outdated, evicted, suspended, ticket }: InstalledModule): void {
    const { memory, words, hart, statistics, log } = this.#parts;
    if (outdated.length > 0) log.note(Happening.INVALIDATION, outdated.length);
    statistics.countInvalidations(outdated.length);
    for (const slot of [...outdated, ...evicted]) this.#forget(slot);
    for (const slot of suspended) this.#suspend(slot);
    const isAnyUnlinked = outdated.length + evicted.length + suspended.length > 0;
    if (isAnyUnlinked) memory.words.fill(0, JumpCache.BASE >> 2, JUMP_CACHE_END >> 2);
    // ORDER: sc store after the slots are out of table, records and jump cache; partner: the slot allocator.
    Atomics.store(words, vcpuWord(hart, Vcpu.RETIRE_ACK) >> 2, ticket);
  }

  #forget(slot: number): void {
    const { catalog, table, pages, memory } = this.#parts;
    const region = catalog.region(slot);
    table.set(slot, null);
    catalog.remove(slot);
    if (region !== undefined) pages.tellEntries(region);
    memory.setWideControl(MappingChecks.BASE + (slot << MappingChecks.ENTRY_SHIFT), 0);
  }

  #suspend(slot: number): void {
    const { catalog, pages } = this.#parts;
    const region = catalog.region(slot);
    catalog.suspend(slot);
    if (region !== undefined) pages.tellEntries(region);
  }

  #install(message: InstalledModule): void {
    this.#unlink(message);
    const { module, regions } = message;
    const { table, catalog, pages, imports } = this.#parts;
    const { exports } = new WebAssembly.Instance(module, { [ENVIRONMENT]: imports });
    catalog.modules++;
    for (const region of regions) {
      table.set(region.slot, exports[region.name] as CallableFunction);
      catalog.add(region);
      this.#notePages(region);
      pages.tellEntries(region);
    }
  }

  /** Tells the cold tier's mapping check where the region's other pages must lie. */
  #notePages({ slot, pages }: InstalledRegion): void {
    const { words } = this.#parts.memory;
    const start = (RegionPages.BASE + (slot << RegionPages.ENTRY_SHIFT)) >> 2;
    words.fill(0, start, start + (1 << (RegionPages.ENTRY_SHIFT - 2)));
    for (const [distance, hostPage] of pages) {
      words[start + RegionPages.REACH + distance] = hostPage + 1;
    }
  }
}
