/**
 * The way from the root of a shared folder to a folder in it, without a step aside.
 *
 * REQUIREMENT. Whatever stands in the tree, and whatever the guest asks for, nothing outside of the tree is touched. A
 * symbolic link of the host's is never followed, also not where another process puts it while the server is at work.
 *
 * SOLUTION. Two of them, since Deno can open nothing relative to an open folder. With all permissions, on Linux, each
 * step opens a folder by its name in the one before, which is named by its descriptor in `/proc/self/fd`, with the
 * flags that refuse links: {@linkcode DescriptorGuard}. Deno keeps `/proc` to programs with all permissions; for the
 * others {@linkcode CheckedGuard} looks at every folder on the way, does the work by its path, looks again, and takes
 * nothing that was opened if any of them is another one now.
 *
 * LIMITATION. The second way leaves a gap between a look and the work, for another process of the host that moves
 * folders in the tree at that very moment. The guest cannot: its requests are carried out one after the other, and no
 * request makes a symbolic link on the host.
 */

import {
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  openSync,
  type Stats,
  statSync,
} from "node:fs";
import { FileError } from "./file_error.ts";
import type { TreePath } from "./tree_path.ts";

const { O_DIRECTORY, O_NOFOLLOW, O_RDONLY } = constants;
/** Linux: a place in the tree, not its content; needs no permission to read. */
const O_PATH = 0o10000000;
const DESCRIPTORS = "/proc/self/fd";

/** See the header of this file. */
export interface PathGuard {
  /**
   * Lets `work` use a folder: it gets a path of the host's that stands for the folder during the call, and to which the
   * name of an entry can be added. Throws FileError where a part of the way is no folder.
   */
  inFolder<Result>(folder: TreePath, work: (hostFolder: string) => Result): Result;
  /** Lets go of the root. */
  close(): void;
}

/** The best guard that there is for a folder, whose path has no links in it. */
export function guardFolder(root: string): PathGuard {
  if (mayUseDescriptors()) {
    const guard = new DescriptorGuard(root);
    if (guard.works()) return guard;
    guard.close();
  }
  return new CheckedGuard(root);
}

const ALL_PERMISSIONS = ["read", "write", "run", "env", "net", "sys", "ffi"] as const;

/** Asking for what Deno does not permit could ask the user: it is found out before. */
function mayUseDescriptors(): boolean {
  return Deno.build.os === "linux" &&
    ALL_PERMISSIONS.every((name) => Deno.permissions.querySync({ name }).state === "granted");
}

/** Goes from descriptor to descriptor. */
export class DescriptorGuard implements PathGuard {
  readonly #root: number;

  /** Opens the root. */
  constructor(root: string) {
    this.#root = openSync(root, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
  }

  /** Does this host give paths to descriptors? */
  works(): boolean {
    try {
      return statSync(`${DESCRIPTORS}/${this.#root}`).ino === fstatSync(this.#root).ino;
    } catch {
      return false;
    }
  }

  /** See `PathGuard`. */
  inFolder<Result>(folder: TreePath, work: (hostFolder: string) => Result): Result {
    let here = this.#root;
    try {
      for (const name of folder) {
        const next = openSync(`${DESCRIPTORS}/${here}/${name}`, O_PATH | O_DIRECTORY | O_NOFOLLOW);
        if (here !== this.#root) closeSync(here);
        here = next;
      }
      return work(`${DESCRIPTORS}/${here}`);
    } finally {
      if (here !== this.#root) closeSync(here);
    }
  }

  /** See `PathGuard`. */
  close(): void {
    closeSync(this.#root);
  }
}

/** Looks before and behind. */
export class CheckedGuard implements PathGuard {
  readonly #root: string;
  readonly #identity: string;

  /** Notes which folder the root is. */
  constructor(root: string) {
    this.#root = root;
    this.#identity = identityOf(lstatSync(root));
  }

  /** See `PathGuard`. */
  inFolder<Result>(folder: TreePath, work: (hostFolder: string) => Result): Result {
    const before = this.#look(folder);
    const result = work(before.hostFolder);
    if (this.#look(folder).identities !== before.identities) throw new FileError("ESTALE");
    return result;
  }

  #look(folder: TreePath): { readonly hostFolder: string; readonly identities: string } {
    let hostFolder = this.#root;
    let identities = identityOf(Deno.lstatSync(hostFolder));
    if (identities !== this.#identity) throw new FileError("ESTALE");
    for (const name of folder) {
      hostFolder = `${hostFolder}/${name}`;
      const info = Deno.lstatSync(hostFolder);
      if (!info.isDirectory) throw new FileError("ENOTDIR");
      identities += ` ${identityOf(info)}`;
    }
    return { hostFolder, identities };
  }

  /** Nothing is held. */
  close(): void {}
}

function identityOf({ dev, ino }: Pick<Stats, "dev" | "ino"> | Deno.FileInfo): string {
  return `${dev}:${ino}`;
}
