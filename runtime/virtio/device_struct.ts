/**
 * The shared words of one virtio slot: what its register window, on the vCPUs, and its I/O worker know of each other.
 *
 * Every word changes by one atomic access and none is held. Which side writes what, and in which order, is in
 * `docs/protocols/virtqueues.md`. A struct of zeros is a slot without a device.
 */

import type { FeatureSet } from "./registers.ts";

/** Most queues of a device: two for each of 16 ports of a console and two that control them. */
export const MAX_QUEUES = 34;
/** Most I/O workers that serve one device. */
export const MAX_SERVERS = 8;
/** Entries of a queue at most; QEMU's default for disks. */
export const QUEUE_SIZE_MAX = 256;
/** Bytes of a device's configuration space. */
export const CONFIG_BYTES = 128;

/** Words of each queue. */
export const QUEUE_WORDS = 16;

const FIRST_QUEUE = 64;

/** Words of the struct, the device's own first: main writes those before any worker starts. */
export const SlotWord = {
  /** Kind of device; 0: none. */
  DEVICE_ID: 0,
  /** Features offered. */
  OFFERED_LOW: 2,
  OFFERED_HIGH: 3,
  /** Number of its queues. */
  QUEUES: 4,
  /** Changes with the configuration. */
  CONFIG_GENERATION: 5,
  /** Device status. */
  STATUS: 8,
  DEVICE_FEATURES_SELECT: 9,
  DRIVER_FEATURES_SELECT: 10,
  /** Features that the driver has accepted. */
  ACCEPTED_LOW: 11,
  ACCEPTED_HIGH: 12,
  QUEUE_SELECT: 13,
  INTERRUPT_STATUS: 14,
  /** Version of the interrupt line, a settled output. */
  VERSION: 15,
  /** Offset of the one field of the configuration space that the driver may write a character to; 0: none. */
  WRITABLE_AT: 16,
  /** What it has written there and the worker has not taken, with {@linkcode WRITTEN}; 0: nothing. */
  WRITTEN: 17,
  /** Number of its vectors for interrupts by message; 0: it has none. Main writes it before any worker starts. */
  VECTORS: 18,
  /** 1 + the vector that tells of changes of the configuration; 0: none. */
  CONFIG_VECTOR: 19,
  /** Configuration space. */
  CONFIG: 32,
  /** The queues, {@linkcode QUEUE_WORDS} words each. */
  QUEUE: FIRST_QUEUE,
  /** Counters, f64 each: {@linkcode SlotCounter}, for each of its I/O workers. */
  COUNTERS: FIRST_QUEUE + MAX_QUEUES * QUEUE_WORDS,
} as const;

/** Set besides a character that the driver has written to the configuration space. */
export const WRITTEN = 0x100;
const CHARACTER_MASK = 0xff;

/** Words of one queue. */
export const QueueWord = {
  SIZE: 0,
  READY: 1,
  DESCRIPTORS_LOW: 2,
  DESCRIPTORS_HIGH: 3,
  DRIVER_LOW: 4,
  DRIVER_HIGH: 5,
  DEVICE_LOW: 6,
  DEVICE_HIGH: 7,
  /** Times that the guest has rung; the worker serves until it has seen the newest. */
  DOORBELL: 8,
  /** Number of the queue's life: changes when it is reset, alone or with its device. */
  LIFE: 9,
  /** Agent of the I/O worker that serves it; main writes it before any worker starts. */
  AGENT: 10,
  /** 1 + the vector that tells of what was given back; 0: none. */
  VECTOR: 11,
} as const;

/** Counters of a slot, which each of its I/O workers has for itself; readers accept stale values. */
export const SlotCounter = {
  /** Requests that read. */
  READS: 0,
  /** Requests that write. */
  WRITES: 1,
  /** Requests that flush. */
  FLUSHES: 2,
  /** Requests of other kinds. */
  OTHERS: 3,
  /** Requests that failed. */
  FAILURES: 4,
  BYTES_READ: 5,
  BYTES_WRITTEN: 6,
  /** Interrupts that were asked for. */
  INTERRUPTS: 7,
} as const;

const COUNTERS = 8;
const WORDS_PER_COUNTER = 2;
/** Shared words that one slot needs. */
export const SLOT_WORDS: number = SlotWord.COUNTERS +
  MAX_SERVERS * COUNTERS * WORDS_PER_COUNTER;

const WORD_BYTES = 4;
const WORD_SHIFT = 2;

/** A device as main puts it into a slot. */
export interface SlotDevice {
  /** Kind of device. */
  readonly id: number;
  /** Agents of its I/O workers: those of its queues in their order, again and again where there are more queues. */
  readonly agents: readonly number[];
  /** Features that it offers. */
  readonly features: FeatureSet;
  /** Number of its queues. */
  readonly queues: number;
  /** Its configuration space, at most {@linkcode CONFIG_BYTES}. */
  readonly config: Uint8Array;
  /** Offset there of a field that takes characters one by one. Default: 0, there is none. */
  readonly writableAt?: number;
  /** Number of its vectors for interrupts by message. Default: 0, it has none. */
  readonly vectors?: number;
}

/** One thread's view of a slot's words. */
export class SlotStruct {
  readonly #words: Int32Array;
  readonly #base: number;
  /** Configuration space. */
  readonly config: DataView;
  readonly #counters: Float64Array;
  #lane: Float64Array;

  /**
   * Opens the struct.
   * @param words shared memory
   * @param base index of the first of {@linkcode SLOT_WORDS} words
   */
  constructor(words: Int32Array, base: number) {
    this.#words = words;
    this.#base = base;
    const at = (word: number): number => words.byteOffset + (base + word) * WORD_BYTES;
    this.config = new DataView(words.buffer, at(SlotWord.CONFIG), CONFIG_BYTES);
    const count = MAX_SERVERS * COUNTERS;
    this.#counters = new Float64Array(words.buffer, at(SlotWord.COUNTERS), count);
    this.#lane = this.#counters.subarray(0, COUNTERS);
  }

  /** Counts from here on as one of the device's I/O workers: the first one, unless this is called. */
  countAs(server: number): void {
    this.#lane = this.#counters.subarray(server * COUNTERS, (server + 1) * COUNTERS);
  }

  /** This worker's counters. */
  get counters(): Float64Array {
    return this.#lane;
  }

  /** A counter, over all workers. */
  total(counter: number): number {
    let sum = 0;
    for (let server = 0; server < MAX_SERVERS; server++) {
      sum += this.#counters[server * COUNTERS + counter];
    }
    return sum;
  }

  /** The machine's shared memory. */
  get words(): Int32Array {
    return this.#words;
  }

  /** Index in shared memory of the version of the interrupt line. */
  get version(): number {
    return this.#base + SlotWord.VERSION;
  }

  /** Puts a device into the slot; main, before any worker starts. */
  install({ id, agents, features, queues, config, ...device }: SlotDevice): void {
    const { writableAt = 0, vectors = 0 } = device;
    if (queues > MAX_QUEUES || config.length > CONFIG_BYTES) {
      throw new RangeError(
        `Cannot install a device of ${queues} queues in a slot of ${MAX_QUEUES}`,
      );
    }
    config.forEach((byte, index) => this.config.setUint8(index, byte));
    for (let queue = 0; queue < queues; queue++) {
      this.setQueue(queue, QueueWord.AGENT, agents[queue % agents.length]);
    }
    this.set(SlotWord.OFFERED_LOW, features.low);
    this.set(SlotWord.OFFERED_HIGH, features.high);
    this.set(SlotWord.QUEUES, queues);
    this.set(SlotWord.WRITABLE_AT, writableAt);
    this.set(SlotWord.VECTORS, vectors);
    this.set(SlotWord.DEVICE_ID, id);
  }

  /** A word of the device. */
  get(word: number): number {
    // ORDER: sc load; partner: set(), change() and add() of the other side, which go before what tells of them.
    return Atomics.load(this.#words, this.#base + word);
  }

  /** Stores a word of the device. */
  set(word: number, value: number): void {
    // ORDER: sc store; partner: get() of the other side, which it makes after it was told.
    Atomics.store(this.#words, this.#base + word, value);
  }

  /** Adds to a word. @returns the sum */
  add(word: number, value: number): number {
    // ORDER: sc add; partner: get() of the other side: a doorbell before the post, a life before the look at STATE.
    return (Atomics.add(this.#words, this.#base + word, value) + value) | 0;
  }

  /** Sets bits and clears others, in one step. @returns the word before */
  change(word: number, set: number, clear: number): number {
    for (;;) {
      const before = this.get(word);
      const after = (before & ~clear) | set;
      // ORDER: sc cmpxchg, so that neither side loses the other's bits; partner: the same in the other thread.
      const found = Atomics.compareExchange(this.#words, this.#base + word, before, after);
      if (found === before) return before;
    }
  }

  /** The driver writes a character to the configuration space. @returns false while another one waits there */
  putCharacter(character: number): boolean {
    const index = this.#base + SlotWord.WRITTEN;
    // ORDER: sc cmpxchg before the worker is posted; partner: the exchange in takeCharacter().
    return Atomics.compareExchange(this.#words, index, 0, WRITTEN | character & CHARACTER_MASK) ===
      0;
  }

  /** Takes what the driver has written there. @returns undefined when there is nothing */
  takeCharacter(): number | undefined {
    // ORDER: sc exchange after the worker took its bits; partner: the cmpxchg in putCharacter().
    const written = Atomics.exchange(this.#words, this.#base + SlotWord.WRITTEN, 0);
    return written === 0 ? undefined : written & CHARACTER_MASK;
  }

  /** Replaces an aligned word of the configuration space. The driver is to be told by an interrupt afterwards. */
  changeConfig(at: number, value: number): void {
    this.set(SlotWord.CONFIG + (at >>> WORD_SHIFT), value);
    this.add(SlotWord.CONFIG_GENERATION, 1);
  }

  /** A word of a queue. */
  queue(queue: number, word: number): number {
    return this.get(SlotWord.QUEUE + queue * QUEUE_WORDS + word);
  }

  /** Stores a word of a queue. */
  setQueue(queue: number, word: number, value: number): void {
    this.set(SlotWord.QUEUE + queue * QUEUE_WORDS + word, value);
  }

  /** Has the driver accepted a feature? */
  hasFeature(number: number): boolean {
    const word = number < 32 ? SlotWord.ACCEPTED_LOW : SlotWord.ACCEPTED_HIGH;
    return ((this.get(word) >>> (number & 31)) & 1) !== 0;
  }

  /** Begins a new life of a queue, which is closed, or cannot be served: else a worker could take the old one for it. */
  renewQueue(queue: number): void {
    this.add(SlotWord.QUEUE + queue * QUEUE_WORDS + QueueWord.LIFE, 1);
  }

  /** Counts. */
  count(counter: number, amount: number): void {
    this.#lane[counter] += amount;
  }

  /** Times that the guest has rung, over all queues. */
  doorbells(): number {
    let sum = 0;
    for (let queue = 0; queue < this.get(SlotWord.QUEUES); queue++) {
      sum += this.queue(queue, QueueWord.DOORBELL) >>> 0;
    }
    return sum;
  }
}
