/**
 * QEMU's flags for what does not exist here: a pasted command line gets the reason and a way on, not a guess
 * at a mistyped word.
 */

/** Why a flag of QEMU is not known, and what to do instead. */
export interface AbsentFlag {
  /** Why there is no such flag. */
  readonly cause: string;
  /** What to do instead. */
  readonly fix: string;
}

const LEAVE_OUT = "leave it out";

/** Groups of flags with one reason. */
const GROUPS: readonly (AbsentFlag & { readonly names: string })[] = [
  {
    names: "hda hdb hdc hdd cdrom blockdev sd mtdblock fda fdb pflash iscsi",
    cause: "disks are virtio devices with raw images",
    fix: "write -drive file=FILE,format=raw,if=virtio",
  },
  { names: "net", cause: "it is QEMU's old way to say -nic", fix: "write -nic user" },
  {
    names: "vga vnc spice full-screen usb usbdevice audio audiodev portrait rotate k echr",
    cause: "there are only text consoles",
    fix: "write -nographic in its place",
  },
  {
    names: "s S gdb semihosting semihosting-config singlestep dfilter plugin",
    cause: "there is no debugger stub",
    fix: "leave it out; -d help lists what can be logged",
  },
  {
    names: "loadvm incoming dump-vmstate only-migratable",
    cause: "the state of a machine can be neither saved nor replayed",
    fix: LEAVE_OUT,
  },
  {
    names: "mon qmp qmp-pretty parallel debugcon msg",
    cause: "the monitor is on standard input and output only",
    fix: "use -serial mon:stdio",
  },
  { names: "enable-kvm", cause: "guest code is always translated", fix: "use -accel tcg" },
  {
    names: "fw_cfg smbios rtc boot name uuid seed numa tpmdev watchdog-action set " +
      "readconfig option-rom mem-path mem-prealloc overcommit nodefaults no-user-config",
    cause: "the machine has no such part or setting",
    fix: LEAVE_OUT,
  },
  {
    names: "daemonize pidfile runas chroot sandbox add-fd action no-shutdown async-teardown",
    cause: "the process is the caller's to manage",
    fix: LEAVE_OUT,
  },
];

/** The reason why QEMU's flag of this name does not exist, or undefined for any other name. */
export function absentFlag(name: string): AbsentFlag | undefined {
  return GROUPS.find(({ names }) => names.split(" ").includes(name));
}
