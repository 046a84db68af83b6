/**
 * What a compiler worker does: it says when it has loaded, gets one message, and then compiles until the machine
 * ends; it never returns to its event loop in between, but to read and write the code cache and to load the emitter.
 */
import { waitForRequest } from "../atomics/compile_ring.ts";
import { claimCompilerService } from "../atomics/compiler_claim.ts";
import { post } from "../atomics/pending.ts";
import { Machine, PAGE_BYTES, Pending, RunState } from "../atomics/shared_layout.ts";
import type { GuestFrontend } from "../../frontend/frontend.ts";
import { EncoderFactory } from "../../wasm_backend/encoder/module_encoder.ts";
import type { ModuleFactory } from "../../wasm_backend/module_builder.ts";
import { cacheKey } from "../code_cache/cache_key.ts";
import { CodeCache } from "../code_cache/code_cache.ts";
import { WarmCompilation } from "../code_cache/warm_compilation.ts";
import type { Board } from "../machine/board.ts";
import { loadBoard } from "../machine/boards/boards.ts";
import type { CompilerStart, WorkerReport } from "../machine/worker_messages.ts";
import { Compiler, type CompilerTrace } from "./compiler.ts";
import { createDebugTrace } from "./debug_trace.ts";
import { hasOtherWriters } from "./other_writers.ts";
import type { InstalledModule } from "./region_catalog.ts";
import type { RegionEmitter } from "./region_emitter.ts";

/** Loads what encodes regions. */
export type EmitterLoader = () => Promise<typeof RegionEmitter>;

/** Longest sleep without a request: bounds how late the end of the machine is seen. */
const SLEEP_MS = 200;
/** The same where modules are renewed: less time than the host takes until it optimizes one. */
const RENEWAL_MS = 30;
/** The same while cached regions wait for vCPUs to acknowledge guards. */
const SOON_MS = 4;
/** What is added to the cache is written after so long at the earliest, when there is nothing else to do. */
const SAVE_INTERVAL_MS = 20_000;

function report(message: WorkerReport): void {
  (self as unknown as Worker).postMessage(message);
}

/** Hands modules to every vCPU. */
function publisher(words: Int32Array, { ports }: CompilerStart) {
  return (module: InstalledModule): void => {
    // ORDER: sc load before the messages: after the end nobody takes them; partner: whoever ends the machine.
    if (Atomics.load(words, Machine.RUN_STATE.offset >> 2) === RunState.ENDED) return;
    ports.forEach((port, hart) => {
      port.postMessage(module);
      post(words, hart, Pending.MODULES);
    });
  };
}

/** A machine's compiler with what it is made of. */
class CompilerService {
  readonly #words: Int32Array;
  readonly #start: CompilerStart;
  readonly #board: Board;
  readonly #frontend: GuestFrontend;
  readonly #loadEmitter: EmitterLoader;
  readonly #trace: CompilerTrace | null;
  readonly #ramBytes: number;
  readonly #hasOtherWriters: boolean;
  #savedAt = performance.now();

  constructor(
    start: CompilerStart,
    board: Board,
    frontend: GuestFrontend,
    loadEmitter: EmitterLoader,
  ) {
    const words = new Int32Array(start.memory.buffer);
    this.#words = words;
    this.#start = start;
    this.#board = board;
    this.#frontend = frontend;
    this.#loadEmitter = loadEmitter;
    const write = (log: string): void => report({ log });
    this.#trace = createDebugTrace({ categories: start.debug, frontend, words, write });
    // ORDER: constants after start; partner: main, before it started this worker.
    this.#ramBytes = Atomics.load(words, Machine.RAM_PAGES.offset >> 2) * PAGE_BYTES;
    this.#hasOtherWriters = !start.translation.hasPlainLoads &&
      hasOtherWriters(words, start.sharesThread);
  }

  /** The code cache, if there is to be one. A log or list of compiled code is only whole when all of it is compiled. */
  async openCache(): Promise<CodeCache | null> {
    const { codeCache: folder, translation, check, cpu, recordsRegions } = this.#start;
    if (folder === null || this.#trace !== null || translation.renewsModules) return null;
    if (recordsRegions) return null;
    return await CodeCache.open({
      folder,
      key: cacheKey({
        guest: this.#frontend.name,
        cpu,
        ramBase: this.#board.ramBase,
        translation,
        hasOtherWriters: this.#hasOtherWriters,
        isChecked: check,
      }),
      notice: (text) => report({ log: `weft: code cache: ${text}\n` }),
    });
  }

  /** Compiles until the machine ends. */
  async serve(cache: CodeCache | null): Promise<void> {
    const words = this.#words;
    const { translation, check } = this.#start;
    const compiler = new Compiler({
      words,
      frontend: this.#frontend,
      settings: translation,
      codeBytes: this.#start.codeBytes,
      isChecked: check,
      trace: this.#trace,
      emitter: cache === null ? await this.#emitter() : null,
      warm: cache === null ? null : new WarmCompilation(cache, words, this.#ramBytes),
      record: this.#start.recordsRegions ? (compiled) => report({ compiled }) : null,
      publish: publisher(words, this.#start),
    });
    // ORDER: sc load; partner: the store of RUN_STATE by whoever ends the machine.
    while (Atomics.load(words, Machine.RUN_STATE.offset >> 2) !== RunState.ENDED) {
      compiler.compileWaiting();
      if (compiler.needsEmitter) compiler.useEmitter(await this.#emitter());
      if (compiler.hasWork) continue;
      const isIdle = waitForRequest(words, this.#patience(compiler));
      compiler.renewModules();
      if (isIdle && cache !== null) await this.#saveNowAndThen(cache);
    }
    await cache?.save();
  }

  #patience(compiler: Compiler): number {
    if (this.#start.translation.renewsModules) return RENEWAL_MS;
    return compiler.waitsForGuards ? SOON_MS : SLEEP_MS;
  }

  async #saveNowAndThen(cache: CodeCache): Promise<void> {
    if (performance.now() - this.#savedAt < SAVE_INTERVAL_MS) return;
    this.#savedAt = performance.now();
    await cache.save();
  }

  async #emitter(): Promise<RegionEmitter> {
    const Emitter = await this.#loadEmitter();
    const { check, translation: { encoder, host, isCounted } } = this.#start;
    const wantsText = check || this.#trace?.wantsText === true;
    return new Emitter({
      factory: encoder === "direct" ? new EncoderFactory() : await binaryenFactory(),
      frontend: this.#frontend,
      ram: { base: BigInt(this.#board.ramBase), bytes: BigInt(this.#ramBytes) },
      host,
      hasOtherWriters: this.#hasOtherWriters,
      isChecked: check,
      isCounted,
      textFactory: wantsText ? await binaryenFactory() : null,
    });
  }
}

/** Rarely wanted, and loading it takes long. */
async function binaryenFactory(): Promise<ModuleFactory> {
  const { BinaryenFactory } = await import("../../wasm_backend/binaryen/binaryen_builder.ts");
  return new BinaryenFactory();
}

async function serve(start: CompilerStart, loadEmitter: EmitterLoader): Promise<void> {
  const words = new Int32Array(start.memory.buffer);
  const board = await loadBoard(start.board);
  const frontend = await board.loadFrontend(start.cpu);
  const service = new CompilerService(start, board, frontend, loadEmitter);
  const cache = await service.openCache();
  if (claimCompilerService(words, start.powerCycle)) await service.serve(cache);
}

/** What was imported is ready only after an await: a message that came meanwhile would be lost. */
function firstMessage(): Promise<CompilerStart | null> {
  return new Promise((resolve) => {
    const receive = (event: Event): void =>
      resolve((event as MessageEvent<CompilerStart | null>).data);
    self.addEventListener("message", receive, { once: true });
    report({ ready: true });
  });
}

/** The life of a compiler worker. */
export async function runCompilerWorker(loadEmitter: EmitterLoader): Promise<void> {
  try {
    const start = await firstMessage();
    if (start !== null) await serve(start, loadEmitter);
    report({ stopped: true });
  } catch (error) {
    report({ failure: error instanceof Error ? error.stack ?? error.message : String(error) });
  }
}
