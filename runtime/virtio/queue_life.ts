/**
 * The life of a queue as its worker sees it: from when the driver opens it to its next reset.
 *
 * What was read of a queue belongs to one of its lives, and nothing is stored for a life that is over. A ring that breaks
 * the rules sets DEVICE_NEEDS_RESET, and its device alone stands still.
 */

import type { DeviceStores } from "../atomics/device_store.ts";
import { QueueWord, SlotCounter, SlotWord } from "./device_struct.ts";
import type { GuestRam } from "./guest_ram.ts";
import type { VirtioSlot } from "./virtio_slot.ts";
import { PackedRing } from "./packed_ring.ts";
import { DeviceStatus, Feature } from "./registers.ts";
import type { Ring } from "./ring.ts";
import { SplitRing } from "./split_ring.ts";

const READY_STATUS = DeviceStatus.DRIVER_OK | DeviceStatus.NEEDS_RESET;

/** Which queue, and whose. */
export interface QueuePlace {
  /** The slot. */
  readonly slot: VirtioSlot;
  /** Number of the queue. */
  readonly queue: number;
  /** Guest RAM. */
  readonly ram: GuestRam;
  /** The worker's stores. */
  readonly stores: DeviceStores;
}

/** See the header of this file. */
export class QueueLife {
  /** Does the life go on that was begun? */
  readonly isCurrent: () => boolean;
  readonly #place: QueuePlace;
  #ring: Ring | null = null;
  /** The life that is served, also where its ring was refused. */
  #life = 0;

  /** The lives of a queue. */
  constructor(place: QueuePlace) {
    this.#place = place;
    this.isCurrent = () => this.#word(QueueWord.LIFE) === this.#life;
  }

  /** Times that the guest has rung. */
  get doorbell(): number {
    return this.#word(QueueWord.DOORBELL);
  }

  /** Begins to serve the life that the queue has now. */
  begin(): void {
    this.#life = this.#word(QueueWord.LIFE);
  }

  /** The ring of the life that was begun; null where the driver is not ready for any. Throws RingFault. */
  openRing(): Ring | null {
    const { slot, queue, ram } = this.#place;
    // Behind `begin`: whoever ends a life closes the queue before it changes the number (`virtio_slot.ts`).
    const isReady = this.#word(QueueWord.READY) !== 0 && slot.mayReachMemory &&
      (slot.struct.get(SlotWord.STATUS) & READY_STATUS) === DeviceStatus.DRIVER_OK;
    if (!isReady) return null;
    if (this.#ring?.life !== this.#life) {
      const Format = slot.struct.hasFeature(Feature.PACKED_RING) ? PackedRing : SplitRing;
      this.#ring = new Format(ram, slot.struct, queue);
    }
    return this.isCurrent() ? this.#ring : null;
  }

  /** Tells the driver of what was given back; in `DeviceStores.run` only. */
  interrupt(): void {
    const { slot, queue } = this.#place;
    slot.struct.count(SlotCounter.INTERRUPTS, 1);
    slot.queueUsed(queue);
  }

  /** The driver has broken a rule. */
  refuse(): void {
    const { stores, slot } = this.#place;
    this.#ring = null;
    stores.run(this.isCurrent, () => slot.needsReset());
  }

  #word(word: number): number {
    return this.#place.slot.struct.queue(this.#place.queue, word);
  }
}
