/** A vCPU that has nothing else to do in a pause: tests' agents stand still as a whole thread. */

import { toIdle, toRunning } from "./agent_state.ts";
import { isToStandStill } from "./pause.ts";
import { take, waitPending } from "./pending.ts";
import { Pending } from "./shared_layout.ts";

/**
 * Stands still as long as main wants, with the calling thread.
 * @param taken bits that were taken together with PAUSE
 * @returns those bits and the ones that were taken meanwhile, without PAUSE
 */
export function standStill(
  words: Int32Array,
  hart: number,
  taken: number,
  serve: () => void,
  answer: () => void,
): number {
  toIdle(words, hart);
  let gathered = taken | take(words, hart);
  while (isToStandStill(words, hart, gathered, answer)) {
    waitPending(words, hart, Infinity);
    gathered |= take(words, hart);
  }
  toRunning(words, hart, serve);
  return gathered & ~Pending.PAUSE;
}
