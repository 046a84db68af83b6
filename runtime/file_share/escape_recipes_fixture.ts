/**
 * Ways out of a shared folder, each of which must fail: what a guest might try, by itself or with what stands in the
 * tree, and with a host that changes the tree under it.
 */

import { join } from "node:path";
import { type Answer, ROOT_FID, type ShareClient } from "./client_fixture.ts";
import { FileKind } from "./file_mode.ts";
import { MessageType, OpenFlag, REMOVES_FOLDER, SetBit } from "./message_type.ts";
import type { ShareFixture } from "./share_fixture.ts";

/** A way out. */
export interface EscapeRecipe {
  readonly name: string;
  /** @returns the answer that must be an error; undefined where only the outcome counts */
  readonly attempt: (share: ShareFixture) => Answer | number | string | undefined | object;
  /** Is it a way only where owners are mapped? */
  readonly isOfMapped?: true;
}

/** Links of the host's that lead out, and other things that a tree may hold. */
export function setTraps(share: ShareFixture): void {
  const links: readonly (readonly [string, string])[] = [
    ["link-out", "../outside"],
    ["link-file", "../outside/secret"],
    ["link-absolute", share.outside],
    ["link-file-absolute", join(share.outside, "secret")],
    ["chain", "chain-2"],
    ["chain-2", "chain-3"],
    ["chain-3", "link-out"],
    ["chain-file", "link-file"],
    ["loop", "loop"],
    ["dangling", "../outside/new"],
    ["here", "."],
    ["folder/up", "../.."],
    ["folder/inner/far", "../../../outside"],
    ["to-root", "/"],
    ["to-process", "/proc/self/root"],
  ];
  for (const [name, target] of links) Deno.symlinkSync(target, join(share.root, name));
}

/** Replaces a folder of the tree by a link that leads out, where there is something of each name that recipes use. */
function swapFolder(share: ShareFixture, name: string): void {
  const path = join(share.root, name);
  Deno.renameSync(path, `${path}-away`);
  Deno.symlinkSync(join(share.outside, "deep"), path);
}

function walk(...names: string[]): EscapeRecipe["attempt"] {
  return ({ client }) => client.walk(names);
}

function opened(flags: number, ...names: string[]): EscapeRecipe["attempt"] {
  return ({ client }) => client.open(client.reach(...names), flags);
}

/** What may be tried with the number of a folder. */
type FolderAttempt = (client: ShareClient, folder: number) => Answer | object | string | number;

const IN_FOLDER: readonly (readonly [name: string, attempt: FolderAttempt])[] = [
  ["walk", (client, folder) => client.walk(["secret"], folder)],
  ["list", (client, folder) => client.list(folder)],
  ["create", (client, folder) => client.create(folder, "new", 2)],
  ["overwrite", (client, folder) => client.create(folder, "secret", 2 | OpenFlag.TRUNCATE)],
  ["mkdir", (client, folder) => client.mkdir(folder, "new")],
  ["symlink", (client, folder) => client.symlink(folder, "new", "x")],
  ["mknod", (client, folder) => client.mknod(folder, "new", FileKind.FILE | 0o600)],
  ["link", (client, folder) => client.link(folder, client.reach("file"), "new")],
  ["unlink", (client, folder) => client.unlink(folder, "secret")],
  ["rmdir", (client, folder) => client.unlink(folder, "secret", REMOVES_FOLDER)],
  ["move out", (client, folder) => client.rename(ROOT_FID, "file", folder, "new")],
  ["move in", (client, folder) => client.rename(folder, "secret", ROOT_FID, "stolen")],
];

/** Names that say more than a name may. */
const BAD_NAMES: readonly (readonly [name: string, what: string])[] = [
  ["..", "the folder above"],
  [".", "the folder itself"],
  ["", "no name"],
  ["/", "a slash"],
  ["../outside/new", "a path above"],
  ["folder/../../outside/new", "a path down and up"],
  ["/tmp/weft-escaped", "an absolute path"],
  ["link-out/new", "a path through a link"],
  ["new\0", "a name with NUL"],
  ["n".repeat(256), "a long name"],
  ["ä".repeat(128), "a name of too many bytes"],
];

const NAMING: readonly (readonly [string, (client: ShareClient, name: string) => Answer])[] = [
  ["create", (client, name) => client.create(client.reach(), name, 2)],
  ["mkdir", (client, name) => client.mkdir(ROOT_FID, name)],
  ["rename to", (client, name) => client.rename(ROOT_FID, "file", ROOT_FID, name)],
  ["unlink", (client, name) => client.unlink(ROOT_FID, name)],
  ["link as", (client, name) => client.link(ROOT_FID, client.reach("file"), name)],
  ["symlink as", (client, name) => client.symlink(ROOT_FID, name, "x")],
];

const LINKS = ["link-out", "link-absolute", "chain", "folder/up", "to-root", "to-process"] as const;

function rawWalk(bytes: readonly number[]): EscapeRecipe["attempt"] {
  return ({ client }) =>
    client.ask(
      MessageType.WALK,
      ...[{ word: ROOT_FID }, { word: client.newFid() }, { half: 2 }],
      ...[{ half: bytes.length }, { raw: Uint8Array.from(bytes) }, { text: "outside" }],
    );
}

/** See the header of this file. */
export const ESCAPE_RECIPES: readonly EscapeRecipe[] = [
  { name: "walk up from the root", attempt: walk("..", "outside") },
  { name: "walk up often", attempt: walk(...new Array(14).fill(".."), "outside", "secret") },
  { name: "walk down and up", attempt: walk("folder", "..", "..", "outside") },
  { name: "walk up from a file", attempt: walk("file", "..", "..", "outside") },
  { name: "walk up from a link", attempt: walk("link-out", "..", "outside") },
  { name: "walk an absolute path", attempt: walk("/etc/passwd") },
  { name: "walk a path", attempt: walk("../outside/secret") },
  { name: "walk a name with NUL", attempt: walk("..\0", "outside") },
  { name: "walk a name with a backslash", attempt: walk("..\\outside") },
  { name: "walk wide dots", attempt: walk("\uff0e\uff0e", "outside") },
  { name: "walk dots in too many bytes", attempt: rawWalk([0xc0, 0xae, 0xc0, 0xae]) },
  { name: "walk a slash in too many bytes", attempt: rawWalk([0x2e, 0x2e, 0xc0, 0xaf]) },
  { name: "walk a half letter", attempt: rawWalk([0xed, 0xa0, 0x80]) },
  { name: "walk a loop", attempt: walk("loop", "secret") },
  ...LINKS.flatMap((link): EscapeRecipe[] => {
    const names = link.split("/");
    return [
      { name: `walk through ${link}`, attempt: walk(...names, "secret") },
      { name: `walk far through ${link}`, attempt: walk(...names, "outside", "secret") },
      { name: `open ${link}`, attempt: opened(0, ...names) },
      { name: `open ${link} as a folder`, attempt: opened(OpenFlag.FOLDER, ...names) },
    ];
  }),
  ...["link-file", "link-file-absolute", "chain-file", "dangling"].flatMap((link) => [
    { name: `read ${link}`, attempt: opened(0, link) },
    { name: `write ${link}`, attempt: opened(1, link) },
    { name: `empty ${link}`, attempt: opened(2 | OpenFlag.TRUNCATE, link) },
    {
      name: `create over ${link}`,
      attempt: ({ client }: ShareFixture) => client.create(client.reach(), link, 2),
    },
    {
      name: `create over ${link}, and empty it`,
      attempt: ({ client }: ShareFixture) =>
        client.create(client.reach(), link, 2 | OpenFlag.TRUNCATE),
    },
    {
      name: `mkdir over ${link}`,
      attempt: ({ client }: ShareFixture) => client.mkdir(ROOT_FID, link),
    },
    {
      name: `hard link to ${link}`,
      attempt: ({ client }: ShareFixture) => client.link(ROOT_FID, client.reach(link), "hard"),
    },
    {
      name: `resize ${link}`,
      attempt: ({ client }: ShareFixture) =>
        client.change(client.reach(link), SetBit.SIZE, { size: 0 }),
    },
    {
      name: `chmod ${link}`,
      attempt: ({ client }: ShareFixture) => {
        client.change(client.reach(link), SetBit.MODE, { mode: 0o777 });
        return undefined;
      },
    },
    {
      name: `set the times of ${link}`,
      attempt: ({ client }: ShareFixture) => {
        client.change(client.reach(link), SetBit.MODIFIED | SetBit.MODIFIED_SET, { modified: 5 });
        return undefined;
      },
    },
    {
      name: `move a file over ${link}`,
      attempt: ({ client }: ShareFixture) => {
        client.rename(ROOT_FID, "file", ROOT_FID, link);
        return undefined;
      },
    },
    {
      name: `remove ${link}`,
      attempt: ({ client }: ShareFixture) => {
        client.unlink(ROOT_FID, link);
        return undefined;
      },
    },
  ]),
  { name: "rmdir a link", attempt: ({ client }) => client.unlink(ROOT_FID, "link-out", 0x200) },
  ...IN_FOLDER.map(([name, attempt]): EscapeRecipe => ({
    name: `${name}, in a link`,
    attempt: ({ client }) => attempt(client, client.reach("link-out")),
  })),
  ...IN_FOLDER.map(([name, attempt]): EscapeRecipe => ({
    name: `${name}, in a folder that the host replaced by a link`,
    attempt: (share) => {
      const folder = share.client.reach("folder", "inner");
      swapFolder(share, "folder/inner");
      return attempt(share.client, folder);
    },
  })),
  ...IN_FOLDER.map(([name, attempt]): EscapeRecipe => ({
    name: `${name}, in a folder above which the host put a link`,
    attempt: (share) => {
      const folder = share.client.reach("folder", "inner");
      swapFolder(share, "folder");
      return attempt(share.client, folder);
    },
  })),
  {
    name: "open a file on whose way the host put a link",
    attempt: (share) => {
      const leaf = share.client.reach("folder", "inner", "leaf");
      swapFolder(share, "folder/inner");
      return share.client.open(leaf, 0);
    },
  },
  {
    name: "open a file that the host replaced by a link",
    attempt: (share) => {
      const file = share.client.reach("file");
      Deno.removeSync(join(share.root, "file"));
      Deno.symlinkSync("../outside/secret", join(share.root, "file"));
      return share.client.open(file, 2 | OpenFlag.TRUNCATE);
    },
  },
  {
    name: "move a link deeper, and walk it",
    attempt: ({ client }) => {
      client.rename(ROOT_FID, "link-out", client.reach("folder"), "inside");
      return client.walk(["folder", "inside", "secret"]);
    },
  },
  {
    name: "move a link over a folder that a number stands for, and use that",
    attempt: ({ client }) => {
      const folder = client.reach("folder");
      client.rename(ROOT_FID, "folder", ROOT_FID, "was");
      client.rename(ROOT_FID, "link-out", ROOT_FID, "folder");
      return client.walk(["secret"], folder);
    },
  },
  {
    name: "move a link to where a folder was, and walk it",
    attempt: ({ client }) => {
      client.rename(ROOT_FID, "folder", ROOT_FID, "was");
      client.rename(ROOT_FID, "link-out", ROOT_FID, "folder");
      return client.walk(["folder", "secret"]);
    },
  },
  {
    name: "move a folder into itself",
    attempt: ({ client }) =>
      client.rename(ROOT_FID, "folder", client.reach("folder", "inner"), "loop"),
  },
  {
    name: "move the root",
    attempt: ({ client }) =>
      client.ask(
        MessageType.RENAME,
        { word: ROOT_FID },
        { word: client.reach("folder") },
        { text: "root" },
      ),
  },
  {
    name: "remove the root",
    attempt: ({ client }) => client.ask(MessageType.REMOVE, { word: client.reach() }),
  },
  {
    name: "make a link, and walk it",
    attempt: ({ client }) => {
      client.symlink(ROOT_FID, "mine", "../outside");
      return client.walk(["mine", "secret"]);
    },
  },
  {
    name: "make a chain of links, and walk it",
    attempt: ({ client }) => {
      client.symlink(ROOT_FID, "mine", "../outside");
      client.symlink(ROOT_FID, "mine-2", "mine");
      client.symlink(client.reach("folder"), "mine-3", "../mine-2");
      return client.walk(["folder", "mine-3", "secret"]);
    },
  },
  {
    name: "make a link to a file, and open it",
    attempt: ({ client }) => {
      client.symlink(ROOT_FID, "mine", "../outside/secret");
      const mine = client.walk(["mine"]);
      return typeof mine === "string" ? mine : client.open(mine, 0);
    },
  },
  {
    name: "make a link, and a file over it",
    attempt: ({ client }) => {
      const made = client.symlink(ROOT_FID, "mine", "../outside/new");
      return typeof made === "string" ? made : client.create(client.reach(), "mine", 2);
    },
  },
  {
    name: "make the host's disk, and open it",
    attempt: ({ client }) => {
      const made = client.mknod(ROOT_FID, "disk", FileKind.BLOCK_DEVICE | 0o666, 8, 0);
      return typeof made === "string" ? made : client.open(client.reach("disk"), 2);
    },
  },
  {
    name: "make the host's memory, and open it",
    attempt: ({ client }) => {
      const made = client.mknod(ROOT_FID, "memory", FileKind.CHARACTER_DEVICE | 0o666, 1, 1);
      return typeof made === "string" ? made : client.open(client.reach("memory"), 0);
    },
  },
  {
    name: "mknod a folder",
    attempt: ({ client }) => client.mknod(ROOT_FID, "node", FileKind.FOLDER | 0o755),
  },
  {
    name: "mknod a link",
    attempt: ({ client }) => client.mknod(ROOT_FID, "node", FileKind.LINK | 0o777),
  },
  {
    name: "open a pipe of the host's, which waits for a writer",
    attempt: (share) => {
      const path = join(share.root, "pipe");
      new Deno.Command("mkfifo", { args: [path] }).outputSync();
      return share.client.open(share.client.reach("pipe"), 0);
    },
  },
  {
    name: "open a device of the host's",
    attempt: ({ client }) => client.walk(["to-root", "dev", "zero"]),
  },
  {
    name: "attach to another root",
    attempt: ({ client }) => {
      const fid = client.newFid();
      client.ask(
        MessageType.ATTACH,
        ...[{ word: fid }, { word: 0xffff_ffff }, { text: "" }, { text: "/etc" }, { word: 0 }],
      );
      return client.walk(["passwd"], fid);
    },
  },
  {
    name: "attributes by name of a link's target",
    attempt: ({ client }) =>
      client.ask(
        MessageType.XATTRWALK,
        { word: client.reach("link-file") },
        { word: client.newFid() },
        { text: "user.x" },
      ),
  },
  {
    name: "walk more names than may be",
    attempt: walk(...new Array(17).fill("..")),
  },
  ...BAD_NAMES.flatMap(([name, what]) =>
    NAMING.map(([verb, attempt]): EscapeRecipe => ({
      name: `${verb} ${what}`,
      attempt: ({ client }) => attempt(client, name),
    }))
  ),
  ...[".virtfs_metadata", ".virtfs_metadata_root", ".VIRTFS_METADATA"].flatMap((name) =>
    NAMING.map(([verb, attempt]): EscapeRecipe => ({
      name: `${verb} what owners are kept in: ${name}`,
      isOfMapped: true,
      attempt: ({ client }) => attempt(client, name),
    }))
  ),
  {
    name: "chmod where owners are kept outside",
    isOfMapped: true,
    attempt: (share) => {
      Deno.symlinkSync("../outside", join(share.root, ".virtfs_metadata"));
      return share.client.change(share.client.reach(), SetBit.MODE, { mode: 0o700 }) &&
        share.client.create(share.client.reach(), "secret", 2);
    },
  },
  {
    name: "chmod where an owner is kept outside",
    isOfMapped: true,
    attempt: (share) => {
      const kept = join(share.root, ".virtfs_metadata");
      Deno.mkdirSync(kept);
      Deno.symlinkSync("../../outside/secret", join(kept, "new"));
      return share.client.create(share.client.reach(), "new", 2);
    },
  },
];
