// Debian's kernel with disks: what it writes is there after a restart, for the host's tools too, and a machine that
// is paused, reset or ended in the middle of it loses nothing that was acknowledged.

import { assert, assertEquals, assertMatch } from "@std/assert";
import { createHash } from "node:crypto";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type BlockBackend, type DriveOptions, Machine } from "../../mod.ts";
import { outputOf, turn } from "../library/machine_fixture.ts";
import { guestFiles } from "../tools/guest.ts";
import { DISK_APPEND, diskInitrd, modulesOrSkip } from "./disk_guest.ts";
import { ConsoleDialog } from "./console_dialog.ts";
import { kill } from "./disk_kills.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
/** A guest that still runs after this long hangs. */
const HANG_AFTER_MS = 300_000;
/** 128 and the number of the signal, as in a shell. */
const SIGTERM_CODE = 143;
const DISK_BYTES = 32 * 2 ** 20;

const modules = await modulesOrSkip();
const ignore = modules === null;

function initrdWith(commands: string): Promise<Uint8Array<ArrayBuffer>> {
  return diskInitrd(modules ?? new Uint8Array(0), commands);
}

/** Boots, runs the commands, powers off. @returns what was printed */
async function runWith(
  drives: readonly DriveOptions[],
  commands: string,
  harts = 2,
): Promise<string> {
  await using machine = await Machine.create({
    harts,
    memory: "512M",
    kernel: guestFiles().kernel,
    initrd: await initrdWith(commands),
    append: DISK_APPEND,
    drives,
    noReboot: true,
    signal: AbortSignal.timeout(HANG_AFTER_MS),
  });
  const output = outputOf(machine);
  await machine.start();
  const { reason, message } = await machine.exited;
  assertEquals([reason, message], ["power-off", undefined], await output);
  assertMatch(await output, /RUN-EXIT 0\r\n/);
  return await output;
}

async function inFolder(use: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await use(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

async function has(program: string): Promise<boolean> {
  try {
    await new Deno.Command(program, { args: ["-V"], stdout: "null", stderr: "null" }).output();
    return true;
  } catch {
    return false;
  }
}

async function run(program: string, ...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await new Deno.Command(program, { args }).output();
  const text = new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
  assertEquals(code, 0, text);
  return text;
}

async function emptyImage(path: string): Promise<void> {
  await Deno.writeFile(path, new Uint8Array(0));
  await Deno.truncate(path, DISK_BYTES);
}

/** A disk in memory, as a user of the library makes one; each call takes a turn of the event loop. */
class MemoryBackend implements BlockBackend {
  readonly bytes = new Uint8Array(DISK_BYTES);
  readonly size = DISK_BYTES;
  flushes = 0;

  async read(offset: number, into: Uint8Array): Promise<void> {
    await Promise.resolve();
    into.set(this.bytes.subarray(offset, offset + into.length));
  }

  write(offset: number, from: Uint8Array): void {
    this.bytes.set(from, offset);
  }

  flush(): void {
    this.flushes++;
  }
}

Deno.test({
  name: "a file system on a disk is there after a restart, and whole",
  ignore: ignore || !await has("mke2fs") || !await has("e2fsck"),
  async fn() {
    await inFolder(async (folder) => {
      const image = join(folder, "disk.img");
      await emptyImage(image);
      await run("mke2fs", "-q", "-t", "ext4", image);
      const drives = [{ source: image, serial: "weft-disk" }];
      const mount = "mkdir /mnt && mount -t ext4 /dev/vda /mnt";
      const first = await runWith(
        drives,
        `${mount} && cat /sys/block/vda/serial && seq 1 200000 > /mnt/numbers && ` +
          "mkdir /mnt/folder && for n in $(seq 1 200); do echo $n > /mnt/folder/$n; done && " +
          "cp /mnt/numbers /mnt/copy && sync && md5sum /mnt/numbers && umount /mnt",
      );
      assertMatch(first, /weft-disk/);
      await run("e2fsck", "-fn", image);
      const sum = /([0-9a-f]{32}) {2}\/mnt\/numbers/.exec(first)?.[1];
      const second = await runWith(
        drives,
        `${mount} && md5sum /mnt/numbers /mnt/copy && ls /mnt/folder | wc -l && ` +
          "rm /mnt/copy && umount /mnt",
      );
      assertMatch(second, new RegExp(`${sum} {2}/mnt/numbers`));
      assertMatch(second, new RegExp(`${sum} {2}/mnt/copy`));
      assertMatch(second, /^200\r$/m);
      await run("e2fsck", "-fn", image);
    });
  },
});

Deno.test({
  name:
    "a qcow2 disk over a backing file holds what is written, discards what is removed, and is whole",
  ignore: ignore || !await has("mke2fs"),
  async fn() {
    await inFolder(async (folder) => {
      const [base, image] = ["base.img", "disk.qcow2"].map((name) => join(folder, name));
      await emptyImage(base);
      await run("mke2fs", "-q", "-t", "ext4", base);
      const before = await Deno.readFile(base);
      const img = (...words: string[]): Promise<string> =>
        run(Deno.execPath(), "run", "--allow-all", join(ROOT, "mod.ts"), "img", ...words);
      await img("create", "-q", "-f", "qcow2", "-b", base, "-F", "raw", image);
      const drive = { source: image, discard: "unmap", detectZeroes: "unmap" } as const;
      const output = await runWith(
        [{ ...drive, backing: { source: base, format: "raw" } }],
        "mkdir /mnt && mount -t ext4 -o discard /dev/vda /mnt && seq 1 200000 > /mnt/numbers && " +
          "sync && cp /mnt/numbers /mnt/gone && dd if=/dev/zero of=/mnt/zeros bs=1M count=4 && " +
          "sync && rm /mnt/gone && sync && md5sum /mnt/numbers && umount /mnt && " +
          "dd if=/dev/vda bs=1M 2>/dev/null | md5sum",
      );
      const sums = [...output.matchAll(/([0-9a-f]{32}) {2}(\S+)/g)];
      assertEquals(sums.map(([, , name]) => name), ["/mnt/numbers", "-"]);
      await img("check", image);
      assertEquals(await Deno.readFile(base), before, "the backing file was written");
      const flat = join(folder, "flat.img");
      const named = `file.filename=${image},backing.file.filename=${base},backing.driver=raw`;
      await img("convert", "--image-opts", named, flat);
      assertMatch(await run("md5sum", flat), new RegExp(sums[1][1]));
      if (!await has("qemu-img")) return;
      await run("qemu-img", "check", image);
      await run("qemu-img", "compare", "-F", "raw", image, flat);
    });
  },
});

Deno.test({
  name: "a machine that a signal ends keeps what was written and never flushed",
  ignore,
  async fn() {
    await inFolder(async (folder) => {
      const [image, initrd] = ["disk.qcow2", "initrd"].map((name) => join(folder, name));
      const weft = ["run", "--allow-all", join(ROOT, "mod.ts")];
      await run(Deno.execPath(), ...weft, "img", "create", "-q", "-f", "qcow2", image, "32M");
      await Deno.writeFile(
        initrd,
        await initrdWith(
          "tr '\\0' X < /dev/zero | head -c 1048576 > x; dd if=x of=/dev/vda bs=64k oflag=direct; cat",
        ),
      );
      await using dialog = new ConsoleDialog(
        [
          ...["-m", "512M", "-kernel", guestFiles().kernel, "-initrd", initrd],
          ...["-append", DISK_APPEND, "-drive", `file=${image},format=qcow2,if=virtio`],
        ],
        ["--allow-write"],
      );
      await dialog.expect("16+0 records out");
      dialog.kill("SIGTERM");
      assertEquals(await dialog.end(), SIGTERM_CODE);
      const flat = join(folder, "flat.img");
      await run(Deno.execPath(), ...weft, "img", "convert", "-f", "qcow2", image, flat);
      const bytes = await Deno.readFile(flat);
      assert(bytes.subarray(0, 2 ** 20).every((byte) => byte === 0x58), "the write is lost");
    });
  },
});

Deno.test({
  // The one that needs no device is on the PCI bus, whose driver is built into the kernel: it is found first.
  name:
    "disks of the command line: two on threads of their own, one read only, one a snapshot, one with packed rings on both threads",
  ignore,
  async fn() {
    await inFolder(async (folder) => {
      const images = ["a", "b", "c", "d"].map((name) => join(folder, name));
      for (const image of images) await emptyImage(image);
      const initrd = join(folder, "initrd");
      const write = (disk: string) =>
        `(dd if=/dev/zero bs=64k count=16 | tr '\\0' X | dd of=/dev/${disk} bs=64k conv=fsync)`;
      await Deno.writeFile(
        initrd,
        await initrdWith(
          `ls /sys/block; cat /proc/interrupts | grep virtio; ${write("vdc")} && ` +
            `! ${write("vdd")} && ${write("vda")} && ` +
            "dd if=/dev/vda bs=1M count=1 | tr -d X | wc -c && " +
            "echo queues $(ls /sys/block/vdb/mq) packed $(cut -c35 /sys/block/vdb/device/features); " +
            "for half in 0 1; do (seq $((half * 100000 + 1)) $((half * 100000 + 100000)) | " +
            "taskset -c $half dd of=/dev/vdb bs=64k seek=$((half * 128)) conv=fsync) & done; wait; " +
            "sync; echo 3 > /proc/sys/vm/drop_caches; dd if=/dev/vdb bs=1M | md5sum",
        ),
      );
      const mapping = [{ iothread: "t0", vqs: [0] }, { iothread: "t1", vqs: [1] }];
      const shared = { "num-queues": 2, packed: true, addr: "1f", "iothread-vq-mapping": mapping };
      const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
        args: [
          ...["run", "--allow-all", "mod.ts", "-M", "virt", "-nographic", "-no-reboot"],
          ...["-smp", "2", "-m", "512M", "-kernel", guestFiles().kernel, "-initrd", initrd],
          ...[
            "-append",
            DISK_APPEND,
            "-stats",
            "-object",
            "iothread,id=t0",
            "-object",
            "iothread,id=t1",
          ],
          ...["-drive", `file=${images[0]},format=raw,if=none,id=a`],
          ...["-device", "virtio-blk-device,drive=a,iothread=t0"],
          ...["-drive", `file=${images[1]},format=raw,if=none,id=b,readonly=on`],
          ...["-device", "virtio-blk-device,drive=b,iothread=t1"],
          ...["-drive", `file=${images[2]},format=raw,if=virtio,snapshot=on`],
          ...["-drive", `file=${images[3]},format=raw,if=none,id=d`],
          ...["-device", JSON.stringify({ driver: "virtio-blk-pci", drive: "d", ...shared })],
        ],
        cwd: ROOT,
        signal: AbortSignal.timeout(HANG_AFTER_MS),
      }).output();
      const [text, errors] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes));
      assertEquals(code, 0, errors);
      assertMatch(text, /RUN-EXIT 0\r\n/);
      assertMatch(text, /\n0\r\n/, "the snapshot holds what was written");
      assertMatch(errors, /writes +\d+ \(1048576 bytes\), [1-9]\d* flushes/);
      const locks = [...errors.matchAll(/^lock: (\S+(?: \S+)*) {2}/gm)].map(([, name]) => name);
      assertEquals(locks.filter((name) => name !== "exclusive sections"), [], "disks take no lock");
      const [a, b, c, d] = await Promise.all(images.map((image) => Deno.readFile(image)));
      assert(a.subarray(0, 2 ** 20).every((byte) => byte === 0x58));
      assert(b.every((byte) => byte === 0) && c.every((byte) => byte === 0));
      assertMatch(text, /\nqueues 0 1 packed 1\r\n/);
      for (const half of [0, 1]) {
        const written = new TextEncoder().encode(
          lines(half * 100_000 + 1, half * 100_000 + 100_000),
        );
        const from = half * 128 * 0x1_0000;
        assertEquals(indexOfDifference(d.subarray(from, from + written.length), written), -1);
      }
      assertMatch(text, new RegExp(`${createHash("md5").update(d).digest("hex")}  -`));
    });
  },
});

Deno.test({
  name: "a back end of the caller's holds what the guest writes, over pauses and a reset",
  ignore,
  async fn() {
    const backend = new MemoryBackend();
    const commands = "for n in $(seq 1 12); do " +
      "seq $n 30000 | dd of=/dev/vda bs=4k seek=$n conv=fsync 2>/dev/null || exit 1; done; " +
      "test -e /dev/vda && dd if=/dev/vda bs=4k skip=12 count=40 2>/dev/null | md5sum; echo done";
    await using machine = await Machine.create({
      harts: 2,
      memory: "512M",
      kernel: guestFiles().kernel,
      initrd: await initrdWith(commands),
      append: DISK_APPEND,
      drives: [{ source: backend }],
      noReboot: true,
      signal: AbortSignal.timeout(HANG_AFTER_MS),
    });
    const output = outputOf(machine);
    await machine.start();
    const written = (): number => machine.stats().drives[0].bytesWritten;
    const until = async (bytes: number): Promise<void> => {
      while (written() < bytes && machine.state !== "ended") await turn();
    };
    await until(200_000);
    await machine.reset();
    const hasEnded = (): boolean => machine.state === "ended";
    for (let pause = 0; pause < 8; pause++) {
      await until(100_000 * (pause + 1));
      if (hasEnded()) break;
      await machine.pause();
      const before = backend.bytes.slice();
      for (let count = 0; count < 20; count++) await turn();
      assertEquals(before, backend.bytes, "written in a pause");
      await machine.resume();
    }
    assertEquals((await machine.exited).reason, "power-off", await output);
    const text = await output;
    assertMatch(text, /done\r\nRUN-EXIT 0/);
    assert(backend.flushes >= 12);
    const expected = new TextEncoder().encode(lines(12, 30000)).subarray(0, 40 * 4096);
    assertEquals(backend.bytes.subarray(12 * 4096, 52 * 4096), expected);
  },
});

Deno.test({
  name: "a machine whose disk has no room is paused, and goes on with the same request",
  ignore,
  async fn() {
    const backend = new MemoryBackend();
    let room = 3 * 2 ** 20;
    const { write } = backend;
    backend.write = (offset, from) => {
      if (room < from.length) throw Object.assign(new Error("full"), { code: "ENOSPC" });
      room -= from.length;
      write.call(backend, offset, from);
    };
    await using machine = await Machine.create({
      memory: "512M",
      kernel: guestFiles().kernel,
      initrd: await initrdWith(
        "seq 1 1500000 | head -c 8388608 | dd of=/dev/vda bs=64k conv=fsync && echo written",
      ),
      append: DISK_APPEND,
      drives: [{ source: backend }],
      noReboot: true,
      signal: AbortSignal.timeout(HANG_AFTER_MS),
    });
    const errors: string[] = [];
    machine.onDriveError = (error) => {
      errors.push(`${machine.state} ${error.operation} ${error.isNoSpace}`);
      assertEquals(machine.driveError, error);
      room = 3 * 2 ** 20;
      void machine.resume();
    };
    const output = outputOf(machine);
    await machine.start();
    assertEquals((await machine.exited).reason, "power-off", await output);
    assertMatch(await output, /written\r\nRUN-EXIT 0/);
    assertEquals(new Set(errors), new Set(["paused write true"]));
    assert(errors.length >= 2);
    const expected = new TextEncoder().encode(lines(1, 1_500_000)).subarray(0, 2 ** 23);
    assertEquals(indexOfDifference(backend.bytes, expected), -1);
  },
});

function indexOfDifference(bytes: Uint8Array, expected: Uint8Array): number {
  return expected.findIndex((byte, index) => byte !== bytes[index]);
}

function lines(first: number, last: number): string {
  return Array.from({ length: last - first + 1 }, (_, index) => `${first + index}\n`).join("");
}

Deno.test({
  name: "a machine that is ended while it writes stops soon, and unlocks its image",
  ignore,
  async fn() {
    await inFolder(async (folder) => {
      const image = join(folder, "disk.img");
      await emptyImage(image);
      const machine = await Machine.create({
        memory: "512M",
        kernel: guestFiles().kernel,
        initrd: await initrdWith("while true; do dd if=/dev/zero of=/dev/vda bs=1M count=16; done"),
        append: DISK_APPEND,
        drives: [{ source: image }],
        signal: AbortSignal.timeout(HANG_AFTER_MS),
      });
      const output = outputOf(machine);
      await machine.start();
      while (machine.stats().drives[0].bytesWritten < 2 ** 20) await turn();
      const began = performance.now();
      assertEquals((await machine.stop()).reason, "stopped");
      assert(performance.now() - began < 5000, "it took long to stop");
      await output;
      const file = await Deno.open(image, { read: true, write: true });
      assertEquals(await file.tryLock(true), true);
      file.close();
    });
  },
});

Deno.test({
  name: "records that were flushed are in the image of an emulator that was killed",
  ignore,
  async fn() {
    for (const format of ["raw", "qcow2"] as const) {
      for (const { lost, faults, acknowledged } of await kill(1, format) ?? []) {
        assertEquals([lost, faults], [[], []], `of ${acknowledged}`);
      }
    }
  },
});
