/**
 * Serves one queue of a slot: from the doorbell to the interrupt.
 *
 * The doorbell counts. A look at the queue that found it empty is good for all rings up to the count that was read
 * before it; a later one comes with a bit in the worker's pending word.
 */

import type { DeviceStores } from "../atomics/device_store.ts";
import { DescriptorChain, RingFault } from "./descriptor_chain.ts";
import { QueueLife, type QueuePlace } from "./queue_life.ts";
import type { Ring } from "./ring.ts";

/** How a request was carried out. */
export interface Outcome {
  /** Bytes that were written into the chain, the last one's included. */
  readonly written: number;
  /** Last byte of the chain's writable part; left as it is when undefined. */
  readonly status?: number;
}

/** A request that is to be made again, when the machine has stood still and goes on. */
export const AGAIN = "again";

/** What a device does with a request. */
export interface RequestHandler {
  /**
   * Carries a request out. Throws {@linkcode RingFault} for one that no driver makes.
   * @param isCurrent does the request still stand? Not when the device was reset meanwhile
   * @returns null when it does not stand any more
   */
  handle(chain: DescriptorChain, isCurrent: () => boolean): Outcome | typeof AGAIN | null;
}

/** What a queue server is made of. */
export interface QueueParts extends QueuePlace {
  /** The device. */
  readonly handler: RequestHandler;
}

/** See the header of this file. */
export class QueueServer {
  readonly #handler: RequestHandler;
  readonly #stores: DeviceStores;
  readonly #life: QueueLife;
  readonly #chain: DescriptorChain;
  readonly #statusByte = new Uint8Array(1);
  /** Rings that were answered. */
  #answered = 0;
  /** Does a request wait for the end of a pause? */
  #isStalled = false;

  /** The server of one queue. */
  constructor(parts: QueueParts) {
    this.#handler = parts.handler;
    this.#stores = parts.stores;
    this.#life = new QueueLife(parts);
    this.#chain = new DescriptorChain(parts.ram);
  }

  /** A pause is over: what was put back is carried out again. */
  resumed(): void {
    this.#isStalled = false;
  }

  /** Serves until nothing was rung any more, or something else is wanted of the worker. */
  serve(isWanted: () => boolean): void {
    while (!this.#isStalled) {
      const rung = this.#life.doorbell;
      if (rung === this.#answered) return;
      this.#life.begin();
      try {
        if (!this.#serveLife(isWanted)) return;
      } catch (error) {
        if (!(error instanceof RingFault)) throw error;
        this.#life.refuse();
      }
      this.#answered = rung;
    }
  }

  /** @returns false when it was interrupted */
  #serveLife(isWanted: () => boolean): boolean {
    const ring = this.#life.openRing();
    if (ring === null) return true;
    for (;;) {
      while (ring.take(this.#chain)) {
        if (!this.#carryOut(ring)) return true;
        if (this.#isStalled || isWanted()) return false;
      }
      const isAsked = this.#stores.run(this.#life.isCurrent, () => ring.askForRing(this.#stores));
      if (!isAsked || ring.isEmpty()) return true;
    }
  }

  /** @returns false when the device was reset meanwhile */
  #carryOut(ring: Ring): boolean {
    const chain = this.#chain;
    const outcome = this.#handler.handle(chain, this.#life.isCurrent);
    if (outcome === null) return false;
    if (outcome === AGAIN) {
      ring.putBack();
      this.#isStalled = true;
      return true;
    }
    return this.#stores.run(this.#life.isCurrent, () => {
      if (outcome.status !== undefined) this.#storeStatus(outcome.status);
      ring.use(this.#stores, chain, outcome.written);
      if (ring.publish(this.#stores)) this.#life.interrupt();
    });
  }

  #storeStatus(status: number): void {
    const { writable } = this.#chain;
    this.#statusByte[0] = status;
    writable.pieces(writable.total - 1, 1, (hostOffset) => {
      this.#stores.bytes(hostOffset, this.#statusByte);
    });
  }
}
