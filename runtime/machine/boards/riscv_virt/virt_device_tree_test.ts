import { assertEquals } from "@std/assert";
import { readDeviceTreeBlob } from "../../../device_tree/blob_reader.ts";
import { writeDeviceTreeBlob } from "../../../device_tree/blob_writer.ts";
import { hasDtc, runDtc } from "../../../device_tree/dtc_testing.ts";
import type { DeviceTreeNode } from "../../../device_tree/node.ts";
import { virtDeviceTree, type VirtTreeOptions } from "./virt_device_tree.ts";

const OPTIONS: VirtTreeOptions = {
  hartCount: 2,
  ramBytes: 0x2000_0000,
  extensions: ["zicsr", "c", "i", "m", "d", "a", "f", "zifencei", "sstc"],
  mmuType: "riscv,sv48",
  bootArguments: "console=ttyS0",
  initrd: { start: 0x8420_0000, end: 0x8430_0000 },
  randomSeed: new Uint8Array(32).fill(7),
};

/** The node at a path from the root. */
function node(path: string, options: VirtTreeOptions = OPTIONS): DeviceTreeNode {
  let found = virtDeviceTree(options);
  for (const name of path.split("/")) {
    const next = found.child(name);
    if (next === undefined) throw new RangeError(`no node ${name} in ${path}`);
    found = next;
  }
  return found;
}

Deno.test("The virt tree places devices where QEMU has them", () => {
  assertEquals(node("soc/serial@10000000").cells("reg"), [0, 0x1000_0000, 0, 0x100]);
  assertEquals(node("soc/serial").cells("interrupts"), [10]);
  assertEquals(node("soc/serial").cells("clock-frequency"), [3_686_400]);
  assertEquals(node("soc/rtc@101000").cells("interrupts"), [11]);
  assertEquals(node("soc/plic@c000000").cells("reg"), [0, 0xc00_0000, 0, 0x60_0000]);
  assertEquals(node("soc/plic").cells("riscv,ndev"), [95]);
  assertEquals(node("soc/clint@2000000").cells("reg"), [0, 0x200_0000, 0, 0x1_0000]);
  assertEquals(node("soc/test@100000").strings("compatible").at(-1), "syscon");
  assertEquals(node("poweroff").cells("value"), [0x5555]);
  assertEquals(node("reboot").cells("value"), [0x7777]);
  assertEquals(node("memory@80000000").cells("reg"), [0, 0x8000_0000, 0, 0x2000_0000]);
  assertEquals(node("cpus").cells("timebase-frequency"), [10_000_000]);
});

Deno.test("The virt tree connects the interrupt controllers of every hart", () => {
  const controllers = ["cpu@0", "cpu@1"].map((cpu) =>
    node(`cpus/${cpu}/interrupt-controller`).cells("phandle")[0] ?? -1
  );
  const [first = -1, second = -1] = controllers;
  assertEquals(node("soc/plic").cells("interrupts-extended"), [
    ...[first, 11, first, 9],
    ...[second, 11, second, 9],
  ]);
  assertEquals(node("soc/clint").cells("interrupts-extended"), [
    ...[first, 3, first, 7],
    ...[second, 3, second, 7],
  ]);
  assertEquals(node("soc/serial").cells("interrupt-parent"), node("soc/plic").cells("phandle"));
  assertEquals(node("poweroff").cells("regmap"), node("soc/test").cells("phandle"));
});

Deno.test("The virt tree names the extensions in canonical order", () => {
  const cpu = node("cpus/cpu@1");
  assertEquals(cpu.strings("riscv,isa"), ["rv64imafdc_zicsr_zifencei_sstc"]);
  assertEquals(cpu.strings("riscv,isa-base"), ["rv64i"]);
  assertEquals(
    cpu.strings("riscv,isa-extensions"),
    ["i", "m", "a", "f", "d", "c", "zicsr", "zifencei", "sstc"],
  );
  assertEquals(cpu.strings("mmu-type"), ["riscv,sv48"]);
  assertEquals(cpu.properties.has("riscv,cboz-block-size"), false);
  const withBlocks = node("cpus/cpu@0", { ...OPTIONS, extensions: ["i", "zicboz"] });
  assertEquals(withBlocks.cells("riscv,cboz-block-size"), [64]);
});

Deno.test("The virt tree tells the kernel its arguments, and nothing that was not given", () => {
  assertEquals(node("chosen").strings("bootargs"), ["console=ttyS0"]);
  assertEquals(node("chosen").strings("stdout-path"), ["/soc/serial@10000000"]);
  assertEquals(node("chosen").cells("linux,initrd-start"), [0, 0x8420_0000]);
  assertEquals(node("chosen").cells("linux,initrd-end"), [0, 0x8430_0000]);
  assertEquals(node("chosen").properties.get("rng-seed"), OPTIONS.randomSeed);
  const { hartCount, ramBytes, extensions, mmuType } = OPTIONS;
  const bare = node("chosen", { hartCount, ramBytes, extensions, mmuType });
  assertEquals([...bare.properties.keys()], ["stdout-path"]);
});

const DTC_INSTALLED = await hasDtc();
for (const hartCount of [1, 2, 8, 64]) {
  Deno.test({
    name: `dtc accepts the virt tree of ${hartCount} harts without a warning`,
    ignore: !DTC_INSTALLED,
    fn: async () => {
      const tree = virtDeviceTree({ ...OPTIONS, hartCount });
      const blob = writeDeviceTreeBlob(tree);
      const source = await runDtc(blob, "dts");
      assertEquals(source.messages, "");
      assertEquals(source.success, true);
      const again = await runDtc(blob, "dtb");
      assertEquals(readDeviceTreeBlob(again.output), tree);
    },
  });
}
