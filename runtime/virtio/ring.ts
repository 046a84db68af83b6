/** The ring of a queue as its device sees it, in either format: "Split Virtqueues" and "Packed Virtqueues". */

import type { DeviceStores } from "../atomics/device_store.ts";
import { type DescriptorChain, RingFault } from "./descriptor_chain.ts";
import { QUEUE_SIZE_MAX, QueueWord, type SlotStruct } from "./device_struct.ts";
import { type GuestRam, OUTSIDE } from "./guest_ram.ts";

/**
 * One life of a queue. Chains are used in the order in which they were taken. What stores is called within
 * `DeviceStores.run`.
 */
export interface Ring {
  /** Number of the queue's life that this is. */
  readonly life: number;
  /** Is there no chain to take? */
  isEmpty(): boolean;
  /** Takes the next chain. @returns false when there is none. Throws {@linkcode RingFault}. */
  take(chain: DescriptorChain): boolean;
  /** Puts all chains back that were taken and not used. */
  putBack(): void;
  /** Writes that a chain was used; {@linkcode Ring.publish} shows it. */
  use(stores: DeviceStores, chain: DescriptorChain, written: number): void;
  /** Gives all chains back that were used, by one store. @returns does the driver want an interrupt? */
  publish(stores: DeviceStores): boolean;
  /**
   * Asks to be rung when there is a chain more than {@linkcode Ring.take} has seen; the caller then looks again whether
   * there are enough.
   */
  askForRing(stores: DeviceStores): void;
}

/** Descriptors of a queue. Throws {@linkcode RingFault}. */
export function sizeOf(struct: SlotStruct, queue: number): number {
  const size = struct.queue(queue, QueueWord.SIZE);
  if (size > 0 && size <= QUEUE_SIZE_MAX) return size;
  throw new RingFault(`a queue of ${size} descriptors`);
}

/** An area of a queue. */
export interface QueueArea {
  /** Number of the queue. */
  readonly queue: number;
  /** The lower half of its address among the words of the queue. */
  readonly word: number;
  /** Its length. */
  readonly bytes: number;
  /** What its address is a multiple of. */
  readonly alignment: number;
}

/** Offset in shared memory of an area. Throws {@linkcode RingFault}. */
export function locateArea(
  ram: GuestRam,
  struct: SlotStruct,
  { queue, word, bytes, alignment }: QueueArea,
): number {
  const [low, high] = [struct.queue(queue, word), struct.queue(queue, word + 1)];
  const offset = ram.locate(low, high, bytes);
  if (offset !== OUTSIDE && offset % alignment === 0) return offset;
  throw new RingFault("a ring that is not in RAM or not aligned");
}
