// Debian's kernel with the interrupt controllers of the advanced interrupt architecture: it delivers by an APLIC, or has
// messages of the APLIC, of devices on the PCI bus and of its own harts in the harts' files.

import { assert, assertEquals, assertMatch } from "@std/assert";
import { Machine } from "../../mod.ts";
import { outputOf } from "../library/machine_fixture.ts";
import { guestFiles } from "../tools/guest.ts";
import { DISK_MODULES } from "../tools/guest_modules.ts";
import { DISK_APPEND, diskInitrd, memoryDisk, modulesOrSkip } from "./disk_guest.ts";

/** A guest that still runs after this long hangs. */
const HANG_AFTER_MS = 300_000;
const DISK_BYTES = 8 * 2 ** 20;

const modules = await modulesOrSkip(DISK_MODULES);

/** Boots on two harts, writes a disk on the PCI bus and reads it again, and shows who was interrupted by what. */
async function interruptsOf(aia: "aplic" | "aplic-imsic"): Promise<string> {
  const bytes = new Uint8Array(DISK_BYTES);
  await using machine = await Machine.create({
    aia,
    harts: 2,
    memory: "512M",
    kernel: guestFiles().kernel,
    initrd: await diskInitrd(
      modules ?? new Uint8Array(0),
      "seq 1 100000 | dd of=/dev/vda bs=4k conv=fsync 2>/dev/null " +
        "&& dd if=/dev/vda bs=4k 2>/dev/null | head -n 100000 | md5sum && seq 1 100000 | md5sum && " +
        "cat /proc/interrupts && dmesg",
    ),
    append: DISK_APPEND,
    drives: [{
      source: memoryDisk(bytes),
      bus: "pci",
    }],
    noReboot: true,
    signal: AbortSignal.timeout(HANG_AFTER_MS),
  });
  const output = outputOf(machine);
  await machine.start();
  const { reason, message } = await machine.exited;
  const text = await output;
  assertEquals([reason, message], ["power-off", undefined], text);
  assertMatch(text, /RUN-EXIT 0\r\n/);
  const [read, written] = [...text.matchAll(/^([0-9a-f]{32}) {2}-\r$/gm)].map(([, sum]) => sum);
  assert(read !== undefined);
  assertEquals(read, written);
  return text;
}

Deno.test({
  name: "Linux on two harts is interrupted by an APLIC",
  ignore: modules === null,
  async fn() {
    const text = await interruptsOf("aplic");
    assertMatch(text, /interrupts directly connected to 2 CPUs/);
    assertMatch(text, /APLIC-DIRECT +33 Level +virtio0/);
  },
});

Deno.test({
  name: "Linux on two harts has messages of an APLIC, of a disk's queues and of its harts",
  ignore: modules === null,
  async fn() {
    const text = await interruptsOf("aplic-imsic");
    assertMatch(text, /providing IPIs using interrupt 1/);
    assertMatch(text, /APLIC-MSI\S+ +10 Level +-fasteoi +ttyS0/);
    assertMatch(text, /PCI-MSIX-0000:00:01\.0 +0 Edge +virtio0-config/);
    const queues = [
      ...text.matchAll(/: +(\d+) +(\d+) +PCI-MSIX-0000:00:01\.0 +\d Edge +virtio0-req/g),
    ];
    assertEquals(queues.length, 2);
    assert(queues.some(([, first, second]) => Number(first) + Number(second) > 0));
  },
});
