/**
 * Debian's own programs for the guest: archives to append to its initial RAM disk, in `.cache/guest/`.
 *
 * Nothing is installed, here or there: packages are fetched and unpacked, and the programs go into the archive with the
 * libraries that their loader looks for.
 */

import { join } from "node:path";
import { cpioArchive } from "./guest/cpio_archive.ts";
import { ForeignApt, machineArchive, unpackPackage } from "./guest/debian_packages.ts";
import { closureEntries } from "./guest/program_closure.ts";
import { RELEASE } from "./guest/release.ts";

/** Programs that are kept together. */
export interface ProgramSet {
  /** Name of the archive. */
  readonly name: string;
  /** Debian's packages of them. */
  readonly packages: readonly string[];
  /** Their paths; libraries come by themselves. */
  readonly paths: readonly string[];
}

/** The C library opens it by itself when a thread is cancelled. */
const PTHREAD_CANCEL = "usr/lib/riscv64-linux-gnu/libgcc_s.so.1";

/** What works on disks. */
export const DISK_PROGRAMS: ProgramSet = {
  name: "disk-programs",
  packages: ["fio"],
  paths: ["usr/bin/fio", PTHREAD_CANCEL],
};

/** What works on networks. */
export const NETWORK_PROGRAMS: ProgramSet = {
  name: "network-programs",
  packages: ["curl", "iperf3", "openssh-client", "openssh-sftp-server", "dropbear-bin"],
  paths: [
    ...["curl", "iperf3", "ssh", "scp", "ssh-keygen"].map((name) => `usr/bin/${name}`),
    "usr/sbin/dropbear",
    "usr/lib/sftp-server",
    PTHREAD_CANCEL,
  ],
};

/** Makes the archive exist in a folder, and returns its path. Throws GuestError. */
export async function ensurePrograms(
  folder: string,
  say: (line: string) => void,
  set: ProgramSet,
): Promise<string> {
  const path = join(folder, `${set.name}.cpio`);
  const notePath = join(folder, `${set.name}.json`);
  const note = JSON.stringify({ release: RELEASE.codename, ...set });
  if (await Deno.readTextFile(notePath).catch(() => "") === note) return path;
  const scratch = await Deno.makeTempDir({ dir: folder, prefix: `fetch-${set.name}-` });
  try {
    const archive = join(scratch, "archive");
    await Deno.writeFile(archive, await fetchArchive(scratch, set, say));
    await Deno.rename(archive, path);
  } finally {
    await Deno.remove(scratch, { recursive: true });
  }
  await Deno.writeTextFile(notePath, note);
  return path;
}

async function fetchArchive(
  scratch: string,
  { packages, paths }: ProgramSet,
  say: (line: string) => void,
): Promise<Uint8Array> {
  const apt = await ForeignApt.create(scratch, await machineArchive(), RELEASE);
  say(`reading the package lists of Debian ${RELEASE.codename} for ${RELEASE.architecture}`);
  await apt.update();
  say(`fetching ${packages.join(", ")}`);
  const fetched = await apt.downloadWithDependencies(...packages);
  say(`unpacking ${fetched.length} packages`);
  const files = join(scratch, "files");
  for (const file of fetched) await unpackPackage(file, files);
  return cpioArchive(await closureEntries(files, paths));
}
