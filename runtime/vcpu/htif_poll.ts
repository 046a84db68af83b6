/**
 * The host side of the host-target interface: looks at `tohost` whenever a vCPU is in its trampoline.
 */
import type { ConsoleSink } from "../devices/console_port.ts";
import { createHtifMessage, HtifRequest, inspectTohost } from "../devices/htif.ts";
import type { PowerControl } from "../devices/power_control.ts";
import { GuestStores } from "../atomics/guest_store.ts";
import { EndReason, Machine } from "../atomics/shared_layout.ts";
import { tryLock, unlock } from "../atomics/spin_lock.ts";

/** What requests act on. */
export interface HtifTargets {
  /** Host offset of the `tohost` word. */
  readonly tohost: number;
  /** What an exit request acts on. */
  readonly power: PowerControl;
  /** Where characters go. */
  readonly consoleSink: ConsoleSink;
}

/** See the header of this file. */
export class HtifPoll {
  readonly #words: Int32Array;
  readonly #stores: GuestStores;
  readonly #low: number;
  readonly #targets: HtifTargets;
  readonly #message = createHtifMessage();

  /** Polls one machine's word. */
  constructor(words: Int32Array, targets: HtifTargets) {
    this.#words = words;
    this.#stores = new GuestStores(words);
    this.#low = targets.tohost >> 2;
    this.#targets = targets;
  }

  /** Serves the request that stands in `tohost`, if there is one and no other vCPU serves it now. */
  poll(): void {
    const words = this.#words;
    // ORDER: sc loads; only a hint: the request is read again under the lock.
    if (Atomics.load(words, this.#low) === 0 && Atomics.load(words, this.#low + 1) === 0) return;
    if (!tryLock(words, Machine.HTIF_LOCK.offset)) return;
    this.#serve();
    unlock(words, Machine.HTIF_LOCK.offset);
  }

  #serve(): void {
    const words = this.#words;
    // ORDER: sc loads under the lock; partner: the guest's store of the command, which stands until it is cleared.
    const kind = inspectTohost(
      Atomics.load(words, this.#low),
      Atomics.load(words, this.#low + 1),
      this.#message,
    );
    if (kind === HtifRequest.NONE) return;
    const { power, consoleSink } = this.#targets;
    if (kind === HtifRequest.CHARACTER && !consoleSink.tryPut(this.#message.value)) return;
    // The low half last: a guest that waits for the whole word to clear goes on only then.
    this.#stores.storeWord((this.#low + 1) << 2, this.#message.acknowledgeHigh);
    this.#stores.storeWord(this.#low << 2, this.#message.acknowledgeLow);
    if (kind === HtifRequest.EXIT) power.end(EndReason.GUEST_EXIT, this.#message.value);
  }
}
