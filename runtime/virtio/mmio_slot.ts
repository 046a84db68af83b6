/**
 * The register window of one virtio slot: "Virtio Over MMIO" of the virtio specification, version 1.2, without the
 * legacy interface. A slot without a device answers as QEMU's do: with magic number, version and vendor, and zeros.
 */

import type { Device, MmioAccess } from "../devices/device.ts";
import type { InterruptLine } from "../devices/interrupt_line.ts";
import { SettledOutput } from "../devices/settled_output.ts";
import { QUEUE_SIZE_MAX, QueueWord, SlotWord } from "./device_struct.ts";
import { MMIO_MAGIC, MMIO_VENDOR, MMIO_VERSION, MmioRegister } from "./registers.ts";
import { VirtioSlot } from "./virtio_slot.ts";

const REGISTER_BYTES = 4;
/** What a length of shared memory reads as where there is none. */
const NO_SHARED_MEMORY = -1;

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

/** One worker's view of a slot's registers. */
export class MmioSlot implements Device {
  /** Name as in the device tree. */
  readonly name = "virtio_mmio";
  /** What they are registers of. */
  readonly slot: VirtioSlot;

  /**
   * Opens a slot.
   * @param words shared memory
   * @param base index of the first of `SLOT_WORDS` words of the struct
   * @param line its interrupt
   */
  constructor(words: Int32Array, base: number, line: InterruptLine) {
    const slot: VirtioSlot = new VirtioSlot(words, base, {
      interruptChanged: () => interrupt.changed(),
      mayReachMemory: () => true,
      sendsMessages: () => false,
      send: () => {},
    });
    const interrupt = new SettledOutput(
      words,
      slot.struct.version,
      () => line.setLevel(slot.struct.get(SlotWord.INTERRUPT_STATUS) !== 0),
    );
    this.slot = slot;
  }

  /** Guest read; a register is 32 bits wide, the configuration space has any width. */
  load(access: MmioAccess): boolean {
    access.high = 0;
    const at = access.offset - MmioRegister.CONFIG;
    if (at >= 0) this.slot.loadConfig(access, at);
    else access.low = access.size === REGISTER_BYTES ? this.#read(access.offset) : 0;
    return true;
  }

  /** Guest write; as {@linkcode MmioSlot.load}. */
  store(access: MmioAccess): boolean {
    const { offset, size, low } = access;
    if (this.slot.isEmpty) return true;
    const at = offset - MmioRegister.CONFIG;
    if (at >= 0) access.retry = !this.slot.storeConfig(at, low);
    else if (size === REGISTER_BYTES) access.retry = !this.#write(offset, low);
    return true;
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
        return this.slot.struct.get(SlotWord.DEVICE_ID);
      default:
        return this.slot.isEmpty ? 0 : this.#readDevice(offset);
    }
  }

  #readDevice(offset: number): number {
    const { slot, slot: { struct } } = this;
    switch (offset) {
      case MmioRegister.DEVICE_FEATURES:
        return slot.offered;
      case MmioRegister.QUEUE_SIZE_MAX:
        return slot.selectedQueue < 0 ? 0 : QUEUE_SIZE_MAX;
      case MmioRegister.QUEUE_READY:
        return slot.readQueue(QueueWord.READY);
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

  /** @returns false when the access is to be made again */
  #write(offset: number, value: number): boolean {
    const { slot, slot: { struct } } = this;
    switch (offset) {
      case MmioRegister.DEVICE_FEATURES_SELECT:
        struct.set(SlotWord.DEVICE_FEATURES_SELECT, value);
        return true;
      case MmioRegister.DRIVER_FEATURES_SELECT:
        struct.set(SlotWord.DRIVER_FEATURES_SELECT, value);
        return true;
      case MmioRegister.DRIVER_FEATURES:
        slot.accept(value);
        return true;
      case MmioRegister.QUEUE_SELECT:
        struct.set(SlotWord.QUEUE_SELECT, value);
        return true;
      case MmioRegister.QUEUE_READY:
        return this.#writeReady(value);
      case MmioRegister.QUEUE_NOTIFY:
        slot.ring(value >>> 0);
        return true;
      case MmioRegister.INTERRUPT_ACKNOWLEDGE:
        slot.acknowledge(value);
        return true;
      case MmioRegister.STATUS:
        return slot.writeStatus(value);
      default:
        this.#writeQueue(offset, value);
        return true;
    }
  }

  #writeReady(value: number): boolean {
    if ((value & 1) === 0) return this.slot.closeQueue();
    this.slot.openQueue();
    return true;
  }

  #writeQueue(offset: number, value: number): void {
    const word = QUEUE_REGISTERS.get(offset);
    if (word !== undefined) this.slot.writeQueue(word, value);
  }
}
