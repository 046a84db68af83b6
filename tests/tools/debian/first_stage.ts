/**
 * What can be done on this machine: the packages are fetched, checked and laid out in a folder, which becomes a file
 * system. Their own programs, which are of the guest's architecture, run in the second stage, in the guest.
 */

import { join } from "node:path";
import { machineArchive } from "../guest/debian_packages.ts";
import { GuestError } from "../guest/guest_error.ts";
import { runProgram } from "../guest/host_program.ts";
import { RELEASE } from "../guest/release.ts";

/** Beyond the smallest system: what boots by itself, has a network, and lets its user in. */
const PACKAGES = [
  ...["systemd-sysv", "udev", "dbus", "login", "kmod", "procps"],
  ...["linux-image-riscv64", "initramfs-tools", "zstd"],
  ...["iproute2", "iputils-ping", "netbase", "ca-certificates"],
];

const LISTS = "var/lib/apt/lists";

/** A new file system image. */
export interface ImagePlan {
  /** Where it is made; what is there is replaced. */
  readonly path: string;
  /** Its size as `mke2fs` reads it: "4G". Only what is written takes space. */
  readonly size: string;
  /** An empty folder for the files before they are in the image. */
  readonly scratch: string;
}

/** Makes an ext4 image that the second stage can go on with. Throws GuestError. */
export async function firstStage(plan: ImagePlan, say: (line: string) => void): Promise<void> {
  const rights = await FileRights.create(plan.scratch);
  const root = join(plan.scratch, "root");
  await layOut(root, rights, say);
  say(`making a file system of ${plan.size} in ${plan.path}`);
  await Deno.remove(plan.path).catch(ignoreAbsent);
  const flags = ["-q", "-t", "ext4", "-L", "debian", "-d", root];
  await rights.run("mke2fs", [...flags, plan.path, plan.size]);
}

/** The release under the first of its names whose lists fit their signatures. */
async function layOut(
  root: string,
  rights: FileRights,
  say: (line: string) => void,
): Promise<void> {
  const failures: GuestError[] = [];
  for (const suite of RELEASE.suites) {
    say(`fetching Debian ${suite} for ${RELEASE.architecture}`);
    try {
      await bootstrap(root, suite, rights);
      await assertCodename(root, suite);
      return await shortenLists(root);
    } catch (error) {
      if (!(error instanceof GuestError)) throw error;
      failures.push(error);
      await Deno.remove(root, { recursive: true }).catch(ignoreAbsent);
    }
  }
  throw failures.at(-1);
}

async function bootstrap(root: string, suite: string, rights: FileRights): Promise<void> {
  const { uris, signedBy } = await machineArchive();
  const keys = signedBy?.startsWith("/") ? [`--keyring=${signedBy}`] : [];
  await rights.run("debootstrap", [
    ...["--foreign", "--variant=minbase", `--arch=${RELEASE.architecture}`],
    ...[`--include=${PACKAGES.join(",")}`, ...keys],
    ...[suite, root, uris[0]],
  ]);
}

/**
 * Leaves the fetched packages in the lists alone: the second stage reads them whole for each package that another one
 * needs to be installed before it, and they are 50 MB long.
 */
async function shortenLists(root: string): Promise<void> {
  const fetched = new Set<string>();
  for (const list of ["required", "base"]) {
    const text = await Deno.readTextFile(join(root, "debootstrap", list));
    for (const name of text.split(/\s+/)) fetched.add(name);
  }
  const lists = join(root, LISTS);
  for await (const { name } of Deno.readDir(lists)) {
    if (!name.endsWith("_Packages")) continue;
    const path = join(lists, name);
    const stanzas = (await Deno.readTextFile(path)).split("\n\n");
    const kept = stanzas.filter((stanza) =>
      fetched.has(/^Package: (\S+)/m.exec(stanza)?.[1] ?? "")
    );
    await Deno.writeTextFile(path, kept.join("\n\n") + "\n\n");
  }
}

/** A name like "stable" may come to mean another release. */
async function assertCodename(root: string, suite: string): Promise<void> {
  const lists = join(root, LISTS);
  for await (const { name } of Deno.readDir(lists)) {
    if (!name.endsWith("Release")) continue;
    const text = await Deno.readTextFile(join(lists, name));
    const codename = /^Codename: (\S+)/m.exec(text)?.[1];
    if (codename === RELEASE.codename) return;
    throw new GuestError(
      `the archive's ${suite} is ${codename}, not ${RELEASE.codename}`,
      `use an archive that has ${RELEASE.codename}`,
    );
  }
  throw new GuestError("debootstrap left no package lists", "report this: its layout changed");
}

function ignoreAbsent(error: unknown): void {
  if (!(error instanceof Deno.errors.NotFound)) throw error;
}

/** Lets the image's files belong to its users: as root they do, for others fakeroot remembers whose they are. */
class FileRights {
  readonly #prefix: readonly string[];

  private constructor(prefix: readonly string[]) {
    this.#prefix = prefix;
  }

  static async create(scratch: string): Promise<FileRights> {
    if (Deno.uid() === 0) return new FileRights([]);
    const memory = join(scratch, "owners");
    await Deno.writeTextFile(memory, "");
    return new FileRights(["fakeroot", "-i", memory, "-s", memory, "--"]);
  }

  async run(program: string, args: readonly string[]): Promise<void> {
    const [first, ...rest] = [...this.#prefix, program, ...args];
    await runProgram(first, rest, "show");
  }
}
