import { assert, assertEquals } from "@std/assert";
import { join } from "node:path";
import { ROOT_FID, ShareClient } from "./client_fixture.ts";
import { MAX_OPEN_FILES } from "./fid_table.ts";
import { FileKind } from "./file_mode.ts";
import { MessageType, OpenFlag, SetBit } from "./message_type.ts";
import { SHARE_VARIANTS, ShareFixture } from "./share_fixture.ts";

const READ_WRITE = 2;
const [none] = SHARE_VARIANTS;
const mapped = SHARE_VARIANTS.find(({ isMapped }) => isMapped) ?? none;
const ignore = Deno.build.os === "windows";

for (const variant of SHARE_VARIANTS) {
  Deno.test({
    name: `files are made, written, read, moved and removed: ${variant.name}`,
    ignore,
    fn() {
      using share = new ShareFixture(variant);
      const { client } = share;
      const file = client.reach();
      assert(typeof client.create(file, "new", READ_WRITE) !== "string");
      client.write(file, "hello world");
      client.write(file, "there", 6);
      assertEquals(client.read(file, 6), "there");
      assertEquals(client.read(file, 100), "");
      assertEquals(share.get("new"), "hello there");
      assertEquals(typeof client.mkdir(ROOT_FID, "made"), "object");
      const made = client.reach("made");
      assertEquals(typeof client.rename(ROOT_FID, "new", made, "moved"), "object");
      assertEquals(share.get("made/moved"), "hello there");
      client.write(file, "HELLO");
      assertEquals(share.get("made/moved"), "HELLO there", "an open file lost its way");
      assertEquals(client.unlink(ROOT_FID, "made", 0x200), "ENOTEMPTY");
      assertEquals(client.unlink(ROOT_FID, "made"), "EISDIR");
      assertEquals(client.unlink(made, "moved", 0x200), "ENOTDIR");
      assertEquals(typeof client.unlink(made, "moved"), "object");
      assertEquals(client.read(file), "HELLO there", "an open file died with its name");
      assertEquals(typeof client.attributes(file), "object");
      assertEquals(typeof client.unlink(ROOT_FID, "made", 0x200), "object");
      assertEquals(client.walk(["made"]), "ENOENT");
    },
  });

  Deno.test({
    name: `a folder of 1000 entries is listed in pieces: ${variant.name}`,
    ignore,
    fn() {
      using share = new ShareFixture(variant);
      const expected = Array.from({ length: 1000 }, (_, index) => `entry-${index}`);
      for (const name of expected) share.put(`folder/inner/${name}`, "");
      const names = share.client.list(share.client.reach("folder", "inner"), 600);
      if (typeof names === "string") throw new Error(names);
      assertEquals(names.slice(0, 2), [".", ".."]);
      assertEquals(names.slice(2).sort(), [...expected, "leaf"].sort());
    },
  });

  Deno.test({
    name: `sizes and times are set: ${variant.name}`,
    ignore,
    fn() {
      using share = new ShareFixture(variant);
      const file = share.client.reach("file");
      const bits = SetBit.SIZE | SetBit.MODIFIED | SetBit.MODIFIED_SET;
      assertEquals(typeof share.client.change(file, bits, { size: 4, modified: 86400 }), "object");
      assertEquals(share.get("file"), "text");
      assertEquals(Deno.statSync(join(share.root, "file")).mtime?.getTime(), 86_400_000);
    },
  });

  Deno.test({
    name: `numbers move with what they stand for: ${variant.name}`,
    ignore,
    fn() {
      using share = new ShareFixture(variant);
      const { client } = share;
      const leaf = client.reach("folder", "inner", "leaf");
      client.rename(ROOT_FID, "folder", ROOT_FID, "elsewhere");
      assertEquals(typeof client.open(leaf, 0), "object");
      assertEquals(client.read(leaf), "a leaf");
    },
  });

  Deno.test({
    name: `a share that is only read cannot be changed: ${variant.name}`,
    ignore,
    fn() {
      using share = new ShareFixture(variant, true);
      const { client } = share;
      const answers = {
        open: client.open(client.reach("file"), 1),
        empty: client.open(client.reach("file"), OpenFlag.TRUNCATE),
        create: client.create(client.reach(), "new", 2),
        mkdir: client.mkdir(ROOT_FID, "new"),
        mknod: client.mknod(ROOT_FID, "new", FileKind.FILE | 0o600),
        symlink: client.symlink(ROOT_FID, "new", "x"),
        link: client.link(ROOT_FID, client.reach("file"), "new"),
        rename: client.rename(ROOT_FID, "file", ROOT_FID, "new"),
        unlink: client.unlink(ROOT_FID, "file"),
        remove: client.ask(MessageType.REMOVE, { word: client.reach("file") }),
        change: client.change(client.reach("file"), SetBit.MODE, { mode: 0 }),
      };
      for (const [name, answer] of Object.entries(answers)) assertEquals(answer, "EROFS", name);
      const file = client.reach("file");
      assertEquals(typeof client.open(file, 0), "object");
      assertEquals(client.read(file), "text of a file");
      assertEquals(client.write(file, "x"), "EROFS");
      assertEquals(Array.from(Deno.readDirSync(share.root)).length, 2);
    },
  });
}

Deno.test({
  name:
    "without mapping files are the host's: no owner, no link, no device, no bit that raises rights",
  ignore,
  fn() {
    using share = new ShareFixture(none);
    const { client } = share;
    const before = Deno.statSync(join(share.root, "file"));
    const file = client.reach("file");
    const bits = SetBit.UID | SetBit.GID | SetBit.MODE;
    client.change(file, bits, { uid: 1234, gid: 1234, mode: 0o6751 });
    const { uid, gid, mode } = Deno.statSync(join(share.root, "file"));
    assertEquals([uid, gid, (mode ?? 0) & 0o7777], [before.uid, before.gid, 0o751]);
    client.create(client.reach(), "program", READ_WRITE, 0o4777);
    assertEquals((Deno.statSync(join(share.root, "program")).mode ?? 0) & 0o7777, 0o777);
    assertEquals(client.symlink(ROOT_FID, "link", "file"), "EPERM");
    assertEquals(client.mknod(ROOT_FID, "pipe", FileKind.PIPE | 0o600), "EPERM");
    assertEquals(typeof client.mknod(ROOT_FID, "plain", FileKind.FILE | 0o600), "object");
    Deno.symlinkSync("anywhere", join(share.root, "hosts"));
    assertEquals(client.readlink(client.reach("hosts")), "anywhere");
  },
});

Deno.test({
  name: "mapped owners, links and devices are the guest's, and plain files to the host",
  ignore,
  fn() {
    using share = new ShareFixture(mapped);
    const { client } = share;
    const file = client.reach("file");
    const bits = SetBit.UID | SetBit.GID | SetBit.MODE;
    client.change(file, bits, { uid: 1234, gid: 5678, mode: 0o4751 });
    assertEquals(client.attributes(file), {
      ...{ mode: FileKind.FILE | 0o4751, uid: 1234, gid: 5678 },
      ...{ links: 1, device: 0, size: 14 },
    });
    assertEquals(
      share.get(".virtfs_metadata/file"),
      `virtfs.uid=1234\nvirtfs.gid=5678\nvirtfs.mode=${FileKind.FILE | 0o4751}\n`,
    );
    client.symlink(ROOT_FID, "link", "../outside/secret");
    const link = client.reach("link");
    assertEquals(client.readlink(link), "../outside/secret");
    assert(Deno.lstatSync(join(share.root, "link")).isFile);
    assertEquals(share.get("link"), "../outside/secret");
    client.mknod(ROOT_FID, "null", FileKind.CHARACTER_DEVICE | 0o666, 1, 300);
    const device = client.attributes(client.reach("null"));
    if (typeof device === "string") throw new Error(device);
    assertEquals([device.mode, device.device], [0o20666, 0x10012c]);
    assert(Deno.lstatSync(join(share.root, "null")).isFile);
    client.change(ROOT_FID, SetBit.UID, { uid: 77 });
    const root = client.attributes(ROOT_FID);
    assert(typeof root !== "string" && root.uid === 77 && (root.mode & 0xf000) === FileKind.FOLDER);
    const names = client.list(client.reach());
    assertEquals([...names].sort(), [".", "..", "file", "folder", "link", "null"]);
  },
});

Deno.test({
  name: "what is mapped goes with its file: over names, moves and removals",
  ignore,
  fn() {
    using share = new ShareFixture(mapped);
    const { client } = share;
    const uidOf = (...names: string[]): number => {
      const attributes = client.attributes(client.reach(...names));
      if (typeof attributes === "string") throw new Error(attributes);
      return attributes.uid;
    };
    client.change(client.reach("file"), SetBit.UID, { uid: 5 });
    client.link(client.reach("folder"), client.reach("file"), "second");
    client.change(client.reach("folder", "second"), SetBit.UID, { uid: 6 });
    assertEquals(uidOf("file"), 6);
    client.rename(ROOT_FID, "file", client.reach("folder", "inner"), "moved");
    assertEquals(uidOf("folder", "inner", "moved"), 6);
    client.create(client.reach(), "file", READ_WRITE);
    assertEquals(uidOf("file"), 0);
    client.change(client.reach("file"), SetBit.UID, { uid: 9 });
    share.put("fresh", "");
    client.rename(ROOT_FID, "fresh", ROOT_FID, "file");
    assertEquals(uidOf("file"), Deno.statSync(join(share.root, "file")).uid ?? 0);
    client.mkdir(ROOT_FID, "empty");
    client.symlink(client.reach("empty"), "link", "x");
    assertEquals(client.unlink(ROOT_FID, "empty", 0x200), "ENOTEMPTY");
    client.unlink(client.reach("empty"), "link");
    assertEquals(typeof client.unlink(ROOT_FID, "empty", 0x200), "object");
    client.mkdir(ROOT_FID, "source");
    client.mkdir(ROOT_FID, "target");
    client.mkdir(client.reach("target"), "gone");
    client.unlink(client.reach("target"), "gone", 0x200);
    assertEquals(typeof client.rename(ROOT_FID, "source", ROOT_FID, "target"), "object");
    assertEquals(client.walk(["source"]), "ENOENT");
  },
});

Deno.test({
  name: "a guest holds a bounded number of open files, and gets them back",
  ignore,
  fn() {
    using share = new ShareFixture();
    const { client } = share;
    const fids: number[] = [];
    for (let count = 0; count < MAX_OPEN_FILES; count++) {
      fids.push(client.reach("file"));
      assertEquals(typeof client.open(fids[count], 0), "object");
    }
    const last = client.reach("file");
    assertEquals(client.open(last, 0), "EMFILE");
    client.clunk(fids[0]);
    assertEquals(typeof client.open(last, 0), "object");
    const again = new ShareClient(client.server);
    assertEquals(client.read(last), "EBADF", "a new version ends the session before");
    assertEquals(typeof again.open(again.reach("file"), 0), "object");
  },
});

Deno.test({
  name: "versions, tags and answers are as the protocol has them",
  ignore,
  fn() {
    using share = new ShareFixture();
    const { client } = share;
    const version = (bytes: number, text: string): unknown[] => {
      const answer = client.ask(MessageType.VERSION, { word: bytes }, { text });
      return typeof answer === "string" ? [answer] : [answer.word(), answer.text()];
    };
    assertEquals(version(8192, "9P2000.L"), [8192, "9P2000.L"]);
    assertEquals(version(8192, "9P2000.u"), [8192, "unknown"]);
    assertEquals(version(0xffff_ffff, "9P2000.L"), [0x8_0000, "9P2000.L"]);
    assertEquals(version(100, "9P2000.L"), ["EMSGSIZE"]);
    assertEquals(client.ask(MessageType.AUTH, { word: 1 }), "EOPNOTSUPP");
    assertEquals(client.ask(99), "EOPNOTSUPP");
    const flush = client.exchange(client.message(MessageType.FLUSH, [{ half: 3 }]));
    assertEquals([...flush], [7, 0, 0, 0, MessageType.FLUSH + 1, 7, 0]);
  },
});

Deno.test({
  name: "locks are granted, and attributes by name refused",
  ignore,
  fn() {
    using share = new ShareFixture();
    const { client } = share;
    const file = client.reach("file");
    client.open(file, 2);
    const place = [{ long: 0 }, { long: 5 }, { word: 9 }, { text: "client" }];
    const lock = client.ask(MessageType.LOCK, { word: file }, { byte: 1 }, { word: 0 }, ...place);
    assert(typeof lock !== "string" && lock.byte() === 0);
    const asked = client.ask(MessageType.GETLOCK, { word: file }, { byte: 1 }, ...place);
    assert(typeof asked !== "string" && asked.byte() === 2);
    const walk = [{ word: file }, { word: client.newFid() }, { text: "user.x" }];
    assertEquals(client.ask(MessageType.XATTRWALK, ...walk), "EOPNOTSUPP");
  },
});
