import { assert, assertEquals } from "@std/assert";
import { setImmediate } from "node:timers";
import { FrameChannel } from "./frame_channel.ts";

Deno.test("frames cross as copies, and a side that takes none stops the other, not for ever", async () => {
  const { port1, port2 } = new MessageChannel();
  const gate = Promise.withResolvers<void>();
  const taken: number[] = [];
  const first = new FrameChannel(port1, () => {});
  new FrameChannel(port2, async (frame) => {
    await gate.promise;
    taken.push(frame[0]);
  });
  const frame = Uint8Array.of(0, 1, 2);
  let sent = 0;
  for (; first.send(frame); sent++) frame[0] = sent + 1;
  assert(sent > 16 && sent < 1000, `${sent} ahead`);
  assertEquals(frame.length, 3, "the sender's frame was taken away");
  gate.resolve();
  while (!first.send(Uint8Array.of(255))) await new Promise((resolve) => setImmediate(resolve));
  while (taken.length <= sent) await new Promise((resolve) => setImmediate(resolve));
  assertEquals(taken.slice(0, 3), [0, 1, 2]);
  assertEquals(taken.at(-1), 255);
  port1.close();
  port2.close();
});

Deno.test("a receiver that throws loses its frame and nothing else", async () => {
  const { port1, port2 } = new MessageChannel();
  const done = Promise.withResolvers<number>();
  const first = new FrameChannel(port1, () => {});
  new FrameChannel(port2, (frame) => {
    if (frame[0] === 1) throw new Error("not this one");
    done.resolve(frame[0]);
  });
  assert(first.send(Uint8Array.of(1)) && first.send(Uint8Array.of(2)));
  assertEquals(await done.promise, 2);
  port1.close();
  port2.close();
});
