// The machine that Debian is booted on.

import type { BootFiles } from "./boot_files.ts";

/** Where devices are: over MMIO, or on the PCI bus. */
export type DeviceBus = "device" | "pci";

/** Flags of the command line: two harts, a disk, a network and a source of entropy. */
export function machineFlags(
  image: string,
  { kernel, initrd }: BootFiles,
  bus: DeviceBus = "device",
): string[] {
  return [
    ...["-M", "virt", "-smp", "2", "-m", "1G", "-nographic"],
    ...["-kernel", kernel, "-initrd", initrd, "-append", "root=LABEL=debian console=ttyS0"],
    ...["-drive", `file=${image},format=raw,if=none,id=disk`],
    ...["-device", `virtio-blk-${bus},drive=disk`],
    ...["-netdev", "user,id=net", "-device", `virtio-net-${bus},netdev=net`],
    ...["-device", `virtio-rng-${bus}`],
  ];
}
