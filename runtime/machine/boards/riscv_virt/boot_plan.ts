/**
 * Where a machine's images go and with which registers its harts start: the work of QEMU's loader and of the
 * reset vector that it puts into the boot ROM.
 *
 * Real firmware and bare-metal programs start as if they came from that reset vector: machine mode, a0 = hart
 * id, a1 = device tree, a2 = table for dynamic firmware, t0 = start address. With the built-in firmware the
 * kernel starts as the supervisor binary interface specification's "Hart State Management Extension" and the
 * kernel's own boot protocol say: supervisor mode on one hart, the others stopped.
 */

import { RAM_BASE, VirtMap } from "./memory_map.ts";

/** Kind of firmware. */
export type Firmware = "built-in" | "none" | "image";

/** Privilege mode that a hart starts in. */
export type StartMode = "machine" | "supervisor";

/** How one hart starts. */
export interface HartBoot {
  /** Its index. */
  readonly hart: number;
  /** Does it run, or wait for the firmware to start it? */
  readonly isStarted: boolean;
  /** Privilege mode. */
  readonly mode: StartMode;
  /** Address of its first instruction. */
  readonly pc: number;
  /** Integer registers that are not zero, by register number. */
  readonly registers: ReadonlyMap<number, number>;
}

/** Addresses that the images were loaded to. */
export interface LoadedImages {
  /** Kind of firmware. */
  readonly firmware: Firmware;
  /** Entry point of the kernel or bare-metal program; undefined without one. */
  readonly kernelEntry?: number | undefined;
  /** Lowest address that the program occupies; decides where a machine without firmware starts. */
  readonly lowestAddress?: number | undefined;
  /** Address of the device tree. */
  readonly deviceTree: number;
  /** Harts that go around the reset vector: where each starts, with all registers zero. */
  readonly startAddresses?: ReadonlyMap<number, number>;
}

/** Integer registers that carry the start arguments. */
export const StartRegister = { T0: 5, A0: 10, A1: 11, A2: 12 } as const;

/** Images whose place depends on others are too large for the RAM. */
export class BootLayoutError extends RangeError {
  /** Name of the error class. */
  override readonly name = "BootLayoutError";
}

const MIB = 0x10_0000;
/** Kernels and device trees start at multiples of a large page. */
const LARGE_PAGE_BYTES = 2 * MIB;
/** The built-in firmware leaves the kernel where OpenSBI would. */
const KERNEL_BEHIND_FIRMWARE = RAM_BASE + LARGE_PAGE_BYTES;

/** Offset of the dynamic firmware table in the boot ROM. */
const FIRMWARE_TABLE_OFFSET = 0x28;

/**
 * Where a kernel without addresses of its own is loaded.
 * @param firmwareEnd first address behind a firmware image
 */
export function kernelLoadAddress(firmware: Firmware, firmwareEnd: number = RAM_BASE): number {
  if (firmware === "built-in") return KERNEL_BEHIND_FIRMWARE;
  if (firmware === "none") return RAM_BASE;
  return roundUp(firmwareEnd, LARGE_PAGE_BYTES);
}

/** How each hart starts. */
export function planBoot(hartCount: number, images: LoadedImages): HartBoot[] {
  const harts = Array.from({ length: hartCount }, (_, hart) => hart);
  if (images.firmware !== "built-in") {
    const start = machineStart(images);
    return harts.map((hart) => {
      const ownStart = images.startAddresses?.get(hart);
      return ownStart === undefined
        ? machineBoot(hart, start, images.deviceTree)
        : { hart, isStarted: true, mode: "machine", pc: ownStart, registers: new Map() };
    });
  }
  if (images.kernelEntry === undefined) {
    throw new BootLayoutError("Cannot start the built-in firmware: there is no kernel");
  }
  const entry = images.kernelEntry;
  return harts.map((hart) => supervisorBoot(hart, entry, images.deviceTree));
}

/**
 * QEMU's reset vector jumps to the start of RAM, whatever the entry point of the program is. So does this
 * one if the program has anything there; a program linked elsewhere starts at its entry point, where QEMU
 * would execute empty memory.
 */
function machineStart({ firmware, kernelEntry, lowestAddress }: LoadedImages): number {
  const isElsewhere = firmware === "none" && lowestAddress !== undefined &&
    lowestAddress !== RAM_BASE;
  return isElsewhere ? kernelEntry ?? RAM_BASE : RAM_BASE;
}

function machineBoot(hart: number, start: number, deviceTree: number): HartBoot {
  const registers = new Map([
    [StartRegister.T0, start],
    [StartRegister.A0, hart],
    [StartRegister.A1, deviceTree],
    [StartRegister.A2, VirtMap.BOOT_ROM.base + FIRMWARE_TABLE_OFFSET],
  ]);
  return { hart, isStarted: true, mode: "machine", pc: start, registers };
}

function supervisorBoot(hart: number, entry: number, deviceTree: number): HartBoot {
  const registers = new Map([[StartRegister.A0, hart], [StartRegister.A1, deviceTree]]);
  return { hart, isStarted: hart === 0, mode: "supervisor", pc: entry, registers };
}

/** Instructions of the reset vector; the words behind them are its data. */
const RESET_VECTOR: readonly number[] = [
  0x00000297, // auipc t0, 0
  0x02828613, // addi a2, t0, 0x28: the table for dynamic firmware
  0xf1402573, // csrr a0, mhartid
  0x0202b583, // ld a1, 0x20(t0): the device tree
  0x0182b283, // ld t0, 0x18(t0): the start address
  0x00028067, // jr t0
];

/** "OSBI" */
const FIRMWARE_TABLE_MAGIC = 0x4942534f;
const FIRMWARE_TABLE_VERSION = 2;
const SUPERVISOR_MODE = 1;
const HALF_RANGE = 0x1_0000_0000;
const WIDE_BYTES = 8;
const WORD_BYTES = 4;

/** Bytes of the boot ROM that hold something. */
export const BOOT_ROM_BYTES = 0x60;

/** Content of the boot ROM: the reset vector, its data, and the table that dynamic firmware reads. */
export function bootRomContent(images: LoadedImages): Uint8Array {
  const bytes = new Uint8Array(BOOT_ROM_BYTES);
  const view = new DataView(bytes.buffer);
  RESET_VECTOR.forEach((word, index) => view.setUint32(index * WORD_BYTES, word, true));
  const data = [
    machineStart(images),
    images.deviceTree,
    FIRMWARE_TABLE_MAGIC,
    FIRMWARE_TABLE_VERSION,
    images.kernelEntry ?? 0,
    SUPERVISOR_MODE,
    0, // options
    0, // preferred boot hart
  ];
  data.forEach((value, index) => {
    const offset = RESET_VECTOR.length * WORD_BYTES + index * WIDE_BYTES;
    view.setUint32(offset, value % HALF_RANGE, true);
    view.setUint32(offset + WORD_BYTES, Math.floor(value / HALF_RANGE), true);
  });
  return bytes;
}

function roundUp(value: number, unit: number): number {
  return Math.ceil(value / unit) * unit;
}
