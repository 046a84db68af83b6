/**
 * Modules of Debian's kernel for the guest, in the order in which they can be loaded.
 *
 * The package holds no table of what needs what (its installation makes one), but each module says it itself, in the
 * fields `depends=` and `softdep=pre:` of its `.modinfo` section. The first names modules only, the second also what is
 * built into the kernel or an algorithm (`crypto-NAME`), whose portable module is called `NAME_generic`.
 */

import { basename, join } from "node:path";
import type { CpioEntry } from "./cpio_archive.ts";
import { GuestError } from "./guest_error.ts";

/** Folder of the modules in the guest. */
export const MODULE_FOLDER = "modules";
/** Shell commands that load them all. */
export const LOAD_MODULES =
  `for module in $(cat /${MODULE_FOLDER}/order); do insmod /${MODULE_FOLDER}/$module || exit 9; done`;

const PACKED = ".ko.xz";
const ALGORITHM_PREFIX = /^crypto_/;

/** An archive's entries with these modules and what they need, from the folder of a kernel's modules. */
export async function moduleEntries(
  folder: string,
  wanted: readonly string[],
): Promise<CpioEntry[]> {
  const tree = await ModuleTree.open(folder);
  const order: string[] = [];
  const contents = new Map<string, Uint8Array>();
  const add = async (name: string): Promise<void> => {
    if (contents.has(name)) return;
    const content = await tree.read(name);
    contents.set(name, content);
    const { depends, before } = neededBy(content);
    for (const needed of [...depends, ...before.flatMap((wish) => tree.providers(wish))]) {
      await add(needed);
    }
    order.push(name);
  };
  for (const name of wanted) await add(name);
  const files = [...contents].map(([name, content]) => fileEntry(`${name}.ko`, content));
  const list = order.map((name) => `${name}.ko\n`).join("");
  return [
    { kind: "directory", path: MODULE_FOLDER, mode: 0o755 },
    ...files,
    fileEntry("order", new TextEncoder().encode(list)),
  ];
}

function fileEntry(name: string, content: Uint8Array): CpioEntry {
  return { kind: "file", path: `${MODULE_FOLDER}/${name}`, mode: 0o644, content };
}

/** What a module says it needs, and what it would like to have before. */
export function neededBy(module: Uint8Array): {
  readonly depends: string[];
  readonly before: string[];
} {
  const text = new TextDecoder("latin1").decode(module);
  const names = (list: string, separator: string): string[] =>
    list.split(separator).filter((name) => name !== "").map(plainName);
  const before = [...text.matchAll(/\0softdep=pre: ([^\0]*)\0/g)];
  return {
    depends: names(/\0depends=([^\0]*)\0/.exec(text)?.[1] ?? "", ","),
    before: before.flatMap(([, list]) => names(list, " ")),
  };
}

function plainName(name: string): string {
  return name.replaceAll("-", "_");
}

/** The modules of one kernel by name. */
class ModuleTree {
  readonly #paths = new Map<string, string>();

  static async open(folder: string): Promise<ModuleTree> {
    const tree = new ModuleTree();
    await tree.#collect(join(folder, "kernel"));
    return tree;
  }

  /** Modules of this name or with the algorithm; none where the kernel has it built in. */
  providers(name: string): string[] {
    const algorithm = name.replace(ALGORITHM_PREFIX, "");
    return [name, `${algorithm}_generic`].filter((module) => this.#paths.has(module));
  }

  async read(name: string): Promise<Uint8Array> {
    const path = this.#paths.get(name);
    if (path === undefined) {
      throw new GuestError(`the kernel has no module ${name}`, "report this: its modules changed");
    }
    const { success, stdout } = await new Deno.Command("xz", {
      args: ["--decompress", "--stdout", path],
      stderr: "inherit",
    }).output();
    if (success) return stdout;
    throw new GuestError(`xz cannot unpack ${path}`, "install xz-utils");
  }

  async #collect(folder: string): Promise<void> {
    for await (const { name, isDirectory } of Deno.readDir(folder)) {
      const path = join(folder, name);
      if (isDirectory) await this.#collect(path);
      else if (name.endsWith(PACKED)) this.#paths.set(plainName(basename(name, PACKED)), path);
    }
  }
}
