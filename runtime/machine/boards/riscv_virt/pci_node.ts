/** The device tree node of the PCI host bridge: "PCI Bus Binding to Open Firmware", and what Linux calls generic ECAM. */

import type { DeviceTreeNode } from "../../../device_tree/node.ts";
import { interruptLineOf, PCI_LINES } from "../../../pci/host_bridge.ts";
import { type MemoryWindow, VirtInterrupt, VirtMap } from "./memory_map.ts";
import type { InterruptNames } from "./virt_device_tree.ts";

const HALF_RANGE = 0x1_0000_0000;
const ADDRESS_CELLS = 3;
/** Bits of an address's first cell: which space it is in, and the number of a device. */
const PciAddress = {
  PORTS: 0x0100_0000,
  MEMORY: 0x0200_0000,
  WIDE_MEMORY: 0x0300_0000,
  DEVICE_SHIFT: 11,
} as const;
const LAST_BUS = 0xff;
const PIN_MASK = 7;

function wide(value: number): [high: number, low: number] {
  return [Math.floor(value / HALF_RANGE), value % HALF_RANGE];
}

/** A window of the bus: the address there, the address here, its length. */
function range(space: number, start: number, { base, bytes }: MemoryWindow): number[] {
  return [space, ...wide(start), ...wide(base), ...wide(bytes)];
}

/** The source of each of a device's pins; the mask makes devices that share their lines the same. */
function interruptMap({ phandle, trigger }: InterruptNames): number[] {
  const rows: number[] = [];
  for (let device = 0; device < PCI_LINES; device++) {
    for (let pin = 0; pin < PCI_LINES; pin++) {
      const source = VirtInterrupt.PCI + interruptLineOf(device + pin);
      rows.push(device << PciAddress.DEVICE_SHIFT, 0, 0, pin + 1, phandle, source, ...trigger);
    }
  }
  return rows;
}

/** Adds the node to `/soc`. */
export function addPciNode(soc: DeviceTreeNode, interrupts: InterruptNames): void {
  const { PCI_CONFIGURATION, PCI_PORTS, PCI_MEMORY, PCI_WIDE_MEMORY } = VirtMap;
  const node = soc.addChild(`pci@${PCI_CONFIGURATION.base.toString(16)}`)
    .setStrings("compatible", "pci-host-ecam-generic")
    .setStrings("device_type", "pci")
    .setCells("#address-cells", ADDRESS_CELLS)
    .setCells("#size-cells", 2)
    .setCells("#interrupt-cells", 1)
    .setCells("linux,pci-domain", 0)
    .setCells("bus-range", 0, LAST_BUS)
    .setFlag("dma-coherent")
    .setWideCells("reg", PCI_CONFIGURATION.base, PCI_CONFIGURATION.bytes)
    .setCells(
      "ranges",
      ...range(PciAddress.PORTS, 0, PCI_PORTS),
      ...range(PciAddress.MEMORY, PCI_MEMORY.base, PCI_MEMORY),
      ...range(PciAddress.WIDE_MEMORY, PCI_WIDE_MEMORY.base, PCI_WIDE_MEMORY),
    )
    .setCells("interrupt-map", ...interruptMap(interrupts))
    .setCells(
      "interrupt-map-mask",
      (PCI_LINES - 1) << PciAddress.DEVICE_SHIFT,
      0,
      0,
      PIN_MASK,
    );
  if (interrupts.messages !== null) node.setCells("msi-parent", interrupts.messages);
}
