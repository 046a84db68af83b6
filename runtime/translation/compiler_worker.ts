/**
 * Entry point of the compiler worker. It gets one message and then compiles until the machine ends; it never
 * returns to its event loop in between.
 */
import { waitForRequest } from "../atomics/compile_ring.ts";
import { post } from "../atomics/pending.ts";
import { Machine, Pending, RunState } from "../atomics/shared_layout.ts";
import { loadBoard } from "../machine/boards/boards.ts";
import { hostOrder } from "../machine/host_processor.ts";
import type { CompilerStart, WorkerFailure, WorkerLog } from "../machine/worker_messages.ts";
import { createDebugTrace } from "./debug_trace.ts";
import type { InstalledModule } from "./region_catalog.ts";

/** Longest sleep without a request: bounds how late the end of the machine is seen. */
const SLEEP_MS = 200;

interface WorkerScope {
  onmessage: ((event: MessageEvent<CompilerStart>) => void) | null;
  postMessage(message: unknown): void;
}

async function serve(scope: WorkerScope, start: CompilerStart): Promise<void> {
  const words = new Int32Array(start.memory.buffer);
  const board = await loadBoard(start.board);
  const publish = (module: InstalledModule): void => {
    start.ports.forEach((port, hart) => {
      port.postMessage(module);
      post(words, hart, Pending.MODULES);
    });
  };
  // Not a static import: Binaryen is ready only after an await, and a message that comes before is lost.
  const { Compiler } = await import("./compiler.ts");
  const frontend = board.createFrontend(start.cpu);
  const write = (log: string): void => scope.postMessage({ log } satisfies WorkerLog);
  const compiler = new Compiler({
    words,
    frontend,
    host: hostOrder(),
    isChecked: start.check,
    trace: createDebugTrace({ categories: start.debug, frontend, words, write }),
    publish,
  });
  // ORDER: sc load; partner: the store of RUN_STATE by whoever ends the machine.
  while (Atomics.load(words, Machine.RUN_STATE.offset >> 2) !== RunState.ENDED) {
    compiler.compileWaiting();
    waitForRequest(words, SLEEP_MS);
  }
  scope.postMessage({ stopped: true });
}

const scope = self as unknown as WorkerScope;
scope.onmessage = ({ data }): void => {
  serve(scope, data).catch((error: unknown) => {
    const failure = error instanceof Error ? error.stack ?? error.message : String(error);
    scope.postMessage({ failure } satisfies WorkerFailure);
  });
};
