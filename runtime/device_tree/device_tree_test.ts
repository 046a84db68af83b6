import { assertEquals, assertThrows } from "@std/assert";
import { FdtHeader } from "./blob_format.ts";
import { DeviceTreeFormatError, readDeviceTreeBlob, readReservations } from "./blob_reader.ts";
import { writeDeviceTreeBlob } from "./blob_writer.ts";
import { hasDtc, runDtc } from "./dtc_testing.ts";
import { DeviceTreeNode } from "./node.ts";

function createTree(): DeviceTreeNode {
  const root = new DeviceTreeNode().setCells("#address-cells", 2).setStrings("model", "a", "bc");
  const bus = root.addChild("soc").setFlag("ranges");
  bus.addChild("serial@10000000").setWideCells("reg", 0x1_2345_6789, 0x100).setBytes(
    "odd",
    new Uint8Array([1, 2, 3]),
  );
  bus.addChild("rtc@101000").setCells("reg", 1, 0xffff_ffff);
  return root;
}

Deno.test("A tree survives the blob", () => {
  const blob = writeDeviceTreeBlob(createTree());
  assertEquals(readDeviceTreeBlob(blob), createTree());
});

Deno.test("The blob says its own size and version", () => {
  const blob = writeDeviceTreeBlob(createTree(), 3);
  const view = new DataView(blob.buffer);
  assertEquals(view.getUint32(FdtHeader.TOTAL_BYTES), blob.length);
  assertEquals(view.getUint32(FdtHeader.VERSION), 17);
  assertEquals(view.getUint32(FdtHeader.BOOT_CPU), 3);
});

Deno.test("The memory reservation map survives the blob", () => {
  const map = new Uint8Array(32);
  const view = new DataView(map.buffer);
  view.setBigUint64(0, 0x8000_0000n);
  view.setBigUint64(8, 0x4_0000n);
  view.setBigUint64(16, 0x9000_0000n);
  const blob = writeDeviceTreeBlob(createTree(), 0, map);
  assertEquals(readReservations(blob), map);
  assertEquals(readDeviceTreeBlob(blob), createTree());
  assertEquals(readReservations(writeDeviceTreeBlob(createTree())), new Uint8Array(0));
});

Deno.test("Blobs that would take long to read are refused", () => {
  let deepest = new DeviceTreeNode();
  const root = deepest;
  for (let depth = 0; depth < 100; depth++) deepest = deepest.addChild("n");
  const refused = (tree: DeviceTreeNode, reason: string): unknown =>
    assertThrows(
      () => readDeviceTreeBlob(writeDeviceTreeBlob(tree)),
      DeviceTreeFormatError,
      reason,
    );
  refused(root, "nest too deep");
  refused(new DeviceTreeNode().setFlag("x".repeat(300)), "a name has no end");
  refused(new DeviceTreeNode().setBytes("x", new Uint8Array(0x20_0000)), "more than 2 MiB");
});

Deno.test("Properties are read back as cells and strings", () => {
  const root = readDeviceTreeBlob(writeDeviceTreeBlob(createTree()));
  assertEquals(root.strings("model"), ["a", "bc"]);
  assertEquals(root.strings("missing"), []);
  assertEquals(root.child("soc")?.child("serial")?.cells("reg"), [1, 0x2345_6789, 0, 0x100]);
  assertThrows(() => root.child("soc")?.child("serial")?.cells("odd"), RangeError, '"odd"');
});

Deno.test("readDeviceTreeBlob() refuses every damaged blob with its own error", () => {
  const blob = writeDeviceTreeBlob(createTree());
  assertThrows(() => readDeviceTreeBlob(new Uint8Array(3)), DeviceTreeFormatError, "magic");
  for (let length = FdtHeader.BYTES; length < blob.length; length++) {
    assertThrows(() => readDeviceTreeBlob(blob.slice(0, length)), DeviceTreeFormatError);
  }
  for (let offset = 0; offset < blob.length; offset++) {
    const damaged = blob.slice();
    damaged[offset] = 0xff;
    try {
      readDeviceTreeBlob(damaged);
    } catch (error) {
      assertEquals(error instanceof DeviceTreeFormatError, true, `byte ${offset}: ${error}`);
    }
  }
});

const DTC_INSTALLED = await hasDtc();

Deno.test({
  name: "dtc reads the blob as the tree that was written",
  ignore: !DTC_INSTALLED,
  fn: async () => {
    const { success, output } = await runDtc(writeDeviceTreeBlob(createTree()), "dtb");
    assertEquals(success, true);
    assertEquals(readDeviceTreeBlob(output), createTree());
  },
});
