import { assertEquals } from "@std/assert";
import { DEVICE_BLOCK, DEVICE_BLOCK_BYTES, Machine } from "../../../atomics/shared_layout.ts";
import { interruptLines } from "../../../atomics/pending.ts";
import { readDeviceTreeBlob } from "../../../device_tree/blob_reader.ts";
import { writeDeviceTreeBlob } from "../../../device_tree/blob_writer.ts";
import { hasDtc, runDtc } from "../../../device_tree/dtc_testing.ts";
import { createMmioAccess } from "../../../devices/device.ts";
import { GuestClock, startClock } from "../../clock.ts";
import { createSpikeBoard } from "./board.ts";
import { spikeDeviceTree } from "./spike_device_tree.ts";

const SOFTWARE_LINE = 1 << 3;
const TREE = {
  hartCount: 2,
  ramBytes: 0x800_0000,
  extensions: ["i", "m", "a", "c", "zicsr", "zifencei"],
  mmuType: "riscv,none",
};

Deno.test("The spike board has an ACLINT and the boot ROM, and no serial port", () => {
  const words = new Int32Array(new SharedArrayBuffer(DEVICE_BLOCK + DEVICE_BLOCK_BYTES));
  words[Machine.HART_COUNT.offset >> 2] = 2;
  startClock(words);
  const clock = new GuestClock(words);
  const { bus, installBootRom } = createSpikeBoard({ words, hartCount: 2, clock });
  installBootRom({ firmware: "none", deviceTree: 0x87e0_0000 });
  const access = createMmioAccess(0);
  access.low = 1;
  assertEquals(bus.store(0x200_0004, 0, access), true);
  assertEquals(interruptLines(words, 1), SOFTWARE_LINE);
  assertEquals(bus.load(0x1020, 0, access), true);
  assertEquals(access.low, 0x87e0_0000 | 0);
  assertEquals(bus.load(0x1000_0000, 0, access), false);
});

Deno.test("The spike tree names harts, memory, ACLINT and the host-target interface", () => {
  const tree = spikeDeviceTree(TREE);
  assertEquals(tree.strings("compatible"), ["ucbbar,spike-bare-dev"]);
  assertEquals(tree.child("cpus")?.child("cpu@1")?.strings("riscv,isa"), [
    "rv64imac_zicsr_zifencei",
  ]);
  assertEquals(tree.child("soc")?.children.map(({ name }) => name), ["clint@2000000"]);
  assertEquals(tree.child("htif")?.strings("compatible"), ["ucb,htif0"]);
});

Deno.test({
  name: "dtc accepts the spike tree without a warning",
  ignore: !(await hasDtc()),
  fn: async () => {
    const tree = spikeDeviceTree(TREE);
    const { success, messages, output } = await runDtc(writeDeviceTreeBlob(tree), "dtb");
    assertEquals([success, messages], [true, ""]);
    assertEquals(readDeviceTreeBlob(output), tree);
  },
});
