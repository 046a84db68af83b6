/**
 * What QEMU's generic loader device adds to a machine: files and values in memory, and harts that start
 * somewhere else than at the reset vector.
 *
 * A file that is an ELF program goes to its own addresses, any other to the given one, as it is: it is not
 * unpacked, because whoever finds it there (a boot loader) expects the bytes of the file. Unlike in QEMU no
 * load may reach into another or out of RAM.
 */

import { isElf, loadElf } from "../loader/elf.ts";
import { loadFlatImage } from "../loader/flat_image.ts";
import { refuseAddressedFormat } from "../loader/foreign_format.ts";
import { type OwnedSegment, ownedSegments } from "../loader/placement.ts";
import type { LoadedImage } from "../loader/segment.ts";
import {
  ConfigurationError,
  type FileLoad,
  type MachineDescription,
  type MemoryLoad,
} from "./options.ts";

/** What all loads of a machine come to. */
export interface PlannedLoads {
  /** Pieces of memory. */
  readonly segments: readonly OwnedSegment[];
  /** Start addresses by hart. */
  readonly startAddresses: ReadonlyMap<number, number>;
}

/** Reads the loads of a description. Throws LoadError and ConfigurationError. */
export function planLoads(description: MachineDescription): PlannedLoads {
  const segments: OwnedSegment[] = [];
  const startAddresses = new Map<number, number>();
  for (const load of description.loads) {
    const image = loadImage(load);
    if (image !== undefined) segments.push(...ownedSegments(image));
    if (!("hart" in load) || load.hart === undefined) continue;
    checkHart(load.hart, description);
    startAddresses.set(load.hart, image?.entry ?? load.address);
  }
  return { segments, startAddresses };
}

function loadImage(load: MemoryLoad): LoadedImage | undefined {
  if ("file" in load) return loadFile(load);
  if (!("bytes" in load)) return undefined;
  const name = `the value of -device loader,addr=0x${load.address.toString(16)}`;
  return loadFlatImage(name, load.bytes, load.address);
}

function loadFile({ file, address, raw }: FileLoad): LoadedImage {
  if (!raw) {
    if (isElf(file.bytes)) return loadElf(file.name, file.bytes);
    refuseAddressedFormat(file);
  }
  return loadFlatImage(file.name, file.bytes, address);
}

function checkHart(hart: number, { harts, bios }: MachineDescription): void {
  if (!(Number.isInteger(hart) && hart >= 0 && hart < harts)) {
    throw new ConfigurationError({
      what: `-device loader,cpu-num=${hart}`,
      cause: `the machine has harts 0 to ${harts - 1}`,
      fix: "use a larger -smp, or a hart that exists",
    });
  }
  if (bios === "default") {
    throw new ConfigurationError({
      what: `-device loader,cpu-num=${hart}`,
      cause: "a hart that starts in machine mode would go around the built-in firmware",
      fix: "add -bios none or -bios FILE, or leave cpu-num out",
    });
  }
}
