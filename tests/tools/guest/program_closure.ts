/**
 * Programs of unpacked packages with all that their loader looks for, and nothing else: a package's dependencies bring
 * documents, interpreters and libraries that the program never opens.
 */

import { basename, join } from "node:path";
import type { CpioEntry } from "./cpio_archive.ts";
import { elfNeeds, isElf64 } from "./elf_needs.ts";
import { GuestError } from "./guest_error.ts";

/** Where packages have libraries, and where what the loader's path begins with really is. */
const LIBRARIES = "usr/lib";
const USR = "usr";
const EXECUTABLE = 0o755;
const FOLDER_MODE = 0o755;

/** An archive's entries with these files of a folder and what they need, by their paths. Throws GuestError. */
export async function closureEntries(root: string, paths: readonly string[]): Promise<CpioEntry[]> {
  const libraries = await librariesByName(root);
  const contents = new Map<string, Uint8Array>();
  const add = async (path: string, file: string): Promise<void> => {
    if (contents.has(path)) return;
    const content = await readFile(root, file);
    contents.set(path, content);
    if (!isElf64(content)) return;
    const { loader, libraries: names } = elfNeeds(content);
    if (loader !== null) await add(loader.slice(1), join(USR, loader));
    for (const name of names) {
      const found = libraries.get(name);
      if (found === undefined) throw missing(name, path);
      await add(found, found);
    }
  };
  for (const path of paths) await add(path, path);
  return [...foldersOf([...contents.keys()]), ...[...contents].map(fileEntry)];
}

/** Paths by the names that programs know: the shortest path, where there are several. */
async function librariesByName(root: string): Promise<ReadonlyMap<string, string>> {
  const paths: string[] = [];
  const collect = async (folder: string): Promise<void> => {
    for await (const { name, isDirectory } of Deno.readDir(join(root, folder))) {
      const path = join(folder, name);
      if (isDirectory) await collect(path);
      else if (/\.so(\.|$)/.test(name)) paths.push(path);
    }
  };
  await collect(LIBRARIES);
  paths.sort((a, b) => b.length - a.length);
  return new Map(paths.map((path) => [basename(path), path]));
}

async function readFile(root: string, path: string): Promise<Uint8Array> {
  try {
    return await Deno.readFile(join(root, path));
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    throw new GuestError(`no package has ${path}`, "report this: the packages' layout changed");
  }
}

function missing(library: string, path: string): GuestError {
  return new GuestError(
    `${path} needs ${library}, which no package has`,
    "report this: the packages' layout changed",
  );
}

/** The folders of these paths, outer ones first. */
function foldersOf(paths: readonly string[]): CpioEntry[] {
  const folders = new Set<string>();
  for (const path of paths) {
    for (let at = path.indexOf("/"); at >= 0; at = path.indexOf("/", at + 1)) {
      folders.add(path.slice(0, at));
    }
  }
  return [...folders].sort().map((path) => ({ kind: "directory", path, mode: FOLDER_MODE }));
}

function fileEntry([path, content]: [string, Uint8Array]): CpioEntry {
  return { kind: "file", path, mode: EXECUTABLE, content };
}
