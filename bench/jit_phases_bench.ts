// What each phase of the JIT costs once the host has compiled the JIT itself: over all functions of the benchmark
// kernels, each phase on what the phases before it made anew. The group's name says how many guest instructions
// one iteration translates; what a boot reaches, where the JIT is cold, `--stats` tells.

import { RiscvFrontend } from "../frontend/riscv/riscv_frontend.ts";
import type { Region } from "../ir/region.ts";
import { optimize } from "../optimizer/pipeline.ts";
import { withNonce } from "../runtime/translation/module_renewal.ts";
import { addBranchHints } from "../wasm_backend/branch_hints.ts";
import type { ModuleBuilder } from "../wasm_backend/module_builder.ts";
import { EncoderFactory } from "../wasm_backend/encoder/module_encoder.ts";
import { moduleImports } from "../wasm_backend/module_fixture.ts";
import { EntryGraph } from "../wasm_backend/region/entry_graph.ts";
import { addRegions, type BatchOptions } from "../wasm_backend/region/region_module.ts";
import { placeConstants } from "../wasm_backend/region/region_place.ts";
import { kernelRequests } from "./kernel_functions.ts";

/** User mode with translated accesses, the floating-point unit on, rounding to nearest. */
const MODE_KEY = 0b1100_1001;
const DATA_MMU = 1;
const RAM = { base: 0x8000_0000n, bytes: 0x1000_0000n };
/** Any page of shared memory: nothing of this is executed. */
const PAGE = { distance: 0, hostPage: 0x300, generation: 0 };

const frontend = new RiscvFrontend();
const requests = await kernelRequests(MODE_KEY);
const factory = new EncoderFactory();
const copied = new Map(frontend.copiedFunctions().map((region) => [region.name, region]));
const options: BatchOptions = {
  ...{ pc: frontend.pc, stackPointer: frontend.stackPointer, ram: RAM, host: "x64" },
  ...{ hasOtherWriters: true, isChecked: false, isCounted: false, textFactory: null },
  copiedFunctions: () => copied,
};

function lift(): Region[] {
  return requests.map((request) => frontend.liftRegion(request))
    .filter(({ blocks, entries }) => blocks.length > 0 && entries.length > 0);
}

function liftAndOptimize(): Region[] {
  const regions = lift();
  for (const region of regions) optimize(region);
  return regions;
}

function build(regions: readonly Region[]): ModuleBuilder {
  const m = factory.create();
  const sources = regions.map((region, index) => ({
    ...{ region, graph: new EntryGraph(region), slot: index + 1, pages: [PAGE] },
    ...{ modeKey: MODE_KEY, dataMmu: DATA_MMU, isOpen: false },
  }));
  addRegions(m, sources, options, {
    place: ({ slot, pages }) => placeConstants(slot, pages),
    callee: () => null,
  });
  return m;
}

function encode(m: ModuleBuilder): Uint8Array<ArrayBuffer> {
  const bytes = addBranchHints(m.emit());
  m.dispose();
  return bytes;
}

/** Numbers that were never used. */
function* fresh(): Generator<number, number> {
  for (let number = 1;; number++) yield number;
}

/** Functions that do nothing, for whatever a module imports. */
function importsOf(module: WebAssembly.Module): WebAssembly.Imports {
  const functions = WebAssembly.Module.imports(module).filter(({ kind }) => kind === "function");
  return moduleImports(Object.fromEntries(functions.map(({ name }) => [name, () => 0])));
}

const instructions = lift().flatMap(({ blocks }) => blocks)
  .reduce((count, block) => count + block.instructions, 0);
const group = `${instructions} guest instructions`;
const module = new WebAssembly.Module(encode(build(liftAndOptimize())));
const imports = importsOf(module);
const nonces = fresh();

Deno.bench({ name: "lift", group, fn: () => void lift() });

Deno.bench({
  name: "optimize",
  group,
  fn(b) {
    const regions = lift();
    b.start();
    for (const region of regions) optimize(region);
    b.end();
  },
});

Deno.bench({
  name: "build",
  group,
  fn(b) {
    const regions = liftAndOptimize();
    b.start();
    const m = build(regions);
    b.end();
    m.dispose();
  },
});

Deno.bench({
  name: "encode",
  group,
  fn(b) {
    const m = build(liftAndOptimize());
    b.start();
    encode(m);
    b.end();
  },
});

// Bytes that the host has compiled once it knows again.
Deno.bench({
  name: "compile on the host (baseline)",
  group,
  fn(b) {
    const bytes = withNonce(encode(build(liftAndOptimize())), nonces.next().value);
    b.start();
    new WebAssembly.Module(bytes);
    b.end();
  },
});

Deno.bench({
  name: "instantiate",
  group,
  fn: () => void new WebAssembly.Instance(module, imports),
});
