// Debian's kernel with shared folders: what it writes is in the host's folder, in plain files, and links lead nowhere
// on the host. A file system of the caller's is mounted beside it.

import { assert, assertEquals, assertMatch } from "@std/assert";
import { join } from "node:path";
import {
  type BackendChange,
  type BackendEntry,
  type FileSystemBackend,
  Machine,
  type NewBackendEntry,
} from "../../mod.ts";
import { outputOf } from "../library/machine_fixture.ts";
import { guestFiles } from "../tools/guest.ts";
import { SHARE_MODULES } from "../tools/guest_modules.ts";
import { DISK_APPEND, diskInitrd, modulesOrSkip } from "./disk_guest.ts";

/** A guest that still runs after this long hangs. */
const HANG_AFTER_MS = 300_000;
const ENTRIES = 1000;

const modules = await modulesOrSkip(SHARE_MODULES);

/** A file system in memory; each look takes a turn of the event loop. */
class MemoryFiles implements FileSystemBackend {
  readonly entries = new Map<string, NewBackendEntry & { bytes: Uint8Array }>();

  async look(path: string): Promise<BackendEntry | undefined> {
    await Promise.resolve();
    if (path === "") return { kind: "folder" };
    const entry = this.entries.get(path);
    return entry && { ...entry, size: entry.bytes.length };
  }

  list(path: string): string[] {
    const prefix = path === "" ? "" : `${path}/`;
    return [...this.entries.keys()].filter((other) => other.startsWith(prefix))
      .map((other) => other.slice(prefix.length)).filter((name) => !name.includes("/"));
  }

  read(path: string, offset: number, into: Uint8Array): number {
    const part = this.#bytes(path).subarray(offset, offset + into.length);
    into.set(part);
    return part.length;
  }

  write(path: string, offset: number, from: Uint8Array): void {
    const old = this.#bytes(path);
    this.#setBytes(path, Math.max(old.length, offset + from.length), old).set(from, offset);
  }

  create(path: string, entry: NewBackendEntry): void {
    this.entries.set(path, { ...entry, bytes: new Uint8Array(0) });
  }

  remove(path: string): void {
    this.entries.delete(path);
  }

  rename(from: string, to: string): void {
    for (const [path, entry] of [...this.entries]) {
      if (path !== from && !path.startsWith(`${from}/`)) continue;
      this.entries.delete(path);
      this.entries.set(to + path.slice(from.length), entry);
    }
  }

  change(path: string, { size }: BackendChange): void {
    if (size !== undefined) this.#setBytes(path, size, this.#bytes(path).subarray(0, size));
  }

  #bytes(path: string): Uint8Array {
    return this.entries.get(path)?.bytes ?? new Uint8Array(0);
  }

  #setBytes(path: string, size: number, from: Uint8Array): Uint8Array {
    const bytes = new Uint8Array(size);
    bytes.set(from);
    const entry = this.entries.get(path);
    if (entry !== undefined) entry.bytes = bytes;
    return bytes;
  }

  text(path: string): string {
    return new TextDecoder().decode(this.#bytes(path));
  }
}

/** Each command must succeed; what is printed is looked at afterwards. */
const COMMANDS = [
  "mkdir /host /memory",
  "mount -t 9p -o trans=virtio,version=9p2000.L,msize=512000 host /host",
  "mount -t 9p -o trans=virtio,version=9p2000.L memory /memory",
  "cat /host/greeting",
  "seq 1 50000 > /host/numbers",
  "(seq 1 20000 > /host/a & seq 1 20000 > /host/b & wait) && cmp /host/a /host/b",
  "mv /host/numbers /host/moved",
  "ln -s moved /host/link && readlink /host/link && md5sum /host/link",
  "ln -s /etc/passwd /host/secret && head -c 4 /host/secret",
  "chmod 741 /host/moved && chown 5:6 /host/moved && stat -c 'owner %a %u %g' /host/moved",
  "mknod /host/null c 1 3 && stat -c 'device %F' /host/null",
  "ls /host/many | wc -l",
  "mkdir /host/new && touch /host/new/x && ! rmdir /host/new && rm -r /host/new",
  "! ls /host/new",
  "! cat /host/outside",
  "mkdir /memory/folder && seq 1 30000 > /memory/folder/x && mv /memory/folder /memory/f2",
  "ln -s f2/x /memory/link && cmp /memory/link /memory/f2/x && md5sum /memory/link",
  "umount /host /memory",
];

Deno.test({
  name: "a folder of the host's and a file system of the caller's, mounted by two harts",
  ignore: modules === null || Deno.build.os === "windows",
  async fn() {
    const folder = await Deno.makeTempDir();
    try {
      const share = join(folder, "share");
      await Deno.mkdir(join(share, "many"), { recursive: true });
      await Deno.writeTextFile(join(folder, "outside"), "the host's");
      await Deno.symlink("../outside", join(share, "outside"));
      await Deno.writeTextFile(join(share, "greeting"), "hello guest\n");
      for (let entry = 0; entry < ENTRIES; entry++) {
        await Deno.writeTextFile(join(share, "many", `entry-${entry}`), "");
      }
      const memory = new MemoryFiles();
      await using machine = await Machine.create({
        harts: 2,
        memory: "512M",
        kernel: guestFiles().kernel,
        initrd: await diskInitrd(modules ?? new Uint8Array(0), COMMANDS.join(" && ")),
        append: DISK_APPEND,
        shares: [
          { source: share, tag: "host", securityModel: "mapped-file" },
          { source: memory, tag: "memory", packed: true },
        ],
        noReboot: true,
        signal: AbortSignal.timeout(HANG_AFTER_MS),
      });
      const printed = outputOf(machine);
      await machine.start();
      const { reason, message } = await machine.exited;
      const output = await printed;
      assertEquals([reason, message], ["power-off", undefined], output);
      assertMatch(output, /RUN-EXIT 0\r\n/);
      for (const text of ["hello guest", "moved", "root", "owner 741 5 6", "1000"]) {
        assert(output.includes(`${text}`), `${text}: ${output}`);
      }
      assertMatch(output, /device character special file/);
      const numbers = await Deno.readTextFile(join(share, "moved"));
      assertEquals(numbers, lines(50_000));
      assert((await Deno.lstat(join(share, "link"))).isFile);
      assertEquals(await Deno.readTextFile(join(share, "secret")), "/etc/passwd");
      assertEquals(memory.text("f2/x"), lines(30_000));
      const [first, second] = machine.stats().shares;
      assert(first.bytesWritten > numbers.length && second.requests > 20 && first.doorbells > 0);
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
});

function lines(last: number): string {
  return Array.from({ length: last }, (_, index) => `${1 + index}\n`).join("");
}
