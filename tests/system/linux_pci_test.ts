// Debian's kernel with devices on the PCI bus: it finds them, places their memory, shares their interrupts, and uses
// them on two harts; a driver that lets one go and takes it again finds it as it was.

import { assert, assertEquals, assertMatch } from "@std/assert";
import { Machine } from "../../mod.ts";
import { outputOf } from "../library/machine_fixture.ts";
import { guestFiles } from "../tools/guest.ts";
import { DISK_MODULES, NETWORK_MODULES } from "../tools/guest_modules.ts";
import { DISK_APPEND, diskInitrd, memoryDisk, modulesOrSkip } from "./disk_guest.ts";

/** A guest that still runs after this long hangs. */
const HANG_AFTER_MS = 300_000;
const DISK_BYTES = 8 * 2 ** 20;
const ARCHIVE_ALIGNMENT = 4;

const sets = [await modulesOrSkip(DISK_MODULES), await modulesOrSkip(NETWORK_MODULES)];
const ignore = sets.includes(null);

/** Both archives: the second one's list of modules counts. */
function bothArchives(): Uint8Array {
  const [disk, network] = sets.map((set) => set ?? new Uint8Array(0));
  const start = Math.ceil(disk.length / ARCHIVE_ALIGNMENT) * ARCHIVE_ALIGNMENT;
  const both = new Uint8Array(start + network.length);
  both.set(disk);
  both.set(network, start);
  return both;
}

const LIST = "for d in /sys/bus/pci/devices/*; do " +
  "echo $(basename $d) $(cat $d/vendor) $(cat $d/device) $(cat $d/class) " +
  "$(basename $(readlink $d/driver)); done";
const ADDRESS = "ip link set eth0 up && ip addr add 10.0.2.15/24 dev eth0";
/** The driver lets the disk go and takes it again. */
const REBIND = "cd /sys/bus/pci/drivers/virtio-pci && echo 0000:00:04.0 > unbind && " +
  "! test -e /dev/vda && echo 0000:00:04.0 > bind && cd /";

Deno.test({
  name:
    "Linux finds a disk, a network and random numbers on the PCI bus, and uses them on two harts, with rings of both formats",
  ignore,
  async fn() {
    const bytes = new Uint8Array(DISK_BYTES);
    await using machine = await Machine.create({
      harts: 2,
      memory: "512M",
      kernel: guestFiles().kernel,
      initrd: await diskInitrd(
        bothArchives(),
        `insmod /modules/virtio_blk.ko && ${LIST} && ${ADDRESS} && ping -c 3 10.0.2.2 && ` +
          "(seq 1 100000 | dd of=/dev/vda bs=4k conv=fsync 2>/dev/null & " +
          "head -c 4096 /dev/hwrng | wc -c; wait) && " +
          `${REBIND} && dd if=/dev/vda bs=4k 2>/dev/null | head -n 100000 | md5sum && ` +
          "seq 1 100000 | md5sum && cat /proc/interrupts && " +
          "dd if=/dev/zero of=/sys/bus/pci/devices/0000:00:00.0/config bs=64 count=4",
      ),
      append: DISK_APPEND,
      drives: [{
        source: memoryDisk(bytes),
        bus: "pci",
        slot: 4,
        packed: true,
      }],
      networks: [{ bus: "pci" }, { bus: "pci", slot: 31 }],
      entropy: [{ bus: "pci", packed: true }],
      noReboot: true,
      signal: AbortSignal.timeout(HANG_AFTER_MS),
    });
    const output = outputOf(machine);
    await machine.start();
    const { reason, message } = await machine.exited;
    const text = await output;
    assertEquals([reason, message], ["power-off", undefined], text);
    assertMatch(text, /RUN-EXIT 0\r\n/);
    assertMatch(text, /0000:00:00\.0 0x1b36 0x0008 0x060000/);
    assertMatch(text, /0000:00:01\.0 0x1af4 0x1041 0x020000 virtio-pci/);
    assertMatch(text, /0000:00:02\.0 0x1af4 0x1044 0x00ff00 virtio-pci/);
    assertMatch(text, /0000:00:04\.0 0x1af4 0x1042 0x010000 virtio-pci/);
    assertMatch(text, /0000:00:1f\.0 0x1af4 0x1041 0x020000 virtio-pci/);
    assertMatch(text, /3 packets transmitted, 3 packets received/);
    assertMatch(text, /^4096\r$/m);
    const [written, expected] = [...text.matchAll(/^([0-9a-f]{32}) {2}-\r$/gm)].map(([, sum]) =>
      sum
    );
    assertEquals(written, expected);
    assert(expected !== undefined);
    const numbers = Array.from({ length: 100 }, (_, index) => `${index + 1}\n`).join("");
    assertEquals(new TextDecoder().decode(bytes.subarray(0, numbers.length)), numbers);
    const { drives, networks, entropy } = machine.stats();
    assert(drives[0].interrupts > 0 && networks[0].interrupts > 0 && entropy[0].bytes >= 4096);
  },
});
