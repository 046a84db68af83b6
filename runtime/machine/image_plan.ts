/**
 * What a machine's memory holds when its harts start: firmware, kernel, initial RAM disk, device tree, each
 * at the address where QEMU's loader puts it. Everything is checked before a byte is copied.
 */

import { writeDeviceTreeBlob } from "../device_tree/blob_writer.ts";
import {
  DeviceTreeFormatError,
  readDeviceTreeBlob,
  readReservations,
} from "../device_tree/blob_reader.ts";
import type { DeviceTreeNode } from "../device_tree/node.ts";
import { LoadError } from "../loader/load_error.ts";
import {
  checkSegments,
  type OwnedSegment,
  ownedSegments,
  placeDeviceTree,
  placeRamDisk,
  type RamRange,
} from "../loader/placement.ts";
import { loadProgram } from "../loader/program_file.ts";
import { imageEnd, type LoadedImage } from "../loader/segment.ts";
import { GUEST_RAM_OFFSET } from "../atomics/shared_layout.ts";
import type { AddressRange, BootableBoard, FirmwareKind, LoadedImages } from "./bootable_board.ts";
import { planLoads } from "./memory_load.ts";
import { ConfigurationError, type LoadedFile, type MachineDescription } from "./options.ts";

/** Bytes of entropy that the kernel is given, as QEMU gives. */
const RANDOM_SEED_BYTES = 32;

/** Linux on RISC-V keeps 1024 bytes of its command line, with the end mark. */
const MOST_LINUX_ARGUMENT_BYTES = 1023;
/** For other programs: far below the size of a device tree. */
const MOST_ARGUMENT_BYTES = 0x1_0000;

/** U-Boot writes boot arguments into the tree where it finds it, as firmware leaves room for. */
const DEVICE_TREE_SLACK = 0x1000;

const NO_BYTES = new Uint8Array(0);

/** Memory of a machine at its start. */
export interface ImagePlan {
  /** All pieces of memory; none overlaps another. */
  readonly segments: readonly OwnedSegment[];
  /** The device tree, which is also among the segments. */
  readonly deviceTree: Uint8Array;
  /** Where everything is. */
  readonly images: LoadedImages;
}

/** Kind of firmware that a description asks for. */
export function firmwareKind({ bios }: MachineDescription): FirmwareKind {
  if (bios === "default") return "built-in";
  return bios === "none" ? "none" : "image";
}

/** Reads and places everything. Throws LoadError and ConfigurationError. */
export async function planImages(
  description: MachineDescription,
  board: BootableBoard,
): Promise<ImagePlan> {
  const firmware = await loadFirmware(description, board);
  const kernel = await loadKernel(description, board, firmware);
  checkCommandLine(description, kernel);
  const tree = plainTree(description, board);
  const { deviceTree, ramDisk } = placeBehind(description, board, kernel, tree);
  const loads = planLoads(description);
  const segments = [
    ...reservedForFirmware(description, board),
    ...[firmware, kernel].flatMap((image) => image === undefined ? [] : ownedSegments(image)),
    ...(ramDisk === undefined ? [] : [ramDisk]),
    deviceTree,
    ...loads.segments,
  ];
  checkSegments(ramRange(description, board), segments);
  const images = {
    firmware: firmwareKind(description),
    kernelEntry: kernel?.entry,
    lowestAddress: kernel === undefined ? undefined : imageStart(kernel),
    deviceTree: deviceTree.physicalAddress,
    startAddresses: loads.startAddresses,
    symbols: new Map([...(firmware?.symbols ?? []), ...(kernel?.symbols ?? [])]),
  };
  return { segments, deviceTree: deviceTree.bytes, images };
}

/** Copies the planned memory into a machine whose RAM is all zero. */
export function installSegments(
  buffer: ArrayBufferLike,
  ramBase: number,
  segments: readonly OwnedSegment[],
): void {
  const bytes = new Uint8Array(buffer);
  for (const { physicalAddress, bytes: content } of segments) {
    bytes.set(content, GUEST_RAM_OFFSET + (physicalAddress - ramBase));
  }
}

function ramRange({ memoryBytes }: MachineDescription, board: BootableBoard): RamRange {
  return { base: board.ramBase, bytes: memoryBytes };
}

async function loadFirmware(
  { bios, memoryBytes }: MachineDescription,
  { ramBase }: BootableBoard,
): Promise<LoadedImage | undefined> {
  if (typeof bios === "string") return undefined;
  return await loadProgram(bios, {
    ramBase,
    flat: ramBase,
    lowest: ramBase,
    ramBytes: memoryBytes,
  });
}

async function loadKernel(
  description: MachineDescription,
  board: BootableBoard,
  firmware: LoadedImage | undefined,
): Promise<LoadedImage | undefined> {
  const { kernel, memoryBytes } = description;
  if (kernel === undefined) return undefined;
  const firmwareEnd = firmware === undefined ? board.ramBase : imageEnd(firmware);
  const flat = board.kernelAddress(firmwareKind(description), firmwareEnd);
  return await loadProgram(kernel, {
    ramBase: board.ramBase,
    flat,
    lowest: flat,
    ramBytes: memoryBytes,
  });
}

/** The built-in firmware takes no memory, but a program linked for its place expects machine mode. */
function reservedForFirmware(
  description: MachineDescription,
  board: BootableBoard,
): OwnedSegment[] {
  const kind = firmwareKind(description);
  if (kind !== "built-in" || description.kernel === undefined) return [];
  return [{
    owner: "the built-in firmware, which -bios none leaves out,",
    physicalAddress: board.ramBase,
    memoryBytes: board.kernelAddress(kind, board.ramBase) - board.ramBase,
    bytes: NO_BYTES,
  }];
}

/** A device tree before the boot arguments are in it. */
interface PlainTree {
  readonly root: DeviceTreeNode;
  readonly reservations: Uint8Array;
}

function plainTree(description: MachineDescription, board: BootableBoard): PlainTree {
  const { dtb, harts, memoryBytes, cpu, generationId } = description;
  if (dtb !== undefined) return readDeviceTreeFile(dtb);
  const hasBuiltinFirmware = firmwareKind(description) === "built-in";
  const root = board.deviceTree({
    hartCount: harts,
    ramBytes: memoryBytes,
    cpu,
    hasBuiltinFirmware,
    hasGenerationId: generationId !== null,
  });
  return { root, reservations: NO_BYTES };
}

function readDeviceTreeFile({ name, bytes }: LoadedFile): PlainTree {
  try {
    return { root: readDeviceTreeBlob(bytes), reservations: readReservations(bytes) };
  } catch (error) {
    if (!(error instanceof DeviceTreeFormatError)) throw error;
    throw new LoadError(name, 0, error.message, "make it with `dtc -O dtb`, or leave -dtb out");
  }
}

/** The kernel would cut a longer command line off and say so only in its log. */
function checkCommandLine({ append }: MachineDescription, kernel: LoadedImage | undefined): void {
  const bytes = new TextEncoder().encode(append).length;
  const most = kernel?.isLinux === true ? MOST_LINUX_ARGUMENT_BYTES : MOST_ARGUMENT_BYTES;
  if (bytes <= most) return;
  throw new ConfigurationError({
    what: `-append of ${bytes} bytes`,
    cause: `${kernel?.isLinux === true ? "Linux reads" : "a device tree has room for"} ${most}`,
    fix: "shorten it, or put what is long into a file of the initial RAM disk",
  });
}

/**
 * Places device tree and RAM disk. The tree says where the RAM disk is, and the RAM disk must end below the
 * tree: the tree's size does not depend on the address, so it is written twice.
 */
function placeBehind(
  description: MachineDescription,
  board: BootableBoard,
  kernel: LoadedImage | undefined,
  { root, reservations }: PlainTree,
): { deviceTree: OwnedSegment; ramDisk: OwnedSegment | undefined } {
  const { initrd, append } = description;
  const ram = ramRange(description, board);
  const randomSeed = seedOf(description);
  const write = (range: AddressRange | undefined): Uint8Array => {
    board.setChosen(root, { append, initrd: range, randomSeed });
    return writeDeviceTreeBlob(root, 0, reservations, DEVICE_TREE_SLACK);
  };
  const sizeOnly = write(initrd && { start: ram.base, end: ram.base });
  const treeAddress = placeDeviceTree(ram, sizeOnly.length);
  const ramDisk = initrd && kernel && placedRamDisk(initrd, ram, kernel, treeAddress);
  const range = ramDisk && {
    start: ramDisk.physicalAddress,
    end: ramDisk.physicalAddress + ramDisk.memoryBytes,
  };
  return { deviceTree: owned("the device tree", treeAddress, write(range)), ramDisk };
}

/** Where runs are to repeat, each gets the same. */
function seedOf({ accel: { icount } }: MachineDescription): Uint8Array {
  const seed = new Uint8Array(RANDOM_SEED_BYTES);
  return icount === null ? crypto.getRandomValues(seed) : seed.map((_, index) => index);
}

function placedRamDisk(
  { name, bytes }: LoadedFile,
  ram: RamRange,
  kernel: LoadedImage,
  ceiling: number,
): OwnedSegment {
  const place = { start: imageStart(kernel), end: imageEnd(kernel) };
  return owned(name, placeRamDisk(ram, place, bytes.length, ceiling), bytes);
}

function owned(owner: string, physicalAddress: number, bytes: Uint8Array): OwnedSegment {
  return { owner, physicalAddress, bytes, memoryBytes: bytes.length };
}

function imageStart({ segments }: LoadedImage): number {
  return Math.min(...segments.map(({ physicalAddress }) => physicalAddress));
}
