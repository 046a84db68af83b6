/**
 * Which hart runs on which thread.
 *
 * A thread costs an isolate, modules that are loaded once more, functions that the host compiles once more, and a
 * switch of the host's scheduler for each event. Where harts outnumber the processors by far it buys nothing: they
 * take turns anyway, by us for little or by the host for much.
 */

/** One is not enough: a thread may sleep in the host with harts that could run, and busy harts may meet on one. */
const THREADS_PER_PROCESSOR = 2;

/** How many threads harts get at most, when nobody says. */
export function usualThreads(processors: number = navigator.hardwareConcurrency): number {
  return THREADS_PER_PROCESSOR * processors;
}

/** The harts of each thread. Neighbours are on different ones: guests start harts in order, and busy ones are few. */
export function hartsByThread(harts: number, threads: number): number[][] {
  const groups = Array.from({ length: Math.min(harts, threads) }, (): number[] => []);
  for (let hart = 0; hart < harts; hart++) groups[hart % groups.length].push(hart);
  return groups;
}
