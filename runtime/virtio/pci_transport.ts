/**
 * A virtio device as a function on a PCI bus: "Virtio Over PCI Bus" of the virtio specification, version 1.2, without
 * the legacy interface. A slot without a device is no function. It interrupts by message where it has vectors and the
 * driver has chosen that, and else by its pin.
 *
 * A device whose function is not bus master is cut off: what it has begun is not stored, and its driver has to begin
 * anew. The worker asks the command register itself.
 */

import {
  Command,
  CONFIGURATION_WORDS,
  Header,
  MessageControl,
  Status,
} from "../pci/configuration_registers.ts";
import { ConfigurationSpace } from "../pci/configuration_space.ts";
import { createMmioAccess, type MmioAccess } from "../devices/device.ts";
import type { MessagePost } from "../devices/message_post.ts";
import { MESSAGE_TABLE_WORDS, MessageTable, TABLE_BYTES } from "../pci/message_table.ts";
import type { PciFunction } from "../pci/pci_function.ts";
import { CommonRegisters } from "./common_registers.ts";
import { SLOT_WORDS, SlotWord } from "./device_struct.ts";
import {
  AccessWindow,
  MEMORY_BASE_HIGH,
  MEMORY_BASE_LOW,
  MEMORY_BASE_MASK,
  Messages,
  TABLE_BASE,
  TABLE_BASE_MASK,
  VIRTIO_LAYOUT,
  VIRTIO_MESSAGE_LAYOUT,
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
export const PCI_SLOT_WORDS: number = SLOT_WORDS + CONFIGURATION_WORDS + MESSAGE_TABLE_WORDS;

const OPEN_MASK = MessageControl.ENABLED | MessageControl.MASKED;

/** What the window's data is about. */
const DATA_INDEX = AccessWindow.DATA >> WORD_SHIFT;
const COMMAND_INDEX = Header.COMMAND >> WORD_SHIFT;
const MESSAGES_INDEX = Messages.CONTROL >> WORD_SHIFT;
/** Where the table of vectors begins behind the rest of what the function answers for. */
const TABLE_OFFSET = MEMORY_BYTES;

/** One worker's view of a function. */
export class PciTransport implements PciFunction {
  /** The device. */
  readonly slot: VirtioSlot;
  readonly #plainSpace: ConfigurationSpace;
  readonly #messageSpace: ConfigurationSpace;
  readonly #table: MessageTable | null;
  readonly #common: CommonRegisters;
  readonly #interruptChanged: () => void;
  /** An access through the window in the configuration space. */
  readonly #indirect = createMmioAccess(0);

  /**
   * Opens a function.
   * @param words shared memory
   * @param base index of the first of {@linkcode PCI_SLOT_WORDS} words
   * @param interruptChanged settles the interrupt line that the function shares
   * @param messages where messages go, on a board that has somewhere
   */
  constructor(
    words: Int32Array,
    base: number,
    interruptChanged: () => void,
    messages: MessagePost | null = null,
  ) {
    this.#plainSpace = new ConfigurationSpace(words, base + SLOT_WORDS, VIRTIO_LAYOUT);
    this.#messageSpace = new ConfigurationSpace(words, base + SLOT_WORDS, VIRTIO_MESSAGE_LAYOUT);
    this.#interruptChanged = interruptChanged;
    this.#table = messages === null ? null : new MessageTable({
      words,
      base: base + SLOT_WORDS + CONFIGURATION_WORDS,
      post: messages,
      vectors: () => this.#vectors,
      isOpen: () => this.#isOpen,
    });
    this.slot = new VirtioSlot(words, base, {
      interruptChanged,
      mayReachMemory: () => this.#isBusMaster,
      sendsMessages: () => this.#sendsMessages,
      send: (vector) => this.#table?.send(vector),
    });
    this.#common = new CommonRegisters(this.slot);
  }

  /** A function without vectors has no table. */
  get #vectors(): number {
    return this.#table === null ? 0 : this.slot.struct.get(SlotWord.VECTORS);
  }

  get #space(): ConfigurationSpace {
    return this.#vectors === 0 ? this.#plainSpace : this.#messageSpace;
  }

  get #isBusMaster(): boolean {
    return (this.#space.at(Header.COMMAND) & Command.BUS_MASTER) !== 0;
  }

  get #sendsMessages(): boolean {
    return this.#vectors !== 0 &&
      (this.#messageSpace.at(Messages.CONTROL) & MessageControl.ENABLED) !== 0;
  }

  /** May messages leave? */
  get #isOpen(): boolean {
    const control = this.#messageSpace.at(Messages.CONTROL);
    return (control & OPEN_MASK) === MessageControl.ENABLED && this.#isBusMaster;
  }

  /** See `PciFunction`. */
  get isPresent(): boolean {
    return !this.slot.isEmpty;
  }

  /** See `PciFunction`. */
  get isAsserting(): boolean {
    return this.#hasInterrupt && !this.#sendsMessages &&
      (this.#space.at(Header.COMMAND) & Command.INTERRUPT_DISABLE) === 0;
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
      case Messages.CONTROL: {
        const last = Math.max(0, this.#vectors - 1);
        return this.#space.word(index) | last << MessageControl.LAST_VECTOR_SHIFT;
      }
      default:
        return this.#space.word(index);
    }
  }

  /** See `PciFunction`. */
  writeWord(index: number, value: number, bits: number): boolean {
    if (index === DATA_INDEX) return this.#writeThroughWindow(value);
    this.#space.write(index, value, bits);
    if (index === MESSAGES_INDEX) this.#messagesChanged();
    return index === COMMAND_INDEX ? this.#commandChanged() : true;
  }

  /** The pin goes silent, or speaks; what was held back goes. */
  #messagesChanged(): void {
    this.#interruptChanged();
    this.#table?.opened();
  }

  #commandChanged(): boolean {
    this.#messagesChanged();
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
    if (address >= base && address < base + MEMORY_BYTES) return address - base;
    return this.#tableOffsetOf(address);
  }

  #tableOffsetOf(address: number): number {
    if (this.#vectors === 0) return -1;
    const offset = address - ((this.#messageSpace.at(TABLE_BASE) & TABLE_BASE_MASK) >>> 0);
    return offset >= 0 && offset < TABLE_BYTES ? TABLE_OFFSET + offset : -1;
  }

  /** See `PciFunction`. Registers are read as halves where an access is wider than all of them. */
  load(access: MmioAccess): void {
    const at = access.offset % PART_BYTES;
    if (access.offset >= TABLE_OFFSET) return this.#table?.load(access, at);
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
    if (offset >= TABLE_OFFSET) return this.#table?.store(access, at);
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
