/**
 * Decides where the initial RAM disk and the device tree go, as QEMU does, and that nothing overlaps.
 *
 * The kernel is placed by its own header. The RAM disk goes half of RAM after the kernel's start, but not
 * more than 512 MiB: far enough that a kernel which unpacks itself does not reach it. The device tree goes as
 * high as possible below 3 GiB, where 32-bit boot stages reach it too, on a large page unless that is the
 * first one, where the program is. When RAM is too small for the RAM disk's usual place, it goes right behind
 * the kernel.
 */

import { ConfigurationError, sizeText } from "../machine/options.ts";
import { type LoadedImage, type Segment, segmentEnd } from "./segment.ts";

/** A board's guest RAM. */
export interface RamRange {
  /** Physical address of its first byte. */
  readonly base: number;
  /** Size in bytes. */
  readonly bytes: number;
}

/** A segment and what it is part of, for messages. */
export interface OwnedSegment extends Segment {
  /** Name of the file or of what was generated. */
  readonly owner: string;
}

const MIB = 0x10_0000;
const ALIGNMENT = 2 * MIB;
const PAGE = 0x1000;
const RAMDISK_FARTHEST = 512 * MIB;
const DEVICE_TREE_CEILING = 3 * 1024 * MIB;

/** Address of a device tree of `bytes` bytes. Throws ConfigurationError when RAM is too small. */
export function placeDeviceTree(ram: RamRange, bytes: number): number {
  const end = ram.base + ram.bytes;
  const ceiling = ram.base < DEVICE_TREE_CEILING ? Math.min(end, DEVICE_TREE_CEILING) : end;
  const onLargePage = alignDown(ceiling - bytes, ALIGNMENT);
  const address = onLargePage > ram.base ? onLargePage : alignDown(ceiling - bytes, PAGE);
  if (address < ram.base) throw tooLittleRam(ram, "the device tree", bytes);
  return address;
}

/**
 * Address of an initial RAM disk of `bytes` bytes behind a kernel, below a device tree (or the end of RAM).
 * Throws ConfigurationError when it does not fit.
 */
export function placeRamDisk(
  ram: RamRange,
  kernel: { readonly start: number; readonly end: number },
  bytes: number,
  ceiling: number,
): number {
  const usual = kernel.start + Math.min(alignDown(ram.bytes / 2, PAGE), RAMDISK_FARTHEST);
  const lowest = alignUp(kernel.end, ALIGNMENT);
  const address = usual >= kernel.end && usual + bytes <= ceiling ? usual : lowest;
  if (address + bytes > ceiling) throw tooLittleRam(ram, "the initial RAM disk", bytes);
  return address;
}

/** The segments of a program with its name. */
export function ownedSegments(image: LoadedImage): OwnedSegment[] {
  return image.segments.map((segment) => ({ ...segment, owner: image.name }));
}

/** Checks that all segments lie in RAM and none overlaps another. Throws ConfigurationError. */
export function checkSegments(ram: RamRange, segments: readonly OwnedSegment[]): void {
  const ordered = segments.toSorted((a, b) => a.physicalAddress - b.physicalAddress);
  ordered.forEach((segment, index) => {
    if (segment.physicalAddress < ram.base || segmentEnd(segment) > ram.base + ram.bytes) {
      throw outsideRam(ram, segment);
    }
    const next = ordered[index + 1];
    if (next !== undefined && next.physicalAddress < segmentEnd(segment)) {
      throw overlap(segment, next);
    }
  });
}

function tooLittleRam(ram: RamRange, what: string, bytes: number): ConfigurationError {
  return new ConfigurationError({
    what: `${what} of ${bytes} bytes`,
    cause: `it does not fit beside the other images into ${sizeText(ram.bytes)} of RAM`,
    fix: "use a larger -m",
  });
}

function outsideRam(ram: RamRange, segment: OwnedSegment): ConfigurationError {
  return new ConfigurationError({
    what: `${segment.owner} at ${addressRange(segment)}`,
    cause: `RAM is ${
      addressRange({ physicalAddress: ram.base, memoryBytes: ram.bytes, bytes: new Uint8Array(0) })
    }`,
    fix: "use a larger -m, or link the program for addresses in RAM",
  });
}

function overlap(first: OwnedSegment, second: OwnedSegment): ConfigurationError {
  return new ConfigurationError({
    what: `${second.owner} at ${addressRange(second)}`,
    cause: `it overlaps ${first.owner} at ${addressRange(first)}`,
    fix: "use a larger -m, or images that are linked for other addresses",
  });
}

function addressRange(segment: Segment): string {
  const last = segmentEnd(segment) - 1;
  return `0x${segment.physicalAddress.toString(16)}..0x${last.toString(16)}`;
}

function alignDown(value: number, unit: number): number {
  return Math.floor(value / unit) * unit;
}

function alignUp(value: number, unit: number): number {
  return Math.ceil(value / unit) * unit;
}
