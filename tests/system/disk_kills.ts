/**
 * `deno task disk-kills [COUNT] [FORMAT]`: a guest writes records, each with a flush behind it, and says which one is on
 * its disk; the emulator is killed at a random moment, and every record that was acknowledged must be in the image. One
 * in the format qcow2 must have leaks at worst.
 */

import { fileURLToPath } from "node:url";
import { HostFile } from "../../runtime/disk_images/image_file.ts";
import type { ImageFormat } from "../../runtime/disk_images/image_formats.ts";
import { openImage } from "../../runtime/disk_images/open_image.ts";
import { checkImage } from "../../runtime/disk_images/qcow2/consistency.ts";
import { Qcow2Header } from "../../runtime/disk_images/qcow2/header.ts";
import { createImage } from "../../runtime/disk_images/qcow2/image_size.ts";
import { guestFiles } from "../tools/guest.ts";
import { DISK_APPEND, diskInitrd, modulesOrSkip } from "./disk_guest.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const SECTOR_BYTES = 512;
const RECORDS = 4000;
const MOST_ACKNOWLEDGED = 60;
const HANG_AFTER_MS = 240_000;
const DEFAULT_KILLS = 200;
const DISK_BYTES = (RECORDS + 1) * SECTOR_BYTES;
/** Small ones: records are in many, and tables grow. */
const CLUSTER_BITS = 10;

/** Writes record after record, each padded to a sector. */
const WRITER = `n=0; while [ $n -lt ${RECORDS} ]; do n=$((n + 1)); ` +
  "echo record-$n | dd of=/dev/vda bs=512 seek=$n conv=sync,fsync,notrunc 2>/dev/null || exit 1; " +
  "echo ack-$n-; done";

/** What one kill has shown. */
export interface KillResult {
  /** Records that the guest was told to be on the disk. */
  readonly acknowledged: number;
  /** Those of them that are not in the image. */
  readonly lost: readonly number[];
  /** What is wrong with the image itself. */
  readonly faults: readonly string[];
}

/** Starts a guest, kills the emulator behind a random record, and looks at the image. */
export async function killOnce(
  folder: string,
  initrd: string,
  format: ImageFormat,
): Promise<KillResult> {
  const image = `${folder}/disk.img`;
  await makeImage(image, format);
  const wanted = 1 + Math.floor(Math.random() * MOST_ACKNOWLEDGED);
  const child = new Deno.Command(Deno.execPath(), {
    args: [
      ...["run", "--allow-all", "mod.ts", "-M", "virt", "-nographic", "-m", "512M", "-no-reboot"],
      ...["-kernel", guestFiles().kernel, "-initrd", initrd, "-append", DISK_APPEND],
      ...["-drive", `file=${image},format=${format}`],
    ],
    cwd: ROOT,
    stdin: "null",
    stdout: "piped",
    stderr: "inherit",
    signal: AbortSignal.timeout(HANG_AFTER_MS),
  }).spawn();
  let output = "";
  for await (const text of child.stdout.pipeThrough(new TextDecoderStream())) {
    output += text;
    if (output.includes(`ack-${wanted}-`)) child.kill("SIGKILL");
  }
  await child.status;
  const acknowledged = [...output.matchAll(/ack-(\d+)-/g)].length;
  if (acknowledged < wanted) throw new Error(`the guest ended early: ${output.slice(-1000)}`);
  return { acknowledged, ...look(image, format, acknowledged) };
}

async function makeImage(path: string, format: ImageFormat): Promise<void> {
  await Deno.writeFile(path, new Uint8Array(0));
  if (format === "raw") return await Deno.truncate(path, DISK_BYTES);
  const file = HostFile.open(path, { writes: true });
  createImage(path, file, { size: DISK_BYTES, clusterBits: CLUSTER_BITS });
  file.close();
}

function look(
  path: string,
  format: ImageFormat,
  acknowledged: number,
): Pick<KillResult, "lost" | "faults"> {
  const disk = openImage({ name: path, path, format, isProbed: false, backing: null }, {
    writes: false,
  });
  const bytes = new Uint8Array(disk.bytes);
  disk.read(0, bytes);
  disk.close();
  return { lost: lostRecords(bytes, acknowledged), faults: format === "raw" ? [] : faults(path) };
}

function faults(path: string): readonly string[] {
  const file = HostFile.open(path, { writes: false });
  const { corruptions, findings } = checkImage(Qcow2Header.read(path, file), file, "none");
  file.close();
  return corruptions === 0 ? [] : findings;
}

function lostRecords(bytes: Uint8Array, acknowledged: number): number[] {
  const text = new TextDecoder();
  const isThere = (record: number): boolean =>
    text.decode(bytes.subarray(record * SECTOR_BYTES, (record + 1) * SECTOR_BYTES))
      .startsWith(`record-${record}\n`);
  return Array.from({ length: acknowledged }, (_, index) => index + 1)
    .filter((record) => !isThere(record));
}

/** Kills that often. @returns null where there is no guest */
export async function kill(
  times: number,
  format: ImageFormat = "raw",
): Promise<KillResult[] | null> {
  const modules = await modulesOrSkip();
  if (modules === null) return null;
  const folder = await Deno.makeTempDir();
  try {
    const initrd = `${folder}/initrd`;
    await Deno.writeFile(initrd, await diskInitrd(modules, WRITER));
    const results: KillResult[] = [];
    for (let time = 0; time < times; time++) results.push(await killOnce(folder, initrd, format));
    return results;
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

if (import.meta.main) {
  const [count = DEFAULT_KILLS, format = "raw"] = Deno.args;
  const results = await kill(Number(count), format === "qcow2" ? "qcow2" : "raw") ?? [];
  const lost = results.flatMap((result) => result.lost).length;
  const faults = results.flatMap((result) => result.faults);
  const acknowledged = results.reduce((sum, result) => sum + result.acknowledged, 0);
  faults.forEach((fault) => console.log(fault));
  console.log(
    `${results.length} kills, ${acknowledged} records acknowledged, ${lost} lost, ` +
      `${faults.length} faults of images`,
  );
  Deno.exit(results.length > 0 && lost + faults.length === 0 ? 0 : 1);
}
