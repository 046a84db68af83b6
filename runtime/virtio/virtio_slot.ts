/**
 * What a driver does to a virtio device, whatever bus it finds it on: "Basic Facilities of a Virtio Device" of the
 * virtio specification, version 1.2. Registers are the transports' (`mmio_slot.ts`, `pci_transport.ts`).
 *
 * Thread safety: no lock. Registers are single words of the slot's struct; the driver orders its own accesses, and one
 * that does not can only confuse its own device. A doorbell is one add and one post to the I/O worker of the queue.
 *
 * A reset must not be over before the worker stores nothing more to the guest's memory: its queues are closed first,
 * so that a life that begins from here on has no ring; then the life numbers change, then the workers are looked at;
 * while one is storing, the access asks to be made again. A worker looks at the life number after it has said that it stores
 * (`device_store.ts`), so one of the two sees the other.
 */

import { isIdle } from "../atomics/agent_state.ts";
import { post } from "../atomics/pending.ts";
import { Pending } from "../atomics/shared_layout.ts";
import type { MmioAccess } from "../devices/device.ts";
import {
  CONFIG_BYTES,
  QUEUE_WORDS,
  QueueWord,
  type SlotDevice,
  SlotStruct,
  SlotWord,
} from "./device_struct.ts";
import { DeviceId, DeviceStatus, Feature, InterruptCause } from "./registers.ts";

const WORD_BYTES = 4;
const WIDE_BYTES = 8;
/** Its worker serves the configuration space too. */
const FIRST_QUEUE = 0;
const VERSION_1_HIGH = 1 << (Feature.VERSION_1 - 32);

/** What the bus of a slot does for it. */
export interface SlotBus {
  /** Settles the interrupt line; called after each change of the interrupt status. */
  interruptChanged(): void;
  /** Does the bus let the device reach memory? */
  mayReachMemory(): boolean;
  /** Does the device interrupt by message? Its interrupt status is then not heard. */
  sendsMessages(): boolean;
  /** Sends a vector's message. */
  send(vector: number): void;
}

/** One worker's view of a slot. */
export class VirtioSlot {
  /** Its shared words. */
  readonly struct: SlotStruct;
  readonly #bus: SlotBus;

  /**
   * Opens a slot.
   * @param words shared memory
   * @param base index of the first of `SLOT_WORDS` words of the struct
   */
  constructor(words: Int32Array, base: number, bus: SlotBus) {
    this.struct = new SlotStruct(words, base);
    this.#bus = bus;
  }

  /** Puts a device into the slot; main, before any worker starts. */
  install(device: SlotDevice): void {
    this.struct.install(device);
  }

  /** Is there no device? */
  get isEmpty(): boolean {
    return this.struct.get(SlotWord.DEVICE_ID) === DeviceId.NONE;
  }

  // --- the I/O worker's side ------------------------------------------------------------------------

  /** Tells the driver of what was given back of a queue. */
  queueUsed(queue: number): void {
    if (this.#bus.sendsMessages()) this.#send(this.struct.queue(queue, QueueWord.VECTOR));
    else this.interrupt(InterruptCause.USED_BUFFER);
  }

  /** Its status says what a message for the configuration was about. */
  #tellConfiguration(): void {
    this.interrupt(InterruptCause.CONFIGURATION);
    if (this.#bus.sendsMessages()) this.#send(this.struct.get(SlotWord.CONFIG_VECTOR));
  }

  /** Notes a cause for an interrupt, and asks for it by the pin. */
  interrupt(cause: number): void {
    this.struct.change(SlotWord.INTERRUPT_STATUS, cause, 0);
    this.#bus.interruptChanged();
  }

  #send(chosen: number): void {
    if (chosen !== 0) this.#bus.send(chosen - 1);
  }

  /** The configuration has changed: the driver that is at work is to read it again. */
  configurationChanged(): void {
    const { struct } = this;
    if ((struct.get(SlotWord.STATUS) & DeviceStatus.DRIVER_OK) === 0) return;
    this.#tellConfiguration();
  }

  /** The driver has broken a rule: nothing goes on before it has reset the device. */
  needsReset(): void {
    const before = this.struct.change(SlotWord.STATUS, DeviceStatus.NEEDS_RESET, 0);
    if ((before & DeviceStatus.DRIVER_OK) !== 0) this.#tellConfiguration();
  }

  /** Does the bus let the device reach memory? */
  get mayReachMemory(): boolean {
    return this.#bus.mayReachMemory();
  }

  // --- the transport's side, on the vCPU that makes the access ---------------------------------------

  /** Reads the configuration space from an offset on, with any width. */
  loadConfig(access: MmioAccess, at: number): void {
    access.low = 0;
    access.high = 0;
    if (at + access.size > CONFIG_BYTES || this.isEmpty) return;
    const { config } = this.struct;
    if (access.size === 1) access.low = config.getUint8(at);
    else if (access.size === 2) access.low = config.getUint16(at, true);
    else access.low = config.getInt32(at, true);
    if (access.size === WIDE_BYTES) access.high = config.getInt32(at + WORD_BYTES, true);
  }

  /**
   * Writes to the configuration space: in most devices to nobody, in some to one field that takes characters.
   * @returns false when the access is to be made again, because the worker has not taken the last one
   */
  storeConfig(at: number, value: number): boolean {
    const { struct } = this;
    if (at === 0 || at !== struct.get(SlotWord.WRITABLE_AT)) return true;
    const isPut = struct.putCharacter(value);
    post(struct.words, struct.queue(FIRST_QUEUE, QueueWord.AGENT), Pending.WORK);
    return isPut;
  }

  /** The selected half of the features that are offered. */
  get offered(): number {
    const select = this.struct.get(SlotWord.DEVICE_FEATURES_SELECT);
    if (select === 0) return this.struct.get(SlotWord.OFFERED_LOW);
    return select === 1 ? this.struct.get(SlotWord.OFFERED_HIGH) : 0;
  }

  /** The selected half of the features that the driver has accepted. */
  get accepted(): number {
    const select = this.struct.get(SlotWord.DRIVER_FEATURES_SELECT);
    if (select === 0) return this.struct.get(SlotWord.ACCEPTED_LOW);
    return select === 1 ? this.struct.get(SlotWord.ACCEPTED_HIGH) : 0;
  }

  /** The driver accepts features, by the selected half; not behind the agreement on them. */
  accept(value: number): void {
    const { struct } = this;
    if ((struct.get(SlotWord.STATUS) & DeviceStatus.FEATURES_OK) !== 0) return;
    const select = struct.get(SlotWord.DRIVER_FEATURES_SELECT);
    if (select === 0) struct.set(SlotWord.ACCEPTED_LOW, value);
    else if (select === 1) struct.set(SlotWord.ACCEPTED_HIGH, value);
  }

  /** The driver writes the device status. @returns false when the access is to be made again */
  writeStatus(value: number): boolean {
    return value === 0 ? this.#reset() : this.#setStatus(value);
  }

  #setStatus(value: number): boolean {
    const refused = this.#acceptsFeatures() ? 0 : DeviceStatus.FEATURES_OK;
    const bits = value & DeviceStatus.MASK & ~DeviceStatus.NEEDS_RESET & ~refused;
    this.struct.change(SlotWord.STATUS, bits, DeviceStatus.MASK & ~DeviceStatus.NEEDS_RESET);
    return true;
  }

  /** Only what was offered, and the interface of version 1. */
  #acceptsFeatures(): boolean {
    const { struct } = this;
    const [low, high] = [struct.get(SlotWord.ACCEPTED_LOW), struct.get(SlotWord.ACCEPTED_HIGH)];
    const isOffered = (low & ~struct.get(SlotWord.OFFERED_LOW)) === 0 &&
      (high & ~struct.get(SlotWord.OFFERED_HIGH)) === 0;
    return isOffered && (high & VERSION_1_HIGH) !== 0;
  }

  /** The selected queue, or -1 when the device has none of this number. */
  get selectedQueue(): number {
    const queue = this.struct.get(SlotWord.QUEUE_SELECT) >>> 0;
    return queue < this.struct.get(SlotWord.QUEUES) ? queue : -1;
  }

  /** A word of the selected queue; 0 where there is none. */
  readQueue(word: number): number {
    const queue = this.selectedQueue;
    return queue < 0 ? 0 : this.struct.queue(queue, word);
  }

  /** Writes a word of the selected queue, unless it is ready. */
  writeQueue(word: number, value: number): void {
    const queue = this.selectedQueue;
    if (queue < 0 || this.struct.queue(queue, QueueWord.READY) !== 0) return;
    this.struct.setQueue(queue, word, value);
  }

  /** Chooses the selected queue's vector, 1 + its number, or none by 0; at any time. */
  chooseVector(chosen: number): void {
    const queue = this.selectedQueue;
    if (queue >= 0) this.struct.setQueue(queue, QueueWord.VECTOR, chosen);
  }

  /** The selected queue is ready. */
  openQueue(): void {
    const queue = this.selectedQueue;
    if (queue >= 0) this.struct.setQueue(queue, QueueWord.READY, 1);
  }

  /** The selected queue is not ready any more. @returns false when the access is to be made again */
  closeQueue(): boolean {
    const queue = this.selectedQueue;
    if (queue < 0) return true;
    this.struct.setQueue(queue, QueueWord.READY, 0);
    this.struct.renewQueue(queue);
    return this.#isServerIdle(queue);
  }

  /** A ring of a queue that is not there, or of a device that is not ready, is for nobody. */
  ring(queue: number): void {
    const { struct } = this;
    if (queue >= struct.get(SlotWord.QUEUES)) return;
    if ((struct.get(SlotWord.STATUS) & DeviceStatus.DRIVER_OK) === 0) return;
    struct.add(SlotWord.QUEUE + queue * QUEUE_WORDS + QueueWord.DOORBELL, 1);
    post(struct.words, struct.queue(queue, QueueWord.AGENT), Pending.WORK);
  }

  /** The driver has heard of causes for an interrupt. @returns those that there were */
  acknowledge(causes: number): number {
    const before = this.struct.change(SlotWord.INTERRUPT_STATUS, 0, causes);
    this.#bus.interruptChanged();
    return before;
  }

  /**
   * The bus has taken the device's way to memory: its driver is gone, and nothing is stored any more. The bus says so
   * by `mayReachMemory` before it calls. @returns false when the access is to be made again
   */
  cutOff(): boolean {
    this.#renewQueues();
    if (!this.#areServersIdle()) return false;
    this.struct.change(SlotWord.STATUS, 0, DeviceStatus.DRIVER_OK);
    return true;
  }

  /** Closing goes first, the life numbers are the worker's to look at, and the status goes last. */
  #reset(): boolean {
    const { struct } = this;
    const queues = struct.get(SlotWord.QUEUES);
    for (let queue = 0; queue < queues; queue++) struct.setQueue(queue, QueueWord.READY, 0);
    this.#renewQueues();
    if (!this.#areServersIdle()) return false;
    for (let queue = 0; queue < queues; queue++) {
      for (let word = 0; word < QueueWord.DOORBELL; word++) struct.setQueue(queue, word, 0);
      struct.setQueue(queue, QueueWord.VECTOR, 0);
    }
    const cleared = [
      SlotWord.DEVICE_FEATURES_SELECT,
      SlotWord.DRIVER_FEATURES_SELECT,
      SlotWord.ACCEPTED_LOW,
      SlotWord.ACCEPTED_HIGH,
      SlotWord.QUEUE_SELECT,
      SlotWord.CONFIG_VECTOR,
      SlotWord.INTERRUPT_STATUS,
      SlotWord.STATUS,
    ];
    for (const word of cleared) struct.set(word, 0);
    this.#bus.interruptChanged();
    return true;
  }

  #renewQueues(): void {
    const queues = this.struct.get(SlotWord.QUEUES);
    for (let queue = 0; queue < queues; queue++) this.struct.renewQueue(queue);
  }

  /** Each was idle once behind the change of all lives: that is enough. */
  #areServersIdle(): boolean {
    const queues = this.struct.get(SlotWord.QUEUES);
    for (let queue = 0; queue < queues; queue++) {
      if (!this.#isServerIdle(queue)) return false;
    }
    return true;
  }

  #isServerIdle(queue: number): boolean {
    return isIdle(this.struct.words, this.struct.queue(queue, QueueWord.AGENT));
  }
}
