/**
 * Compiles a batch of regions into one module: compiled once, instantiated by every vCPU.
 */
import type { Region, SlotAttribute } from "../../ir/region.ts";
import type { StateSlot } from "../../ir/guest_state.ts";
import { GUEST_STATE } from "../abi/vcpu_layout.ts";
import { addBranchHints } from "../branch_hints.ts";
import type { HostOrder } from "../host_order.ts";
import type { ModuleBuilder, ModuleFactory } from "../module_builder.ts";
import type { EntryGraph } from "./entry_graph.ts";
import type { OpenRam } from "./access_translation.ts";
import { RegionFunctions } from "./region_functions.ts";
import { type DirectCallee, RegionLowering } from "./region_lowering.ts";
import { isCovered, placeConstants, regionName, type RegionPage } from "./region_place.ts";

/** A region to be compiled, with its place. */
export interface RegionSource {
  /** The lifted and optimized region. */
  readonly region: Region;
  /** Its control flow. */
  readonly graph: EntryGraph;
  /** Its slot in the vCPUs' tables. */
  readonly slot: number;
  /** Pages it was built from, the origin page first. */
  readonly pages: readonly RegionPage[];
  /** Mode it was compiled for: regions call only those of their own mode directly. */
  readonly modeKey: number;
  /** TLB set of its loads and stores. */
  readonly dataMmu: number;
  /** Are its data addresses those of RAM, unprotected? */
  readonly isOpen: boolean;
}

/** A compiled region. */
export interface CompiledRegion {
  /** Its slot. */
  readonly slot: number;
  /** Export name of its function. */
  readonly name: string;
  /** Distances from the origin of its entries, by label. */
  readonly entryOffsets: readonly number[];
}

/** A compiled batch. */
export interface CompiledBatch {
  /** The encoded module. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Its regions. */
  readonly regions: readonly CompiledRegion[];
  /** Text of the module when it was asked for. */
  readonly text: string | null;
}

/** What all batches of a machine share. */
export interface BatchOptions {
  /** State slot of the program counter. */
  readonly pc: StateSlot;
  /** The guest's functions that modules get copies of, by name; asked for when a region calls one. */
  readonly copiedFunctions: () => ReadonlyMap<string, Region>;
  /** The register that points into the stack. */
  readonly stackPointer: SlotAttribute;
  /** Guest RAM. */
  readonly ram: OpenRam;
  /** Column of the order table. */
  readonly host: HostOrder;
  /** Can another thread write guest RAM while a region runs? */
  readonly hasOtherWriters: boolean;
  /** Do regions return to the trampoline instead of calling each other? For check mode. */
  readonly isChecked: boolean;
  /** Is a block executed only when the budget covers all of it? */
  readonly isCounted: boolean;
  /** Builds the same module again for its text; null where no text is wanted. */
  readonly textFactory: ModuleFactory | null;
}

/** How the regions of a batch are bound to their places and to each other. */
export interface BatchBinding {
  /** Constants of a region's place. */
  place(source: RegionSource): readonly number[];
  /** The region that is called directly at a distance from the caller's origin. */
  callee(caller: RegionSource, offset: number): DirectCallee | null;
}

/** Compiles a batch. */
export function compileBatch(
  factory: ModuleFactory,
  sources: readonly RegionSource[],
  options: BatchOptions,
): CompiledBatch {
  const binding: BatchBinding = {
    place: ({ slot, pages }) => placeConstants(slot, pages),
    callee: (caller, offset) => directCallee(caller, offset, sources),
  };
  const m = factory.create();
  const regions = addRegions(m, sources, options, binding);
  const text = batchText(sources, options, binding);
  const bytes = addBranchHints(m.emit());
  m.dispose();
  return { bytes, regions, text };
}

/** Text of the batch's module, if it is wanted. */
export function batchText(
  sources: readonly RegionSource[],
  options: BatchOptions,
  binding: BatchBinding,
): string | null {
  if (options.textFactory === null) return null;
  const m = options.textFactory.create();
  addRegions(m, sources, options, binding);
  const text = m.text();
  m.dispose();
  return text;
}

/** Adds the functions of a batch to a module. */
export function addRegions(
  m: ModuleBuilder,
  sources: readonly RegionSource[],
  options: BatchOptions,
  binding: BatchBinding,
): CompiledRegion[] {
  const functions = new RegionFunctions(
    m,
    GUEST_STATE + options.pc.offset,
    options.copiedFunctions,
  );
  return sources.map((source) => {
    const name = regionName(source);
    const lowering = new RegionLowering(m, functions, source.region, {
      name,
      graph: source.graph,
      place: binding.place(source),
      dataMmu: source.dataMmu,
      openRam: source.isOpen ? options.ram : null,
      pc: options.pc,
      stackPointer: options.stackPointer,
      host: options.host,
      hasOtherWriters: options.hasOtherWriters,
      isChecked: options.isChecked,
      isCounted: options.isCounted,
      callee: (offset) => binding.callee(source, offset),
    });
    lowering.addToModule();
    m.exportFunction(name);
    return { slot: source.slot, name, entryOffsets: lowering.entryOffsets };
  });
}

/**
 * A region of the batch that starts at a distance from the caller's origin and was built from no page that
 * the caller was not: then the caller's own checks cover it.
 */
export function directCallee(
  caller: RegionSource,
  offset: number,
  candidates: readonly RegionSource[],
): DirectCallee | null {
  const distance = Math.floor(offset / PAGE_BYTES);
  const page = caller.pages.find((candidate) => candidate.distance === distance);
  if (page === undefined) return null;
  for (const source of candidates) {
    const [origin] = source.pages;
    if (origin.hostPage !== page.hostPage || source.modeKey !== caller.modeKey) continue;
    const label = source.graph.entries.findIndex((entry) =>
      entry.offset === offset - distance * PAGE_BYTES
    );
    if (label < 0) continue;
    if (!isCovered(source, caller, distance)) continue;
    return { name: regionName(source), label, originOffset: distance * PAGE_BYTES };
  }
  return null;
}

const PAGE_BYTES = 4096;
