/**
 * One life of a queue: "Packed Virtqueues" of the virtio specification, version 1.2, as the device sees it.
 *
 * Descriptors are made available and used in the same ring. A pass over it has a phase, which is 1 in the first one and
 * changes with each; a descriptor whose AVAILABLE bit is the phase and whose USED bit is not is available, and one with
 * both is used. Positions count on over two passes here, so that a position has a phase and distances need no care.
 *
 * The driver publishes a chain by the flags of its first descriptor, which it stores last; the device publishes what it
 * has used by the flags of the first one, which it stores last. Each side publishes, then looks at what the other has
 * said about being told, as with split rings.
 */

import type { DeviceStores } from "../atomics/device_store.ts";
import { DESCRIPTOR_BYTES, type DescriptorChain, RingFault } from "./descriptor_chain.ts";
import { QueueWord, type SlotStruct } from "./device_struct.ts";
import type { GuestRam } from "./guest_ram.ts";
import { DescriptorFlag, EventMode, Feature } from "./registers.ts";
import { locateArea, type Ring, sizeOf } from "./ring.ts";

/** Fields of a descriptor, besides those of every descriptor: its last word is number and flags. */
const Field = { LENGTH: 8, ID: 12, FLAGS: 14 } as const;
const FLAGS_SHIFT = 16;

/** What a side says about when it wants to be told: a word of position, phase and mode. */
const EVENT_BYTES = 4;
const EVENT_POSITION = 0x7fff;
const EVENT_PHASE_SHIFT = 15;
const EVENT_MODE_SHIFT = 16;
const EVENT_MODE_MASK = 3;

/** Passes until a position comes again. */
const PASSES = 2;

/** See the header of this file. */
export class PackedRing implements Ring {
  /** See `Ring`. */
  readonly life: number;
  readonly #ram: GuestRam;
  readonly #hasEvents: boolean;
  readonly #mayBeIndirect: boolean;
  readonly #size: number;
  readonly #descriptors: number;
  readonly #driver: number;
  readonly #device: number;
  /** Position of the next chain to take. */
  #next = 0;
  /** Where the last look found no chain. */
  #end = 0;
  /** Position of the next chain to use, and that behind those that were published. */
  #used = 0;
  #published = 0;
  /** The last word of the first descriptor that was used and not published. */
  #first = 0;

  /** Opens a queue as the driver has set it up. Throws {@linkcode RingFault}. */
  constructor(ram: GuestRam, struct: SlotStruct, queue: number) {
    this.life = struct.queue(queue, QueueWord.LIFE);
    this.#ram = ram;
    this.#hasEvents = struct.hasFeature(Feature.EVENT_INDEX);
    this.#mayBeIndirect = struct.hasFeature(Feature.INDIRECT_DESCRIPTORS);
    this.#size = sizeOf(struct, queue);
    const place = (word: number, bytes: number, alignment: number): number =>
      locateArea(ram, struct, { queue, word, bytes, alignment });
    const bytes = this.#size * DESCRIPTOR_BYTES;
    this.#descriptors = place(QueueWord.DESCRIPTORS_LOW, bytes, DESCRIPTOR_BYTES);
    this.#driver = place(QueueWord.DRIVER_LOW, EVENT_BYTES, EVENT_BYTES);
    this.#device = place(QueueWord.DEVICE_LOW, EVENT_BYTES, EVENT_BYTES);
  }

  /** See `Ring`. */
  isEmpty(): boolean {
    return !this.#isAvailable(this.#flagsAt(this.#next), this.#next);
  }

  /** See `Ring`. Descriptors that were taken are the device's until it has used them, whatever stands in them. */
  take(chain: DescriptorChain): boolean {
    const first = this.#next;
    const free = this.#size - this.#distance(this.#used, first);
    const flags = this.#flagsAt(first);
    if (free === 0 || !this.#isAvailable(flags, first)) {
      this.#end = first;
      return false;
    }
    chain.begin();
    chain.places = (flags & DescriptorFlag.INDIRECT) === 0
      ? this.#follow(chain, flags, free)
      : this.#readTable(chain, this.#descriptor(first));
    const last = this.#descriptor(this.#behind(first, chain.places - 1));
    chain.id = this.#ram.half(last + Field.ID);
    this.#next = this.#behind(first, chain.places);
    return true;
  }

  /**
   * The flags behind the first ones were stored before them, and make their descriptors available too: one that is not
   * may be as the device has left it, with a buffer that the driver does not call writable.
   * @returns how many descriptors the chain has
   */
  #follow(chain: DescriptorChain, first: number, free: number): number {
    for (let places = 1, position = this.#next, flags = first;; places++) {
      chain.add(this.#descriptor(position), flags);
      if ((flags & DescriptorFlag.NEXT) === 0) return places;
      if (places === free) throw new RingFault("a chain that is longer than its ring");
      position = this.#behind(position, 1);
      flags = this.#ram.half(this.#descriptor(position) + Field.FLAGS);
      if (!this.#isAvailable(flags, position)) {
        throw new RingFault("a chain with a descriptor that is not available");
      }
    }
  }

  /** All descriptors of a table are the chain's, in their order. @returns how many descriptors of the ring it takes */
  #readTable(chain: DescriptorChain, descriptor: number): number {
    if (!this.#mayBeIndirect) {
      throw new RingFault("an indirect descriptor that was not agreed on");
    }
    const { offset, entries } = chain.tableOf(descriptor);
    for (let index = 0; index < entries; index++) {
      const entry = offset + index * DESCRIPTOR_BYTES;
      chain.add(entry, this.#ram.half(entry + Field.FLAGS));
    }
    return 1;
  }

  /** See `Ring`. */
  putBack(): void {
    this.#next = this.#used;
  }

  /** See `Ring`. */
  use(stores: DeviceStores, { id, places }: DescriptorChain, written: number): void {
    const position = this.#used;
    const descriptor = this.#descriptor(position);
    const phase = this.#phase(position) === 0 ? 0 : DescriptorFlag.AVAILABLE | DescriptorFlag.USED;
    const flags = phase | (written > 0 ? DescriptorFlag.WRITE : 0);
    const last = id | flags << FLAGS_SHIFT;
    stores.word(descriptor + Field.LENGTH, written);
    if (position === this.#published) this.#first = last;
    else stores.word(descriptor + Field.ID, last);
    this.#used = this.#behind(position, places);
  }

  /** See `Ring`. Drivers look at used descriptors in their order: the first one shows them all. */
  publish(stores: DeviceStores): boolean {
    const before = this.#published;
    this.#published = this.#used;
    // ORDER: sc store of number and flags, behind the buffers and the other used descriptors; partner: the driver's
    // load of the flags, before it reads any of them.
    stores.word(this.#descriptor(before) + Field.ID, this.#first);
    return this.#isWanted(before);
  }

  /** The driver names the position behind which it wants to be told: it is wanted where that is one of those published. */
  #isWanted(before: number): boolean {
    // ORDER: sc load behind the store that publishes; partner: the driver's store of it, before its look at the flags.
    const event = this.#ram.wordAt(this.#driver);
    const mode = event >>> EVENT_MODE_SHIFT & EVENT_MODE_MASK;
    if (mode !== EventMode.POSITION || !this.#hasEvents) return mode !== EventMode.NEVER;
    const phase = event >>> EVENT_PHASE_SHIFT & 1;
    const position = this.#behind(phase === 1 ? 0 : this.#size, event & EVENT_POSITION);
    return this.#distance(before, position) < this.#distance(before, this.#used);
  }

  /** See `Ring`. Where there are no events the driver always rings. */
  askForRing(stores: DeviceStores): void {
    if (!this.#hasEvents) return;
    const position = this.#end % this.#size | this.#phase(this.#end) << EVENT_PHASE_SHIFT;
    // ORDER: sc store before the second look for chains; partner: the driver's load, behind the store of the flags
    // that make a chain available.
    stores.word(this.#device, position | EventMode.POSITION << EVENT_MODE_SHIFT);
  }

  // --- positions ------------------------------------------------------------------------------------

  #behind(position: number, count: number): number {
    return (position + count) % (PASSES * this.#size);
  }

  #distance(from: number, to: number): number {
    const all = PASSES * this.#size;
    return (to - from + all) % all;
  }

  #phase(position: number): number {
    return position < this.#size ? 1 : 0;
  }

  #descriptor(position: number): number {
    return this.#descriptors + position % this.#size * DESCRIPTOR_BYTES;
  }

  #flagsAt(position: number): number {
    // ORDER: sc load before the rest of the chain, and behind the own store to the event word; partner: the driver's
    // store of the flags, behind the chain and before its look at that word.
    return this.#ram.indexAt(this.#descriptor(position) + Field.FLAGS);
  }

  #isAvailable(flags: number, position: number): boolean {
    const isMarked = (flags & DescriptorFlag.AVAILABLE) !== 0;
    const isUsed = (flags & DescriptorFlag.USED) !== 0;
    return isMarked !== isUsed && isMarked === (this.#phase(position) === 1);
  }
}
