/**
 * A queue of empty buffers that the driver offers, and the device fills when something arrives: the receiving side of
 * network cards.
 *
 * What arrives may need several buffers, where that was agreed on: all of them are given back by one change of the used
 * index. When there are not enough of them nothing is stored, and the driver is asked to ring.
 */

import type { DeviceStores } from "../atomics/device_store.ts";
import { DescriptorChain, RingFault } from "./descriptor_chain.ts";
import type { GuestRam } from "./guest_ram.ts";
import { QueueLife, type QueuePlace } from "./queue_life.ts";
import type { Ring } from "./ring.ts";

/** Buffers of one arrival at most. */
const MAX_BUFFERS = 64;

/** What became of an arrival. */
export type PutResult =
  /** The driver has it. */
  | "stored"
  /** There is no room now; the driver will ring. */
  | "no-room"
  /** There will never be room, or nobody wants it. */
  | "dropped";

/** Tells how many buffers an arrival takes, before it is stored. */
export type Prepare = (buffers: number) => void;

/** See the header of this file. */
export class InputQueue {
  readonly #stores: DeviceStores;
  readonly #ram: GuestRam;
  readonly #life: QueueLife;
  readonly #chains: DescriptorChain[] = [];

  /** The receiving end of a queue. */
  constructor(place: QueuePlace) {
    this.#stores = place.stores;
    this.#ram = place.ram;
    this.#life = new QueueLife(place);
  }

  /**
   * Gives the driver something.
   * @param maySpread may it take several buffers?
   */
  put(bytes: Uint8Array, maySpread: boolean, prepare: Prepare): PutResult {
    this.#life.begin();
    try {
      const ring = this.#life.openRing();
      return ring === null ? "dropped" : this.#putInto(ring, bytes, maySpread, prepare);
    } catch (error) {
      if (!(error instanceof RingFault)) throw error;
      this.#life.refuse();
      return "dropped";
    }
  }

  #putInto(ring: Ring, bytes: Uint8Array, maySpread: boolean, prepare: Prepare): PutResult {
    for (;;) {
      const count = this.#gather(ring, bytes.length, maySpread);
      if (count > 0) {
        prepare(count);
        return this.#store(ring, bytes, count);
      }
      if (count < 0) return "dropped";
      const isAsked = this.#stores.run(this.#life.isCurrent, () => ring.askForRing(this.#stores));
      if (!isAsked) return "dropped";
      if (!this.#hasEnough(ring, bytes.length, maySpread)) return "no-room";
    }
  }

  /** Did enough come behind the question? The chains are put back. */
  #hasEnough(ring: Ring, length: number, maySpread: boolean): boolean {
    const count = this.#gather(ring, length, maySpread);
    if (count > 0) ring.putBack();
    return count !== 0;
  }

  /** Takes chains with room for so much. @returns how many; 0 when there are too few, and -1 when it can never fit */
  #gather(ring: Ring, length: number, maySpread: boolean): number {
    let room = 0;
    for (let count = 0; count < (maySpread ? MAX_BUFFERS : 1); count++) {
      const chain = this.#chains[count] ??= new DescriptorChain(this.#ram);
      if (!ring.take(chain)) {
        ring.putBack();
        return 0;
      }
      if (chain.readable.total > 0 || chain.writable.total === 0) {
        throw new RingFault("a buffer to receive that is not all room");
      }
      room += chain.writable.total;
      if (room >= length) return count + 1;
    }
    ring.putBack();
    return -1;
  }

  #store(ring: Ring, bytes: Uint8Array, count: number): PutResult {
    const isStored = this.#stores.run(this.#life.isCurrent, () => {
      let done = 0;
      for (let index = 0; index < count; index++) {
        const chain = this.#chains[index];
        const { writable } = chain;
        const part = bytes.subarray(done, done + writable.total);
        writable.pieces(0, part.length, (hostOffset, length, from) => {
          this.#stores.bytes(hostOffset, part.subarray(from, from + length));
        });
        ring.use(this.#stores, chain, part.length);
        done += part.length;
      }
      if (ring.publish(this.#stores)) this.#life.interrupt();
    });
    return isStored ? "stored" : "dropped";
  }
}
