/** Registers of a virtio device that are common to all kinds: "Common configuration structure layout" over PCI. */

import { QUEUE_SIZE_MAX, QueueWord, SlotWord } from "./device_struct.ts";
import { CommonRegister, NO_VECTOR } from "./pci_registers.ts";
import type { VirtioSlot } from "./virtio_slot.ts";

const BYTE_MASK = 0xff;
const HALF_MASK = 0xffff;
const HALF_BYTES = 2;

/** Words of the selected queue by the register that is them. */
const QUEUE_REGISTERS: ReadonlyMap<number, number> = new Map<number, number>([
  [CommonRegister.QUEUE_DESCRIPTORS_LOW, QueueWord.DESCRIPTORS_LOW],
  [CommonRegister.QUEUE_DESCRIPTORS_HIGH, QueueWord.DESCRIPTORS_HIGH],
  [CommonRegister.QUEUE_DRIVER_LOW, QueueWord.DRIVER_LOW],
  [CommonRegister.QUEUE_DRIVER_HIGH, QueueWord.DRIVER_HIGH],
  [CommonRegister.QUEUE_DEVICE_LOW, QueueWord.DEVICE_LOW],
  [CommonRegister.QUEUE_DEVICE_HIGH, QueueWord.DEVICE_HIGH],
]);

/** A register that an access is too narrow for has as many of its bits as fit. */
function maskOf(size: number): number {
  if (size === 1) return BYTE_MASK;
  return size === HALF_BYTES ? HALF_MASK : -1;
}

/** See the header of this file. */
export class CommonRegisters {
  readonly #slot: VirtioSlot;

  /** The registers of a slot. */
  constructor(slot: VirtioSlot) {
    this.#slot = slot;
  }

  /** Reads the register at an offset; 0 where none begins. */
  read(offset: number, size: number): number {
    return this.#register(offset) & maskOf(size);
  }

  #register(offset: number): number {
    const { struct } = this.#slot;
    switch (offset) {
      case CommonRegister.DEVICE_FEATURES_SELECT:
        return struct.get(SlotWord.DEVICE_FEATURES_SELECT);
      case CommonRegister.DEVICE_FEATURES:
        return this.#slot.offered;
      case CommonRegister.DRIVER_FEATURES_SELECT:
        return struct.get(SlotWord.DRIVER_FEATURES_SELECT);
      case CommonRegister.DRIVER_FEATURES:
        return this.#slot.accepted;
      case CommonRegister.CONFIG_VECTOR:
        return shownVector(struct.get(SlotWord.CONFIG_VECTOR));
      case CommonRegister.QUEUES:
        return struct.get(SlotWord.QUEUES);
      case CommonRegister.STATUS:
        return struct.get(SlotWord.STATUS);
      case CommonRegister.CONFIG_GENERATION:
        return struct.get(SlotWord.CONFIG_GENERATION) & BYTE_MASK;
      case CommonRegister.QUEUE_SELECT:
        return struct.get(SlotWord.QUEUE_SELECT);
      default:
        return this.#queueRegister(offset);
    }
  }

  #queueRegister(offset: number): number {
    const slot = this.#slot;
    switch (offset) {
      case CommonRegister.QUEUE_SIZE:
        return slot.selectedQueue < 0 ? 0 : slot.readQueue(QueueWord.SIZE) || QUEUE_SIZE_MAX;
      case CommonRegister.QUEUE_VECTOR:
        return shownVector(slot.readQueue(QueueWord.VECTOR));
      case CommonRegister.QUEUE_ENABLE:
        return slot.readQueue(QueueWord.READY);
      case CommonRegister.QUEUE_NOTIFY_OFFSET:
        return Math.max(0, slot.selectedQueue);
      default: {
        const word = QUEUE_REGISTERS.get(offset);
        return word === undefined ? 0 : slot.readQueue(word);
      }
    }
  }

  /** Writes the register at an offset. @returns false when the access is to be made again */
  write(offset: number, size: number, written: number): boolean {
    const { struct } = this.#slot;
    const value = written & maskOf(size);
    switch (offset) {
      case CommonRegister.DEVICE_FEATURES_SELECT:
        struct.set(SlotWord.DEVICE_FEATURES_SELECT, value);
        return true;
      case CommonRegister.DRIVER_FEATURES_SELECT:
        struct.set(SlotWord.DRIVER_FEATURES_SELECT, value);
        return true;
      case CommonRegister.DRIVER_FEATURES:
        this.#slot.accept(value);
        return true;
      case CommonRegister.CONFIG_VECTOR:
        struct.set(SlotWord.CONFIG_VECTOR, this.#chosenVector(value));
        return true;
      case CommonRegister.STATUS:
        return this.#slot.writeStatus(value & BYTE_MASK);
      case CommonRegister.QUEUE_SELECT:
        struct.set(SlotWord.QUEUE_SELECT, value & HALF_MASK);
        return true;
      default:
        this.#writeQueue(offset, value);
        return true;
    }
  }

  #writeQueue(offset: number, value: number): void {
    const slot = this.#slot;
    switch (offset) {
      case CommonRegister.QUEUE_SIZE:
        return slot.writeQueue(QueueWord.SIZE, value & HALF_MASK);
      case CommonRegister.QUEUE_VECTOR:
        return slot.chooseVector(this.#chosenVector(value));
      case CommonRegister.QUEUE_ENABLE:
        if ((value & HALF_MASK) === 1) this.#enable();
        return;
      default: {
        const word = QUEUE_REGISTERS.get(offset);
        if (word !== undefined) slot.writeQueue(word, value);
      }
    }
  }

  /** A vector that the device does not have is none: the driver reads that back. */
  #chosenVector(value: number): number {
    const vector = value & HALF_MASK;
    return vector < this.#slot.struct.get(SlotWord.VECTORS) ? vector + 1 : 0;
  }

  /** A queue that the driver has given no size has the largest; only a reset disables it again. */
  #enable(): void {
    const slot = this.#slot;
    if (slot.readQueue(QueueWord.SIZE) === 0) slot.writeQueue(QueueWord.SIZE, QUEUE_SIZE_MAX);
    slot.openQueue();
  }
}

/** A vector as the driver reads it, of 1 + its number. */
function shownVector(chosen: number): number {
  return chosen === 0 ? NO_VECTOR : chosen - 1;
}
