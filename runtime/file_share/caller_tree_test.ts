import { assertEquals, assertThrows } from "@std/assert";
import { CALL_BYTES } from "../virtio/back_end_call.ts";
import {
  type BackendAnswer,
  type BackendCall,
  type NewBackendEntry,
  putCall,
  takeCall,
} from "./backend_call.ts";
import { type Caller, CallerTree } from "./caller_tree.ts";
import { ROOT_FID, ShareClient } from "./client_fixture.ts";
import { FileError } from "./file_error.ts";
import { FileKind } from "./file_mode.ts";
import { SetBit } from "./message_type.ts";
import { ShareServer } from "./share_server.ts";

/** A back end that answers at once, and notes what it is asked. */
class MemoryBackEnd implements Caller {
  readonly data = new Uint8Array(new SharedArrayBuffer(CALL_BYTES));
  readonly calls: string[] = [];
  readonly entries = new Map<string, NewBackendEntry & { bytes: Uint8Array }>();
  fails = false;

  call(_kind: number, _position: number, length: number): number {
    const { text, data } = takeCall<BackendCall>(this.data, length);
    if (text.does !== "look") this.calls.push(`${text.does} ${text.path}`);
    if (this.fails) return putCall(this.data, { error: "ENOSPC" });
    const bytes = new Uint8Array(0x2_0000);
    const answer = this.#answer(text, data, bytes);
    return putCall(this.data, answer, bytes.subarray(0, answer.length));
  }

  #answer(call: BackendCall, data: Uint8Array, into: Uint8Array): BackendAnswer & {
    length?: number;
  } {
    const { path } = call;
    const entry = this.entries.get(path);
    switch (call.does) {
      case "look": {
        if (path === "") return { entry: { kind: "folder" } };
        if (entry === undefined) return { entry: null };
        const { bytes, ...known } = entry;
        return { entry: { ...known, size: bytes.length } };
      }
      case "list": {
        const prefix = path === "" ? "" : `${path}/`;
        const names = [...this.entries.keys()]
          .filter((other) => other.startsWith(prefix) && !other.slice(prefix.length).includes("/"))
          .map((other) => other.slice(prefix.length));
        return {
          names: names.slice(call.from, call.from + 3),
          hasMore: call.from + 3 < names.length,
        };
      }
      case "read": {
        const part = entry?.bytes.subarray(call.offset, call.offset + call.length);
        into.set(part ?? []);
        return { length: part?.length ?? 0 };
      }
      case "write": {
        const old = entry?.bytes ?? new Uint8Array(0);
        const bytes = new Uint8Array(Math.max(old.length, call.offset + data.length));
        bytes.set(old);
        bytes.set(data, call.offset);
        if (entry !== undefined) entry.bytes = bytes;
        return { length: 0 };
      }
      case "create":
        this.entries.set(path, { ...call.entry, bytes: new Uint8Array(0) });
        return { length: 0 };
      case "remove":
        this.entries.delete(path);
        return { length: 0 };
      case "rename":
        for (const [other, moved] of [...this.entries]) {
          if (other !== path && !other.startsWith(`${path}/`)) continue;
          this.entries.delete(other);
          this.entries.set(call.to + other.slice(path.length), moved);
        }
        return { length: 0 };
      case "change":
        if (entry !== undefined) entry.bytes = entry.bytes.slice(0, call.change.size);
        return { length: 0 };
      case "flush":
        return { length: 0 };
    }
  }
}

function share(): { backEnd: MemoryBackEnd; tree: CallerTree; client: ShareClient } {
  const backEnd = new MemoryBackEnd();
  const tree = new CallerTree(backEnd);
  return { backEnd, tree, client: new ShareClient(new ShareServer(tree, false)) };
}

Deno.test("a file system of the caller's is written, read, listed and moved", () => {
  const { backEnd, client } = share();
  const file = client.reach();
  client.create(file, "file", 2);
  const long = "0123456789".repeat(30_000);
  client.write(file, long);
  assertEquals(client.read(file, 0, 400_000), long);
  assertEquals(client.read(file, 299_995), "56789");
  client.mkdir(ROOT_FID, "folder");
  client.rename(ROOT_FID, "file", client.reach("folder"), "moved");
  client.write(file, "abc");
  assertEquals(client.read(file, 0, 5), "abc34", "an open file moves with its name");
  for (const name of ["a", "b", "c", "d", "e", "f", "g"]) client.create(client.reach(), name, 2);
  assertEquals([...client.list(client.reach())].length, 2 + 8);
  assertEquals(backEnd.entries.has("folder/moved"), true);
  client.symlink(ROOT_FID, "link", "folder/moved");
  assertEquals(client.readlink(client.reach("link")), "folder/moved");
});

Deno.test("a back end is asked only for what can be done", () => {
  const { backEnd, client } = share();
  client.mkdir(ROOT_FID, "full");
  client.create(client.reach("full"), "file", 2);
  client.create(client.reach(), "plain", 2);
  backEnd.calls.length = 0;
  const full = client.reach("full");
  assertEquals(client.unlink(ROOT_FID, "full", 0x200), "ENOTEMPTY");
  assertEquals(client.unlink(ROOT_FID, "full"), "EISDIR");
  assertEquals(client.unlink(ROOT_FID, "plain", 0x200), "ENOTDIR");
  assertEquals(client.unlink(ROOT_FID, "missing"), "ENOENT");
  assertEquals(client.mkdir(ROOT_FID, "plain"), "EEXIST");
  assertEquals(client.rename(ROOT_FID, "plain", ROOT_FID, "full"), "EISDIR");
  assertEquals(client.rename(ROOT_FID, "full", ROOT_FID, "plain"), "ENOTDIR");
  assertEquals(client.rename(ROOT_FID, "missing", ROOT_FID, "x"), "ENOENT");
  assertEquals(client.rename(ROOT_FID, "full", full, "inside"), "EINVAL");
  assertEquals(client.link(ROOT_FID, client.reach("plain"), "second"), "EOPNOTSUPP");
  assertEquals(client.mknod(ROOT_FID, "pipe", FileKind.PIPE), "EPERM");
  assertEquals(client.change(full, SetBit.SIZE, { size: 0 }), "EINVAL");
  assertEquals(backEnd.calls, ["list full"]);
});

Deno.test("a file that was removed while it was open is stale, and no other file", () => {
  const { client } = share();
  const file = client.reach();
  client.create(file, "file", 2);
  client.unlink(ROOT_FID, "file");
  client.create(client.reach(), "file", 2);
  assertEquals(client.write(file, "x"), "ESTALE");
  assertEquals(client.read(file), "ESTALE");
});

Deno.test("what a back end says is wrong reaches the guest", () => {
  const { backEnd, tree, client } = share();
  backEnd.fails = true;
  assertEquals(client.mkdir(ROOT_FID, "folder"), "ENOSPC");
  assertThrows(() => tree.attributes(["x"]), FileError, "ENOSPC");
});
