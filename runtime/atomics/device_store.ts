/**
 * Stores of an I/O worker to guest memory: input that arrives, and what tells of it.
 *
 * REQUIREMENT. They are seen like a hart's own: code built from the bytes goes, reservations of their lines fail. Most
 * pages hold neither, and whole pages are copied to them at the speed of memory. A device that was reset stores nothing
 * afterwards.
 *
 * SOLUTION. The worker is an agent (`agents.ts`). It goes RUNNING, serves what others have asked of it, and only then
 * reads the attributes of the pages it stores to: a page without any gets plain copies, another one guarded stores. An
 * arming vCPU waits until the agent was IDLE, or has acknowledged, so it is never overtaken by a copy that began with
 * the old attribute. `isCurrent` is asked when RUNNING: whoever resets the device changes first what it depends on,
 * then looks whether the agent is IDLE.
 *
 * LIMITATION. Between RUNNING and IDLE nothing may wait for the host; a piece is bounded by its caller.
 */

import { toIdle, toRunning } from "./agent_state.ts";
import { serveGuard } from "./code_guard.ts";
import { GuestStores } from "./guest_store.ts";
import { serveRemote } from "./remote_work.ts";
import { PAGE_ATTRIBUTES, PAGE_BYTES, PAGE_SHIFT } from "./shared_layout.ts";

const ATTRIBUTES = PAGE_ATTRIBUTES >> 2;

/** It keeps no write entries and no translations: there is nothing to drop. */
function nothing(): void {}

/** See the header of this file. */
export class DeviceStores {
  readonly #words: Int32Array;
  readonly #bytes: Uint8Array;
  readonly #halves: Uint16Array;
  readonly #agent: number;
  readonly #guarded: GuestStores;
  readonly #serve: () => void;

  /** Stores of one agent that is no vCPU. */
  constructor(words: Int32Array, agent: number) {
    this.#words = words;
    this.#bytes = new Uint8Array(words.buffer);
    this.#halves = new Uint16Array(words.buffer);
    this.#agent = agent;
    this.#guarded = new GuestStores(words);
    this.#serve = () => {
      serveGuard(words, agent, nothing);
      serveRemote(words, agent, nothing);
    };
  }

  /**
   * Lets `store` store to guest memory, unless what it would store is out of date.
   * @returns false when it is
   */
  run(isCurrent: () => boolean, store: () => void): boolean {
    toRunning(this.#words, this.#agent, this.#serve);
    try {
      if (!isCurrent()) return false;
      store();
      return true;
    } finally {
      toIdle(this.#words, this.#agent);
    }
  }

  /** Stores bytes from an offset in shared memory on; in {@linkcode run} only. */
  bytes(hostOffset: number, bytes: Uint8Array): void {
    for (let done = 0; done < bytes.length;) {
      const at = hostOffset + done;
      const inPage = Math.min(bytes.length - done, PAGE_BYTES - at % PAGE_BYTES);
      const part = inPage === bytes.length ? bytes : bytes.subarray(done, done + inPage);
      if (this.#isPlain(at)) this.#bytes.set(part, at);
      else this.#guarded.storeBytes(at, part);
      done += inPage;
    }
  }

  /** Stores an aligned half word, behind all that was stored before; in {@linkcode run} only. */
  half(hostOffset: number, half: number): void {
    if (!this.#isPlain(hostOffset)) return this.#guarded.storeHalf(hostOffset, half);
    // ORDER: sc store after the payload; partner: the guest's load of the index, before it reads the payload.
    Atomics.store(this.#halves, hostOffset >>> 1, half);
  }

  /** Stores an aligned word; in {@linkcode run} only. */
  word(hostOffset: number, word: number): void {
    if (!this.#isPlain(hostOffset)) return this.#guarded.storeWord(hostOffset, word);
    // ORDER: sc store before the index that publishes it; partner: the guest's loads behind that of the index.
    Atomics.store(this.#words, hostOffset >>> 2, word);
  }

  #isPlain(hostOffset: number): boolean {
    // ORDER: sc load after RUNNING; partner: the or of who arms the page, before the round trip that waits for this agent.
    return Atomics.load(this.#words, ATTRIBUTES + (hostOffset >>> PAGE_SHIFT)) === 0;
  }
}
