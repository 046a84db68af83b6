/** A vCPU on a thread of its own: the thread sleeps whenever the hart waits. */
import { peek, waitPending } from "../atomics/pending.ts";
import { Attention, SHORTEST_SLEEP_MS } from "./departure.ts";
import type { Vcpu } from "./vcpu.ts";

/** Looks at the pending word before a waiting vCPU sleeps. */
const WAKE_SPINS = 200;

/** Runs the vCPU of a hart until the machine ends. */
export function runOnOwnThread(vcpu: Vcpu, words: Int32Array, hart: number): void {
  vcpu.begin();
  for (;;) {
    const wait = vcpu.attend();
    if (wait === Attention.ENDED) return;
    if (wait === Attention.RUNS) vcpu.run();
    else sleep(vcpu, words, hart, wait);
  }
}

/** Who is to sleep for the shortest time there is sleeps at once: it wishes to leave the processor to others. */
function sleep(vcpu: Vcpu, words: Int32Array, hart: number, atMostMs: number): void {
  if (atMostMs > SHORTEST_SLEEP_MS && isWokenSoon(words, hart)) return;
  vcpu.rest();
  waitPending(words, hart, atMostMs);
}

/** A short spin for the answer of another hart, which comes far sooner than a sleeping thread wakes. */
function isWokenSoon(words: Int32Array, hart: number): boolean {
  for (let spins = 0; spins < WAKE_SPINS; spins++) {
    if (peek(words, hart) !== 0) return true;
    // ORDER: no access: a hint to the processor that this thread spins.
    Atomics.pause();
  }
  return false;
}
