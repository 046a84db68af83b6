/**
 * Which hart runs on which thread.
 *
 * A thread costs an isolate, modules that are loaded once more, functions that the host compiles once more, and a
 * switch of the host's scheduler for each event. Where harts outnumber the processors by far it buys nothing: they
 * take turns anyway, by us for little or by the host for much.
 */

/** Two would keep a processor busy while a thread sleeps in the host; a small host shows more of what a large one does. */
const THREADS_PER_PROCESSOR = 4;

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
