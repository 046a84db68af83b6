/**
 * The `virt` board: QEMU's machine of that name, with the devices that work here.
 *
 * Every worker that touches devices (vCPUs, the clock keeper, whoever feeds the console) builds its own
 * instances over the same shared structs; the order of the `take` calls below is their layout.
 */

import { DeviceRegion } from "../../../devices/device_region.ts";
import { Bus } from "../../../devices/bus.ts";
import type { ConsoleSink, ConsoleSource } from "../../../devices/console_port.ts";
import { GENERATION_ID_WORDS, GenerationId } from "../../../devices/generation_id.ts";
import { GOLDFISH_RTC_WORDS, GoldfishRtc } from "../../../devices/goldfish_rtc.ts";
import { type PowerControl, SharedPowerControl } from "../../../devices/power_control.ts";
import { RingConsoleSink, RingConsoleSource } from "../../../devices/ring_console.ts";
import { Rom } from "../../../devices/rom.ts";
import { SifiveFinisher } from "../../../devices/sifive_finisher.ts";
import type { TimedDevice } from "../../../devices/timed_device.ts";
import { Uart16550, UART_WORDS } from "../../../devices/uart_16550.ts";
import { SLOT_WORDS } from "../../../virtio/device_struct.ts";
import { MmioSlot } from "../../../virtio/mmio_slot.ts";
import type { VirtioSlot } from "../../../virtio/virtio_slot.ts";
import type { InterruptFiles } from "../../board.ts";
import type { GuestClock } from "../../clock.ts";
import { Aclint } from "./aclint.ts";
import { BOOT_ROM_BYTES, bootRomContent, type LoadedImages } from "./boot_plan.ts";
import {
  place,
  VirtInterrupt,
  VIRTIO_SLOTS,
  virtioInterrupt,
  virtioWindow,
  VirtMap,
} from "./memory_map.ts";
import { type AiaChoice, createInterruptController } from "./interrupt_controller.ts";
import { createPciBus } from "./pci_bus.ts";

export { RAM_BASE } from "./memory_map.ts";

const WORD_BYTES = 4;

/** What a worker gives to build its view of the board; what is left out is the machine's own. */
export interface BoardParts {
  /** The machine's shared memory. */
  readonly words: Int32Array;
  /** Number of harts. */
  readonly hartCount: number;
  /** This worker's clock. */
  readonly clock: GuestClock;
  /** Its interrupt controllers. Default: `none`, the PLIC. */
  readonly aia?: AiaChoice | undefined;
  /** Where the serial console's output goes. */
  readonly consoleSink?: ConsoleSink | undefined;
  /** Where the serial console's input comes from. */
  readonly consoleSource?: ConsoleSource | undefined;
  /** What power-off and reset act on. */
  readonly power?: PowerControl | undefined;
  /** Host time since the epoch in whole milliseconds. */
  readonly wallClock?: (() => number) | undefined;
}

/** One worker's view of the board's devices. */
export interface VirtBoard {
  /** Routes guest accesses. */
  readonly bus: Bus;
  /** The serial console: to be told of input and breaks. */
  readonly uart: Uart16550;
  /** The generation ID: to be given by main. */
  readonly generation: GenerationId;
  /** Devices that the clock keeper serves. */
  readonly timedDevices: readonly TimedDevice[];
  /** Slots for virtio devices: those of MMIO, then those of the PCI bus. */
  readonly virtioSlots: readonly VirtioSlot[];
  /** The harts' files for interrupts by message, on a board that has them. */
  readonly interruptFiles: InterruptFiles | null;
  /** Fills the boot ROM, and does what built-in firmware does before a kernel; main does so before the workers start. */
  installBootRom(images: LoadedImages): void;
}

/** Builds a worker's view of the board. */
export function createVirtBoard(parts: BoardParts): VirtBoard {
  const { words, hartCount, clock } = parts;
  const region = new DeviceRegion();
  const controller = createInterruptController(parts.aia ?? "none", { words, region, hartCount });
  const uart = new Uart16550(words, region.take(UART_WORDS), {
    sink: parts.consoleSink ?? new RingConsoleSink(words),
    source: parts.consoleSource ?? new RingConsoleSource(words),
    interrupt: controller.line(VirtInterrupt.UART),
  });
  const rtc = new GoldfishRtc(words, region.take(GOLDFISH_RTC_WORDS), {
    interrupt: controller.line(VirtInterrupt.RTC),
    wallClock: parts.wallClock ?? Date.now,
    deadlineChanged: () => clock.kickKeeper(),
  });
  const rom = takeRom(words, region);
  const mmioSlots = Array.from(
    { length: VIRTIO_SLOTS },
    (_, slot) =>
      new MmioSlot(words, region.take(SLOT_WORDS), controller.line(virtioInterrupt(slot))),
  );
  const pci = createPciBus(words, region, controller);
  const generation = new GenerationId(
    words,
    region.take(GENERATION_ID_WORDS),
    controller.line(VirtInterrupt.GENERATION_ID),
  );
  const bus = new Bus([
    place(new Rom("rom", rom), VirtMap.BOOT_ROM),
    place(new SifiveFinisher(parts.power ?? new SharedPowerControl(words)), VirtMap.TEST),
    place(rtc, VirtMap.RTC),
    place(new Aclint(words, hartCount, clock), VirtMap.CLINT),
    ...controller.windows,
    place(uart, VirtMap.UART),
    ...mmioSlots.map((device, slot) => place(device, virtioWindow(slot))),
    ...pci.windows,
    place(generation, VirtMap.GENERATION_ID),
  ]);
  const virtioSlots = [...mmioSlots.map(({ slot }) => slot), ...pci.slots];
  const installBootRom = (images: LoadedImages): void => {
    rom.set(bootRomContent(images));
    if (images.firmware === "built-in") controller.prepareForSupervisor();
  };
  const interruptFiles = controller.files;
  const timedDevices = [rtc];
  return { bus, uart, generation, timedDevices, virtioSlots, interruptFiles, installBootRom };
}

function takeRom(words: Int32Array, region: DeviceRegion): Uint8Array {
  const offset = region.take(BOOT_ROM_BYTES / WORD_BYTES) * WORD_BYTES;
  return new Uint8Array(words.buffer, words.byteOffset + offset, BOOT_ROM_BYTES);
}
