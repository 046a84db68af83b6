/** The bridge's node against that of QEMU's board. */

import { assertEquals } from "@std/assert";
import { readDeviceTreeBlob } from "../../../device_tree/blob_reader.ts";
import type { DeviceTreeNode } from "../../../device_tree/node.ts";
import { virtDeviceTree } from "./virt_device_tree.ts";

const QEMU = "qemu-system-riscv64";
const MAP_ROW_CELLS = 6;
const CONTROLLER_CELL = 4;

function pciNode(root: DeviceTreeNode): { pci: DeviceTreeNode; plic: number } {
  const soc = root.child("soc");
  const [pci, plic] = [soc?.child("pci"), soc?.child("plic")];
  if (pci === undefined || plic === undefined) throw new RangeError("a board without PCI or PLIC");
  return { pci, plic: plic.cells("phandle")[0] };
}

/** All properties, with the interrupt controller as 0. */
function described(root: DeviceTreeNode): Record<string, readonly number[] | string> {
  const { pci, plic } = pciNode(root);
  return Object.fromEntries(
    [...pci.properties.keys()].toSorted().map((name) => {
      if (name === "compatible" || name === "device_type") return [name, pci.strings(name).join()];
      const cells = pci.cells(name).map((cell, index) => {
        const isController = name === "interrupt-map" && index % MAP_ROW_CELLS === CONTROLLER_CELL;
        if (isController) assertEquals(cell, plic);
        return isController ? 0 : cell;
      });
      return [name, cells];
    }),
  );
}

async function qemuTree(): Promise<DeviceTreeNode | null> {
  const folder = await Deno.makeTempDir();
  try {
    const path = `${folder}/tree`;
    const args = ["-M", `virt,dumpdtb=${path}`, "-m", "512M", "-display", "none"];
    await new Deno.Command(QEMU, { args, stderr: "null" }).output();
    return readDeviceTreeBlob(await Deno.readFile(path));
  } catch (error) {
    console.log(`${QEMU} gives no device tree: ${error}`);
    return null;
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

const theirs = await qemuTree();

function ours(): DeviceTreeNode {
  const options = { hartCount: 3, ramBytes: 0x2000_0000, extensions: ["i"], mmuType: "riscv,sv39" };
  return virtDeviceTree(options);
}

Deno.test({
  name: "the PCI bridge's node is QEMU's, property by property",
  ignore: theirs === null,
  fn: () => {
    if (theirs !== null) assertEquals(described(ours()), described(theirs));
  },
});

Deno.test("the PCI bridge's node says where its windows are and which pin is which source", () => {
  const node = described(ours());
  assertEquals(node.reg, [0, 0x3000_0000, 0, 0x1000_0000]);
  assertEquals(node["interrupt-map-mask"], [0x1800, 0, 0, 7]);
  const map = node["interrupt-map"];
  const row = (index: number) => map.slice(index * MAP_ROW_CELLS, (index + 1) * MAP_ROW_CELLS);
  assertEquals(row(0), [0, 0, 0, 1, 0, 32]);
  assertEquals(row(7), [0x800, 0, 0, 4, 0, 32]);
  assertEquals(map.length, 16 * MAP_ROW_CELLS);
});
