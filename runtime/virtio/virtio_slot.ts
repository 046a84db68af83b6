/**
 * The register window of one virtio slot: "Virtio Over MMIO" of the virtio specification, version 1.2, without the
 * legacy interface. A slot without a device answers as QEMU's do: with magic number, version and vendor, and zeros.
 *
 * Thread safety: no lock. Registers are single words of the slot's struct; the driver orders its own accesses, and one
 * that does not can only confuse its own device. A doorbell is one add and one post to the I/O worker.
 *
 * A reset must not be over before the worker stores nothing more to the guest's memory: the life number changes first,
 * then the worker is looked at; while it is storing, the access asks to be made again. The worker looks at the life
 * number after it has said that it stores (`device_store.ts`), so one of the two sees the other.
 */

import { isIdle } from "../atomics/agent_state.ts";
import { post } from "../atomics/pending.ts";
import { Pending } from "../atomics/shared_layout.ts";
import type { Device, MmioAccess } from "../devices/device.ts";
import type { InterruptLine } from "../devices/interrupt_line.ts";
import { SettledOutput } from "../devices/settled_output.ts";
import {
  CONFIG_BYTES,
  QUEUE_SIZE_MAX,
  QUEUE_WORDS,
  QueueWord,
  SlotStruct,
  SlotWord,
} from "./device_struct.ts";
import {
  DeviceId,
  DeviceStatus,
  Feature,
  InterruptCause,
  MMIO_MAGIC,
  MMIO_VENDOR,
  MMIO_VERSION,
  MmioRegister,
} from "./registers.ts";

const REGISTER_BYTES = 4;
/** What a length of shared memory reads as where there is none. */
const NO_SHARED_MEMORY = -1;
const VERSION_1_HIGH = 1 << (Feature.VERSION_1 - 32);

/** Words of a queue by the register that writes them. */
const QUEUE_REGISTERS: ReadonlyMap<number, number> = new Map<number, number>([
  [MmioRegister.QUEUE_SIZE, QueueWord.SIZE],
  [MmioRegister.QUEUE_DESCRIPTORS_LOW, QueueWord.DESCRIPTORS_LOW],
  [MmioRegister.QUEUE_DESCRIPTORS_HIGH, QueueWord.DESCRIPTORS_HIGH],
  [MmioRegister.QUEUE_DRIVER_LOW, QueueWord.DRIVER_LOW],
  [MmioRegister.QUEUE_DRIVER_HIGH, QueueWord.DRIVER_HIGH],
  [MmioRegister.QUEUE_DEVICE_LOW, QueueWord.DEVICE_LOW],
  [MmioRegister.QUEUE_DEVICE_HIGH, QueueWord.DEVICE_HIGH],
]);

/** One worker's view of a slot. */
export class MmioSlot implements Device {
  /** Name as in the device tree. */
  readonly name = "virtio_mmio";
  /** Its shared words. */
  readonly struct: SlotStruct;
  readonly #interrupt: SettledOutput;

  /**
   * Opens a slot.
   * @param words shared memory
   * @param base index of the first of `SLOT_WORDS` words of the struct
   * @param line its interrupt
   */
  constructor(words: Int32Array, base: number, line: InterruptLine) {
    this.struct = new SlotStruct(words, base);
    this.#interrupt = new SettledOutput(
      words,
      this.struct.version,
      () => line.setLevel(this.struct.get(SlotWord.INTERRUPT_STATUS) !== 0),
    );
  }

  /** Raises the interrupt for a cause; the I/O worker. */
  interrupt(cause: number): void {
    this.struct.change(SlotWord.INTERRUPT_STATUS, cause, 0);
    this.#interrupt.changed();
  }

  /** The driver has broken a rule: nothing goes on before it has reset the device; the I/O worker. */
  needsReset(): void {
    const before = this.struct.change(SlotWord.STATUS, DeviceStatus.NEEDS_RESET, 0);
    if ((before & DeviceStatus.DRIVER_OK) !== 0) this.interrupt(InterruptCause.CONFIGURATION);
  }

  /** Guest read; a register is 32 bits wide, the configuration space has any width. */
  load(access: MmioAccess): boolean {
    access.high = 0;
    if (access.offset >= MmioRegister.CONFIG) this.#loadConfig(access);
    else access.low = access.size === REGISTER_BYTES ? this.#read(access.offset) : 0;
    return true;
  }

  /** Guest write; the configuration of no device here can be written. */
  store(access: MmioAccess): boolean {
    const { offset, size, low } = access;
    if (size === REGISTER_BYTES && offset < MmioRegister.CONFIG && !this.#isEmpty) {
      access.retry = !this.#write(offset, low);
    }
    return true;
  }

  get #isEmpty(): boolean {
    return this.struct.get(SlotWord.DEVICE_ID) === DeviceId.NONE;
  }

  #loadConfig(access: MmioAccess): void {
    const at = access.offset - MmioRegister.CONFIG;
    access.low = 0;
    if (at + access.size > CONFIG_BYTES || this.#isEmpty) return;
    const { config } = this.struct;
    if (access.size === 1) access.low = config.getUint8(at);
    else if (access.size === 2) access.low = config.getUint16(at, true);
    else access.low = config.getInt32(at, true);
    if (access.size === 8) access.high = config.getInt32(at + REGISTER_BYTES, true);
  }

  #read(offset: number): number {
    switch (offset) {
      case MmioRegister.MAGIC:
        return MMIO_MAGIC;
      case MmioRegister.VERSION:
        return MMIO_VERSION;
      case MmioRegister.VENDOR_ID:
        return MMIO_VENDOR;
      case MmioRegister.DEVICE_ID:
        return this.struct.get(SlotWord.DEVICE_ID);
      default:
        return this.#isEmpty ? 0 : this.#readDevice(offset);
    }
  }

  #readDevice(offset: number): number {
    const { struct } = this;
    switch (offset) {
      case MmioRegister.DEVICE_FEATURES:
        return this.#offered(struct.get(SlotWord.DEVICE_FEATURES_SELECT));
      case MmioRegister.QUEUE_SIZE_MAX:
        return this.#queue() < 0 ? 0 : QUEUE_SIZE_MAX;
      case MmioRegister.QUEUE_READY:
        return this.#queue() < 0 ? 0 : struct.queue(this.#queue(), QueueWord.READY);
      case MmioRegister.INTERRUPT_STATUS:
        return struct.get(SlotWord.INTERRUPT_STATUS);
      case MmioRegister.STATUS:
        return struct.get(SlotWord.STATUS);
      case MmioRegister.SHARED_MEMORY_LENGTH_LOW:
      case MmioRegister.SHARED_MEMORY_LENGTH_HIGH:
      case MmioRegister.SHARED_MEMORY_BASE_LOW:
      case MmioRegister.SHARED_MEMORY_BASE_HIGH:
        return NO_SHARED_MEMORY;
      case MmioRegister.CONFIG_GENERATION:
        return struct.get(SlotWord.CONFIG_GENERATION);
      default:
        return 0;
    }
  }

  #offered(select: number): number {
    if (select === 0) return this.struct.get(SlotWord.OFFERED_LOW);
    return select === 1 ? this.struct.get(SlotWord.OFFERED_HIGH) : 0;
  }

  /** The selected queue, or -1 when the device has none of this number. */
  #queue(): number {
    const queue = this.struct.get(SlotWord.QUEUE_SELECT) >>> 0;
    return queue < this.struct.get(SlotWord.QUEUES) ? queue : -1;
  }

  /** @returns false when the access is to be made again */
  #write(offset: number, value: number): boolean {
    const { struct } = this;
    switch (offset) {
      case MmioRegister.DEVICE_FEATURES_SELECT:
        struct.set(SlotWord.DEVICE_FEATURES_SELECT, value);
        return true;
      case MmioRegister.DRIVER_FEATURES_SELECT:
        struct.set(SlotWord.DRIVER_FEATURES_SELECT, value);
        return true;
      case MmioRegister.DRIVER_FEATURES:
        this.#accept(value);
        return true;
      case MmioRegister.QUEUE_SELECT:
        struct.set(SlotWord.QUEUE_SELECT, value);
        return true;
      case MmioRegister.QUEUE_READY:
        return this.#writeReady(value);
      case MmioRegister.QUEUE_NOTIFY:
        this.#ring(value >>> 0);
        return true;
      case MmioRegister.INTERRUPT_ACKNOWLEDGE:
        struct.change(SlotWord.INTERRUPT_STATUS, 0, value);
        this.#interrupt.changed();
        return true;
      case MmioRegister.STATUS:
        return value === 0 ? this.#reset() : this.#setStatus(value);
      default:
        this.#writeQueue(offset, value);
        return true;
    }
  }

  #accept(value: number): void {
    const { struct } = this;
    if ((struct.get(SlotWord.STATUS) & DeviceStatus.FEATURES_OK) !== 0) return;
    const select = struct.get(SlotWord.DRIVER_FEATURES_SELECT);
    if (select === 0) struct.set(SlotWord.ACCEPTED_LOW, value);
    else if (select === 1) struct.set(SlotWord.ACCEPTED_HIGH, value);
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

  #writeQueue(offset: number, value: number): void {
    const word = QUEUE_REGISTERS.get(offset);
    const queue = this.#queue();
    if (word === undefined || queue < 0 || this.struct.queue(queue, QueueWord.READY) !== 0) return;
    this.struct.setQueue(queue, word, value);
  }

  #writeReady(value: number): boolean {
    const queue = this.#queue();
    if (queue < 0) return true;
    if ((value & 1) === 0) {
      this.struct.renewQueue(queue);
      this.struct.setQueue(queue, QueueWord.READY, 0);
      return this.#isWorkerIdle();
    }
    this.struct.setQueue(queue, QueueWord.READY, 1);
    return true;
  }

  /** A ring of a queue that is not there, or of a device that is not ready, is for nobody. */
  #ring(queue: number): void {
    const { struct } = this;
    if (queue >= struct.get(SlotWord.QUEUES)) return;
    if ((struct.get(SlotWord.STATUS) & DeviceStatus.DRIVER_OK) === 0) return;
    struct.add(SlotWord.QUEUE + queue * QUEUE_WORDS + QueueWord.DOORBELL, 1);
    post(struct.words, struct.get(SlotWord.AGENT), Pending.WORK);
  }

  /** The life number goes first, and is the worker's to look at; the status goes last. */
  #reset(): boolean {
    const { struct } = this;
    const queues = struct.get(SlotWord.QUEUES);
    for (let queue = 0; queue < queues; queue++) struct.renewQueue(queue);
    if (!this.#isWorkerIdle()) return false;
    for (let queue = 0; queue < queues; queue++) {
      for (let word = 0; word < QueueWord.DOORBELL; word++) struct.setQueue(queue, word, 0);
    }
    const cleared = [
      SlotWord.DEVICE_FEATURES_SELECT,
      SlotWord.DRIVER_FEATURES_SELECT,
      SlotWord.ACCEPTED_LOW,
      SlotWord.ACCEPTED_HIGH,
      SlotWord.QUEUE_SELECT,
      SlotWord.INTERRUPT_STATUS,
      SlotWord.STATUS,
    ];
    for (const word of cleared) struct.set(word, 0);
    this.#interrupt.changed();
    return true;
  }

  #isWorkerIdle(): boolean {
    return isIdle(this.struct.words, this.struct.get(SlotWord.AGENT));
  }
}
