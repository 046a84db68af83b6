// Debian's OpenSBI and U-Boot start as they do on QEMU, boot Linux from there, and power off.

import { assertEquals, assertMatch } from "@std/assert";
import { ConsoleDialog } from "./console_dialog.ts";
import { guestOrSkip } from "./guest_or_skip.ts";

const guest = await guestOrSkip();
const ignore = guest === null;
/** Where U-Boot's own environment wants a kernel, and a place behind it for the RAM disk. */
const KERNEL_ADDRESS = "0x84000000";
const INITRD_ADDRESS = "0x88300000";
const BOOT_ARGUMENTS = "console=ttyS0 cryptomgr.notests";

/** Stops U-Boot's countdown: its prompt follows. */
async function stopAutoboot(dialog: ConsoleDialog): Promise<void> {
  await dialog.expect("Hit any key to stop autoboot");
  await dialog.type(" ");
  await dialog.expect("=> ");
}

async function run(dialog: ConsoleDialog, command: string, answer: string): Promise<void> {
  await dialog.type(`${command}\r`);
  await dialog.expect(answer);
  await dialog.expect("=> ");
}

/** From the init script's greeting to the end by `poweroff` in the shell. */
async function useShell(dialog: ConsoleDialog, harts: number): Promise<void> {
  await dialog.expect(`BOOT-OK ${harts}`);
  await dialog.expect("# ");
  await dialog.type("nproc\n");
  await dialog.expect(`\n${harts}\r\n`);
  await dialog.type("poweroff\n");
}

Deno.test({
  name: "OpenSBI as dynamic firmware boots Linux on 4 harts to a shell",
  ignore,
  async fn() {
    if (guest === null) return;
    await using dialog = new ConsoleDialog([
      ...["-bios", guest.firmware.sbiDynamic, "-smp", "4", "-m", "512M"],
      ...["-kernel", guest.kernel, "-initrd", guest.initrd, "-append", BOOT_ARGUMENTS],
    ]);
    await dialog.expect("OpenSBI v");
    await dialog.expect("Platform HART Count         : 4");
    await dialog.expect("SBI implementation ID=0x1");
    await useShell(dialog, 4);
    assertEquals(await dialog.end(), 0);
  },
});

Deno.test({
  name: "OpenSBI starts U-Boot, which boots a kernel that the loader device put into memory",
  ignore,
  async fn() {
    if (guest === null) return;
    const initrdBytes = (await Deno.stat(guest.initrd)).size;
    await using dialog = new ConsoleDialog([
      ...["-bios", guest.firmware.sbiJump, "-kernel", guest.firmware.ubootSupervisor],
      ...["-smp", "2", "-m", "512M", "-append", BOOT_ARGUMENTS],
      ...["-device", `loader,file=${guest.kernel},addr=${KERNEL_ADDRESS}`],
      ...["-device", `loader,file=${guest.initrd},addr=${INITRD_ADDRESS},force-raw=on`],
    ]);
    await dialog.expect("OpenSBI v");
    await stopAutoboot(dialog);
    await run(dialog, "version", "U-Boot 20");
    await run(dialog, "bdinfo", "-> size     = 0x0000000020000000");
    await run(dialog, "printenv kernel_addr_r", `kernel_addr_r=${KERNEL_ADDRESS}`);
    const initrd = `${INITRD_ADDRESS}:${initrdBytes.toString(16)}`;
    await dialog.type(`booti ${KERNEL_ADDRESS} ${initrd} \${fdtcontroladdr}\r`);
    await dialog.expect("Starting kernel ...");
    await useShell(dialog, 2);
    assertEquals(await dialog.end(), 0);
    assertMatch(dialog.output, /Kernel command line: console=ttyS0/);
  },
});

Deno.test({
  name: "U-Boot boots a kernel on the built-in firmware, with the RAM disk of the command line",
  ignore,
  async fn() {
    if (guest === null) return;
    await using dialog = new ConsoleDialog([
      ...["-kernel", guest.firmware.ubootSupervisor, "-initrd", guest.initrd],
      ...["-smp", "2", "-m", "512M", "-append", BOOT_ARGUMENTS],
      ...["-device", `loader,file=${guest.kernel},addr=${KERNEL_ADDRESS}`],
    ]);
    await stopAutoboot(dialog);
    await dialog.type(`booti ${KERNEL_ADDRESS} - \${fdtcontroladdr}\r`);
    await dialog.expect("Starting kernel ...");
    await useShell(dialog, 2);
    assertEquals(await dialog.end(), 0);
  },
});

Deno.test({
  name: "U-Boot as an ELF file behind dynamic firmware powers off and restarts the machine",
  ignore,
  async fn() {
    if (guest === null) return;
    for (const command of ["poweroff", "reset"]) {
      await using dialog = new ConsoleDialog([
        ...["-bios", guest.firmware.sbiDynamic, "-kernel", guest.firmware.ubootSupervisorElf],
      ]);
      await stopAutoboot(dialog);
      await dialog.type(`${command}\r`);
      assertEquals(await dialog.end(), 0);
    }
  },
});

/** Where disks are, and their driver there. */
const DISK_PLACES = [
  ["in QEMU's slots", "virtio-blk-device"],
  ["on the PCI bus", "virtio-blk-pci"],
] as const;

for (const [where, driver] of DISK_PLACES) {
  Deno.test({
    name: `U-Boot finds disks ${where}, reads them, and writes the one that it may`,
    ignore,
    async fn() {
      if (guest === null) return;
      const folder = await Deno.makeTempDir();
      try {
        const images = ["first", "second"].map((name) => `${folder}/${name}`);
        const content = Uint8Array.from({ length: 0x1_0000 }, (_, index) => index ^ (index >> 8));
        for (const image of images) await Deno.writeFile(image, content);
        await using dialog = new ConsoleDialog([
          ...["-kernel", guest.firmware.ubootSupervisor, "-smp", "2", "-m", "256M"],
          ...["-drive", `file=${images[0]},format=raw,if=none,id=a`],
          ...["-device", `${driver},drive=a`, "-object", "iothread,id=t"],
          ...["-drive", `file=${images[1]},format=raw,if=none,id=b,readonly=on`],
          ...["-device", `${driver},drive=b,iothread=t`],
        ], ["--allow-write"]);
        await stopAutoboot(dialog);
        await run(dialog, "pci enum", "");
        await run(dialog, "virtio scan", "");
        await run(dialog, "virtio info", "(128 x 512)");
        await run(dialog, "mw.b 0x85000000 a5 400", "");
        for (const [device, result] of [[0, "OK"], [1, "ERROR"]] as const) {
          await run(dialog, `virtio dev ${device}`, "is now current device");
          await run(dialog, "virtio read 0x84000000 0 40", "64 blocks read: OK");
          await run(dialog, "md.b 0x84000100 4", "84000100: 01 00 03 02");
          await run(dialog, "virtio write 0x85000000 3 2", result);
        }
        await dialog.type("poweroff\r");
        assertEquals(await dialog.end(), 0);
        const [first, second] = await Promise.all(images.map((image) => Deno.readFile(image)));
        assertEquals(second, content);
        assertEquals(first, content.fill(0xa5, 3 * 512, 5 * 512));
      } finally {
        await Deno.remove(folder, { recursive: true });
      }
    },
  });
}

Deno.test({
  name: "U-Boot in machine mode comes to its prompt and sees its harts",
  ignore,
  async fn() {
    if (guest === null) return;
    await using dialog = new ConsoleDialog(["-bios", guest.firmware.ubootMachine, "-smp", "2"]);
    await stopAutoboot(dialog);
    await run(dialog, "version", "U-Boot 20");
    await run(dialog, "fdt addr ${fdtcontroladdr}; fdt list /cpus", "cpu@1 {");
    await dialog.type("poweroff\r");
    assertEquals(await dialog.end(), 0);
  },
});
