/** The device tree of the `spike` board. */

import { DeviceTreeNode } from "../../../device_tree/node.ts";
import { type ChosenProperties, setChosen } from "../riscv_virt/chosen_node.ts";
import { addClintNode } from "../riscv_virt/clint_node.ts";
import { addCpuNodes, type HartProperties } from "../riscv_virt/cpu_nodes.ts";
import { RAM_BASE } from "../riscv_virt/memory_map.ts";

/** What a `spike` device tree depends on. */
export interface SpikeTreeOptions extends HartProperties, ChosenProperties {
  /** Bytes of guest RAM. */
  readonly ramBytes: number;
}

/** Builds the tree. */
export function spikeDeviceTree(options: SpikeTreeOptions): DeviceTreeNode {
  const root = new DeviceTreeNode()
    .setCells("#address-cells", 2)
    .setCells("#size-cells", 2)
    .setStrings("compatible", "ucbbar,spike-bare-dev")
    .setStrings("model", "ucbbar,spike-bare,qemu");
  setChosen(root, options).setStrings("stdout-path", "/htif");
  root.addChild(`memory@${RAM_BASE.toString(16)}`)
    .setStrings("device_type", "memory")
    .setWideCells("reg", RAM_BASE, options.ramBytes);
  addCpuNodes(root, options);
  const soc = root.addChild("soc")
    .setCells("#address-cells", 2)
    .setCells("#size-cells", 2)
    .setStrings("compatible", "simple-bus")
    .setFlag("ranges");
  addClintNode(soc, options.hartCount);
  root.addChild("htif").setStrings("compatible", "ucb,htif0");
  return root;
}
