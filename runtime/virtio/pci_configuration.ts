/**
 * The configuration space of a virtio device: what it is, and where its memory and the parts of that are. Offsets are
 * those of QEMU's devices, with interrupts by message and without.
 */

import {
  BaseAddress,
  Header,
  MESSAGE_CAPABILITY,
  MessageControl,
  PIN_A,
  Status,
  VENDOR_CAPABILITY,
} from "../pci/configuration_registers.ts";
import { ConfigurationLayout } from "../pci/configuration_space.ts";
import { PENDING_OFFSET, TABLE_BYTES } from "../pci/message_table.ts";
import { QEMU_SUBSYSTEM } from "../pci/root_function.ts";
import {
  MEMORY_BASE_ADDRESS,
  MEMORY_BYTES,
  MemoryPart,
  NOTIFY_STRIDE,
  PART_BYTES,
  PciCapability,
} from "./pci_registers.ts";

const WORD_BYTES = 4;
const PIN_SHIFT = 8;
const NEXT_SHIFT = 8;
const LENGTH_SHIFT = 16;
const KIND_SHIFT = 24;

/** Fields of a capability. */
const Field = { BASE_ADDRESS: 4, OFFSET: 8, LENGTH: 12, BYTES: 16, MORE: 16 } as const;
/** Bytes of one with another word. */
const LONG_BYTES: number = Field.BYTES + WORD_BYTES;

/** Where the capabilities are. */
const Place = {
  COMMON: 0x40,
  INTERRUPT_STATUS: 0x50,
  CONFIG: 0x60,
  NOTIFY: 0x70,
  ACCESS: 0x84,
  MESSAGES: 0x98,
} as const;

/** Words of the window into the device's memory. */
export const AccessWindow = {
  BASE_ADDRESS: Place.ACCESS + Field.BASE_ADDRESS,
  OFFSET: Place.ACCESS + Field.OFFSET,
  LENGTH: Place.ACCESS + Field.LENGTH,
  DATA: Place.ACCESS + Field.MORE,
} as const;
/** Words of the capability of interrupts by message. */
export const Messages = {
  CONTROL: Place.MESSAGES,
  TABLE: Place.MESSAGES + 4,
  PENDING: Place.MESSAGES + 8,
} as const;
/** The base address of the memory with its table, and the word that is it. */
const TABLE_BASE_ADDRESS = 1;
/** See above. */
export const TABLE_BASE: number = Header.BASE_ADDRESS + TABLE_BASE_ADDRESS * WORD_BYTES;
/** Bits that say where that memory is. */
export const TABLE_BASE_MASK: number = ~(TABLE_BYTES - 1);

/** The base address that the window is to look through, among the bits of its word. */
export const WINDOW_BASE_ADDRESS_MASK = 0xff;

/** Where the halves of the base address are. */
export const MEMORY_BASE_LOW: number = Header.BASE_ADDRESS + MEMORY_BASE_ADDRESS * WORD_BYTES;
/** See above. */
export const MEMORY_BASE_HIGH: number = MEMORY_BASE_LOW + WORD_BYTES;
/** Bits of the lower half that say where the memory is. */
export const MEMORY_BASE_MASK: number = ~(MEMORY_BYTES - 1);

interface Capability {
  readonly at: number;
  readonly next: number;
  readonly kind: number;
  readonly bytes?: number;
}

function describe(layout: ConfigurationLayout, capability: Capability, part: number): void {
  const { at, next, kind, bytes = Field.BYTES } = capability;
  const head = VENDOR_CAPABILITY | next << NEXT_SHIFT | bytes << LENGTH_SHIFT | kind << KIND_SHIFT;
  layout.set(at, head)
    .set(at + Field.BASE_ADDRESS, MEMORY_BASE_ADDRESS)
    .set(at + Field.OFFSET, part)
    .set(at + Field.LENGTH, PART_BYTES);
}

/** The list begins with the one that was added last, as QEMU's. */
function describeParts(layout: ConfigurationLayout): void {
  const { COMMON, INTERRUPT_STATUS, CONFIG, NOTIFY, ACCESS } = Place;
  describe(layout, { at: COMMON, next: 0, kind: PciCapability.COMMON }, MemoryPart.COMMON);
  describe(
    layout,
    { at: INTERRUPT_STATUS, next: COMMON, kind: PciCapability.INTERRUPT_STATUS },
    MemoryPart.INTERRUPT_STATUS,
  );
  describe(
    layout,
    { at: CONFIG, next: INTERRUPT_STATUS, kind: PciCapability.CONFIG },
    MemoryPart.CONFIG,
  );
  describe(
    layout,
    { at: NOTIFY, next: CONFIG, kind: PciCapability.NOTIFY, bytes: LONG_BYTES },
    MemoryPart.NOTIFY,
  );
  layout.set(NOTIFY + Field.MORE, NOTIFY_STRIDE);
  const head = VENDOR_CAPABILITY | NOTIFY << NEXT_SHIFT | LONG_BYTES << LENGTH_SHIFT |
    PciCapability.ACCESS << KIND_SHIFT;
  layout.set(ACCESS, head)
    .allow(AccessWindow.BASE_ADDRESS, WINDOW_BASE_ADDRESS_MASK)
    .allow(AccessWindow.OFFSET, -1)
    .allow(AccessWindow.LENGTH, -1);
}

/** The capability that was added last of all; how many vectors there are is not said here. */
function describeMessages(layout: ConfigurationLayout): ConfigurationLayout {
  return layout
    .set(Header.CAPABILITIES, Place.MESSAGES)
    .allow(TABLE_BASE, TABLE_BASE_MASK)
    .set(Messages.CONTROL, MESSAGE_CAPABILITY | Place.ACCESS << NEXT_SHIFT)
    .allow(Messages.CONTROL, MessageControl.ENABLED | MessageControl.MASKED)
    .set(Messages.TABLE, TABLE_BASE_ADDRESS)
    .set(Messages.PENDING, PENDING_OFFSET | TABLE_BASE_ADDRESS);
}

function virtioLayout(): ConfigurationLayout {
  const layout = new ConfigurationLayout()
    .set(Header.COMMAND, Status.CAPABILITIES)
    .set(MEMORY_BASE_LOW, BaseAddress.WIDE | BaseAddress.PREFETCHABLE)
    .allow(MEMORY_BASE_LOW, MEMORY_BASE_MASK)
    .allow(MEMORY_BASE_HIGH, -1)
    .set(Header.SUBSYSTEM, QEMU_SUBSYSTEM)
    .set(Header.CAPABILITIES, Place.ACCESS)
    .set(Header.INTERRUPT, PIN_A << PIN_SHIFT);
  describeParts(layout);
  return layout;
}

/** All but what kind of device it is. */
export const VIRTIO_LAYOUT: ConfigurationLayout = virtioLayout();
/** The same of a device that interrupts by message. */
export const VIRTIO_MESSAGE_LAYOUT: ConfigurationLayout = describeMessages(virtioLayout());
