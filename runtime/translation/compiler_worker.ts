/**
 * Entry point of the compiler worker. It says when it has loaded, gets one message, and then compiles until the machine ends; it never
 * returns to its event loop in between.
 */
import { waitForRequest } from "../atomics/compile_ring.ts";
import { claimCompilerService } from "../atomics/compiler_claim.ts";
import { post } from "../atomics/pending.ts";
import { Machine, Pending, RunState } from "../atomics/shared_layout.ts";
import { loadBoard } from "../machine/boards/boards.ts";
import type { CompilerStart, WorkerReport } from "../machine/worker_messages.ts";
import { Compiler } from "./compiler.ts";
import { createDebugTrace } from "./debug_trace.ts";
import type { InstalledModule } from "./region_catalog.ts";

/** Longest sleep without a request: bounds how late the end of the machine is seen. */
const SLEEP_MS = 200;
/** The same where modules are renewed: less time than the host takes until it optimizes one. */
const RENEWAL_MS = 12;

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

async function serve(start: CompilerStart): Promise<void> {
  const words = new Int32Array(start.memory.buffer);
  const board = await loadBoard(start.board);
  const frontend = await board.loadFrontend(start.cpu);
  if (!claimCompilerService(words, start.powerCycle)) return;
  const write = (log: string): void => report({ log });
  const compiler = new Compiler({
    words,
    frontend,
    ramBase: board.ramBase,
    settings: start.translation,
    isChecked: start.check,
    trace: createDebugTrace({ categories: start.debug, frontend, words, write }),
    publish: publisher(words, start),
  });
  // ORDER: sc load; partner: the store of RUN_STATE by whoever ends the machine.
  while (Atomics.load(words, Machine.RUN_STATE.offset >> 2) !== RunState.ENDED) {
    compiler.compileWaiting();
    waitForRequest(words, start.translation.renewsModules ? RENEWAL_MS : SLEEP_MS);
    compiler.renewModules();
  }
}

/** Binaryen, which is imported above, is ready only after an await: a message that came meanwhile would be lost. */
function firstMessage(): Promise<CompilerStart> {
  return new Promise((resolve) => {
    const receive = (event: Event): void => resolve((event as MessageEvent<CompilerStart>).data);
    self.addEventListener("message", receive, { once: true });
    report({ ready: true });
  });
}

try {
  await serve(await firstMessage());
  report({ stopped: true });
} catch (error) {
  report({ failure: error instanceof Error ? error.stack ?? error.message : String(error) });
}
