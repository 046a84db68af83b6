/** Registers of virtio devices on a PCI bus: "Virtio Over PCI Bus" of the virtio specification, version 1.2. */

import { DeviceId } from "./registers.ts";

/** The vendor of virtio devices: Red Hat. */
export const PCI_VENDOR = 0x1af4;
/** What is added to the kind of a device to have its number; those of devices with a legacy interface are lower. */
export const PCI_DEVICE_BASE = 0x1040;
/** Says that there is no legacy interface. */
export const PCI_REVISION = 1;

/** Class codes by kind of device, as QEMU's; all others are of no class. */
export const PCI_CLASSES: ReadonlyMap<number, number> = new Map([
  [DeviceId.NETWORK, 0x02_0000],
  [DeviceId.BLOCK, 0x01_0000],
  [DeviceId.CONSOLE, 0x07_8000],
  [DeviceId.FILE_SHARE, 0x00_0200],
]);
/** A device of no class. */
export const PCI_CLASS_OTHER = 0x00_ff00;

/** Vectors of devices that are not named here: one for the configuration, one for all queues. */
const USUAL_VECTORS = 2;

/** How many vectors for interrupts by message a device has, as QEMU's. */
export function usualVectors(kind: number, queues: number): number {
  switch (kind) {
    case DeviceId.BLOCK:
      return queues + 1;
    case DeviceId.NETWORK:
      return queues + 2;
    default:
      return USUAL_VECTORS;
  }
}

/** The base address of the memory that holds all that a driver uses, and its length. */
export const MEMORY_BASE_ADDRESS = 4;
/** See above. */
export const MEMORY_BYTES = 0x4000;

/** Parts of that memory: each has an offset. */
export const MemoryPart = {
  COMMON: 0x0000,
  INTERRUPT_STATUS: 0x1000,
  CONFIG: 0x2000,
  NOTIFY: 0x3000,
} as const;
/** Bytes of each part. */
export const PART_BYTES = 0x1000;
/** Bytes from the doorbell of a queue to the next one's. */
export const NOTIFY_STRIDE = 4;

/** Kinds of capabilities. */
export const PciCapability = {
  COMMON: 1,
  NOTIFY: 2,
  INTERRUPT_STATUS: 3,
  CONFIG: 4,
  /** A window in the configuration space to what the others are about. */
  ACCESS: 5,
} as const;

/** Offsets in the part COMMON. */
export const CommonRegister = {
  DEVICE_FEATURES_SELECT: 0x00,
  DEVICE_FEATURES: 0x04,
  DRIVER_FEATURES_SELECT: 0x08,
  DRIVER_FEATURES: 0x0c,
  CONFIG_VECTOR: 0x10,
  QUEUES: 0x12,
  STATUS: 0x14,
  CONFIG_GENERATION: 0x15,
  QUEUE_SELECT: 0x16,
  QUEUE_SIZE: 0x18,
  QUEUE_VECTOR: 0x1a,
  QUEUE_ENABLE: 0x1c,
  QUEUE_NOTIFY_OFFSET: 0x1e,
  QUEUE_DESCRIPTORS_LOW: 0x20,
  QUEUE_DESCRIPTORS_HIGH: 0x24,
  QUEUE_DRIVER_LOW: 0x28,
  QUEUE_DRIVER_HIGH: 0x2c,
  QUEUE_DEVICE_LOW: 0x30,
  QUEUE_DEVICE_HIGH: 0x34,
} as const;

/** What a vector reads as that none is chosen for. */
export const NO_VECTOR = 0xffff;
