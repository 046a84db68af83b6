// The machine that Debian is booted on.

import type { BootFiles } from "./boot_files.ts";

/** Flags of the command line: two harts, a disk, a network and a source of entropy. */
export function machineFlags(image: string, { kernel, initrd }: BootFiles): string[] {
  return [
    ...["-M", "virt", "-smp", "2", "-m", "1G", "-nographic"],
    ...["-kernel", kernel, "-initrd", initrd, "-append", "root=LABEL=debian console=ttyS0"],
    ...["-drive", `file=${image},format=raw,if=none,id=disk`],
    ...["-device", "virtio-blk-device,drive=disk"],
    ...["-netdev", "user,id=net", "-device", "virtio-net-device,netdev=net"],
    ...["-device", "virtio-rng-device"],
  ];
}
