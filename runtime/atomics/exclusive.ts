/**
 * Stop-the-world sections: one agent works while no vCPU runs guest code.
 *
 * REQUIREMENT. At most one section at a time; no guest access of another vCPU inside it; two vCPUs that ask
 * at once must not wait for each other; sleeping vCPUs are not woken into guest code.
 *
 * SOLUTION. One owner word (agent index + 1, or 0). The winner of cmpxchg(0, me) posts EXCLUSIVE to every
 * other vCPU that is not IDLE and waits until it has seen each agent IDLE once (an I/O worker becomes so by itself); a vCPU that leaves IDLE re-reads the owner after
 * RUNNING (`agent_state.ts`), so it cannot slip back in. The loser parks, IDLE, and tries again. The owner
 * sleeps on the STATE word itself; `toIdle` notifies it when a section is owned. Whoever waits in a
 * trampoline for another vCPU is IDLE meanwhile, hence no cycle of waits can form.
 *
 * LIMITATION. Costs a round trip to every vCPU (milliseconds when harts outnumber cores): never for anything
 * frequent. A section must not wait for another vCPU and must not sleep.
 */

import { isHart, nextAgent, NO_AGENT } from "./agents.ts";
import { isIdle, ownerValue, park, postUnlessIdle } from "./agent_state.ts";
import { Machine, Pending, Vcpu, VcpuState, vcpuWord } from "./shared_layout.ts";

export { isOwnedByOther, park } from "./agent_state.ts";

const EXCLUSIVE_OWNER = Machine.EXCLUSIVE_OWNER.offset >> 2;

/**
 * Begins a section unless another agent owns one.
 * @returns false when it does: the caller goes on and meets EXCLUSIVE in its trampoline.
 */
export function tryBeginExclusive(words: Int32Array, hart: number): boolean {
  // ORDER: sc cmpxchg before the STATE reads; partner: the owner load after RUNNING in toRunning().
  if (Atomics.compareExchange(words, EXCLUSIVE_OWNER, 0, ownerValue(hart)) !== 0) return false;
  stopOthers(words, hart);
  return true;
}

/** Begins a section, parking as long as others have theirs. `serve` as in `toRunning`. */
export function beginExclusive(words: Int32Array, hart: number, serve: () => void): void {
  while (!tryBeginExclusive(words, hart)) park(words, hart, serve);
}

/** Ends the section of agent `hart` and lets all parked vCPUs go. */
export function endExclusive(words: Int32Array, hart: number): void {
  // ORDER: sc cmpxchg after the section's work; partner: the owner loads of parked vCPUs.
  const owner = Atomics.compareExchange(words, EXCLUSIVE_OWNER, ownerValue(hart), 0);
  if (owner !== ownerValue(hart)) {
    throw new Error(`Cannot end the exclusive section of agent ${hart}: the owner is ${owner}`);
  }
  // ORDER: after the release; partner: the wait on the owner word in park() and toRunning().
  Atomics.notify(words, EXCLUSIVE_OWNER);
}

function stopOthers(words: Int32Array, hart: number): void {
  let other = nextAgent(words, NO_AGENT);
  for (; other !== NO_AGENT; other = nextAgent(words, other)) {
    if (other !== hart && isHart(other)) postUnlessIdle(words, other, Pending.EXCLUSIVE);
  }
  other = nextAgent(words, NO_AGENT);
  for (; other !== NO_AGENT; other = nextAgent(words, other)) {
    if (other !== hart) awaitIdle(words, other);
  }
}

function awaitIdle(words: Int32Array, other: number): void {
  while (!isIdle(words, other)) {
    // ORDER: sleeps only while RUNNING stands; partner: IDLE, owner load, notify in toIdle().
    Atomics.wait(words, vcpuWord(other, Vcpu.STATE) >> 2, VcpuState.RUNNING);
  }
}
