/**
 * What main needs of a board beyond what its workers need: where images go, the device tree, and how harts
 * start. Asked once for each start of a machine, before any worker exists.
 */

import type { DeviceTreeNode } from "../device_tree/node.ts";
import type { Board, BoardParts, HartStart } from "./board.ts";
import type { CpuChoice } from "./options.ts";
import type { RegisterPlaces } from "./paused_hart.ts";
import type { HtifAddresses } from "./worker_messages.ts";

/** Who runs before the kernel: the emulator itself, nobody, or an image. */
export type FirmwareKind = "built-in" | "none" | "image";

/** A range of guest physical memory: the first address, and the one behind the last. */
export interface AddressRange {
  /** First address. */
  readonly start: number;
  /** First address behind it. */
  readonly end: number;
}

/** What a generated device tree says. */
export interface DeviceTreeRequest {
  /** Number of harts. */
  readonly hartCount: number;
  /** Bytes of guest RAM. */
  readonly ramBytes: number;
  /** The CPU of all harts. */
  readonly cpu: CpuChoice;
  /** Has the machine a generation ID? */
  readonly hasGenerationId: boolean;
  /** Does the emulator itself play the firmware? It has then taken what is machine mode's. */
  readonly hasBuiltinFirmware: boolean;
}

/** What the boot loader tells the kernel. */
export interface ChosenRequest {
  /** Kernel command line; empty for none. */
  readonly append: string;
  /** Where the initial RAM disk is, if there is one. */
  readonly initrd: AddressRange | undefined;
  /** Entropy for the kernel. */
  readonly randomSeed: Uint8Array;
}

/** Where everything was loaded. */
export interface LoadedImages {
  /** Kind of firmware. */
  readonly firmware: FirmwareKind;
  /** Entry point of the kernel or bare-metal program, if there is one. */
  readonly kernelEntry: number | undefined;
  /** Lowest address that the kernel or bare-metal program takes. */
  readonly lowestAddress: number | undefined;
  /** Address of the device tree. */
  readonly deviceTree: number;
  /** Harts that start in machine mode at an address of their own. */
  readonly startAddresses: ReadonlyMap<number, number>;
  /** Symbols of all programs. */
  readonly symbols: ReadonlyMap<string, number>;
}

/** How a board's guest calls what samples found. */
export interface SampleNames {
  /** A letter for a privilege: `m`achine, `k`ernel, `u`ser. */
  privilegeMark(privilege: number): string;
  /** Name of an address space, by the value of its register. */
  addressSpace(low: number, high: number): string;
}

/** A board as main sees it. */
export interface BootableBoard extends Board {
  /** Where its harts' registers are in their state. */
  readonly registers: RegisterPlaces;
  /** Names for a profile. */
  readonly sampleNames: SampleNames;
  /** Numbers of its harts' control registers by name. */
  controlRegisters(): Promise<ReadonlyMap<string, number>>;
  /** Throws ConfigurationError for CPU properties that do not exist or do not fit together. */
  checkCpu(cpu: CpuChoice): void;
  /** CPU properties that a program with these ELF flags asks for. */
  programProperties(elfFlags: number): Readonly<Record<string, boolean>>;
  /** Where a kernel without an address of its own goes. @param firmwareEnd first address behind firmware */
  kernelAddress(firmware: FirmwareKind, firmwareEnd: number): number;
  /** The generated device tree. */
  deviceTree(request: DeviceTreeRequest): DeviceTreeNode;
  /** Puts what the boot loader says into a device tree, also into a user's own. */
  setChosen(root: DeviceTreeNode, chosen: ChosenRequest): void;
  /** How each hart starts. */
  hartStarts(hartCount: number, images: LoadedImages): readonly HartStart[];
  /** Fills the boot ROM in the machine's shared memory. */
  installBootRom(parts: BoardParts, images: LoadedImages): void;
  /** The host-target interface among the symbols, on a board that has it. */
  htif(symbols: ReadonlyMap<string, number>): HtifAddresses | null;
}
