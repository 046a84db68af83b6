import { assertEquals } from "@std/assert";
import { EndReason, GUEST_RAM_OFFSET, Machine, PAGE_BYTES } from "../atomics/shared_layout.ts";
import { LockState } from "../atomics/spin_lock.ts";
import { HtifPoll } from "./htif_poll.ts";

const TOHOST = GUEST_RAM_OFFSET;
const LOCK = Machine.HTIF_LOCK.offset >> 2;
const PRINT = 0x0101_0000;

function scene() {
  const words = new Int32Array(new SharedArrayBuffer(GUEST_RAM_OFFSET + PAGE_BYTES));
  const log: string[] = [];
  const sink = { hasRoom: true };
  const poll = new HtifPoll(words, {
    tohost: TOHOST,
    power: { end: (reason, code) => log.push(`end ${reason} ${code}`) },
    consoleSink: {
      tryPut: (byte) => {
        if (sink.hasRoom) log.push(`put ${byte}`);
        return sink.hasRoom;
      },
    },
  });
  const ask = (low: number, high: number): void => {
    words[TOHOST >> 2] = low;
    words[(TOHOST >> 2) + 1] = high;
  };
  const asked = (): number[] => [...words.subarray(TOHOST >> 2, (TOHOST >> 2) + 2)];
  return { words, log, sink, poll, ask, asked };
}

Deno.test("an exit request ends the machine with its code and is acknowledged", () => {
  const { log, poll, ask, asked } = scene();
  ask((7 << 1) | 1, 0);
  poll.poll();
  poll.poll();
  assertEquals(log, [`end ${EndReason.GUEST_EXIT} 7`]);
  assertEquals(asked(), [0, 0]);
});

Deno.test("a character is printed once, also when only the high half is not zero", () => {
  const { words, log, poll, ask, asked } = scene();
  ask(65, PRINT);
  poll.poll();
  poll.poll();
  ask(0, PRINT);
  poll.poll();
  assertEquals(log, ["put 65", "put 0"]);
  assertEquals(asked(), [0, 0]);
  assertEquals(words[LOCK], LockState.FREE);
});

Deno.test("a character stands until there is room for it", () => {
  const { words, log, sink, poll, ask, asked } = scene();
  sink.hasRoom = false;
  ask(66, PRINT);
  poll.poll();
  assertEquals(asked(), [66, PRINT]);
  assertEquals(words[LOCK], LockState.FREE);
  sink.hasRoom = true;
  poll.poll();
  assertEquals(log, ["put 66"]);
});

Deno.test("a request that another vCPU serves now is left to it", () => {
  const { words, log, poll, ask, asked } = scene();
  ask(67, PRINT);
  words[LOCK] = LockState.HELD;
  poll.poll();
  assertEquals(log, []);
  assertEquals(asked(), [67, PRINT]);
  assertEquals(words[LOCK], LockState.HELD);
});
