/**
 * Where messages go: a page of the address space for each interrupt file of a level, one behind the other, as on QEMU's
 * board. "Memory Region for an Interrupt File" of the RISC-V Advanced Interrupt Architecture.
 */

import { PAGE_BYTES, PAGE_SHIFT } from "../../../../atomics/shared_layout.ts";
import type { Device, MmioAccess } from "../../../../devices/device.ts";
import type { MessagePost } from "../../../../devices/message_post.ts";
import type { MemoryWindow } from "../memory_map.ts";
import { FileLevel, type SharedInterruptFiles } from "./interrupt_files.ts";

const REGISTER_BYTES = 4;
/** The one register of a page that does something: the number of an interrupt, low byte first. */
const SET_PENDING = 0;

/** The pages of one level, for the harts. */
export class MessageWindow implements Device {
  /** Name as in the device tree. */
  readonly name = "imsics";
  readonly #files: SharedInterruptFiles;
  readonly #level: number;

  /** @param level one of `FileLevel` */
  constructor(files: SharedInterruptFiles, level: number) {
    this.#files = files;
    this.#level = level;
  }

  /** Guest read: zero. */
  load(access: MmioAccess): boolean {
    access.low = 0;
    return access.size === REGISTER_BYTES;
  }

  /** Guest write: a message. */
  store({ offset, size, low }: MmioAccess): boolean {
    if (size !== REGISTER_BYTES) return false;
    sendTo(this.#files, this.#level, offset, low);
    return true;
  }
}

/** Where the pages of the levels are. */
export interface MessagePages {
  /** Those of machine mode. */
  readonly machine: MemoryWindow;
  /** Those of supervisor mode. */
  readonly supervisor: MemoryWindow;
}

/** The pages of all levels, for devices. What does not go to one of them is lost. */
export class FilePost implements MessagePost {
  readonly #files: SharedInterruptFiles;
  readonly #pages: MessagePages;

  /** A way to these files. */
  constructor(files: SharedInterruptFiles, pages: MessagePages) {
    this.#files = files;
    this.#pages = pages;
  }

  /** See `MessagePost`. */
  send(address: number, data: number): void {
    const { machine, supervisor } = this.#pages;
    this.#sendInto(machine, FileLevel.MACHINE, address, data);
    this.#sendInto(supervisor, FileLevel.SUPERVISOR, address, data);
  }

  #sendInto({ base, bytes }: MemoryWindow, level: number, address: number, data: number): void {
    if (address < base || address >= base + bytes) return;
    sendTo(this.#files, level, address - base, data);
  }
}

function sendTo(files: SharedInterruptFiles, level: number, offset: number, data: number): void {
  const hart = offset >>> PAGE_SHIFT;
  if (offset % PAGE_BYTES === SET_PENDING && hart < files.hartCount) {
    files.deliver(hart, level, data >>> 0);
  }
}
