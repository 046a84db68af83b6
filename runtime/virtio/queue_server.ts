/**
 * Serves one queue of a slot: from the doorbell to the interrupt.
 *
 * The doorbell counts. A look at the queue that found it empty is good for all rings up to the count that was read
 * before it; a later one comes with a bit in the worker's pending word. What was read of a queue belongs to one of its
 * lives, and nothing is stored for a life that is over. A ring that breaks the rules sets DEVICE_NEEDS_RESET, and its
 * device alone stands still.
 */

import type { DeviceStores } from "../atomics/device_store.ts";
import { DescriptorChain, RingFault } from "./descriptor_chain.ts";
import { QueueWord, SlotCounter, SlotWord } from "./device_struct.ts";
import type { GuestRam } from "./guest_ram.ts";
import type { MmioSlot } from "./mmio_slot.ts";
import { DeviceStatus, InterruptCause } from "./registers.ts";
import { SplitRing } from "./split_ring.ts";

const READY_STATUS = DeviceStatus.DRIVER_OK | DeviceStatus.NEEDS_RESET;

/** How a request was carried out. */
export interface Outcome {
  /** Bytes that were written into the chain, the last one's included. */
  readonly written: number;
  /** Last byte of the chain's writable part; left as it is when undefined. */
  readonly status?: number;
}

/** What a device does with a request. */
export interface RequestHandler {
  /**
   * Carries a request out. Throws {@linkcode RingFault} for one that no driver makes.
   * @param isCurrent does the request still stand? Not when the device was reset meanwhile
   * @returns null when it does not stand any more
   */
  handle(chain: DescriptorChain, isCurrent: () => boolean): Outcome | null;
}

/** What a queue server is made of. */
export interface QueueParts {
  /** The slot. */
  readonly slot: MmioSlot;
  /** Number of the queue. */
  readonly queue: number;
  /** Guest RAM. */
  readonly ram: GuestRam;
  /** The worker's stores. */
  readonly stores: DeviceStores;
  /** The device. */
  readonly handler: RequestHandler;
}

/** See the header of this file. */
export class QueueServer {
  readonly #parts: QueueParts;
  readonly #chain: DescriptorChain;
  readonly #statusByte = new Uint8Array(1);
  readonly #isCurrent: () => boolean;
  #ring: SplitRing | null = null;
  /** The life that is served, also where its ring was refused. */
  #life = 0;
  /** Rings that were answered. */
  #answered = 0;

  /** The server of one queue. */
  constructor(parts: QueueParts) {
    this.#parts = parts;
    this.#chain = new DescriptorChain(parts.ram);
    this.#isCurrent = () => this.#word(QueueWord.LIFE) === this.#life;
  }

  /** Serves until nothing was rung any more, or something else is wanted of the worker. */
  serve(isWanted: () => boolean): void {
    for (;;) {
      const rung = this.#word(QueueWord.DOORBELL);
      if (rung === this.#answered) return;
      this.#life = this.#word(QueueWord.LIFE);
      try {
        if (!this.#serveLife(isWanted)) return;
      } catch (error) {
        if (!(error instanceof RingFault)) throw error;
        this.#refuse();
      }
      this.#answered = rung;
    }
  }

  /** @returns false when it was interrupted */
  #serveLife(isWanted: () => boolean): boolean {
    const { stores } = this.#parts;
    const ring = this.#openRing();
    if (ring === null) return true;
    for (;;) {
      while (ring.take(this.#chain)) {
        if (!this.#carryOut(ring)) return true;
        if (isWanted()) return false;
      }
      if (!stores.run(this.#isCurrent, () => ring.askForRing(stores))) return true;
      if (ring.isEmpty()) return true;
    }
  }

  /** The ring of the current life; null where the driver is not ready for any. */
  #openRing(): SplitRing | null {
    const { slot, queue, ram } = this.#parts;
    const isReady = this.#word(QueueWord.READY) !== 0 &&
      (slot.struct.get(SlotWord.STATUS) & READY_STATUS) === DeviceStatus.DRIVER_OK;
    if (!isReady) return null;
    if (this.#ring?.life !== this.#life) this.#ring = new SplitRing(ram, slot.struct, queue);
    return this.#isCurrent() ? this.#ring : null;
  }

  /** @returns false when the device was reset meanwhile */
  #carryOut(ring: SplitRing): boolean {
    const { handler, stores, slot } = this.#parts;
    const chain = this.#chain;
    const outcome = handler.handle(chain, this.#isCurrent);
    if (outcome === null) return false;
    return stores.run(this.#isCurrent, () => {
      if (outcome.status !== undefined) this.#storeStatus(outcome.status);
      if (!ring.giveBack(stores, chain.head, outcome.written)) return;
      slot.struct.count(SlotCounter.INTERRUPTS, 1);
      slot.interrupt(InterruptCause.USED_BUFFER);
    });
  }

  #storeStatus(status: number): void {
    const { writable } = this.#chain;
    this.#statusByte[0] = status;
    writable.pieces(writable.total - 1, 1, (hostOffset) => {
      this.#parts.stores.bytes(hostOffset, this.#statusByte);
    });
  }

  #refuse(): void {
    const { stores, slot } = this.#parts;
    this.#ring = null;
    stores.run(this.#isCurrent, () => slot.needsReset());
  }

  #word(word: number): number {
    return this.#parts.slot.struct.queue(this.#parts.queue, word);
  }
}
