/** The `/cpus` node: harts, their interrupt controllers, and the order in which they are listed. */

import type { DeviceTreeNode } from "../../../device_tree/node.ts";
import { TICKS_PER_SECOND } from "../../clock.ts";
import { isaString, orderedExtensions } from "./isa_string.ts";

/** What the harts of a machine are. All are alike. */
export interface HartProperties {
  /** Number of harts. */
  readonly hartCount: number;
  /** Lower-case extension names, exactly those that work. */
  readonly extensions: readonly string[];
  /** Largest address translation, such as `riscv,sv48`; `riscv,none` without supervisor mode. */
  readonly mmuType: string;
}

/** Bytes that a cache block instruction covers, by extension. */
const CACHE_BLOCK_BYTES = 64;
const CACHE_BLOCK_PROPERTIES: Readonly<Record<string, string>> = {
  zicbom: "riscv,cbom-block-size",
  zicboz: "riscv,cboz-block-size",
  zicbop: "riscv,cbop-block-size",
};

const PHANDLES_PER_HART = 2;

/** Reference to a hart. */
export function hartPhandle(hart: number): number {
  return hart * PHANDLES_PER_HART + 1;
}

/** Reference to the interrupt controller of a hart. */
export function hartInterruptPhandle(hart: number): number {
  return hart * PHANDLES_PER_HART + 2;
}

/** First reference number that the harts do not use. */
export function firstFreePhandle(hartCount: number): number {
  return hartPhandle(hartCount);
}

/** An `interrupts-extended` list: each of `lines` at every hart's interrupt controller. */
export function everyHartsInterrupts(hartCount: number, lines: readonly number[]): number[] {
  const harts = Array.from({ length: hartCount }, (_, hart) => hartInterruptPhandle(hart));
  return harts.flatMap((phandle) => lines.flatMap((line) => [phandle, line]));
}

/** Adds `/cpus` to a root node. */
export function addCpuNodes(root: DeviceTreeNode, harts: HartProperties): void {
  const cpus = root.addChild("cpus")
    .setCells("#address-cells", 1)
    .setCells("#size-cells", 0)
    .setCells("timebase-frequency", TICKS_PER_SECOND);
  for (let hart = 0; hart < harts.hartCount; hart++) addCpuNode(cpus, hart, harts);
  const cluster = cpus.addChild("cpu-map").addChild("cluster0");
  for (let hart = 0; hart < harts.hartCount; hart++) {
    cluster.addChild(`core${hart}`).setCells("cpu", hartPhandle(hart));
  }
}

function addCpuNode(cpus: DeviceTreeNode, hart: number, properties: HartProperties): void {
  const { extensions, mmuType } = properties;
  const cpu = cpus.addChild(`cpu@${hart.toString(16)}`)
    .setCells("phandle", hartPhandle(hart))
    .setStrings("device_type", "cpu")
    .setCells("reg", hart)
    .setStrings("status", "okay")
    .setStrings("compatible", "riscv");
  for (const extension of extensions) {
    const property = CACHE_BLOCK_PROPERTIES[extension];
    if (property !== undefined) cpu.setCells(property, CACHE_BLOCK_BYTES);
  }
  cpu.setStrings("riscv,isa-extensions", ...orderedExtensions(extensions))
    .setStrings("riscv,isa-base", "rv64i")
    .setStrings("riscv,isa", isaString(extensions))
    .setStrings("mmu-type", mmuType);
  cpu.addChild("interrupt-controller")
    .setCells("#address-cells", 0)
    .setCells("#interrupt-cells", 1)
    .setFlag("interrupt-controller")
    .setStrings("compatible", "riscv,cpu-intc")
    .setCells("phandle", hartInterruptPhandle(hart));
}
