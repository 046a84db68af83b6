/**
 * RUNNING and IDLE: what other threads may conclude about a vCPU without asking it.
 *
 * REQUIREMENT. A requester (code guard, remote work, stop-the-world) must not wait for a vCPU that sleeps or
 * is stopped, and a vCPU that wakes must not run guest code past a request that took it for idle.
 *
 * SOLUTION. IDLE promises: no region frame is alive, no guest access happens, and before the next guest
 * access the vCPU serves all requests. RUNNING is stored first, then the requests are read; the requester
 * stores its request first, then reads STATE. All four are sequentially consistent, so at least one side
 * sees the other. A vCPU that leaves IDLE while another agent owns the machine goes back and sleeps on the
 * owner word. Only then `serve` runs: nothing of this vCPU runs inside a foreign exclusive section.
 *
 * `serve` acknowledges code guards, slot retirements and remote work of the own vCPU. It must neither wait
 * nor change STATE.
 *
 * LIMITATION. Only the trampoline changes STATE. A thread that dies while RUNNING blocks requesters for
 * ever, so workers stop only from the trampoline, IDLE.
 */

import { post } from "./pending.ts";
import { Machine, Vcpu, VcpuState, vcpuWord } from "./shared_layout.ts";

const EXCLUSIVE_OWNER = Machine.EXCLUSIVE_OWNER.offset >> 2;

/** The value of the owner word when agent `hart` owns the machine. */
export function ownerValue(hart: number): number {
  return hart + 1;
}

/** Whether a vCPU is IDLE. Meaningful only when read after the request that it shall not miss. */
export function isIdle(words: Int32Array, hart: number): boolean {
  // ORDER: sc load after the caller's request; partner: the RUNNING store in toRunning().
  return Atomics.load(words, vcpuWord(hart, Vcpu.STATE) >> 2) === VcpuState.IDLE;
}

/**
 * Tells a vCPU of a request that stands in shared memory already. One that is IDLE is let sleep: it meets the request
 * when it leaves IDLE, and nobody waits for it until then.
 */
export function postUnlessIdle(words: Int32Array, hart: number, bits: number): void {
  if (!isIdle(words, hart)) post(words, hart, bits);
}

/** Declares the vCPU IDLE. Everything it did before is visible to whoever sees that. */
export function toIdle(words: Int32Array, hart: number): void {
  const state = vcpuWord(hart, Vcpu.STATE) >> 2;
  // ORDER: sc store after all guest stores, before the two tests below; partner: isIdle() of requesters.
  Atomics.store(words, state, VcpuState.IDLE);
  // ORDER: sc load after IDLE; partner: the claim in exclusive.ts, which comes before its STATE read.
  if (Atomics.load(words, EXCLUSIVE_OWNER) !== 0) {
    // ORDER: after IDLE; partner: the owner's wait on STATE.
    Atomics.notify(words, state);
  }
  wakeRemoteRequesters(words, hart);
}

/** Wakes those who wait for remote work of this vCPU: IDLE is as good to them as done. */
function wakeRemoteRequesters(words: Int32Array, hart: number): void {
  const block = vcpuWord(hart, Vcpu.STATE) - Vcpu.STATE.offset;
  // ORDER: sc loads after IDLE; partner: the add of REMOTE_REQUEST, which comes before its STATE read.
  const requested = Atomics.load(words, (block + Vcpu.REMOTE_REQUEST.offset) >> 2);
  // ORDER: own word, written by this vCPU alone.
  const done = Atomics.load(words, (block + Vcpu.REMOTE_DONE.offset) >> 2);
  if (requested === done) return;
  const wake = (block + Vcpu.REMOTE_WAKE.offset) >> 2;
  // ORDER: sc add after IDLE; partner: waitRemote() reads it before STATE and sleeps on that value.
  Atomics.add(words, wake, 1);
  // ORDER: after the add; partner: the wait in waitRemote().
  Atomics.notify(words, wake);
}

/** Leaves IDLE: RUNNING, then sleep out foreign exclusive sections, then serve every request. */
export function toRunning(words: Int32Array, hart: number, serve: () => void): void {
  const state = vcpuWord(hart, Vcpu.STATE) >> 2;
  // ORDER: sc store before the owner and request loads; partner: isIdle() of requesters.
  Atomics.store(words, state, VcpuState.RUNNING);
  while (isOwnedByOther(words, hart)) {
    toIdle(words, hart);
    awaitRelease(words, hart);
    // ORDER: sc store before the next owner load; partner: the owner's STATE read.
    Atomics.store(words, state, VcpuState.RUNNING);
  }
  serve();
}

/** IDLE until no other agent owns the machine, then RUNNING and serve: the answer to EXCLUSIVE. */
export function park(words: Int32Array, hart: number, serve: () => void): void {
  toIdle(words, hart);
  awaitRelease(words, hart);
  toRunning(words, hart, serve);
}

/** Whether an agent other than `hart` owns the machine, or is stopping it. */
export function isOwnedByOther(words: Int32Array, hart: number): boolean {
  // ORDER: sc load after RUNNING; partner: the claim in exclusive.ts.
  const owner = Atomics.load(words, EXCLUSIVE_OWNER);
  return owner !== 0 && owner !== ownerValue(hart);
}

function awaitRelease(words: Int32Array, hart: number): void {
  for (;;) {
    // ORDER: sc load while IDLE; partner: release then notify in endExclusive().
    const owner = Atomics.load(words, EXCLUSIVE_OWNER);
    if (owner === 0 || owner === ownerValue(hart)) return;
    // ORDER: sleeps only while the same owner stands; partner: release then notify in endExclusive().
    Atomics.wait(words, EXCLUSIVE_OWNER, owner);
  }
}
