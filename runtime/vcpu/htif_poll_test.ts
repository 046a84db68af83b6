import { assertEquals } from "@std/assert";
import { EndReason, GUEST_RAM_OFFSET, Machine } from "../atomics/shared_layout.ts";
import { LockState } from "../atomics/spin_lock.ts";
import { VcpuLocks } from "./vcpu_locks.ts";
import { HtifPoll } from "./htif_poll.ts";

const BASE = 0x8000_0000;
const RAM_BYTES = 0x2000;
const TOHOST = GUEST_RAM_OFFSET + 0x1000;
const FROMHOST = GUEST_RAM_OFFSET + 0x1040;
const DESCRIPTION = 0x800;
const TEXT = 0x900;
const LOCK = Machine.HTIF_LOCK.offset >> 2;
const PRINT = 0x0101_0000;

function scene() {
  const words = new Int32Array(new SharedArrayBuffer(GUEST_RAM_OFFSET + RAM_BYTES));
  const log: string[] = [];
  const sink = { hasRoom: true };
  const input: number[] = [];
  const poll = new HtifPoll(words, {
    tohost: BASE + 0x1000,
    fromhost: BASE + 0x1040,
    ram: { base: BASE, bytes: RAM_BYTES },
    consoleSource: { take: () => input.shift() ?? -1, available: () => input.length },
    locks: new VcpuLocks(words, 0, null, { hasBigLock: false, timesHolds: false }).htif,
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
  const answer = (): number[] => [...words.subarray(FROMHOST >> 2, (FROMHOST >> 2) + 2)];
  return { words, log, sink, input, poll, ask, asked, answer };
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

/** Describes a system call and asks for it; gives a reader of its result. */
function makeCall(
  { words, ask }: Pick<ReturnType<typeof scene>, "words" | "ask">,
  ...call: number[]
): () => number[] {
  const at = (GUEST_RAM_OFFSET + DESCRIPTION) >> 2;
  call.forEach((value, i) => {
    words[at + 2 * i] = value;
    words[at + 2 * i + 1] = Math.floor(value / 2 ** 32);
  });
  ask((BASE + DESCRIPTION) | 0, 0);
  return () => [words[at], words[at + 1]];
}

function put(text: string): string[] {
  return [...text].map((letter) => `put ${letter.charCodeAt(0)}`);
}

Deno.test("a system call that writes prints, gives its length and is answered", () => {
  const all = scene();
  const bytes = new Uint8Array(all.words.buffer);
  bytes.set(new TextEncoder().encode("hello"), GUEST_RAM_OFFSET + TEXT);
  const result = makeCall(all, 64, 1, BASE + TEXT, 5);
  all.poll.poll();
  all.poll.poll();
  assertEquals(all.log, put("hello"));
  assertEquals([result(), all.asked(), all.answer()], [[5, 0], [0, 0], [1, 0]]);
});

Deno.test("a text that finds no room is printed on from where it stopped, once", () => {
  const all = scene();
  const bytes = new Uint8Array(all.words.buffer);
  bytes.set(new TextEncoder().encode("abc"), GUEST_RAM_OFFSET + TEXT);
  makeCall(all, 64, 2, BASE + TEXT, 3);
  all.sink.hasRoom = false;
  all.poll.poll();
  assertEquals([all.log, all.answer()], [[], [0, 0]]);
  all.sink.hasRoom = true;
  all.poll.poll();
  assertEquals([all.log, all.answer()], [put("abc"), [1, 0]]);
});

Deno.test("a system call waits until the answer before it was taken", () => {
  const all = scene();
  all.words[FROMHOST >> 2] = 1;
  const result = makeCall(all, 999);
  all.poll.poll();
  assertEquals(result(), [999, 0]);
  all.words[FROMHOST >> 2] = 0;
  all.poll.poll();
  assertEquals([result(), all.answer()], [[-38, -1], [1, 0]]);
});

Deno.test("a system call can end the machine", () => {
  const all = scene();
  makeCall(all, 93, 7);
  all.poll.poll();
  assertEquals(all.log, [`end ${EndReason.GUEST_EXIT} 7`]);
});

Deno.test("what a system call names outside of RAM is refused", () => {
  const bad: [number[], number][] = [
    [[64, 1, BASE + RAM_BYTES - 2, 3], -14],
    [[64, 1, 0x1000, 3], -14],
    [[64, 1, BASE, 2 ** 52], -14],
    [[64, 1, 2 ** 60, 1], -14],
    [[64, 7, BASE, 1], -9],
    [[63, 0, BASE, 1], -38],
  ];
  for (const [call, error] of bad) {
    const all = scene();
    const result = makeCall(all, ...call);
    all.poll.poll();
    assertEquals([result(), all.log, all.answer()], [[error, -1], [], [1, 0]]);
  }
  for (const address of [BASE + RAM_BYTES - 8, BASE + 4, 0x1000]) {
    const { poll, ask, asked, answer } = scene();
    ask(address | 0, 0);
    poll.poll();
    assertEquals([asked(), answer()], [[0, 0], [0, 0]]);
  }
});

Deno.test("a read is answered when there is input, in the order of the bytes", () => {
  const { input, poll, ask, asked, answer, words } = scene();
  ask(0, 0x0100_0000);
  poll.poll();
  assertEquals([asked(), answer()], [[0, 0], [0, 0]]);
  input.push(65, 66);
  poll.poll();
  poll.poll();
  assertEquals([answer(), input], [[0x141, 0x0100_0000], [66]]);
  ask(0, 0x0100_0000);
  poll.poll();
  assertEquals(input, [66]);
  words.fill(0, FROMHOST >> 2, (FROMHOST >> 2) + 2);
  poll.poll();
  assertEquals([answer(), input], [[0x142, 0x0100_0000], []]);
});

Deno.test("words that do not lie in RAM are nobody's", () => {
  const { words } = scene();
  const targets = {
    ram: { base: BASE, bytes: RAM_BYTES },
    power: { end: () => {} },
    locks: [],
    consoleSink: { tryPut: () => true },
    consoleSource: { take: () => -1, available: () => 0 },
  };
  const create = (tohost: number, fromhost: number | null): HtifPoll | null =>
    HtifPoll.create(words, { tohost, fromhost }, targets);
  assertEquals(HtifPoll.create(words, null, targets), null);
  for (const tohost of [0, BASE - 8, BASE + RAM_BYTES, 2 ** 56]) {
    assertEquals(create(tohost, BASE), null);
  }
  assertEquals(create(BASE + RAM_BYTES - 8, 0) instanceof HtifPoll, true);
});
