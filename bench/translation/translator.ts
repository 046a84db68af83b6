// The compiler's way from recorded requests to modules that the host has compiled, with the time of each phase.

import { RiscvFrontend } from "../../frontend/riscv/riscv_frontend.ts";
import type { RegionRequest } from "../../frontend/frontend.ts";
import type { Region } from "../../ir/region.ts";
import { optimize } from "../../optimizer/pipeline.ts";
import { type RecordedRequest, requestFrom } from "../../runtime/translation/recorded_request.ts";
import { RegionEmitter } from "../../runtime/translation/region_emitter.ts";
import { EncoderFactory } from "../../wasm_backend/encoder/module_encoder.ts";
import { EntryGraph } from "../../wasm_backend/region/entry_graph.ts";
import type { RegionSource } from "../../wasm_backend/region/region_module.ts";

/** Regions of a module: about as many as a boot has hot at a time. */
const BATCH = 4;
const PAGE_SHIFT = 12;
/** Any page of shared memory: nothing of this is executed. */
const HOST_PAGE = 0x300;
const RAM = { base: 0x8000_0000n, bytes: 0x2000_0000n };

/** Milliseconds of each phase. */
export interface PhaseTimes {
  lift: number;
  optimize: number;
  emit: number;
  host: number;
}

/** Phases in their order. */
export const PHASES = ["lift", "optimize", "emit", "host"] as const;

/** What a list of requests came to. */
export interface Translated {
  /** Guest instructions in the regions. */
  readonly instructions: number;
  /** Bytes of the modules. */
  readonly bytes: number;
  readonly times: PhaseTimes;
}

/** Translates as the compiler of a machine does. */
export class Translator {
  readonly #frontend = new RiscvFrontend();
  readonly #emitter = new RegionEmitter({
    ...{ factory: new EncoderFactory(), frontend: this.#frontend, ram: RAM, host: "x64" },
    ...{ hasOtherWriters: true, isChecked: false, isCounted: false, textFactory: null },
  });

  /** Translates recorded requests, each once. */
  translateRecorded(records: readonly RecordedRequest[]): Translated {
    return this.translate(records.map(requestFrom), records.map(pagesOf));
  }

  /** Translates requests; `distances` are those of each one's pages. */
  translate(
    requests: readonly RegionRequest[],
    distances: readonly (readonly number[])[],
  ): Translated {
    const times: PhaseTimes = { lift: 0, optimize: 0, emit: 0, host: 0 };
    let [instructions, bytes] = [0, 0];
    for (let first = 0; first < requests.length; first += BATCH) {
      const sources: RegionSource[] = [];
      for (let at = first; at < Math.min(first + BATCH, requests.length); at++) {
        const region = this.#liftAndOptimize(requests[at], times);
        if (region === null) continue;
        instructions += instructionsOf(region);
        sources.push(this.#source(region, requests[at], distances[at], sources.length + 1));
      }
      if (sources.length > 0) bytes += this.#emit(sources, times);
    }
    return { instructions, bytes, times };
  }

  #liftAndOptimize(request: RegionRequest, times: PhaseTimes): Region | null {
    const start = performance.now();
    const region = this.#frontend.liftRegion(request);
    const lifted = performance.now();
    times.lift += lifted - start;
    if (region.blocks.length === 0 || region.entries.length === 0) return null;
    optimize(region);
    times.optimize += performance.now() - lifted;
    return region;
  }

  #source(
    region: Region,
    { modeKey }: RegionRequest,
    distances: readonly number[],
    slot: number,
  ): RegionSource {
    const pages = distances.map((distance) => ({
      distance,
      hostPage: HOST_PAGE + distance,
      generation: 0,
    }));
    const { dataMmu, isOpen } = this.#frontend.describeMode(modeKey);
    return { region, graph: new EntryGraph(region), slot, pages, modeKey, dataMmu, isOpen };
  }

  /** @returns bytes of the module */
  #emit(sources: readonly RegionSource[], times: PhaseTimes): number {
    const start = performance.now();
    const { bytes } = this.#emitter.emit(sources);
    const emitted = performance.now();
    new WebAssembly.Module(bytes);
    times.emit += emitted - start;
    times.host += performance.now() - emitted;
    return bytes.length;
  }
}

function instructionsOf({ blocks }: Region): number {
  return blocks.reduce((count, { instructions }) => count + instructions, 0);
}

/** The origin page comes first. */
function pagesOf({ parcels }: RecordedRequest): number[] {
  const others = new Set(parcels.map(([offset]) => offset >> PAGE_SHIFT));
  others.delete(0);
  return [0, ...others];
}
