/**
 * Puts compiled regions into this vCPU's table and lets block heads find them, and answers whether a region
 * that spans several pages may run under the present mapping.
 */
import { ENVIRONMENT } from "../../wasm_backend/abi/module_shape.ts";
import {
  Control,
  FlushFilter,
  JumpCache,
  MappingChecks,
} from "../../wasm_backend/abi/vcpu_layout.ts";
import { PAGE_SHIFT, Vcpu, vcpuWord } from "../atomics/shared_layout.ts";
import type { InstalledModule, RegionCatalog } from "../translation/region_catalog.ts";
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
  /** Host offset of a fetched address; 0 with a fault recorded. */
  readonly translateFetch: (address: bigint) => number;
  /** The vCPU's counters. */
  readonly statistics: VcpuStatistics;
}

const PAGE_BYTES = 4096n;
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
    const { source } = this.#parts;
    if (source === null) return;
    for (let next = source.next(); next !== undefined; next = source.next()) this.#install(next);
  }

  /** Forgets outdated regions; no frame of theirs is alive here, so their slots may be used anew. */
  #retire(slots: readonly number[], ticket: number): void {
    const { catalog, table, pages, memory, words, hart, statistics } = this.#parts;
    for (const slot of slots) {
      const region = catalog.region(slot);
      table.set(slot, null);
      for (const { hostPage, offset } of region?.entries ?? []) {
        pages.installEntry(hostPage, offset, region?.modeKey ?? 0, 0);
      }
      catalog.remove(slot);
      statistics.countInvalidation();
      memory.setWideControl(MappingChecks.BASE + (slot << MappingChecks.ENTRY_SHIFT), 0);
    }
    if (slots.length > 0) memory.words.fill(0, JumpCache.BASE >> 2, JUMP_CACHE_END >> 2);
    // ORDER: sc store after the slots are out of table, records and jump cache; partner: the slot allocator.
    Atomics.store(words, vcpuWord(hart, Vcpu.RETIRE_ACK) >> 2, ticket);
  }

  #install({ module, regions, retired, ticket }: InstalledModule): void {
    this.#retire(retired, ticket);
    const { table, catalog, pages, imports } = this.#parts;
    const checkMapping = (slot: number, low: number, high: number): number =>
      this.#checkMapping(slot, low, high);
    const { exports } = new WebAssembly.Instance(module, {
      [ENVIRONMENT]: { ...imports, check_mapping: checkMapping },
    });
    catalog.modules++;
    for (const region of regions) {
      table.set(region.slot, exports[region.name] as CallableFunction);
      catalog.add(region);
      region.entries.forEach(({ hostPage, offset }) => {
        pages.installEntry(
          hostPage,
          offset,
          region.modeKey,
          catalog.target(hostPage, offset, region.modeKey),
        );
      });
    }
  }

  /** Are the region's other pages mapped as when it was built? Remembered until the next mapping epoch. */
  #checkMapping(slot: number, originLow: number, originHigh: number): number {
    const { catalog, memory } = this.#parts;
    const region = catalog.region(slot);
    if (region === undefined) return 0;
    const origin = (BigInt(originHigh) << 32n) + BigInt(originLow >>> 0);
    for (const [distance, hostPage] of region.pages) {
      const address = BigInt.asIntN(64, origin + BigInt(distance) * PAGE_BYTES);
      const host = this.#parts.translateFetch(address);
      memory.setControl(Control.FAULT, 0);
      if (host >>> PAGE_SHIFT !== hostPage) return 0;
      const filter = Number(BigInt.asUintN(64, address) >> BigInt(FlushFilter.ADDRESS_SHIFT)) %
        FlushFilter.ENTRIES;
      memory.bytes[FlushFilter.EXECUTED + filter] = 1;
    }
    const check = (MappingChecks.BASE + (slot << MappingChecks.ENTRY_SHIFT)) >> 2;
    memory.words[check] = memory.control(Control.CONTEXT);
    memory.words[check + 1] = Number(BigInt.asIntN(32, origin >> 12n));
    return 1;
  }
}
