/**
 * A source of entropy behind a queue: "Entropy Device" of the virtio specification, version 1.2. The bytes are the host
 * system's, as the Web's cryptography gives them. A request gets as many as it has room for, up to a bound.
 */

import type { DeviceStores } from "../atomics/device_store.ts";
import { type DescriptorChain, RingFault } from "./descriptor_chain.ts";
import { SlotCounter, type SlotStruct } from "./device_struct.ts";
import type { Outcome, RequestHandler } from "./queue_server.ts";
import { Feature, type FeatureSet, featureSet } from "./registers.ts";

/** Most bytes of a request: what the host gives at a time. */
export const ENTROPY_BYTES = 0x1_0000;

/** What a source of entropy offers. */
export const ENTROPY_FEATURES: FeatureSet = featureSet([
  Feature.INDIRECT_DESCRIPTORS,
  Feature.EVENT_INDEX,
  Feature.VERSION_1,
]);

/** What a source of entropy is made of. */
export interface EntropyParts {
  /** Its slot's words. */
  readonly struct: SlotStruct;
  /** The worker's stores. */
  readonly stores: DeviceStores;
  /** Fills bytes; the host's random numbers unless a test has its own. */
  readonly fill?: (bytes: Uint8Array<ArrayBuffer>) => void;
}

/** See the header of this file. */
export class EntropyDevice implements RequestHandler {
  readonly #parts: EntropyParts;
  readonly #fill: (bytes: Uint8Array<ArrayBuffer>) => void;
  readonly #bounce = new Uint8Array(ENTROPY_BYTES);

  /** A source of a slot. */
  constructor(parts: EntropyParts) {
    this.#parts = parts;
    this.#fill = parts.fill ?? ((bytes) => void crypto.getRandomValues(bytes));
  }

  /** See `RequestHandler`. */
  handle({ readable, writable }: DescriptorChain, isCurrent: () => boolean): Outcome | null {
    if (writable.total === 0 || readable.total > 0) {
      throw new RingFault("a request for entropy that is not all room for it");
    }
    const { stores, struct } = this.#parts;
    const part = this.#bounce.subarray(0, Math.min(ENTROPY_BYTES, writable.total));
    this.#fill(part);
    const isStored = stores.run(
      isCurrent,
      () =>
        writable.pieces(0, part.length, (hostOffset, bytes, from) => {
          stores.bytes(hostOffset, part.subarray(from, from + bytes));
        }),
    );
    part.fill(0);
    if (!isStored) return null;
    struct.count(SlotCounter.READS, 1);
    struct.count(SlotCounter.BYTES_READ, part.length);
    return { written: part.length };
  }
}
