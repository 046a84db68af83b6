/**
 * Lowers and encodes batches of regions: the part of the compiler that is not needed while a code cache has it all.
 */
import type { GuestFrontend } from "../../frontend/frontend.ts";
import type { Region } from "../../ir/region.ts";
import type { ModuleFactory } from "../../wasm_backend/module_builder.ts";
import type { OpenRam } from "../../wasm_backend/region/access_translation.ts";
import { compileMovable, type MovableBatch } from "../../wasm_backend/region/movable_batch.ts";
import {
  type BatchOptions,
  compileBatch,
  type CompiledBatch,
  type RegionSource,
} from "../../wasm_backend/region/region_module.ts";
import type { HostOrder } from "../../wasm_backend/host_order.ts";

/** What all batches of a machine share. */
export interface EmitterParts {
  /** What builds and encodes modules. */
  readonly factory: ModuleFactory;
  /** The guest. */
  readonly frontend: GuestFrontend;
  /** Guest RAM. */
  readonly ram: OpenRam;
  /** Column of the order table. */
  readonly host: HostOrder;
  /** Can another thread write guest RAM while a region runs? */
  readonly hasOtherWriters: boolean;
  /** Do regions return after each call, to be compared with the cold tier? */
  readonly isChecked: boolean;
  /** Is a block executed only when the budget covers all of it? */
  readonly isCounted: boolean;
  /** What shows modules as text, where that is wanted: it is dear. */
  readonly textFactory: ModuleFactory | null;
}

/** See the header of this file. */
export class RegionEmitter {
  readonly #factory: ModuleFactory;
  readonly #options: BatchOptions;
  #copiedFunctions: ReadonlyMap<string, Region> | null = null;

  /** An emitter for one machine. */
  constructor({ factory, frontend, ...same }: EmitterParts) {
    this.#factory = factory;
    this.#options = {
      ...same,
      pc: frontend.pc,
      stackPointer: frontend.stackPointer,
      copiedFunctions: () => this.#copiedFunctions ??= functionsByName(frontend),
    };
  }

  /** A module of these regions, bound to their places. */
  emit(sources: readonly RegionSource[]): CompiledBatch {
    return compileBatch(this.#factory, sources, this.#options);
  }

  /** The same as functions that can be moved; null where that is impossible. */
  emitMovable(sources: readonly RegionSource[]): MovableBatch | null {
    return compileMovable(this.#factory, sources, this.#options);
  }
}

/** Dear to build, and needed by float code alone. */
function functionsByName(frontend: GuestFrontend): ReadonlyMap<string, Region> {
  return new Map(frontend.copiedFunctions().map((region) => [region.name, region]));
}
