/**
 * Which hart runs on which thread.
 *
 * A thread costs an isolate, modules that are loaded once more, functions that the host compiles once more, and a
 * switch of the host's scheduler for each event. Where harts outnumber the processors it buys nothing: harts then take
 * turns anyway, by us for little or by the host for much.
 */

/** Threads for each processor: one may sleep in the host while another has a guest to run. */
const THREADS_PER_PROCESSOR = 2;
/** That many harts run side by side on any host, so that a small one shows what a large one does. */
const LEAST_THREADS = 4;

/** How many threads harts get at most, when nobody says. */
export function usualThreads(processors: number = navigator.hardwareConcurrency): number {
  return Math.max(LEAST_THREADS, THREADS_PER_PROCESSOR * processors);
}

/** The harts of each thread. Neighbours are on different ones: guests start harts in order, and busy ones are few. */
export function hartsByThread(harts: number, threads: number): number[][] {
  const groups = Array.from({ length: Math.min(harts, threads) }, (): number[] => []);
  for (let hart = 0; hart < harts; hart++) groups[hart % groups.length].push(hart);
  return groups;
}
