/**
 * The guest's process 1: a busybox shell script.
 *
 * It says `BOOT-OK <harts>` once user space runs on the mounted system, then does what the kernel command
 * line's `weft.run=` asks for (the table below), or gives an interactive shell with job control on the
 * console. Process 1 is this script and not busybox `init`, because `init` spends two seconds in `sleep` on
 * the way down; `poweroff`, `reboot` and `halt` ask process 1 by signals, which are answered here. The shell
 * is not a background job of the script, because those ignore the interrupt key, and so would all that it
 * starts; in it the three commands act at once.
 *
 * Output that tests wait for is one whole line each: `BOOT-OK n`, `RUN-EXIT status`.
 */

/** Forms of `weft.run=`: shown by the guest task and used by tests. */
export const RUN_FORMS: readonly { readonly form: string; readonly does: string }[] = [
  { form: "poweroff", does: "power off" },
  { form: "reboot", does: "restart the machine" },
  { form: "panic", does: "crash the kernel" },
  { form: "cpuinfo", does: "print /proc/cpuinfo and the hart count, then power off" },
  { form: "sh:BASE64", does: "run the decoded shell commands, print RUN-EXIT <status>, power off" },
  {
    form: "script:PATH",
    does: "the same with a file of the guest (append a second archive to the initrd)",
  },
];

/** The value of `weft.run=` that runs `commands` in the guest's shell. */
export function runCommands(commands: string): string {
  return `sh:${btoa(String.fromCharCode(...new TextEncoder().encode(commands)))}`;
}

/** Text of `/init`. */
export const INIT_SCRIPT = `#!/bin/sh
export PATH=/bin:/sbin:/usr/bin:/usr/sbin HOME=/root TERM=vt100 PS1='\\w # '
/bin/busybox mount -t proc proc /proc
/bin/busybox mount -t sysfs sys /sys
/bin/busybox mount -t devtmpfs dev /dev
/bin/busybox --install -s
mkdir -p /dev/pts /etc
mount -t devpts devpts /dev/pts
mount -t tmpfs tmp /tmp
hostname weft
ip link set lo up

trap 'poweroff -f' USR2
trap 'halt -f' USR1
trap 'reboot -f' TERM

# What an interactive shell reads: process 1 waits for that shell and would answer signals only behind it.
for command in poweroff reboot halt; do echo "alias $command='$command -f'"; done > /etc/shell
export ENV=/etc/shell

# The terminal's driver still sends what was written: the kernel's last messages would come in between.
# Setting a terminal waits until all of it is sent.
end_output() { stty -F /dev/console echo; }

run_script() {
  sh "$1"
  echo "RUN-EXIT $?"
  end_output
  poweroff -f
}

echo "BOOT-OK $(nproc)"

run=
for word in $(cat /proc/cmdline); do
  case "$word" in weft.run=*) run="\${word#weft.run=}" ;; esac
done

case "$run" in
  poweroff) poweroff -f ;;
  reboot) reboot -f ;;
  panic) echo c > /proc/sysrq-trigger ;;
  cpuinfo) cat /proc/cpuinfo; nproc; poweroff -f ;;
  sh:*) echo "\${run#sh:}" | base64 -d > /tmp/run && run_script /tmp/run ;;
  script:*) run_script "\${run#script:}" ;;
  "") ;;
  *) echo "init: weft.run=$run is not known: starting a shell" ;;
esac

cd /root
setsid cttyhack sh < /dev/console
echo "init: the shell ended: powering off"
poweroff -f
`;
