/**
 * Fetches packages of a foreign Debian release and architecture through apt, without touching the machine.
 *
 * apt runs with its own state, cache and source list in one folder, so nothing is installed, no architecture
 * is added and the machine's package lists stay as they are; no privilege is needed. Proxy and transport
 * settings still come from the machine's configuration. Signatures are checked by apt with the machine's
 * Debian keys. Hooks that the machine runs after `apt-get update` are cleared: they concern its own cache.
 */

import { join } from "node:path";
import {
  type ArchiveSource,
  debianArchive,
  parseOneLineSources,
  parseStanzaSources,
  sourceStanza,
} from "./apt_sources.ts";
import { GuestError } from "./guest_error.ts";
import { runProgram } from "./host_program.ts";
import type { DebianRelease } from "./release.ts";

/** A package version in the archive. */
export interface PackageRecord {
  readonly name: string;
  readonly version: string;
  readonly bytes: number;
  readonly depends: string;
}

/** Temporary folders let nobody else in; apt downloads as its own user where it can. */
const PASSABLE = 0o755;
const APT_FOLDER = "/etc/apt";
const BYTES_PER_MEGABYTE = 1e6;

/** The Debian archive that this machine's apt uses. */
export async function machineArchive(): Promise<ArchiveSource> {
  const found = debianArchive(await machineSources());
  if (found === undefined) {
    throw new GuestError(
      `no source in ${APT_FOLDER} carries a Debian release`,
      "run this on Debian, or add a Debian source and its archive key to apt",
    );
  }
  return found;
}

async function machineSources(): Promise<ArchiveSource[]> {
  const parts = join(APT_FOLDER, "sources.list.d");
  const paths = [join(APT_FOLDER, "sources.list")];
  for (const name of await fileNames(parts)) paths.push(join(parts, name));
  const sources: ArchiveSource[] = [];
  for (const path of paths) {
    if (path.endsWith(".list")) sources.push(...parseOneLineSources(await textOrEmpty(path)));
    if (path.endsWith(".sources")) sources.push(...parseStanzaSources(await textOrEmpty(path)));
  }
  return sources;
}

async function fileNames(folder: string): Promise<string[]> {
  try {
    return (await Array.fromAsync(Deno.readDir(folder))).map((entry) => entry.name).sort();
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
}

async function textOrEmpty(path: string): Promise<string> {
  try {
    return await Deno.readTextFile(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return "";
    throw error;
  }
}

/** apt for one release and architecture, with all its files under one folder. */
export class ForeignApt {
  readonly #folder: string;
  readonly #archive: ArchiveSource;
  readonly #release: DebianRelease;
  readonly #configuration: string;

  private constructor(folder: string, archive: ArchiveSource, release: DebianRelease) {
    this.#folder = folder;
    this.#archive = archive;
    this.#release = release;
    this.#configuration = join(folder, "apt.conf");
  }

  /** Prepares `folder` for the release and architecture; downloads nothing yet. */
  static async create(
    folder: string,
    archive: ArchiveSource,
    release: DebianRelease & { readonly architecture: string },
  ): Promise<ForeignApt> {
    const apt = new ForeignApt(folder, archive, release);
    for (const path of ["state/lists/partial", "cache/archives/partial"]) {
      await Deno.mkdir(join(folder, path), { recursive: true });
    }
    await Deno.chmod(folder, PASSABLE);
    await Deno.writeTextFile(join(folder, "status"), "");
    await Deno.writeTextFile(apt.#configuration, configuration(folder, release.architecture));
    return apt;
  }

  /** Downloads the package lists, under the first name whose lists fit their signatures. */
  async update(): Promise<void> {
    const { suites } = this.#release;
    for (const suite of suites.slice(0, -1)) {
      try {
        return await this.#updateFrom(suite);
      } catch (error) {
        if (!(error instanceof GuestError)) throw error;
      }
    }
    await this.#updateFrom(suites.at(-1)!);
  }

  async #updateFrom(suite: string): Promise<void> {
    await Deno.writeTextFile(
      join(this.#folder, "archive.sources"),
      sourceStanza(this.#archive, suite, "main"),
    );
    await this.#run("apt-get", ["-q", "-o", "APT::Update::Error-Mode=any", "update"], "show");
    const { codename } = this.#release;
    const found = releaseCodename(await this.#run("apt-cache", ["policy"], "capture"));
    if (found === codename) return;
    throw new GuestError(
      `the archive's ${suite} is ${found}, not ${codename}`,
      `use an archive that has ${codename}`,
    );
  }

  /** The version of a package that apt would take. */
  async candidate(name: string): Promise<PackageRecord> {
    const output = await this.#run(
      "apt-cache",
      ["--no-all-versions", "show", name],
      "capture",
    );
    const field = (label: string): string =>
      new RegExp(`^${label}: (.*)$`, "m").exec(output)?.[1] ?? "";
    return {
      name: field("Package"),
      version: field("Version"),
      bytes: Number(field("Size")),
      depends: field("Depends"),
    };
  }

  /** Downloads a package, checked against the signed lists, and returns its path. */
  async download(record: PackageRecord): Promise<string> {
    const folder = join(this.#folder, "packages");
    await Deno.mkdir(folder, { recursive: true });
    await giveToDownloader(folder);
    await this.#run("apt-get", ["-q", "download", `${record.name}=${record.version}`], "show", {
      cwd: folder,
    });
    const file = (await fileNames(folder)).find((name) => name.startsWith(`${record.name}_`));
    if (file === undefined) {
      throw new GuestError(
        `apt stored no file for ${record.name}`,
        "remove .cache/guest and retry",
      );
    }
    return join(folder, file);
  }

  /** Downloads packages with all that they depend on, and returns their paths. */
  async downloadWithDependencies(...names: readonly string[]): Promise<string[]> {
    const folder = join(this.#folder, "cache/archives");
    await giveToDownloader(join(folder, "partial"));
    const flags = ["-q", "-y", "--download-only", "--no-install-recommends"];
    await this.#run("apt-get", [...flags, "install", ...names], "show");
    const files = await fileNames(folder);
    return files.filter((file) => file.endsWith(".deb")).map((file) => join(folder, file));
  }

  async #run(
    program: string,
    args: string[],
    output: "show" | "capture",
    options: { cwd?: string } = {},
  ): Promise<string> {
    return await runProgram(program, ["-c", this.#configuration, ...args], output, options);
  }
}

function configuration(folder: string, architecture: string): string {
  return `APT::Architecture "${architecture}";
#clear APT::Architectures;
APT::Architectures { "${architecture}"; };
Dir::State "${folder}/state";
Dir::State::status "${folder}/status";
Dir::Cache "${folder}/cache";
Dir::Etc::sourcelist "${folder}/archive.sources";
Dir::Etc::sourceparts "/dev/null";
Dir::Etc::preferences "/dev/null";
Dir::Etc::preferencesparts "/dev/null";
Acquire::Languages "none";
Acquire::AllowInsecureRepositories "false";
APT::Get::AllowUnauthenticated "false";
#clear APT::Update::Pre-Invoke;
#clear APT::Update::Post-Invoke;
#clear APT::Update::Post-Invoke-Success;
`;
}

/** Run as root, apt downloads as its own user: that user must be able to write the folder. */
async function giveToDownloader(folder: string): Promise<void> {
  if (Deno.uid() !== 0) return;
  const user = /^_apt:[^:]*:(\d+):/m.exec(await textOrEmpty("/etc/passwd"))?.[1];
  if (user !== undefined) await Deno.chown(folder, Number(user), null);
}

/** Bytes as megabytes for a progress line. */
export function megabytes(bytes: number): string {
  return `${(bytes / BYTES_PER_MEGABYTE).toFixed(1)} MB`;
}

/** The code name of the one release that `apt-cache policy` tells of. */
export function releaseCodename(policy: string): string {
  return /^ *release .*\bn=([^,\s]+)/m.exec(policy)?.[1] ?? "unknown";
}

/** Unpacks a package's files into `folder`. */
export async function unpackPackage(packagePath: string, folder: string): Promise<void> {
  await runProgram("dpkg-deb", ["-x", packagePath, folder], "capture");
}
