/**
 * Programs of Debian's for this machine, which are not installed: their packages are unpacked in a folder of the cache
 * with all libraries, the C library among them, and their own dynamic loader starts them.
 */

import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { ForeignApt, machineArchive, unpackPackage } from "./debian_packages.ts";
import { TRIXIE } from "./release.ts";

/** Names of the host's architecture in Debian. */
interface HostNames {
  readonly architecture: string;
  readonly libraries: string;
  readonly loader: string;
}

const HOSTS: Readonly<Record<typeof Deno.build.arch, HostNames>> = {
  x86_64: {
    architecture: "amd64",
    libraries: "usr/lib/x86_64-linux-gnu",
    loader: "ld-linux-x86-64.so.2",
  },
  aarch64: {
    architecture: "arm64",
    libraries: "usr/lib/aarch64-linux-gnu",
    loader: "ld-linux-aarch64.so.1",
  },
};

/** How a program is started. */
export interface ProgramStart {
  readonly command: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

/** See the header of this file. */
export class FetchedProgram {
  /** Where its files are, or will be. */
  readonly folder: string;
  /** Where its libraries are. */
  readonly libraries: string;
  readonly #names = HOSTS[Deno.build.arch];
  readonly #package: string;
  readonly #path: string;

  /** @param name of its folder in the cache; @param path of the program in the package */
  constructor(name: string, debianPackage: string, path: string) {
    this.folder = fileURLToPath(new URL(`../../../.cache/${name}/`, import.meta.url));
    this.libraries = join(this.folder, this.#names.libraries);
    this.#package = debianPackage;
    this.#path = path;
  }

  /** How it is started; its own arguments go behind. */
  start(): ProgramStart {
    return {
      command: join(this.libraries, this.#names.loader),
      args: ["--library-path", this.libraries, join(this.folder, this.#path)],
      env: {},
    };
  }

  /** True when it was fetched. */
  async isCached(): Promise<boolean> {
    try {
      await Deno.stat(this.start().command);
      return true;
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return false;
      throw error;
    }
  }

  /** Fetches it unless it is there already. Throws GuestError. */
  async fetch(say: (line: string) => void): Promise<void> {
    if (await this.isCached()) return;
    const cache = join(this.folder, "..");
    await Deno.mkdir(cache, { recursive: true });
    const scratch = await Deno.makeTempDir({ dir: cache, prefix: `fetch-${this.#package}-` });
    try {
      const apt = await ForeignApt.create(scratch, await machineArchive(), {
        ...TRIXIE,
        architecture: this.#names.architecture,
      });
      await apt.update();
      const packages = await apt.downloadWithDependencies(this.#package);
      say(`unpacking ${packages.length} packages`);
      const files = join(scratch, "files");
      for (const path of packages) await unpackPackage(path, files);
      await Deno.rename(files, this.folder);
    } finally {
      await Deno.remove(scratch, { recursive: true });
    }
  }
}
