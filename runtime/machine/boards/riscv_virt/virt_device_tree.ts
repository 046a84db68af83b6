/**
 * The device tree of the `virt` board. Addresses, interrupt numbers and names are those of QEMU's board; a
 * node exists only for a device that works.
 */

import { DeviceTreeNode } from "../../../device_tree/node.ts";
import { FinisherCommand } from "../../../devices/sifive_finisher.ts";
import type { AiaChoice } from "../../options.ts";
import { addAiaNodes, aiaPhandles } from "./aia_nodes.ts";
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
  /** Has the machine a generation ID? Default: no. */
  readonly hasGenerationId?: boolean;
  /** Its interrupt controllers. Default: `none`, a PLIC. */
  readonly aia?: AiaChoice;
  /** Does the emulator itself play the firmware? Default: false. */
  readonly hasBuiltinFirmware?: boolean;
}

/** How devices name their interrupts. */
export interface InterruptNames {
  /** Reference to the controller. */
  readonly phandle: number;
  /** Cells behind the number of a source. */
  readonly trigger: readonly number[];
  /** Reference to what functions of PCI send their messages to, if anything. */
  readonly messages: number | null;
}

/** An interrupt that is asked for as long as a level is high. */
const HIGH_LEVEL = 4;

/** Machine and supervisor external interrupt of a hart. */
const PLIC_LINES: readonly number[] = [11, 9];

const UART_NAME = nodeName("serial", VirtMap.UART);

/** Builds the tree. */
export function virtDeviceTree(options: VirtTreeOptions): DeviceTreeNode {
  const { ramBytes } = options;
  const interrupts = interruptNames(options);
  const testPhandle = interrupts.phandle + 1;
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
  addSocNode(root, options, interrupts, testPhandle);
  return root;
}

function interruptNames({ aia = "none", hartCount }: VirtTreeOptions): InterruptNames {
  if (aia === "none") return { phandle: firstFreePhandle(hartCount), trigger: [], messages: null };
  const { supervisorDomain, supervisorFiles } = aiaPhandles(aia, hartCount);
  const messages = aia === "aplic-imsic" ? supervisorFiles : null;
  return { phandle: supervisorDomain, trigger: [HIGH_LEVEL], messages };
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
  { hartCount, aia = "none", hasBuiltinFirmware = false, hasGenerationId = false }: VirtTreeOptions,
  interrupts: InterruptNames,
  testPhandle: number,
): void {
  const soc = root.addChild("soc")
    .setCells("#address-cells", 2)
    .setCells("#size-cells", 2)
    .setStrings("compatible", "simple-bus")
    .setFlag("ranges");
  const rtc = addDevice(soc, "rtc", VirtMap.RTC).setStrings("compatible", "google,goldfish-rtc");
  interruptedBy(rtc, interrupts, VirtInterrupt.RTC);
  const serial = addDevice(soc, "serial", VirtMap.UART).setStrings("compatible", "ns16550a")
    .setCells("clock-frequency", UART_CLOCK_HZ);
  interruptedBy(serial, interrupts, VirtInterrupt.UART);
  addVirtioSlots(soc, interrupts);
  addPciNode(soc, interrupts);
  if (hasGenerationId) addGenerationId(soc, interrupts);
  addDevice(soc, "test", VirtMap.TEST)
    .setStrings("compatible", "sifive,test1", "sifive,test0", "syscon")
    .setCells("phandle", testPhandle);
  if (aia === "none") addPlicNode(soc, hartCount, interrupts.phandle);
  else addAiaNodes(soc, { aia, hartCount, hasBuiltinFirmware });
  addClintNode(soc, hartCount);
}

function addGenerationId(soc: DeviceTreeNode, interrupts: InterruptNames): void {
  const device = addDevice(soc, "rng", VirtMap.GENERATION_ID)
    .setStrings("compatible", "microsoft,vmgenid");
  interruptedBy(device, interrupts, VirtInterrupt.GENERATION_ID);
}

function interruptedBy(
  device: DeviceTreeNode,
  { phandle, trigger }: InterruptNames,
  source: number,
): void {
  device.setCells("interrupt-parent", phandle).setCells("interrupts", source, ...trigger);
}

/** All of them, as QEMU: a slot without a device says so itself. The last slot comes first, and is filled first. */
function addVirtioSlots(soc: DeviceTreeNode, interrupts: InterruptNames): void {
  for (let slot = VIRTIO_SLOTS - 1; slot >= 0; slot--) {
    const device = addDevice(soc, "virtio_mmio", virtioWindow(slot))
      .setStrings("compatible", "virtio,mmio");
    interruptedBy(device, interrupts, virtioInterrupt(slot));
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
