/**
 * A PCI Express host bridge with one bus: "PCI Express Enhanced Configuration Access Mechanism" of the PCI Express base
 * specification. The bus has up to 32 devices of one function each, the first of which is the bridge itself.
 *
 * Where a function's memory is, its base address says, which the guest may write at any moment. Nothing is derived from
 * it: each access of a window asks the functions where they are now. So there is nothing to tell other harts when one
 * moves it, and what lies outside of the windows (RAM, other devices) cannot be covered by it.
 *
 * What nobody answers reads as all ones, and writes to it are lost.
 *
 * Thread safety: no lock. Words of configuration spaces change one by one; an interrupt pin is a settled output of the
 * functions that share it.
 */

import type { Device, MmioAccess } from "../devices/device.ts";
import type { InterruptLine } from "../devices/interrupt_line.ts";
import { SettledOutput } from "../devices/settled_output.ts";
import { CONFIGURATION_BYTES, NO_ANSWER } from "./configuration_registers.ts";
import type { PciFunction } from "./pci_function.ts";

/** Devices of a bus. */
export const PCI_DEVICES = 32;
/** Interrupt lines that its functions share. */
export const PCI_LINES = 4;

/** Where an offset of the window of configuration spaces says what is meant: bus and device, function, register. */
const Ecam = { DEVICE_SHIFT: 15, FUNCTION_MASK: 0x7000, REGISTER_MASK: 0xfff } as const;
const WORD_SHIFT = 2;
const WORD_BYTES = 4;
const BYTE_BITS = 8;
const WIDE_BYTES = 8;

/** The interrupt line of a device's first pin: they take turns, so that neighbours do not share one. */
export function interruptLineOf(device: number): number {
  return device % PCI_LINES;
}

/** Bits of the bytes that an access of up to four bytes has in its word. */
function bitsOf(size: number): number {
  return size === WORD_BYTES ? -1 : (1 << size * BYTE_BITS) - 1;
}

/** Has an access read what nobody answers. */
function loadNothing(access: MmioAccess): void {
  access.low = NO_ANSWER & bitsOf(Math.min(access.size, WORD_BYTES));
  access.high = access.size === WIDE_BYTES ? NO_ANSWER : 0;
}

/** What a bridge is made of. */
export interface HostBridgeParts {
  /** Shared memory. */
  readonly words: Int32Array;
  /** Index of the first of {@linkcode PCI_LINES} words: versions of the interrupt lines, settled outputs. */
  readonly versions: number;
  /** The interrupt lines. */
  readonly lines: readonly InterruptLine[];
}

/** One worker's view of a bridge. */
export class HostBridge {
  /** By device number; not all of them need be given. */
  readonly #functions: PciFunction[] = [];
  readonly #outputs: readonly SettledOutput[];
  /** Those that are there, which is settled before anybody looks for memory. */
  #present: readonly PciFunction[] | null = null;

  /** A bridge to a bus that is empty. */
  constructor({ words, versions, lines }: HostBridgeParts) {
    this.#outputs = lines.map((line, index) =>
      new SettledOutput(words, versions + index, () => line.setLevel(this.#isAsserted(index)))
    );
  }

  /** Puts a function onto the bus, when a board is built. */
  attach(device: number, pciFunction: PciFunction): void {
    this.#functions[device] = pciFunction;
  }

  /** To be called after a device's function has changed whether it asks for an interrupt. */
  interruptChanged(device: number): void {
    this.#outputs[interruptLineOf(device)].changed();
  }

  #isAsserted(line: number): boolean {
    for (let device = line; device < PCI_DEVICES; device += PCI_LINES) {
      if (this.#functions[device]?.isAsserting) return true;
    }
    return false;
  }

  /** The function whose configuration space an offset of their window is in. */
  #functionAt(offset: number): PciFunction | undefined {
    const device = offset >> Ecam.DEVICE_SHIFT;
    if (device >= PCI_DEVICES || (offset & Ecam.FUNCTION_MASK) !== 0) return undefined;
    const found = this.#functions[device];
    return found?.isPresent === true ? found : undefined;
  }

  /** Guest read of configuration spaces. */
  loadConfiguration(access: MmioAccess): void {
    const found = this.#functionAt(access.offset);
    const register = access.offset & Ecam.REGISTER_MASK;
    if (found === undefined || register >= CONFIGURATION_BYTES) return loadNothing(access);
    const index = register >> WORD_SHIFT;
    const shift = register % WORD_BYTES * BYTE_BITS;
    access.low = (found.readWord(index) >>> shift) & bitsOf(Math.min(access.size, WORD_BYTES));
    access.high = access.size === WIDE_BYTES ? found.readWord(index + 1) : 0;
  }

  /** Guest write of configuration spaces. */
  storeConfiguration(access: MmioAccess): void {
    const found = this.#functionAt(access.offset);
    const register = access.offset & Ecam.REGISTER_MASK;
    if (found === undefined || register >= CONFIGURATION_BYTES) return;
    const index = register >> WORD_SHIFT;
    const shift = register % WORD_BYTES * BYTE_BITS;
    const bits = bitsOf(Math.min(access.size, WORD_BYTES)) << shift;
    access.retry = !found.writeWord(index, access.low << shift, bits);
    const isWide = access.size === WIDE_BYTES && !access.retry;
    if (isWide) access.retry = !found.writeWord(index + 1, access.high, NO_ANSWER);
  }

  /** Guest read of the bus's memory space. @param address in that space */
  loadMemory(address: number, access: MmioAccess): void {
    const found = this.#claim(address, access);
    if (found === undefined) loadNothing(access);
    else found.load(access);
  }

  /** Guest write of the bus's memory space. @param address in that space */
  storeMemory(address: number, access: MmioAccess): void {
    this.#claim(address, access)?.store(access);
  }

  /** The function that answers for an address; where several do, the first one. */
  #claim(address: number, access: MmioAccess): PciFunction | undefined {
    const present = this.#present ??= this.#functions.filter((one) => one.isPresent);
    for (let index = 0; index < present.length; index++) {
      const offset = present[index].offsetOf(address);
      if (offset < 0) continue;
      access.offset = offset;
      return present[index];
    }
    return undefined;
  }
}

/** The window of all configuration spaces. */
export class ConfigurationWindow implements Device {
  /** Name as in the device tree. */
  readonly name = "pci";
  readonly #bridge: HostBridge;

  /** A bridge's window. */
  constructor(bridge: HostBridge) {
    this.#bridge = bridge;
  }

  /** Guest read. */
  load(access: MmioAccess): boolean {
    this.#bridge.loadConfiguration(access);
    return true;
  }

  /** Guest write. */
  store(access: MmioAccess): boolean {
    this.#bridge.storeConfiguration(access);
    return true;
  }
}

/** A window into the bus's memory space, at the same addresses there. */
export class MemorySpaceWindow implements Device {
  /** Name for messages. */
  readonly name = "pci memory";
  readonly #bridge: HostBridge;
  readonly #base: number;

  /** A bridge's window from an address on. */
  constructor(bridge: HostBridge, base: number) {
    this.#bridge = bridge;
    this.#base = base;
  }

  /** Guest read. */
  load(access: MmioAccess): boolean {
    this.#bridge.loadMemory(this.#base + access.offset, access);
    return true;
  }

  /** Guest write. */
  store(access: MmioAccess): boolean {
    this.#bridge.storeMemory(this.#base + access.offset, access);
    return true;
  }
}

/** The window into the bus's port space: no function here has ports. */
export class PortSpaceWindow implements Device {
  /** Name for messages. */
  readonly name = "pci ports";

  /** Guest read. */
  load(access: MmioAccess): boolean {
    loadNothing(access);
    return true;
  }

  /** Guest write. */
  store(_access: MmioAccess): boolean {
    return true;
  }
}
