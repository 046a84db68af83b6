/** Who else writes guest RAM while a region runs. */
import { Machine } from "../atomics/shared_layout.ts";

/**
 * Can another thread write guest RAM while a region runs? Where none can, the host may merge and swap guest loads as
 * it likes. Harts on one thread take turns; an I/O worker stores whenever it likes.
 */
export function hasOtherWriters(words: Int32Array, sharesThread: boolean): boolean {
  // ORDER: constants after start; partner: main, before it started this worker.
  const harts = Atomics.load(words, Machine.HART_COUNT.offset >> 2);
  // ORDER: as above.
  const workers = Atomics.load(words, Machine.IO_WORKER_COUNT.offset >> 2);
  return workers > 0 || (harts > 1 && !sharesThread);
}
