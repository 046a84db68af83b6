/**
 * The `spike` board: an ACLINT and the host-target interface, for test programs that end by writing to
 * `tohost`. The interface's words lie in guest RAM (`../../../devices/htif.ts`), so the bus does not know it.
 */

import { DeviceRegion } from "../../../devices/device_region.ts";
import { Bus } from "../../../devices/bus.ts";
import type { DeviceWindow } from "../../../devices/device.ts";
import { Rom } from "../../../devices/rom.ts";
import type { GuestClock } from "../../clock.ts";
import { Aclint } from "../riscv_virt/aclint.ts";
import { BOOT_ROM_BYTES, bootRomContent, type LoadedImages } from "../riscv_virt/boot_plan.ts";
import { VirtMap } from "../riscv_virt/memory_map.ts";

export { RAM_BASE } from "../riscv_virt/memory_map.ts";

/** Symbols of the two words of the host-target interface. */
export const HtifSymbol = { TO_HOST: "tohost", FROM_HOST: "fromhost" } as const;

const WORD_BYTES = 4;

/** What a worker gives to build its view of the board. */
export interface SpikeBoardParts {
  /** The machine's shared memory. */
  readonly words: Int32Array;
  /** Number of harts. */
  readonly hartCount: number;
  /** This worker's clock. */
  readonly clock: GuestClock;
}

/** One worker's view of the board's devices. */
export interface SpikeBoard {
  /** Routes guest accesses. */
  readonly bus: Bus;
  /** Fills the boot ROM; main does so once before the workers start. */
  installBootRom(images: LoadedImages): void;
}

/** Builds a worker's view of the board. Boot ROM and ACLINT stand where the `virt` board has them. */
export function createSpikeBoard({ words, hartCount, clock }: SpikeBoardParts): SpikeBoard {
  const region = new DeviceRegion();
  const offset = words.byteOffset + region.take(BOOT_ROM_BYTES / WORD_BYTES) * WORD_BYTES;
  const rom = new Uint8Array(words.buffer, offset, BOOT_ROM_BYTES);
  const windows: DeviceWindow[] = [
    { device: new Rom("rom", rom), ...VirtMap.BOOT_ROM },
    { device: new Aclint(words, hartCount, clock), ...VirtMap.CLINT },
  ];
  const installBootRom = (images: LoadedImages): void => rom.set(bootRomContent(images));
  return { bus: new Bus(windows), installBootRom };
}
