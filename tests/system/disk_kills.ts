/**
 * `deno task disk-kills [COUNT]`: a guest writes records, each with a flush behind it, and says which one is on its
 * disk; the emulator is killed at a random moment, and every record that was acknowledged must be in the image.
 */

import { fileURLToPath } from "node:url";
import { guestFiles } from "../tools/guest.ts";
import { DISK_APPEND, diskInitrd, modulesOrSkip } from "./disk_guest.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const SECTOR_BYTES = 512;
const RECORDS = 4000;
const MOST_ACKNOWLEDGED = 60;
const HANG_AFTER_MS = 240_000;

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
}

/** Starts a guest, kills the emulator behind a random record, and looks at the image. */
export async function killOnce(folder: string, initrd: string): Promise<KillResult> {
  const image = `${folder}/disk.img`;
  await Deno.writeFile(image, new Uint8Array((RECORDS + 1) * SECTOR_BYTES));
  const wanted = 1 + Math.floor(Math.random() * MOST_ACKNOWLEDGED);
  const child = new Deno.Command(Deno.execPath(), {
    args: [
      ...["run", "--allow-all", "mod.ts", "-M", "virt", "-nographic", "-m", "512M", "-no-reboot"],
      ...["-kernel", guestFiles().kernel, "-initrd", initrd, "-append", DISK_APPEND],
      ...["-drive", `file=${image},format=raw`],
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
  return { acknowledged, lost: await lostRecords(image, acknowledged) };
}

async function lostRecords(image: string, acknowledged: number): Promise<number[]> {
  const bytes = await Deno.readFile(image);
  const text = new TextDecoder();
  const isThere = (record: number): boolean =>
    text.decode(bytes.subarray(record * SECTOR_BYTES, (record + 1) * SECTOR_BYTES))
      .startsWith(`record-${record}\n`);
  return Array.from({ length: acknowledged }, (_, index) => index + 1)
    .filter((record) => !isThere(record));
}

/** Kills that often. @returns null where there is no guest */
export async function kill(times: number): Promise<KillResult[] | null> {
  const modules = await modulesOrSkip();
  if (modules === null) return null;
  const folder = await Deno.makeTempDir();
  try {
    const initrd = `${folder}/initrd`;
    await Deno.writeFile(initrd, await diskInitrd(modules, WRITER));
    const results: KillResult[] = [];
    for (let time = 0; time < times; time++) results.push(await killOnce(folder, initrd));
    return results;
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

if (import.meta.main) {
  const results = await kill(Number(Deno.args[0] ?? 20)) ?? [];
  const lost = results.flatMap((result) => result.lost).length;
  const acknowledged = results.reduce((sum, result) => sum + result.acknowledged, 0);
  console.log(`${results.length} kills, ${acknowledged} records acknowledged, ${lost} lost`);
  Deno.exit(results.length > 0 && lost === 0 ? 0 : 1);
}
