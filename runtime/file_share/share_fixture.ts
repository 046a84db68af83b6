/** Folders of the host's for tests: one that is shared, and one beside it that nobody may touch. */

import { join } from "node:path";
import { ShareClient } from "./client_fixture.ts";
import type { FileTree } from "./file_tree.ts";
import { HostTree } from "./host_tree.ts";
import { MappedTree } from "./mapped_tree.ts";
import { CheckedGuard, DescriptorGuard, type PathGuard } from "./path_guard.ts";
import { ShareServer } from "./share_server.ts";

/** What the files outside hold. */
export const SECRET = "a secret of the host's";

/** A way to share a folder. */
export interface ShareVariant {
  readonly name: string;
  readonly isMapped: boolean;
  readonly guard: (root: string) => PathGuard;
}

/** All ways to share a folder that this host has. */
export const SHARE_VARIANTS: readonly ShareVariant[] = [false, true].flatMap((isMapped) => {
  const model = isMapped ? "mapped-file" : "none";
  return [
    { name: `${model}, checked paths`, isMapped, guard: (root: string) => new CheckedGuard(root) },
    ...(Deno.build.os === "linux"
      ? [{
        name: `${model}, descriptors`,
        isMapped,
        guard: (root: string) => new DescriptorGuard(root),
      }]
      : []),
  ];
});

/** See the header of this file. */
export class ShareFixture {
  /** The folder of both. */
  readonly top = Deno.realPathSync(Deno.makeTempDirSync());
  /** The one that is shared. */
  readonly root: string = join(this.top, "root");
  /** The one beside it. */
  readonly outside: string = join(this.top, "outside");
  readonly client: ShareClient;

  constructor(variant: ShareVariant = SHARE_VARIANTS[0], isReadonly = false) {
    Deno.mkdirSync(join(this.root, "folder", "inner"), { recursive: true });
    Deno.mkdirSync(join(this.outside, "deep", "inner"), { recursive: true });
    this.put("file", "text of a file");
    this.put("folder/inner/leaf", "a leaf");
    for (const path of ["secret", "deep/secret", "deep/leaf", "deep/inner/secret"]) {
      Deno.writeTextFileSync(join(this.outside, path), SECRET);
    }
    this.client = new ShareClient(new ShareServer(treeOf(variant, this.root), isReadonly));
  }

  /** Writes a file of the shared folder as the host does. */
  put(path: string, text: string): void {
    Deno.writeTextFileSync(join(this.root, path), text);
  }

  /** Reads one. */
  get(path: string): string {
    return Deno.readTextFileSync(join(this.root, path));
  }

  /** What is outside, to be compared: every path, kind, mode and content. */
  outsideState(): string[] {
    const state: string[] = [];
    const visit = (folder: string): void => {
      for (const { name, isDirectory } of Deno.readDirSync(folder)) {
        const path = join(folder, name);
        const { mode, size, mtime, nlink } = Deno.lstatSync(path);
        const content = isDirectory ? "" : Deno.readTextFileSync(path);
        state.push(`${path} ${mode} ${size} ${mtime?.getTime()} ${nlink} ${content}`);
        if (isDirectory) visit(path);
      }
    };
    visit(this.outside);
    const besides = Array.from(Deno.readDirSync(this.top), ({ name }) => name);
    return [...state, ...besides].sort();
  }

  [Symbol.dispose](): void {
    this.client.server.close();
    Deno.removeSync(this.top, { recursive: true });
  }
}

function treeOf({ isMapped, guard }: ShareVariant, root: string): FileTree {
  const tree = new HostTree(root, guard(root));
  return isMapped ? new MappedTree(tree) : tree;
}
