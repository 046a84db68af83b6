import { assert, assertEquals, assertThrows } from "@std/assert";
import { join } from "node:path";
import { ShareClient } from "./client_fixture.ts";
import { HostTree } from "./host_tree.ts";
import { CheckedGuard, DescriptorGuard, guardFolder, type PathGuard } from "./path_guard.ts";
import { SECRET, SHARE_VARIANTS, ShareFixture } from "./share_fixture.ts";
import { ShareServer } from "./share_server.ts";

/** Turns of a guard at which the host strikes. */
const STRIKES = 14;
const READ_WRITE = 2;
const TRUNCATE = 0o1000;

/** A guard during whose turn, behind its look and before the work, the host does something once. */
class StruckGuard implements PathGuard {
  readonly #guard: PathGuard;
  readonly #strike: () => void;
  #left: number;

  constructor(guard: PathGuard, turn: number, strike: () => void) {
    this.#guard = guard;
    this.#left = turn;
    this.#strike = strike;
  }

  inFolder<Result>(folder: readonly string[], work: (hostFolder: string) => Result): Result {
    return this.#guard.inFolder(folder, (host) => {
      if (this.#left-- === 0) this.#strike();
      return work(host);
    });
  }

  close(): void {
    this.#guard.close();
  }
}

function replaceByLink(share: ShareFixture, path: string, target: string): void {
  Deno.renameSync(join(share.root, path), join(share.root, "away"));
  Deno.symlinkSync(join(share.outside, target), join(share.root, path));
}

const STRIKE_KINDS: readonly (readonly [string, (share: ShareFixture) => void])[] = [
  ["the file", (share) => replaceByLink(share, "folder/inner/leaf", "deep/leaf")],
  ["its folder", (share) => replaceByLink(share, "folder/inner", "deep")],
  ["the folder above", (share) => replaceByLink(share, "folder", "deep")],
];

function struck(
  share: ShareFixture,
  guard: (root: string) => PathGuard,
  turn: number,
  strike: () => void,
): ShareClient {
  const tree = new HostTree(share.root, new StruckGuard(guard(share.root), turn, strike));
  return new ShareClient(new ShareServer(tree, false));
}

const GUARDS = SHARE_VARIANTS.filter(({ isMapped }) => !isMapped);
const ignore = Deno.build.os === "windows";

for (const { name, guard } of GUARDS) {
  Deno.test({
    name: `a link that the host puts on the way is not followed to read or write: ${name}`,
    ignore,
    fn() {
      let opened = 0;
      for (const [kind, strike] of STRIKE_KINDS) {
        for (let turn = 0; turn < STRIKES; turn++) {
          using share = new ShareFixture();
          const before = share.outsideState();
          const client = struck(share, guard, turn, () => strike(share));
          const leaf = client.walk(["folder", "inner", "leaf"]);
          if (typeof leaf === "string") continue;
          const what = `${kind}, turn ${turn}`;
          const answer = client.open(leaf, READ_WRITE | TRUNCATE);
          if (typeof answer !== "string") {
            opened++;
            client.write(leaf, "overwritten");
            assert(!client.read(leaf).includes(SECRET), what);
          }
          assertEquals(share.outsideState(), before, what);
          client.server.close();
        }
      }
      assert(opened > 0, "nothing was ever opened");
    },
  });
}

Deno.test({
  name: "descriptors make nothing outside, whenever the host puts a link on the way",
  ignore: Deno.build.os !== "linux",
  fn() {
    for (const [kind, strike] of STRIKE_KINDS.slice(1)) {
      for (let turn = 0; turn < STRIKES; turn++) {
        using share = new ShareFixture();
        const before = share.outsideState();
        const open = (root: string): PathGuard => new DescriptorGuard(root);
        const client = struck(share, open, turn, () => strike(share));
        const folder = client.walk(["folder", "inner"]);
        if (typeof folder === "string") continue;
        client.mkdir(folder, "made");
        client.rename(folder, "secret", folder, "moved");
        client.unlink(folder, "leaf");
        client.create(folder, "file", READ_WRITE);
        assertEquals(share.outsideState(), before, `${kind}, turn ${turn}`);
        client.server.close();
      }
    }
  },
});

Deno.test({
  name: "checked paths refuse what was done while a folder on the way was replaced",
  ignore,
  fn() {
    using share = new ShareFixture();
    const guard = new CheckedGuard(share.root);
    assertThrows(
      () =>
        guard.inFolder(["folder"], () => {
          Deno.renameSync(join(share.root, "folder"), join(share.root, "away"));
          Deno.mkdirSync(join(share.root, "folder"));
        }),
      Error,
      "ESTALE",
    );
    assertEquals(guard.inFolder(["folder"], (host) => Deno.lstatSync(host).isDirectory), true);
  },
});

Deno.test({
  name: "a root that is another folder now is used no more",
  ignore,
  fn() {
    using share = new ShareFixture();
    const guard = new CheckedGuard(share.root);
    Deno.renameSync(share.root, join(share.top, "away"));
    Deno.mkdirSync(share.root);
    assertThrows(() => guard.inFolder([], () => {}), Error, "ESTALE");
  },
});

Deno.test({
  name: "descriptors are used where all is permitted, and checked paths elsewhere",
  ignore: Deno.build.os !== "linux",
  permissions: { read: true, write: true },
  fn() {
    using share = new ShareFixture();
    const guard = guardFolder(share.root);
    assert(guard instanceof CheckedGuard);
    guard.close();
  },
});
