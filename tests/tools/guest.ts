/**
 * `deno task guest`: Debian's riscv64 kernel, a busybox initial RAM file system, and firmware (OpenSBI and
 * U-Boot), in `.cache/guest/`.
 *
 * It lives with the tests and not in the product's command line: the published package must not depend on
 * apt. Fetched files and the archive built from them are cached apart, so a changed init script needs no
 * network, and a second run does nothing. Every file appears by renaming, never half written.
 *
 * Flags: `--refresh` asks the archive again, `--folder=PATH` puts the result elsewhere, `--quiet` leaves out
 * how to use it.
 */

import { basename, dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import {
  ForeignApt,
  machineArchive,
  megabytes,
  type PackageRecord,
  unpackPackage,
} from "./guest/debian_packages.ts";
import { GuestError } from "./guest/guest_error.ts";
import { buildInitramfs } from "./guest/initramfs.ts";
import { INIT_SCRIPT, RUN_FORMS } from "./guest/init_script.ts";
import { RELEASE } from "./guest/release.ts";

const KERNEL_META_PACKAGE = "linux-image-riscv64";
const KERNEL_PACKAGE = /\b(linux-image-[0-9][^ ,]*-riscv64)\b/;
const BUSYBOX_PACKAGE = "busybox-static";
const BUSYBOX_PATHS = ["usr/bin/busybox", "bin/busybox"];
const OPENSBI_PACKAGE = "opensbi";
const OPENSBI_FOLDER = "usr/lib/riscv64-linux-gnu/opensbi/generic";
const UBOOT_PACKAGE = "u-boot-qemu";
const UBOOT_FOLDER = "usr/lib/u-boot";

/** The files that a machine is started with. */
export interface GuestFiles {
  /** Linux `Image`. */
  readonly kernel: string;
  /** Compressed initial RAM file system. */
  readonly initrd: string;
  /** Firmware. */
  readonly firmware: FirmwareFiles;
}

/** Debian's firmware for the `virt` board. */
export interface FirmwareFiles {
  /** OpenSBI that is told where the next stage is. */
  readonly sbiDynamic: string;
  /** OpenSBI that jumps to a fixed address. */
  readonly sbiJump: string;
  /** U-Boot in machine mode. */
  readonly ubootMachine: string;
  /** U-Boot behind an SBI, as plain bytes. */
  readonly ubootSupervisor: string;
  /** The same as an ELF file. */
  readonly ubootSupervisorElf: string;
}

/** What `guest.json` records about the cached files. */
interface Manifest {
  readonly kernel: string;
  readonly busybox: string;
  readonly opensbi: string;
  readonly uboot: string;
  readonly init: string;
}

/** Where the packages have what, and its name in the cache. */
const FIRMWARE: readonly {
  readonly key: keyof FirmwareFiles;
  readonly packaged: string;
  readonly cached: string;
}[] = [
  {
    key: "sbiDynamic",
    packaged: `${OPENSBI_FOLDER}/fw_dynamic.bin`,
    cached: "opensbi/fw_dynamic.bin",
  },
  { key: "sbiJump", packaged: `${OPENSBI_FOLDER}/fw_jump.bin`, cached: "opensbi/fw_jump.bin" },
  {
    key: "ubootMachine",
    packaged: `${UBOOT_FOLDER}/qemu-riscv64/u-boot.bin`,
    cached: "u-boot/machine.bin",
  },
  {
    key: "ubootSupervisor",
    packaged: `${UBOOT_FOLDER}/qemu-riscv64_smode/u-boot.bin`,
    cached: "u-boot/supervisor.bin",
  },
  {
    key: "ubootSupervisorElf",
    packaged: `${UBOOT_FOLDER}/qemu-riscv64_smode/uboot.elf`,
    cached: "u-boot/supervisor.elf",
  },
];

/** Where the repository's guest lives. */
export function guestFolder(): string {
  return fileURLToPath(new URL("../../.cache/guest/", import.meta.url));
}

/** The guest's files in `folder`, whether they exist yet or not. */
export function guestFiles(folder: string = guestFolder()): GuestFiles {
  return {
    kernel: join(folder, "Image"),
    initrd: join(folder, "initrd.cpio.gz"),
    firmware: firmwareFiles(folder),
  };
}

function firmwareFiles(folder: string): FirmwareFiles {
  const path = (wanted: keyof FirmwareFiles): string =>
    join(folder, FIRMWARE.find(({ key }) => key === wanted)?.cached ?? wanted);
  return {
    sbiDynamic: path("sbiDynamic"),
    sbiJump: path("sbiJump"),
    ubootMachine: path("ubootMachine"),
    ubootSupervisor: path("ubootSupervisor"),
    ubootSupervisorElf: path("ubootSupervisorElf"),
  };
}

/** Makes the guest's files exist; `say` receives one line per step that takes time. */
export async function ensureGuest(
  options: { folder: string; refresh: boolean; say: (line: string) => void },
): Promise<GuestFiles> {
  const { folder, say } = options;
  const files = guestFiles(folder);
  const busybox = join(folder, "busybox");
  const init = await digest(INIT_SCRIPT);
  let manifest = await readManifest(folder);
  const fetched = [files.kernel, busybox, ...Object.values(files.firmware)];
  if (options.refresh || manifest === undefined || !await exist(...fetched)) {
    manifest = { ...await fetchPackages(folder, files.kernel, busybox, say), init: "" };
  }
  if (manifest.init !== init || !await exist(files.initrd)) {
    say("building the initial RAM file system");
    await writeWhole(files.initrd, await buildInitramfs(await Deno.readFile(busybox)));
    manifest = { ...manifest, init };
    await writeWhole(manifestPath(folder), JSON.stringify(manifest, null, 2) + "\n");
  }
  return files;
}

async function fetchPackages(
  folder: string,
  kernelPath: string,
  busyboxPath: string,
  say: (line: string) => void,
): Promise<Omit<Manifest, "init">> {
  const scratch = join(folder, "fetch");
  await removeFolder(scratch);
  const apt = await ForeignApt.create(scratch, await machineArchive(), RELEASE);
  say(`reading the package lists of Debian ${RELEASE.codename} for ${RELEASE.architecture}`);
  await apt.update();
  const kernel = await kernelRecord(apt);
  const busybox = await apt.candidate(BUSYBOX_PACKAGE);
  const opensbi = await apt.candidate(OPENSBI_PACKAGE);
  const uboot = await apt.candidate(UBOOT_PACKAGE);
  const files = join(scratch, "files");
  for (const record of [kernel, busybox, opensbi, uboot]) {
    say(`fetching ${record.name} ${record.version}, ${megabytes(record.bytes)}`);
    const path = await apt.download(record);
    say(`unpacking ${record.name}`);
    await unpackPackage(path, files);
  }
  await Deno.rename(await kernelFile(join(files, "boot")), kernelPath);
  await Deno.rename(await firstExisting(files, BUSYBOX_PATHS), busyboxPath);
  for (const { packaged, cached } of FIRMWARE) {
    await moveFirmware(join(files, packaged), join(folder, cached));
  }
  await removeFolder(scratch);
  return {
    kernel: versionName(kernel),
    busybox: versionName(busybox),
    opensbi: versionName(opensbi),
    uboot: versionName(uboot),
  };
}

async function moveFirmware(from: string, to: string): Promise<void> {
  if (!await exist(from)) {
    throw new GuestError(
      `a firmware package holds no ${basename(from)}`,
      "report this: its layout has changed",
    );
  }
  await Deno.mkdir(dirname(to), { recursive: true });
  await Deno.rename(from, to);
}

async function kernelRecord(apt: ForeignApt): Promise<PackageRecord> {
  const meta = await apt.candidate(KERNEL_META_PACKAGE);
  const name = KERNEL_PACKAGE.exec(meta.depends)?.[1];
  if (name === undefined) {
    throw new GuestError(
      `${KERNEL_META_PACKAGE} ${meta.version} names no kernel package (depends: ${meta.depends})`,
      "try again later: the archive may be between two kernel versions",
    );
  }
  return await apt.candidate(name);
}

async function kernelFile(boot: string): Promise<string> {
  for await (const entry of Deno.readDir(boot)) {
    if (entry.name.startsWith("vmlinux-") || entry.name.startsWith("vmlinuz-")) {
      return join(boot, entry.name);
    }
  }
  throw new GuestError("the kernel package holds no kernel", "report this: its layout has changed");
}

async function firstExisting(folder: string, names: readonly string[]): Promise<string> {
  for (const name of names) {
    if (await exist(join(folder, name))) return join(folder, name);
  }
  throw new GuestError("the busybox package holds no busybox", "report this: its layout changed");
}

function versionName(record: PackageRecord): string {
  return `${record.name} ${record.version}`;
}

function manifestPath(folder: string): string {
  return join(folder, "guest.json");
}

async function readManifest(folder: string): Promise<Manifest | undefined> {
  try {
    const value: unknown = JSON.parse(await Deno.readTextFile(manifestPath(folder)));
    return isManifest(value) ? value : undefined;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function isManifest(value: unknown): value is Manifest {
  return typeof value === "object" && value !== null &&
    ["kernel", "busybox", "opensbi", "uboot", "init"].every((key) => key in value);
}

async function exist(...paths: string[]): Promise<boolean> {
  for (const path of paths) {
    try {
      await Deno.stat(path);
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return false;
      throw error;
    }
  }
  return true;
}

async function removeFolder(path: string): Promise<void> {
  if (await exist(path)) await Deno.remove(path, { recursive: true });
}

async function writeWhole(path: string, content: Uint8Array | string): Promise<void> {
  const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
  await Deno.writeFile(`${path}.new`, bytes);
  await Deno.rename(`${path}.new`, path);
}

async function digest(content: string): Promise<string> {
  const hash = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(content));
  return new Uint8Array(hash).toHex();
}

const USE_YOUR_OWN = `A guest of your own works as well: start the machine with
  -kernel FILE   a riscv64 Linux Image (plain or gzip) with 16550 UART, PLIC and syscon-poweroff built in
  -initrd FILE   a cpio archive (plain or compressed) whose /init runs on riscv64
On Debian riscv64 the kernel is /boot/vmlinux-* of the package ${KERNEL_META_PACKAGE}.`;

async function main(args: readonly string[]): Promise<number> {
  const folderFlag = args.find((arg) => arg.startsWith("--folder="));
  const folder = folderFlag === undefined
    ? guestFolder()
    : resolve(folderFlag.slice("--folder=".length));
  await Deno.mkdir(folder, { recursive: true });
  try {
    const files = await ensureGuest({
      folder,
      refresh: args.includes("--refresh"),
      say: (line) => console.error(`guest: ${line}`),
    });
    if (args.includes("--quiet")) return 0;
    console.log(`-kernel ${files.kernel}\n-initrd ${files.initrd}`);
    console.log(`-append "console=ttyS0", and one of these after it:`);
    for (const { form, does } of RUN_FORMS) console.log(`  weft.run=${form.padEnd(12)} ${does}`);
    console.log("firmware for -bios and -kernel:");
    for (const path of Object.values(files.firmware)) console.log(`  ${path}`);
    return 0;
  } catch (error) {
    if (!(error instanceof GuestError)) throw error;
    console.error(`guest: ${error.message}\n  fix: ${error.fix}\n\n${USE_YOUR_OWN}`);
    return 1;
  }
}

if (import.meta.main) Deno.exitCode = await main(Deno.args);
