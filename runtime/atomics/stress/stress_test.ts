/** The protocols under real threads: short runs with more harts than cores. */

import { assert, assertEquals } from "@std/assert";
import { drainOutput, OUTPUT_SLEEP_OFFSET, prepareOutputSleep } from "../console_ring.ts";
import { askPaused, pauseEpoch, releasePause, requestPause } from "../pause.ts";
import { Machine, Pending, Vcpu, vcpuWord } from "../shared_layout.ts";
import { post } from "../pending.ts";
import { type Assignment, NUMBER_MASK, PRODUCER_SHIFT, type RoleName } from "./roles.ts";
import { Scratch, STRESS_BYTES } from "./scratch.ts";
import type { Report } from "./worker.ts";

interface Team {
  readonly words: Int32Array;
  readonly memory: SharedArrayBuffer;
  readonly harts: number;
}

function createTeam(harts: number): Team {
  const memory = new SharedArrayBuffer(STRESS_BYTES);
  const words = new Int32Array(memory);
  words[Machine.HART_COUNT.offset >> 2] = harts;
  return { words, memory, harts };
}

function start({ memory, harts }: Team, hart: number, role: RoleName, rounds: number) {
  const worker = new Worker(new URL("./worker.ts", import.meta.url), { type: "module" });
  const assignment: Assignment = { role, memory, hart, harts, rounds };
  worker.postMessage(assignment);
  return new Promise<number>((resolve, reject) => {
    worker.onmessage = ({ data }: MessageEvent<Report>) => {
      worker.terminate();
      if (data.failure === "") resolve(data.count);
      else reject(new Error(data.failure));
    };
  });
}

function startAll(team: Team, role: RoleName, rounds: number): Promise<number[]> {
  const harts = [...Array(team.harts).keys()];
  return Promise.all(harts.map((hart) => start(team, hart, role, rounds)));
}

Deno.test("stress: a payload passes round the harts by pending words alone", async () => {
  const team = createTeam(4);
  const rounds = 2000;
  const done = startAll(team, "relay", rounds);
  post(team.words, 0, Pending.WORK);
  await done;
  assertEquals(team.words[Scratch.PAYLOAD], rounds * team.harts);
});

Deno.test("stress: exclusive sections exclude guest work and each other", async () => {
  const team = createTeam(4);
  const rounds = 4000;
  await startAll(team, "exclusiveSections", rounds);
  assertEquals(team.words[Scratch.PROTECTED], rounds);
  assertEquals(team.words[Machine.EXCLUSIVE_OWNER.offset >> 2], 0);
});

Deno.test("stress: harts that fence each other neither hang nor use old translations", async () => {
  const team = createTeam(3);
  const rounds = 10_000;
  await startAll(team, "remoteFences", rounds);
  for (let hart = 0; hart < team.harts; hart++) {
    assertEquals(team.words[Scratch.FENCED + hart], rounds);
  }
});

Deno.test("stress: no stale code after FENCE.I", async () => {
  const team = createTeam(3);
  const rounds = 100_000;
  await Promise.all([
    start(team, 0, "codeWriter", rounds),
    start(team, 1, "codeRunner", rounds),
    start(team, 2, "codeRunner", rounds),
  ]);
  assertEquals(team.words[Scratch.FLAG], rounds);
});

Deno.test("stress: no stale code after FENCE.I where an I/O worker stores it", async () => {
  const team = createTeam(3);
  team.words[Machine.HART_COUNT.offset >> 2] = 2;
  team.words[Machine.IO_WORKER_COUNT.offset >> 2] = 1;
  const rounds = 10_000;
  await Promise.all([
    start(team, 0, "codeRunner", rounds),
    start(team, 1, "codeRunner", rounds),
    start(team, 2, "deviceWriter", rounds),
  ]);
  assertEquals(team.words[Scratch.FLAG], rounds);
});

Deno.test("stress: console output of three harts through a full ring", async () => {
  const team = createTeam(3);
  const rounds = 40_000;
  const { words } = team;
  const done = startAll(team, "consoleProducer", rounds);
  const buffer = new Uint8Array(4096);
  const next = new Int32Array(team.harts);
  for (let total = 0; total < rounds * team.harts;) {
    const count = drainOutput(words, buffer);
    for (const byte of buffer.subarray(0, count)) {
      const producer = byte >> PRODUCER_SHIFT;
      assertEquals(byte & NUMBER_MASK, next[producer]++ & NUMBER_MASK);
    }
    total += count;
    if (count === 0 && prepareOutputSleep(words)) {
      await Atomics.waitAsync(words, OUTPUT_SLEEP_OFFSET >> 2, 1).value;
    }
  }
  await done;
  assert(next.every((count) => count === rounds));
});

Deno.test("stress: compile requests arrive whole and in order", async () => {
  const team = createTeam(3);
  const rounds = 20_000;
  const [received, ...dropped] = await Promise.all([
    start(team, 0, "requestConsumer", 0),
    start(team, 1, "requestProducer", rounds),
    start(team, 2, "requestProducer", rounds),
  ]);
  assertEquals(received + dropped[0] + dropped[1], 2 * rounds);
  assert(received > 0);
});

Deno.test("stress: a device lock excludes and wakes", async () => {
  const team = createTeam(4);
  const rounds = 20_000;
  await startAll(team, "locker", rounds);
  assertEquals(team.words[Scratch.PROTECTED], rounds * team.harts);
});

/** Waits, as main does, until a hart's word has a value. */
async function reaches(words: Int32Array, index: number, value: number): Promise<void> {
  for (let seen = Atomics.load(words, index); seen !== value; seen = Atomics.load(words, index)) {
    await Atomics.waitAsync(words, index, seen).value;
  }
}

Deno.test("stress: harts that count and sleep stand still in every pause and answer", async () => {
  const team = createTeam(4);
  const { words } = team;
  const rounds = 200;
  const done = startAll(team, "pausable", rounds);
  for (let round = 1; round <= rounds; round++) {
    requestPause(words);
    const epoch = pauseEpoch(words);
    for (let hart = 0; hart < team.harts; hart++) {
      await reaches(words, vcpuWord(hart, Vcpu.PAUSE_ACK) >> 2, epoch);
    }
    for (let hart = 0; hart < team.harts; hart++) {
      assertEquals(words[vcpuWord(hart, Vcpu.REGISTERS) >> 2], words[Scratch.GUEST + hart]);
    }
    const asked = round % team.harts;
    await reaches(words, vcpuWord(asked, Vcpu.ANSWER) >> 2, askPaused(words, asked));
    releasePause(words);
  }
  for (let hart = 0; hart < team.harts; hart++) {
    assertEquals(words[Scratch.PAYLOAD + hart], rounds / team.harts);
    post(words, hart, Pending.STOP);
  }
  await done;
});
