/**
 * The device tree of the `virt` board. Addresses, interrupt numbers and names are those of QEMU's board; a
 * node exists only for a device that works.
 */

import { DeviceTreeNode } from "../../../device_tree/node.ts";
import { FinisherCommand } from "../../../devices/sifive_finisher.ts";
import { type ChosenProperties, setChosen } from "./chosen_node.ts";
import { addClintNode } from "./clint_node.ts";
import {
  addCpuNodes,
  everyHartsInterrupts,
  firstFreePhandle,
  type HartProperties,
} from "./cpu_nodes.ts";
import {
  type MemoryWindow,
  RAM_BASE,
  UART_CLOCK_HZ,
  VirtInterrupt,
  VIRTIO_SLOTS,
  virtioInterrupt,
  virtioWindow,
  VirtMap,
} from "./memory_map.ts";
import { addPciNode } from "./pci_node.ts";
import { PLIC_LAST_SOURCE } from "./plic.ts";

/** What a `virt` device tree depends on. */
export interface VirtTreeOptions extends HartProperties, ChosenProperties {
  /** Bytes of guest RAM. */
  readonly ramBytes: number;
}

/** Machine and supervisor external interrupt of a hart. */
const PLIC_LINES: readonly number[] = [11, 9];

const UART_NAME = nodeName("serial", VirtMap.UART);

/** Builds the tree. */
export function virtDeviceTree(options: VirtTreeOptions): DeviceTreeNode {
  const { hartCount, ramBytes } = options;
  const plicPhandle = firstFreePhandle(hartCount);
  const testPhandle = plicPhandle + 1;
  const root = new DeviceTreeNode()
    .setCells("#address-cells", 2)
    .setCells("#size-cells", 2)
    .setStrings("compatible", "riscv-virtio")
    .setStrings("model", "riscv-virtio,qemu");
  addPowerNode(root, "poweroff", FinisherCommand.PASS, testPhandle);
  addPowerNode(root, "reboot", FinisherCommand.RESET, testPhandle);
  root.addChild(`memory@${RAM_BASE.toString(16)}`)
    .setStrings("device_type", "memory")
    .setWideCells("reg", RAM_BASE, ramBytes);
  addCpuNodes(root, options);
  root.addChild("aliases").setStrings("serial0", `/soc/${UART_NAME}`);
  setChosen(root, options).setStrings("stdout-path", `/soc/${UART_NAME}`);
  addSocNode(root, hartCount, plicPhandle, testPhandle);
  return root;
}

function addPowerNode(
  root: DeviceTreeNode,
  name: "poweroff" | "reboot",
  command: number,
  testPhandle: number,
): void {
  root.addChild(name)
    .setStrings("compatible", `syscon-${name}`)
    .setCells("regmap", testPhandle)
    .setCells("offset", 0)
    .setCells("value", command);
}

function addSocNode(
  root: DeviceTreeNode,
  hartCount: number,
  plicPhandle: number,
  testPhandle: number,
): void {
  const soc = root.addChild("soc")
    .setCells("#address-cells", 2)
    .setCells("#size-cells", 2)
    .setStrings("compatible", "simple-bus")
    .setFlag("ranges");
  addDevice(soc, "rtc", VirtMap.RTC).setStrings("compatible", "google,goldfish-rtc")
    .setCells("interrupt-parent", plicPhandle)
    .setCells("interrupts", VirtInterrupt.RTC);
  addDevice(soc, "serial", VirtMap.UART).setStrings("compatible", "ns16550a")
    .setCells("clock-frequency", UART_CLOCK_HZ)
    .setCells("interrupt-parent", plicPhandle)
    .setCells("interrupts", VirtInterrupt.UART);
  addVirtioSlots(soc, plicPhandle);
  addPciNode(soc, plicPhandle);
  addDevice(soc, "test", VirtMap.TEST)
    .setStrings("compatible", "sifive,test1", "sifive,test0", "syscon")
    .setCells("phandle", testPhandle);
  addPlicNode(soc, hartCount, plicPhandle);
  addClintNode(soc, hartCount);
}

/** All of them, as QEMU: a slot without a device says so itself. The last slot comes first, and is filled first. */
function addVirtioSlots(soc: DeviceTreeNode, plicPhandle: number): void {
  for (let slot = VIRTIO_SLOTS - 1; slot >= 0; slot--) {
    addDevice(soc, "virtio_mmio", virtioWindow(slot)).setStrings("compatible", "virtio,mmio")
      .setCells("interrupt-parent", plicPhandle)
      .setCells("interrupts", virtioInterrupt(slot));
  }
}

function addPlicNode(soc: DeviceTreeNode, hartCount: number, phandle: number): void {
  addDevice(soc, "plic", VirtMap.PLIC)
    .setStrings("compatible", "sifive,plic-1.0.0", "riscv,plic0")
    .setCells("#address-cells", 0)
    .setCells("#interrupt-cells", 1)
    .setFlag("interrupt-controller")
    .setCells("interrupts-extended", ...everyHartsInterrupts(hartCount, PLIC_LINES))
    .setCells("riscv,ndev", PLIC_LAST_SOURCE)
    .setCells("phandle", phandle);
}

function addDevice(soc: DeviceTreeNode, name: string, window: MemoryWindow): DeviceTreeNode {
  return soc.addChild(nodeName(name, window)).setWideCells("reg", window.base, window.bytes);
}

function nodeName(name: string, { base }: MemoryWindow): string {
  return `${name}@${base.toString(16)}`;
}
