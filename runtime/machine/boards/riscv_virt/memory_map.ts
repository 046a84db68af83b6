/** Where things stand in the physical address space and on the interrupt controller: QEMU's `virt` board. */

import { PAGE_BYTES } from "../../../atomics/shared_layout.ts";
import type { Device, DeviceWindow } from "../../../devices/device.ts";

/** First address of guest RAM. */
export const RAM_BASE = 0x8000_0000;

/** One device window. */
export interface MemoryWindow {
  /** First physical address. */
  readonly base: number;
  /** Length in bytes. */
  readonly bytes: number;
}

const window = (base: number, bytes: number): MemoryWindow => ({ base, bytes });

/** A device in its window. */
export function place(device: Device, { base, bytes }: MemoryWindow): DeviceWindow {
  return { device, base, bytes };
}

/** Device windows. */
export const VirtMap = {
  /** Reset vector and the table that dynamic firmware reads. */
  BOOT_ROM: window(0x1000, 0xf000),
  TEST: window(0x10_0000, 0x1000),
  RTC: window(0x10_1000, 0x1000),
  CLINT: window(0x200_0000, 0x1_0000),
  /** At the beginning of where QEMU puts devices that it plugs into this board by themselves. */
  GENERATION_ID: window(0x400_0000, 0x1000),
  PLIC: window(0xc00_0000, 0x60_0000),
  /** Domains of the controller that goes with the advanced interrupt architecture; the first is where the PLIC is. */
  APLIC_MACHINE: window(0xc00_0000, 0x8000),
  APLIC_SUPERVISOR: window(0xd00_0000, 0x8000),
  UART: window(0x1000_0000, 0x100),
  /** Configuration spaces of the PCI bus. */
  PCI_CONFIGURATION: window(0x3000_0000, 0x1000_0000),
  PCI_PORTS: window(0x300_0000, 0x1_0000),
  PCI_MEMORY: window(0x4000_0000, 0x4000_0000),
  /** Behind the largest RAM that there can be, where QEMU has it for as much. */
  PCI_WIDE_MEMORY: window(0x4_0000_0000, 0x4_0000_0000),
} as const;

/** Pages that messages to harts go to, in machine mode and in supervisor mode. */
const MACHINE_MESSAGES_BASE = 0x2400_0000;
const SUPERVISOR_MESSAGES_BASE = 0x2800_0000;

/** One page for each hart. */
export function messagePages(
  hartCount: number,
): { readonly machine: MemoryWindow; readonly supervisor: MemoryWindow } {
  const bytes = hartCount * PAGE_BYTES;
  return {
    machine: window(MACHINE_MESSAGES_BASE, bytes),
    supervisor: window(SUPERVISOR_MESSAGES_BASE, bytes),
  };
}

/** Slots for virtio devices. */
export const VIRTIO_SLOTS = 8;
const VIRTIO_BASE = 0x1000_1000;
const VIRTIO_BYTES = 0x1000;

/** Window of a virtio slot. */
export function virtioWindow(slot: number): MemoryWindow {
  return window(VIRTIO_BASE + slot * VIRTIO_BYTES, VIRTIO_BYTES);
}

/** Interrupt sources of the PLIC. */
export const VirtInterrupt = {
  VIRTIO: 1,
  UART: 10,
  RTC: 11,
  PCI: 32,
  GENERATION_ID: 64,
} as const;

/** Interrupt source of a virtio slot. */
export function virtioInterrupt(slot: number): number {
  return VirtInterrupt.VIRTIO + slot;
}

/** Clock that the UART's divisor divides. */
export const UART_CLOCK_HZ = 3_686_400;
