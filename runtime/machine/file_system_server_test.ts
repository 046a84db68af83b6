import { assertEquals } from "@std/assert";
import {
  type BackendAnswer,
  type BackendCall,
  putCall,
  takeCall,
} from "../file_share/backend_call.ts";
import { CallKind, CallMailbox, CallState, CallWord } from "../virtio/back_end_call.ts";
import { FileSystemServer } from "./file_system_server.ts";
import type { FileSystemBackend } from "./share_options.ts";

/** Makes one call as a worker does. */
async function answerOf(
  backend: FileSystemBackend,
  call: BackendCall,
  bytes?: Uint8Array,
): Promise<{ text: BackendAnswer; data: Uint8Array }> {
  const mailbox = new CallMailbox();
  const { port1, port2 } = new MessageChannel();
  new FileSystemServer(backend, mailbox.words.buffer).serve(port2);
  mailbox.ask(CallKind.FILES, 0, putCall(mailbox.data, call, bytes));
  const answered = Atomics.waitAsync(mailbox.words, CallWord.STATE, CallState.ASKED);
  port1.postMessage(null);
  await answered.value;
  port1.close();
  port2.close();
  return takeCall(mailbox.data, mailbox.words[CallWord.LENGTH]);
}

const NOTHING: FileSystemBackend = { look: () => undefined, list: () => [], read: () => 0 };

Deno.test("calls reach the methods of a back end, and their results come back", async () => {
  const calls: unknown[] = [];
  const backend: FileSystemBackend = {
    look: (path) => Promise.resolve(path === "a" ? { kind: "file", size: 5 } : undefined),
    list: () => ["x", "y"],
    read: (path, offset, into) => {
      calls.push(["read", path, offset, into.length]);
      into.set([7, 8]);
      return 2;
    },
    write: (path, offset, from) => void calls.push(["write", path, offset, [...from]]),
    rename: (from, to) => void calls.push(["rename", from, to]),
  };
  const { entry } = (await answerOf(backend, { does: "look", path: "a" })).text;
  assertEquals([entry?.kind, entry?.size], ["file", 5]);
  assertEquals((await answerOf(backend, { does: "look", path: "b" })).text, { entry: null });
  const list = await answerOf(backend, { does: "list", path: "", from: 1 });
  assertEquals(list.text, { names: ["y"], hasMore: false });
  const read = await answerOf(backend, { does: "read", path: "a", offset: 3, length: 9 });
  assertEquals([...read.data], [7, 8]);
  await answerOf(backend, { does: "write", path: "a", offset: 1 }, Uint8Array.of(1, 2));
  await answerOf(backend, { does: "rename", path: "a", to: "b" });
  await answerOf(backend, { does: "flush", path: "a" });
  assertEquals(calls, [["read", "a", 3, 9], ["write", "a", 1, [1, 2]], ["rename", "a", "b"]]);
});

Deno.test("a long list comes in pieces", async () => {
  const names = Array.from({ length: 5000 }, (_, index) => `entry-${index}`);
  const backend: FileSystemBackend = { ...NOTHING, list: () => names };
  const all: string[] = [];
  for (let hasMore = true; hasMore;) {
    const { text } = await answerOf(backend, { does: "list", path: "", from: all.length });
    all.push(...text.names ?? []);
    hasMore = text.hasMore === true;
  }
  assertEquals(all, names);
});

Deno.test("an entry may have more to it than is told", async () => {
  const huge = { kind: "link" as const, target: "t", content: new Uint8Array(1_000_000) };
  const { text } = await answerOf({ ...NOTHING, look: () => huge }, { does: "look", path: "a" });
  assertEquals(text.entry?.target, "t");
});

Deno.test("what a back end throws, or has no method for, has a name", async () => {
  const thrown = (error: unknown): FileSystemBackend => ({
    ...NOTHING,
    look: () => {
      throw error;
    },
  });
  const errorOf = async (backend: FileSystemBackend, does: "look" | "remove"): Promise<unknown> =>
    (await answerOf(backend, { does, path: "a" })).text.error;
  assertEquals(await errorOf(NOTHING, "remove"), "EROFS");
  assertEquals(await errorOf(thrown(new Error("broken")), "look"), "EIO");
  assertEquals(await errorOf(thrown("text"), "look"), "EIO");
  const full = Object.assign(new Error("full"), { code: "ENOSPC" });
  assertEquals(await errorOf(thrown(full), "look"), "ENOSPC");
  assertEquals(await errorOf(thrown(new Deno.errors.PermissionDenied("no")), "look"), "EACCES");
});
