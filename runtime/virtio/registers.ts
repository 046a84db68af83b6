/**
 * Registers, bits and numbers of virtio devices: "Virtio Over MMIO", "Basic Facilities of a Virtio Device" and
 * "Reserved Feature Bits" of the virtio specification, version 1.2.
 */

/** Byte offsets in a slot's window. */
export const MmioRegister = {
  MAGIC: 0x000,
  VERSION: 0x004,
  DEVICE_ID: 0x008,
  VENDOR_ID: 0x00c,
  DEVICE_FEATURES: 0x010,
  DEVICE_FEATURES_SELECT: 0x014,
  DRIVER_FEATURES: 0x020,
  DRIVER_FEATURES_SELECT: 0x024,
  QUEUE_SELECT: 0x030,
  QUEUE_SIZE_MAX: 0x034,
  QUEUE_SIZE: 0x038,
  QUEUE_READY: 0x044,
  QUEUE_NOTIFY: 0x050,
  INTERRUPT_STATUS: 0x060,
  INTERRUPT_ACKNOWLEDGE: 0x064,
  STATUS: 0x070,
  QUEUE_DESCRIPTORS_LOW: 0x080,
  QUEUE_DESCRIPTORS_HIGH: 0x084,
  QUEUE_DRIVER_LOW: 0x090,
  QUEUE_DRIVER_HIGH: 0x094,
  QUEUE_DEVICE_LOW: 0x0a0,
  QUEUE_DEVICE_HIGH: 0x0a4,
  SHARED_MEMORY_LENGTH_LOW: 0x0b0,
  SHARED_MEMORY_LENGTH_HIGH: 0x0b4,
  SHARED_MEMORY_BASE_LOW: 0x0b8,
  SHARED_MEMORY_BASE_HIGH: 0x0bc,
  CONFIG_GENERATION: 0x0fc,
  CONFIG: 0x100,
} as const;

/** "virt", little-endian. */
export const MMIO_MAGIC = 0x7472_6976;
/** The interface that is not the legacy one. */
export const MMIO_VERSION = 2;
/** What QEMU's devices say: "QEMU". */
export const MMIO_VENDOR = 0x554d_4551;

/** Bits of the device status. */
export const DeviceStatus = {
  ACKNOWLEDGE: 1,
  DRIVER: 2,
  DRIVER_OK: 4,
  FEATURES_OK: 8,
  NEEDS_RESET: 64,
  FAILED: 128,
  MASK: 0xff,
} as const;

/** Bits of the interrupt status. */
export const InterruptCause = {
  /** A queue has used buffers. */
  USED_BUFFER: 1,
  /** The configuration or the device status has changed. */
  CONFIGURATION: 2,
} as const;

/** Kinds of devices. */
export const DeviceId = { NONE: 0, NETWORK: 1, BLOCK: 2, ENTROPY: 4, FILE_SHARE: 9 } as const;

/** Features that all devices share, by bit number. */
export const Feature = {
  INDIRECT_DESCRIPTORS: 28,
  EVENT_INDEX: 29,
  VERSION_1: 32,
  PACKED_RING: 34,
} as const;

/** Bits of a descriptor; the last two are those of packed rings. */
export const DescriptorFlag = {
  NEXT: 1,
  WRITE: 2,
  INDIRECT: 4,
  AVAILABLE: 0x80,
  USED: 0x8000,
} as const;

/** When a side of a packed ring wants to be told; by position only where events were agreed on. */
export const EventMode = { ALWAYS: 0, NEVER: 1, POSITION: 2 } as const;

/** Bit of a driver area that asks for no interrupts, where there is no event index. */
export const NO_INTERRUPT = 1;

/** A set of features: bits 0 to 31 and 32 to 63. */
export interface FeatureSet {
  /** Features 0 to 31. */
  readonly low: number;
  /** Features 32 to 63. */
  readonly high: number;
}

const HALF_BITS = 32;

/** The set of these features. */
export function featureSet(numbers: readonly number[]): FeatureSet {
  let low = 0;
  let high = 0;
  for (const number of numbers) {
    if (number < HALF_BITS) low |= 1 << number;
    else high |= 1 << (number - HALF_BITS);
  }
  return { low, high };
}

/** A set with one feature more. */
export function withFeature({ low, high }: FeatureSet, number: number): FeatureSet {
  const more = featureSet([number]);
  return { low: low | more.low, high: high | more.high };
}
