/**
 * The nodes of the advanced interrupt architecture against those of QEMU's board. Names and a few properties are those
 * of QEMU since version 9; the installed one may be older, so what only one of the two has is left out of the comparison
 * where it is known to differ.
 */

import { assertEquals } from "@std/assert";
import { readDeviceTreeBlob } from "../../../device_tree/blob_reader.ts";
import type { DeviceTreeNode } from "../../../device_tree/node.ts";
import { virtDeviceTree } from "./virt_device_tree.ts";

const QEMU = "qemu-system-riscv64";
const HARTS = 3;
const KINDS = ["aplic", "aplic-imsic"] as const;
const ADDRESSES = ["c000000", "d000000", "24000000", "28000000"];
/** Properties that versions of QEMU differ in. */
const CHANGED: ReadonlySet<string> = new Set([
  "compatible",
  "#address-cells",
  "riscv,ipi-id",
  "riscv,delegation",
]);

type Properties = Record<string, readonly number[]>;

function soc(root: DeviceTreeNode): DeviceTreeNode {
  const found = root.child("soc");
  if (found === undefined) throw new RangeError("a board without devices");
  return found;
}

/** By address; QEMU's harts have other numbers, so those are left out of lists of interrupts. */
function controllers(root: DeviceTreeNode): Record<string, Properties> {
  const nodes = soc(root).children.filter(({ name }) => ADDRESSES.includes(name.split("@")[1]));
  return Object.fromEntries(
    nodes.map((node) => {
      const names = [...node.properties.keys()].filter((name) => !CHANGED.has(name)).toSorted();
      const entries = names.map((name) => {
        const isList = name === "interrupts-extended";
        return [name, node.cells(name).map((cell, index) => isList && index % 2 === 0 ? 0 : cell)];
      });
      return [node.name.split("@")[1], Object.fromEntries(entries)] as const;
    }).toSorted(),
  );
}

/** How other devices mean them. */
function users(root: DeviceTreeNode): readonly number[][] {
  const names = ["serial", "rtc", "virtio_mmio@10001000", "virtio_mmio@10008000", "pci"];
  return names.map((name) => {
    const node = soc(root).child(name);
    if (node === undefined) throw new RangeError(`a board without ${name}`);
    const properties = ["interrupts", "interrupt-parent", "interrupt-map", "msi-parent"];
    return properties.filter((one) => node.properties.has(one)).flatMap((one) => node.cells(one));
  });
}

async function qemuTree(aia: string): Promise<DeviceTreeNode | null> {
  const folder = await Deno.makeTempDir();
  try {
    const path = `${folder}/tree`;
    const args = ["-M", `virt,aia=${aia},dumpdtb=${path}`, "-smp", `${HARTS}`, "-m", "512M"];
    await new Deno.Command(QEMU, { args: [...args, "-display", "none"], stderr: "null" }).output();
    return readDeviceTreeBlob(await Deno.readFile(path));
  } catch (error) {
    console.log(`${QEMU} gives no device tree: ${error}`);
    return null;
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

function ours(aia: typeof KINDS[number], hasBuiltinFirmware = false): DeviceTreeNode {
  return virtDeviceTree({
    hartCount: HARTS,
    ramBytes: 0x2000_0000,
    extensions: ["i"],
    mmuType: "riscv,sv39",
    aia,
    hasBuiltinFirmware,
  });
}

for (const aia of KINDS) {
  const theirs = await qemuTree(aia);
  Deno.test({
    name: `with aia=${aia} the interrupt controllers' nodes are QEMU's, property by property`,
    ignore: theirs === null,
    fn: () => {
      if (theirs === null) return;
      assertEquals(controllers(ours(aia)), controllers(theirs));
      assertEquals(users(ours(aia)), users(theirs));
    },
  });

  Deno.test(`with aia=${aia} machine mode's controllers are the built-in firmware's`, () => {
    const own = ["c000000", "24000000"];
    for (const { name, properties } of soc(ours(aia, true)).children) {
      assertEquals(properties.has("status"), own.includes(name.split("@")[1]), name);
    }
    assertEquals(soc(ours(aia)).children.some(({ properties }) => properties.has("status")), false);
  });
}

Deno.test("there is no PLIC beside an APLIC, and drivers of both names find it", () => {
  const node = soc(ours("aplic"));
  assertEquals(node.child("plic"), undefined);
  const domain = node.child("interrupt-controller@d000000");
  assertEquals(domain?.strings("compatible"), ["qemu,aplic", "riscv,aplic"]);
});
