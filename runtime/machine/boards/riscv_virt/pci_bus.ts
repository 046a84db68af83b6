/** The PCI bus of the `virt` board: its bridge, its windows, and a slot for a virtio device in each place. */

import type { DeviceRegion } from "../../../devices/device_region.ts";
import type { DeviceWindow } from "../../../devices/device.ts";
import { CONFIGURATION_WORDS } from "../../../pci/configuration_registers.ts";
import {
  ConfigurationWindow,
  HostBridge,
  MemorySpaceWindow,
  PCI_DEVICES,
  PCI_LINES,
  PortSpaceWindow,
} from "../../../pci/host_bridge.ts";
import { RootFunction } from "../../../pci/root_function.ts";
import { PCI_SLOT_WORDS, PciTransport } from "../../../virtio/pci_transport.ts";
import type { VirtioSlot } from "../../../virtio/virtio_slot.ts";
import { place, VirtInterrupt, VirtMap } from "./memory_map.ts";
import type { InterruptController } from "./interrupt_controller.ts";

/** The device that the bridge itself is. */
const ROOT = 0;

/** One worker's view of the bus. */
export interface PciBus {
  /** Where it is in the address space. */
  readonly windows: readonly DeviceWindow[];
  /** Slots for virtio devices, from device 1 on. */
  readonly slots: readonly VirtioSlot[];
}

/** Builds a worker's view of the bus. */
export function createPciBus(
  words: Int32Array,
  region: DeviceRegion,
  controller: InterruptController,
): PciBus {
  const lines = Array.from(
    { length: PCI_LINES },
    (_, line) => controller.line(VirtInterrupt.PCI + line),
  );
  const bridge = new HostBridge({ words, versions: region.take(PCI_LINES), lines });
  bridge.attach(ROOT, new RootFunction(words, region.take(CONFIGURATION_WORDS)));
  const slots: VirtioSlot[] = [];
  for (let device = ROOT + 1; device < PCI_DEVICES; device++) {
    const transport = new PciTransport(
      words,
      region.take(PCI_SLOT_WORDS),
      () => bridge.interruptChanged(device),
      controller.messages,
    );
    bridge.attach(device, transport);
    slots.push(transport.slot);
  }
  const windows = [
    place(new ConfigurationWindow(bridge), VirtMap.PCI_CONFIGURATION),
    place(new PortSpaceWindow(), VirtMap.PCI_PORTS),
    ...[VirtMap.PCI_MEMORY, VirtMap.PCI_WIDE_MEMORY].map((window) =>
      place(new MemorySpaceWindow(bridge, window.base), window)
    ),
  ];
  return { windows, slots };
}
