/**
 * What needs the guest's processor: the packages' own programs run, in a machine of Weft's that has the image as its
 * disk, started from the kernel and the initial RAM disk of `deno task guest`.
 */

import { Machine } from "../../../mod.ts";
import type { GuestFiles } from "../guest.ts";
import type { CpioEntry } from "../guest/cpio_archive.ts";
import { GuestError } from "../guest/guest_error.ts";
import { withAppendedArchive, withArchiveBehind } from "../guest/appended_archive.ts";
import { LOAD_MODULES } from "../guest/kernel_modules.ts";

const SCRIPT = "second-stage";
const SETTINGS = "image-settings";
const ENDED_WELL = "RUN-EXIT 0";
const HARTS = 2;
const MEMORY = "1G";

/** Files of the image that no package brings. */
const IMAGE_SETTINGS: Readonly<Record<string, string>> = {
  "etc/hostname": "debian\n",
  "etc/hosts": "127.0.0.1 localhost\n127.0.1.1 debian\n",
  "etc/fstab": "LABEL=debian / ext4 errors=remount-ro 0 1\n",
  "etc/resolv.conf": "nameserver 10.0.2.3\n",
  "etc/systemd/network/ether.network": "[Match]\nType=ether\n\n[Network]\nDHCP=ipv4\n",
  "etc/initramfs-tools/conf.d/weft": "MODULES=list\n",
  "etc/initramfs-tools/modules": "virtio_mmio\nvirtio_pci\nvirtio_blk\next4\n",
};

/**
 * The kernel's own initial RAM disk is made last: it must find its settings. debootstrap mounts what it needs, and takes
 * away what others have mounted there.
 */
const COMMANDS = `${LOAD_MODULES}
set -e
hwclock -s || true
mkdir -p /mnt
mount -t ext4 /dev/vda /mnt
mkdir -p /mnt/etc/initramfs-tools/conf.d
cp /${SETTINGS}/etc/initramfs-tools/conf.d/weft /mnt/etc/initramfs-tools/conf.d/
mount --bind /dev /mnt/dev
export DEBIAN_FRONTEND=noninteractive DEBCONF_NONINTERACTIVE_SEEN=true LC_ALL=C LANG=C
chroot /mnt /debootstrap/debootstrap --second-stage
mount -t proc proc /mnt/proc
mount -t sysfs sys /mnt/sys
cp -a /${SETTINGS}/. /mnt/
chroot /mnt update-initramfs -u
chroot /mnt passwd -d root
chroot /mnt systemctl enable systemd-networkd
chroot /mnt apt-get clean
rm -f /mnt/var/lib/apt/lists/*_*
umount /mnt/dev /mnt/sys /mnt/proc
umount /mnt`;

/** Finishes an image of the first stage; what the guest prints goes to `show`. Throws GuestError. */
export async function secondStage(
  image: string,
  guest: GuestFiles,
  modules: Uint8Array,
  show: (text: string) => void,
): Promise<void> {
  const base = withArchiveBehind(await Deno.readFile(guest.initrd), modules);
  await using machine = await Machine.create({
    harts: HARTS,
    memory: MEMORY,
    kernel: guest.kernel,
    initrd: withAppendedArchive(base, archiveEntries()),
    append: `console=ttyS0 cryptomgr.notests weft.run=script:/${SCRIPT}`,
    drives: [{ source: image, format: "raw", cache: "unsafe" }],
    noReboot: true,
  });
  const output = read(machine, show);
  await machine.start();
  const { reason, message } = await machine.exited;
  if (reason === "power-off" && (await output).includes(ENDED_WELL)) return;
  throw new GuestError(
    `the second stage ended early (${message ?? reason})`,
    "its messages are above, debootstrap's log is /debootstrap/debootstrap.log in the image",
  );
}

async function read(machine: Machine, show: (text: string) => void): Promise<string> {
  let all = "";
  for await (const text of machine.console.readable.pipeThrough(new TextDecoderStream())) {
    all += text;
    show(text);
  }
  return all;
}

function archiveEntries(): CpioEntry[] {
  const encode = (text: string): Uint8Array => new TextEncoder().encode(text);
  const folders = new Set([SETTINGS]);
  for (const path of Object.keys(IMAGE_SETTINGS)) {
    for (let at = path.indexOf("/"); at >= 0; at = path.indexOf("/", at + 1)) {
      folders.add(`${SETTINGS}/${path.slice(0, at)}`);
    }
  }
  return [
    { kind: "file", path: SCRIPT, mode: 0o755, content: encode(COMMANDS) },
    ...[...folders].map((path) => ({ kind: "directory" as const, path, mode: 0o755 })),
    ...Object.entries(IMAGE_SETTINGS).map(([path, text]) => ({
      kind: "file" as const,
      path: `${SETTINGS}/${path}`,
      mode: 0o644,
      content: encode(text),
    })),
  ];
}
