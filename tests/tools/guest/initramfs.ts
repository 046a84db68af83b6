/**
 * Builds the guest's initial RAM file system: busybox, the init script and empty mount points.
 *
 * Applet links are not listed here: `busybox --install` makes them at boot, so they are always those that
 * the binary really has.
 */

import { cpioArchive, type CpioEntry } from "./cpio_archive.ts";
import { INIT_SCRIPT } from "./init_script.ts";

const EXECUTABLE = 0o755;

const DIRECTORIES: readonly { readonly path: string; readonly mode: number }[] = [
  { path: "bin", mode: 0o755 },
  { path: "dev", mode: 0o755 },
  { path: "etc", mode: 0o755 },
  { path: "proc", mode: 0o555 },
  { path: "root", mode: 0o700 },
  { path: "sbin", mode: 0o755 },
  { path: "sys", mode: 0o555 },
  { path: "tmp", mode: 0o1777 },
  { path: "usr", mode: 0o755 },
  { path: "usr/bin", mode: 0o755 },
  { path: "usr/sbin", mode: 0o755 },
];

const PASSWD = "root:x:0:0:root:/root:/bin/sh\n";

/** The gzip-compressed archive around the given statically linked busybox. */
export async function buildInitramfs(busybox: Uint8Array): Promise<Uint8Array> {
  return await gzip(cpioArchive(initramfsEntries(busybox)));
}

/** What the archive holds. */
export function initramfsEntries(busybox: Uint8Array): CpioEntry[] {
  const text = new TextEncoder();
  return [
    ...DIRECTORIES.map((directory) => ({ kind: "directory" as const, ...directory })),
    {
      kind: "character device",
      path: "dev/console",
      mode: 0o600,
      major: 5,
      minor: 1,
    },
    { kind: "file", path: "bin/busybox", mode: EXECUTABLE, content: busybox },
    { kind: "link", path: "bin/sh", target: "busybox" },
    { kind: "file", path: "etc/passwd", mode: 0o644, content: text.encode(PASSWD) },
    { kind: "file", path: "init", mode: EXECUTABLE, content: text.encode(INIT_SCRIPT) },
  ];
}

async function gzip(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array> {
  const compressed = new Blob([bytes]).stream().pipeThrough(new CompressionStream("gzip"));
  return new Uint8Array(await new Response(compressed).arrayBuffer());
}
