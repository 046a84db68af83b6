import { assertEquals, assertThrows } from "@std/assert";
import { describeDevices } from "../machine/device_options.ts";
import type { DriveDescription } from "../machine/drive_options.ts";
import { UserError } from "../machine/user_error.ts";
import { devicesOf } from "./device_flags.ts";
import { parseCommandLine } from "./flags.ts";

const DRIVE = ["-drive", "file=a,format=raw,if=none,id=d"];
const THREADS = ["-object", "iothread,id=t0", "-object", "iothread,id=t1"];

function drivesOf(words: readonly string[], harts = 4): readonly DriveDescription[] {
  return describeDevices(devicesOf(parseCommandLine([...words])), harts).drives;
}

function queuesOf(device: string | object, harts = 4): [number, readonly string[]] {
  const text = typeof device === "string" ? device : JSON.stringify(device);
  const [{ queues, threads }] = drivesOf([...DRIVE, ...THREADS, "-device", text], harts);
  return [queues, threads];
}

Deno.test("a disk has a queue for each hart on the PCI bus, one over MMIO, or as many as it is told", () => {
  assertEquals(queuesOf("virtio-blk-pci,drive=d"), [4, [""]]);
  assertEquals(queuesOf("virtio-blk-pci,drive=d", 64), [34, [""]]);
  assertEquals(queuesOf("virtio-blk-device,drive=d"), [1, [""]]);
  assertEquals(queuesOf("virtio-blk-device,drive=d,num-queues=2,iothread=t1"), [2, ["t1"]]);
  assertEquals(drivesOf(["-drive", "file=a"], 3)[0].queues, 3);
});

Deno.test("threads that share a disk take its queues in turn, or those that they are given", () => {
  const device = { driver: "virtio-blk-pci", drive: "d", "num-queues": 3 };
  const rows = (...mapping: object[]) => queuesOf({ ...device, "iothread-vq-mapping": mapping });
  assertEquals(rows({ iothread: "t0" }, { iothread: "t1" }), [3, ["t0", "t1"]]);
  assertEquals(
    rows({ iothread: "t0", vqs: [1] }, { iothread: "t1", vqs: [2, 0] }),
    [3, ["t1", "t0", "t1"]],
  );
});

Deno.test("JSON says what a property list does", () => {
  const words = ["virtio-blk-pci,drive=d,serial=s,packed=on,num-queues=2,addr=5"];
  const json = { serial: "s", packed: true, "num-queues": 2, addr: "5" };
  const text = JSON.stringify({ driver: "virtio-blk-pci", drive: "d", ...json });
  const [listed, described] = [...words, text].map((device) =>
    describeDevices(devicesOf(parseCommandLine([...DRIVE, "-device", device])), 1)
  );
  assertEquals(described, listed);
});

Deno.test("queues and threads that cannot be are refused by name", () => {
  const mapping = (...rows: unknown[]) => ({
    driver: "virtio-blk-pci",
    drive: "d",
    "num-queues": 2,
    "iothread-vq-mapping": rows,
  });
  const [t0, t1] = [{ iothread: "t0" }, { iothread: "t1" }];
  const cases: [string | object, string][] = [
    ["virtio-blk-pci,drive=d,num-queues=0", "1 to 34 queues"],
    ["virtio-blk-pci,drive=d,num-queues=35", "1 to 34 queues"],
    ["virtio-blk-pci,drive=d,num-queues=two", "not a whole number"],
    [mapping(), "it names no thread"],
    [mapping(t0, t0), '"t0" twice'],
    [mapping(t0, { iothread: "t9" }), 'no iothread "t9"'],
    [mapping({ ...t0, vqs: [0, 1] }, t1), "for others not"],
    [mapping({ ...t0, vqs: [0] }, { ...t1, vqs: [2] }), "no queue 2"],
    [mapping({ ...t0, vqs: [0] }, { ...t1, vqs: [0] }), "served twice"],
    [mapping({ ...t0, vqs: [0, 0] }, { ...t1, vqs: [1] }), "served twice"],
    [mapping({ ...t0, vqs: [0] }, { ...t1, vqs: [] }), "by no thread"],
    [mapping({ ...t0, vqs: ["0"] }), "not a thread and its queues"],
    [mapping({ ...t0, queue: 1 }), "not a thread and its queues"],
    [mapping(7), "not a thread and its queues"],
    [{ ...mapping(t0, t1), iothread: "t0" }, "which thread serves"],
    [{ ...mapping(), list: [1] }, 'no list "list"'],
    [{ ...mapping(), drive: null }, '"drive" is neither'],
    [{ drive: "d" }, "no driver"],
    [{ driver: "virtio-disk" }, 'driver "virtio-disk"'],
    ["{driver}", "no JSON"],
  ];
  for (const [device, expected] of cases) {
    assertThrows(() => queuesOf(device), UserError, expected);
  }
});

Deno.test("a disk that several threads cannot share is refused before it is opened", () => {
  const iothreads = [{ iothread: "a" }, { iothread: "b" }];
  const backend = { size: 512, read() {}, write() {}, flush() {} };
  for (const drive of [{ source: backend }, { source: "a", snapshot: true }]) {
    assertThrows(
      () => describeDevices({ drives: [{ ...drive, queues: 2, iothreads }] }, 1),
      UserError,
      "several threads",
    );
  }
  const alone = [{ ...iothreads[0], queues: [0, 1] }];
  describeDevices({ drives: [{ source: backend, queues: 2, iothreads: alone }] }, 1);
});
