/** The device tree node of the ACLINT, under the name of the older CLINT that it is compatible with. */

import type { DeviceTreeNode } from "../../../device_tree/node.ts";
import { everyHartsInterrupts } from "./cpu_nodes.ts";
import { VirtMap } from "./memory_map.ts";

/** Machine software and machine timer interrupt of a hart. */
const CLINT_LINES: readonly number[] = [3, 7];

/** Adds the node to `/soc`. */
export function addClintNode(soc: DeviceTreeNode, hartCount: number): void {
  const { base, bytes } = VirtMap.CLINT;
  soc.addChild(`clint@${base.toString(16)}`)
    .setStrings("compatible", "sifive,clint0", "riscv,clint0")
    .setWideCells("reg", base, bytes)
    .setCells("interrupts-extended", ...everyHartsInterrupts(hartCount, CLINT_LINES));
}
