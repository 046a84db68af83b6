/**
 * A virtio device as a function on a PCI bus: "Virtio Over PCI Bus" of the virtio specification, version 1.2, without
 * the legacy interface and without interrupts by message. A slot without a device is no function.
 *
 * A device whose function is not bus master is cut off: what it has begun is not stored, and its driver has to begin
 * anew. The worker asks the command register itself.
 */

import { Command, CONFIGURATION_WORDS, Header, Status } from "../pci/configuration_registers.ts";
import { ConfigurationSpace } from "../pci/configuration_space.ts";
import { createMmioAccess, type MmioAccess } from "../devices/device.ts";
import type { PciFunction } from "../pci/pci_function.ts";
import { CommonRegisters } from "./common_registers.ts";
import { SLOT_WORDS, SlotWord } from "./device_struct.ts";
import {
  AccessWindow,
  MEMORY_BASE_HIGH,
  MEMORY_BASE_LOW,
  MEMORY_BASE_MASK,
  VIRTIO_LAYOUT,
  WINDOW_BASE_ADDRESS_MASK,
} from "./pci_configuration.ts";
import {
  MEMORY_BASE_ADDRESS,
  MEMORY_BYTES,
  MemoryPart,
  NOTIFY_STRIDE,
  PART_BYTES,
  PCI_CLASS_OTHER,
  PCI_CLASSES,
  PCI_DEVICE_BASE,
  PCI_REVISION,
  PCI_VENDOR,
} from "./pci_registers.ts";
import { DeviceStatus, InterruptCause } from "./registers.ts";
import { VirtioSlot } from "./virtio_slot.ts";

const WORD_SHIFT = 2;
const WORD_BYTES = 4;
const WIDE_BYTES = 8;
const DEVICE_SHIFT = 16;
const CLASS_SHIFT = 8;
const HALF_RANGE = 0x1_0000_0000;
const ALL_CAUSES = InterruptCause.USED_BUFFER | InterruptCause.CONFIGURATION;

/** Shared words that a function needs. */
export const PCI_SLOT_WORDS: number = SLOT_WORDS + CONFIGURATION_WORDS;

/** What the window's data is about. */
const DATA_INDEX = AccessWindow.DATA >> WORD_SHIFT;
const COMMAND_INDEX = Header.COMMAND >> WORD_SHIFT;

/** One worker's view of a function. */
export class PciTransport implements PciFunction {
  /** The device. */
  readonly slot: VirtioSlot;
  readonly #space: ConfigurationSpace;
  readonly #common: CommonRegisters;
  readonly #interruptChanged: () => void;
  /** An access through the window in the configuration space. */
  readonly #indirect = createMmioAccess(0);

  /**
   * Opens a function.
   * @param words shared memory
   * @param base index of the first of {@linkcode PCI_SLOT_WORDS} words
   * @param interruptChanged settles the interrupt line that the function shares
   */
  constructor(words: Int32Array, base: number, interruptChanged: () => void) {
    this.#space = new ConfigurationSpace(words, base + SLOT_WORDS, VIRTIO_LAYOUT);
    this.#interruptChanged = interruptChanged;
    this.slot = new VirtioSlot(words, base, {
      interruptChanged,
      mayReachMemory: () => (this.#space.at(Header.COMMAND) & Command.BUS_MASTER) !== 0,
    });
    this.#common = new CommonRegisters(this.slot);
  }

  /** See `PciFunction`. */
  get isPresent(): boolean {
    return !this.slot.isEmpty;
  }

  /** See `PciFunction`. */
  get isAsserting(): boolean {
    return this.#hasInterrupt && (this.#space.at(Header.COMMAND) & Command.INTERRUPT_DISABLE) === 0;
  }

  get #hasInterrupt(): boolean {
    return this.slot.struct.get(SlotWord.INTERRUPT_STATUS) !== 0;
  }

  // --- configuration space --------------------------------------------------------------------------

  /** See `PciFunction`. */
  readWord(index: number): number {
    const kind = this.slot.struct.get(SlotWord.DEVICE_ID);
    switch (index << WORD_SHIFT) {
      case Header.IDENTITY:
        return PCI_VENDOR | (PCI_DEVICE_BASE + kind) << DEVICE_SHIFT;
      case Header.COMMAND:
        return this.#space.word(index) | (this.#hasInterrupt ? Status.INTERRUPT : 0);
      case Header.CLASS:
        return PCI_REVISION | (PCI_CLASSES.get(kind) ?? PCI_CLASS_OTHER) << CLASS_SHIFT;
      case AccessWindow.DATA:
        return this.#readThroughWindow();
      default:
        return this.#space.word(index);
    }
  }

  /** See `PciFunction`. */
  writeWord(index: number, value: number, bits: number): boolean {
    if (index === DATA_INDEX) return this.#writeThroughWindow(value);
    this.#space.write(index, value, bits);
    return index === COMMAND_INDEX ? this.#commandChanged() : true;
  }

  #commandChanged(): boolean {
    this.#interruptChanged();
    const isAtWork = (this.slot.struct.get(SlotWord.STATUS) & DeviceStatus.DRIVER_OK) !== 0;
    return this.slot.mayReachMemory || !isAtWork || this.slot.cutOff();
  }

  /** Aims at what the driver has chosen. @returns false where that is not in the device's memory, or not aligned */
  #aim(): boolean {
    const offset = this.#space.at(AccessWindow.OFFSET) >>> 0;
    const size = this.#space.at(AccessWindow.LENGTH);
    const isSize = size === 1 || size === 2 || size === WORD_BYTES;
    const chosen = this.#space.at(AccessWindow.BASE_ADDRESS) & WINDOW_BASE_ADDRESS_MASK;
    if (!isSize || chosen !== MEMORY_BASE_ADDRESS) return false;
    if (offset % size !== 0 || offset >= MEMORY_BYTES) return false;
    Object.assign(this.#indirect, { offset, size, low: 0, high: 0, retry: false });
    return true;
  }

  #readThroughWindow(): number {
    if (!this.#aim()) return 0;
    this.load(this.#indirect);
    return this.#indirect.low;
  }

  #writeThroughWindow(value: number): boolean {
    if (!this.#aim()) return true;
    this.#indirect.low = value;
    this.store(this.#indirect);
    return !this.#indirect.retry;
  }

  // --- memory ---------------------------------------------------------------------------------------

  /** See `PciFunction`. */
  offsetOf(address: number): number {
    if ((this.#space.at(Header.COMMAND) & Command.MEMORY_SPACE) === 0) return -1;
    const low = this.#space.at(MEMORY_BASE_LOW) & MEMORY_BASE_MASK;
    const base = (this.#space.at(MEMORY_BASE_HIGH) >>> 0) * HALF_RANGE + (low >>> 0);
    return address >= base && address < base + MEMORY_BYTES ? address - base : -1;
  }

  /** See `PciFunction`. Registers are read as halves where an access is wider than all of them. */
  load(access: MmioAccess): void {
    const at = access.offset % PART_BYTES;
    access.high = 0;
    switch (access.offset - at) {
      case MemoryPart.COMMON:
        access.low = this.#common.read(at, access.size);
        if (access.size === WIDE_BYTES) {
          access.high = this.#common.read(at + WORD_BYTES, WORD_BYTES);
        }
        return;
      case MemoryPart.INTERRUPT_STATUS:
        // Reading it says that it was heard.
        access.low = at === 0 ? this.slot.acknowledge(ALL_CAUSES) : 0;
        return;
      case MemoryPart.CONFIG:
        return this.slot.loadConfig(access, at);
      default:
        access.low = 0;
    }
  }

  /** See `PciFunction`. */
  store(access: MmioAccess): void {
    const { offset, size, low, high } = access;
    const at = offset % PART_BYTES;
    if (offset - at === MemoryPart.NOTIFY) return this.slot.ring(Math.floor(at / NOTIFY_STRIDE));
    if (offset - at === MemoryPart.CONFIG) {
      access.retry = !this.slot.storeConfig(at, low);
      return;
    }
    if (offset - at !== MemoryPart.COMMON) return;
    access.retry = !this.#common.write(at, size, low);
    const isWide = size === WIDE_BYTES && !access.retry;
    if (isWide) access.retry = !this.#common.write(at + WORD_BYTES, WORD_BYTES, high);
  }
}
