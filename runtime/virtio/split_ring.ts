/**
 * One life of a queue: "Split Virtqueues" of the virtio specification, version 1.2, as the device sees it.
 *
 * The driver publishes a chain by its index, after the ring's entry; the device publishes a used element by its own
 * index, after the element, and then looks whether the driver wants to be told. Each side publishes, then looks at what
 * the other has said about being told: with both accesses sequentially consistent, one of the two sees the other.
 */

import type { DeviceStores } from "../atomics/device_store.ts";
import {
  DESCRIPTOR_BYTES,
  type DescriptorChain,
  type DescriptorTable,
  RingFault,
} from "./descriptor_chain.ts";
import { QueueWord, type SlotStruct } from "./device_struct.ts";
import type { GuestRam } from "./guest_ram.ts";
import { DescriptorFlag, Feature, NO_INTERRUPT } from "./registers.ts";
import { locateArea, type Ring, sizeOf } from "./ring.ts";

const HALF_MASK = 0xffff;
const HALF_BYTES = 2;

/** Fields of a descriptor, besides those of every descriptor. */
const Field = { FLAGS: 12, NEXT: 14 } as const;
/** Parts of the driver's and the device's area. */
const Area = { FLAGS: 0, INDEX: 2, RING: 4, USED_ELEMENT_BYTES: 8, USED_LENGTH: 4 } as const;

interface Places {
  readonly size: number;
  readonly descriptors: number;
  readonly driver: number;
  readonly device: number;
}

/** See the header of this file. */
export class SplitRing implements Ring {
  /** See `Ring`. */
  readonly life: number;
  readonly #ram: GuestRam;
  readonly #places: Places;
  readonly #hasEvents: boolean;
  readonly #mayBeIndirect: boolean;
  /** Index of the next chain to take. */
  #next = 0;
  /** Index of the next element to use, and the one that was published. */
  #used = 0;
  #published = 0;

  /** Opens a queue as the driver has set it up. Throws {@linkcode RingFault}. */
  constructor(ram: GuestRam, struct: SlotStruct, queue: number) {
    this.life = struct.queue(queue, QueueWord.LIFE);
    this.#ram = ram;
    this.#hasEvents = struct.hasFeature(Feature.EVENT_INDEX);
    this.#mayBeIndirect = struct.hasFeature(Feature.INDIRECT_DESCRIPTORS);
    this.#places = this.#locate(struct, queue);
  }

  #locate(struct: SlotStruct, queue: number): Places {
    const size = sizeOf(struct, queue);
    if ((size & (size - 1)) !== 0) throw new RingFault(`a queue of ${size} descriptors`);
    const place = (word: number, bytes: number, alignment: number): number =>
      locateArea(this.#ram, struct, { queue, word, bytes, alignment });
    const events = this.#hasEvents ? HALF_BYTES : 0;
    return {
      size,
      descriptors: place(QueueWord.DESCRIPTORS_LOW, size * DESCRIPTOR_BYTES, DESCRIPTOR_BYTES),
      driver: place(QueueWord.DRIVER_LOW, Area.RING + size * HALF_BYTES + events, HALF_BYTES),
      device: place(
        QueueWord.DEVICE_LOW,
        Area.RING + size * Area.USED_ELEMENT_BYTES + events,
        Area.USED_LENGTH,
      ),
    };
  }

  /** See `Ring`. */
  isEmpty(): boolean {
    return this.#ram.indexAt(this.#places.driver + Area.INDEX) === this.#next;
  }

  /** See `Ring`. */
  take(chain: DescriptorChain): boolean {
    const { size, descriptors, driver } = this.#places;
    const waiting = (this.#ram.indexAt(driver + Area.INDEX) - this.#next) & HALF_MASK;
    if (waiting === 0) return false;
    if (waiting > size) throw new RingFault(`${waiting} chains in a queue of ${size}`);
    const head = this.#ram.half(driver + Area.RING + this.#next % size * HALF_BYTES);
    if (head >= size) throw new RingFault(`a chain from descriptor ${head} of ${size}`);
    this.#read(chain, { offset: descriptors, entries: size }, head);
    this.#next = (this.#next + 1) & HALF_MASK;
    return true;
  }

  #read(chain: DescriptorChain, table: DescriptorTable, head: number): void {
    chain.begin();
    chain.id = head;
    const first = table.offset + head * DESCRIPTOR_BYTES;
    const flags = this.#ram.half(first + Field.FLAGS);
    if ((flags & DescriptorFlag.INDIRECT) === 0) this.#follow(chain, table, head);
    else if (this.#mayBeIndirect) this.#follow(chain, chain.tableOf(first), 0);
    else throw new RingFault("an indirect descriptor that was not agreed on");
  }

  /** A chain that is longer than its table loops. */
  #follow(chain: DescriptorChain, { offset, entries }: DescriptorTable, head: number): void {
    let index = head;
    for (let length = 1; length <= entries; length++) {
      if (index >= entries) throw new RingFault(`descriptor ${index} of ${entries}`);
      const descriptor = offset + index * DESCRIPTOR_BYTES;
      const flags = this.#ram.half(descriptor + Field.FLAGS);
      chain.add(descriptor, flags);
      if ((flags & DescriptorFlag.NEXT) === 0) return;
      index = this.#ram.half(descriptor + Field.NEXT);
    }
    throw new RingFault("a chain that loops");
  }

  /** See `Ring`. */
  putBack(): void {
    this.#next = this.#used;
  }

  /** See `Ring`. */
  use(stores: DeviceStores, { id }: DescriptorChain, written: number): void {
    const { size, device } = this.#places;
    const element = device + Area.RING + this.#used % size * Area.USED_ELEMENT_BYTES;
    stores.word(element, id);
    stores.word(element + Area.USED_LENGTH, written);
    this.#used = (this.#used + 1) & HALF_MASK;
  }

  /** See `Ring`. */
  publish(stores: DeviceStores): boolean {
    const before = this.#published;
    this.#published = this.#used;
    stores.half(this.#places.device + Area.INDEX, this.#used);
    return this.#isWanted(before);
  }

  /** The driver names the index behind which it wants to be told: it is wanted where that is one of those published. */
  #isWanted(before: number): boolean {
    const { size, driver } = this.#places;
    if (!this.#hasEvents) return (this.#ram.indexAt(driver + Area.FLAGS) & NO_INTERRUPT) === 0;
    const event = this.#ram.indexAt(driver + Area.RING + size * HALF_BYTES);
    return ((event - before) & HALF_MASK) < ((this.#used - before) & HALF_MASK);
  }

  /** See `Ring`. */
  askForRing(stores: DeviceStores): void {
    if (!this.#hasEvents) return;
    const { size, driver, device } = this.#places;
    const available = this.#ram.indexAt(driver + Area.INDEX);
    stores.half(device + Area.RING + size * Area.USED_ELEMENT_BYTES, available);
  }
}
