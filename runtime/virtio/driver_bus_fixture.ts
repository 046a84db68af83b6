/** How a test's driver reaches the registers of a slot: on both buses by the names that they have over MMIO. */

import { createMmioAccess, type Device } from "../devices/device.ts";
import type { InterruptLine } from "../devices/interrupt_line.ts";
import { Command, Header } from "../pci/configuration_registers.ts";
import { HostBridge, interruptLineOf, MemorySpaceWindow, PCI_LINES } from "../pci/host_bridge.ts";
import { MEMORY_BASE_HIGH, MEMORY_BASE_LOW } from "./pci_configuration.ts";
import { CommonRegister, MemoryPart, NOTIFY_STRIDE, PART_BYTES } from "./pci_registers.ts";
import { PCI_SLOT_WORDS, PciTransport } from "./pci_transport.ts";
import { MmioSlot } from "./mmio_slot.ts";
import { MmioRegister } from "./registers.ts";
import type { VirtioSlot } from "./virtio_slot.ts";

/** The buses. */
export type BusName = "mmio" | "pci";

/** See the header of this file. */
export interface DriverBus {
  /** What the registers are of. */
  readonly slot: VirtioSlot;
  /** Makes the registers reachable again, whatever was done to the bus. */
  prepare(): void;
  /** Reads a register. */
  read(register: number, size: number): number;
  /** @returns whether the slot asks to repeat the access */
  write(register: number, value: number, size: number): boolean;
}

/** Accesses of a device's window. */
class WindowUser {
  readonly #device: Device;
  readonly #access = createMmioAccess(0);

  constructor(device: Device) {
    this.#device = device;
  }

  read(offset: number, size: number): number {
    Object.assign(this.#access, { offset, size, low: 0, high: 0, retry: false });
    this.#device.load(this.#access);
    return this.#access.low >>> 0;
  }

  write(offset: number, low: number, size: number): boolean {
    Object.assign(this.#access, { offset, size, low, high: 0, retry: false });
    this.#device.store(this.#access);
    return this.#access.retry;
  }
}

/** A slot with a window of its own. */
export class MmioDriverBus extends WindowUser implements DriverBus {
  readonly slot: VirtioSlot;

  /** A slot whose words begin at an index. */
  constructor(words: Int32Array, base: number, line: InterruptLine) {
    const device = new MmioSlot(words, base, line);
    super(device);
    this.slot = device.slot;
  }

  /** They always are. */
  prepare(): void {}
}

/** Where the driver puts the memory of its device. */
export const PCI_MEMORY_BASE = 0x4000_0000;
/** The device that its slot is. */
export const PCI_DEVICE = 3;

/** Place and width of registers in the device's memory. */
const PLACES: ReadonlyMap<number, readonly [offset: number, size: number]> = new Map([
  [MmioRegister.DEVICE_FEATURES_SELECT, [CommonRegister.DEVICE_FEATURES_SELECT, 4]],
  [MmioRegister.DEVICE_FEATURES, [CommonRegister.DEVICE_FEATURES, 4]],
  [MmioRegister.DRIVER_FEATURES_SELECT, [CommonRegister.DRIVER_FEATURES_SELECT, 4]],
  [MmioRegister.DRIVER_FEATURES, [CommonRegister.DRIVER_FEATURES, 4]],
  [MmioRegister.QUEUE_SELECT, [CommonRegister.QUEUE_SELECT, 2]],
  [MmioRegister.QUEUE_SIZE_MAX, [CommonRegister.QUEUE_SIZE, 2]],
  [MmioRegister.QUEUE_SIZE, [CommonRegister.QUEUE_SIZE, 2]],
  [MmioRegister.QUEUE_READY, [CommonRegister.QUEUE_ENABLE, 2]],
  [MmioRegister.INTERRUPT_STATUS, [MemoryPart.INTERRUPT_STATUS, 1]],
  [MmioRegister.STATUS, [CommonRegister.STATUS, 1]],
  [MmioRegister.QUEUE_DESCRIPTORS_LOW, [CommonRegister.QUEUE_DESCRIPTORS_LOW, 4]],
  [MmioRegister.QUEUE_DESCRIPTORS_HIGH, [CommonRegister.QUEUE_DESCRIPTORS_HIGH, 4]],
  [MmioRegister.QUEUE_DRIVER_LOW, [CommonRegister.QUEUE_DRIVER_LOW, 4]],
  [MmioRegister.QUEUE_DRIVER_HIGH, [CommonRegister.QUEUE_DRIVER_HIGH, 4]],
  [MmioRegister.QUEUE_DEVICE_LOW, [CommonRegister.QUEUE_DEVICE_LOW, 4]],
  [MmioRegister.QUEUE_DEVICE_HIGH, [CommonRegister.QUEUE_DEVICE_HIGH, 4]],
  [MmioRegister.CONFIG_GENERATION, [CommonRegister.CONFIG_GENERATION, 1]],
]);

/** A device on a bus of its own, whose memory the driver has placed; it is bus master. */
export class PciDriverBus implements DriverBus {
  readonly slot: VirtioSlot;
  readonly transport: PciTransport;
  readonly bridge: HostBridge;
  readonly #memory: WindowUser;

  /** A slot whose words begin at an index. */
  constructor(words: Int32Array, base: number, line: InterruptLine) {
    const lines = Array.from(
      { length: PCI_LINES },
      (_, index) => index === interruptLineOf(PCI_DEVICE) ? line : { setLevel: () => {} },
    );
    const versions = base + PCI_SLOT_WORDS;
    this.bridge = new HostBridge({ words, versions, lines });
    this.transport = new PciTransport(
      words,
      base,
      () => this.bridge.interruptChanged(PCI_DEVICE),
    );
    this.bridge.attach(PCI_DEVICE, this.transport);
    this.slot = this.transport.slot;
    this.#memory = new WindowUser(new MemorySpaceWindow(this.bridge, PCI_MEMORY_BASE));
    this.prepare();
  }

  /** See `DriverBus`. */
  prepare(): void {
    this.configure(MEMORY_BASE_LOW, PCI_MEMORY_BASE);
    this.configure(MEMORY_BASE_HIGH, 0);
    this.configure(Header.COMMAND, Command.MEMORY_SPACE | Command.BUS_MASTER);
  }

  /** Reads a word of the configuration space. */
  configuration(offset: number): number {
    return this.transport.readWord(offset >> 2) >>> 0;
  }

  /** Writes one. @returns whether the function asks to repeat the access */
  configure(offset: number, value: number): boolean {
    return !this.transport.writeWord(offset >> 2, value, -1);
  }

  /** See `DriverBus`. Registers that are none on this bus are zero. */
  read(register: number, size: number): number {
    if (register >= MmioRegister.CONFIG) {
      return this.#memory.read(MemoryPart.CONFIG + register - MmioRegister.CONFIG, size);
    }
    const [offset, bytes] = PLACES.get(register) ?? [-1, 0];
    return offset < 0 ? 0 : this.#memory.read(offset, bytes);
  }

  /** See `DriverBus`. Registers that are none on this bus are left alone. */
  write(register: number, value: number, size: number): boolean {
    if (register === MmioRegister.QUEUE_NOTIFY) {
      const queue = value >>> 0;
      return queue < PART_BYTES / NOTIFY_STRIDE &&
        this.#memory.write(MemoryPart.NOTIFY + queue * NOTIFY_STRIDE, queue, 2);
    }
    if (register === MmioRegister.INTERRUPT_ACKNOWLEDGE) {
      this.#memory.read(MemoryPart.INTERRUPT_STATUS, 1);
      return false;
    }
    if (register >= MmioRegister.CONFIG) {
      return this.#memory.write(MemoryPart.CONFIG + register - MmioRegister.CONFIG, value, size);
    }
    const [offset, bytes] = PLACES.get(register) ?? [-1, 0];
    return offset >= 0 && this.#memory.write(offset, value, bytes);
  }

  /** Reads the device's memory. */
  readMemory(offset: number, size: number): number {
    return this.#memory.read(offset, size);
  }

  /** Writes it. @returns whether the device asks to repeat the access */
  writeMemory(offset: number, value: number, size: number): boolean {
    return this.#memory.write(offset, value, size);
  }
}
