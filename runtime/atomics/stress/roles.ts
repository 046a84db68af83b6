/**
 * What the workers of the stress tests do: each role drives the real protocol functions as a vCPU's
 * trampoline would, and throws on a broken promise.
 */

import { ioAgent } from "../agents.ts";
import { toIdle, toRunning } from "../agent_state.ts";
import {
  armCodePage,
  beginGuardedStore,
  endCodeStore,
  isCodePage,
  isGenerationCurrent,
  openForDecode,
  PROVISIONAL,
  releaseCodePage,
  serveGuard,
} from "../code_guard.ts";
import {
  COMPILE_REQUEST_WORDS,
  nextRequest,
  NO_REQUEST,
  publishRequest,
  releaseRequest,
  reserveRequest,
  waitForRequest,
} from "../compile_ring.ts";
import { awaitOutputRoom, putOutput } from "../console_ring.ts";
import { lockDevice, unlockDevice } from "../device_lock.ts";
import { DeviceStores } from "../device_store.ts";
import { beginExclusive, endExclusive, park } from "../exclusive.ts";
import { LockRank } from "../lock_order.ts";
import { standStill } from "../standstill_fixture.ts";
import { peek, post, take, waitPending } from "../pending.ts";
import { fenceOfAll, takeFences } from "../translation_fences.ts";
import { type HartSet, requestFence, serveRemote, waitRemote } from "../remote_work.ts";
import {
  PAGE_BYTES,
  PAGE_SHIFT,
  Pending,
  RemoteWork,
  Vcpu as VcpuWord,
  vcpuWord,
} from "../shared_layout.ts";
import { CODE_PAGES, rendezvous, Scratch } from "./scratch.ts";

/** What a worker is told. */
export interface Assignment {
  /** Name of its role. */
  readonly role: RoleName;
  /** The shared memory. */
  readonly memory: SharedArrayBuffer;
  /** Its hart. */
  readonly hart: number;
  /** Harts that take part. */
  readonly harts: number;
  /** How often it does its work. */
  readonly rounds: number;
}

/** A vCPU of a stress test. */
interface Vcpu extends Assignment {
  readonly words: Int32Array;
}

const WORD_SHIFT = 2;
const WORD_BYTES = 4;
const nothing = (): void => {};

function expect(condition: boolean, promise: string): void {
  if (!condition) throw new Error(`Broken: ${promise}`);
}

/** The part of a trampoline that answers other vCPUs. */
function trampoline(vcpu: Vcpu, serve: () => void): void {
  if (peek(vcpu.words, vcpu.hart) === 0) return;
  const bits = take(vcpu.words, vcpu.hart);
  serve();
  if ((bits & Pending.EXCLUSIVE) !== 0) park(vcpu.words, vcpu.hart, serve);
}

/** Keeps answering, asleep where possible, until all others are done. */
function finish(vcpu: Vcpu, serve: () => void): void {
  const { words, hart, harts } = vcpu;
  // ORDER: sc add; partner: the loop below in the others.
  Atomics.add(words, Scratch.FINISHED, 1);
  for (let other = 0; other < harts; other++) post(words, other, Pending.WORK);
  // ORDER: sc load after take(); partner: the add above, before its posts.
  while (Atomics.load(words, Scratch.FINISHED) < harts) {
    toIdle(words, hart);
    waitPending(words, hart, Infinity);
    toRunning(words, hart, serve);
    trampoline(vcpu, serve);
  }
  toIdle(words, hart);
}

/** Passes a number round the harts: each waits for its payload, adds one, hands it on. */
function relay(vcpu: Vcpu): void {
  const { words, hart, harts, rounds } = vcpu;
  const next = (hart + 1) % harts;
  for (let round = 0; round < rounds; round++) {
    const expected = round * harts + hart;
    // Payload and bit are tested apart, so a bit taken early must not lose the payload.
    while (words[Scratch.PAYLOAD + hart] !== expected) {
      waitPending(words, hart, Infinity);
      take(words, hart);
    }
    words[Scratch.PAYLOAD + next] = expected + 1;
    post(words, next, Pending.WORK);
  }
}

/** Counts in guest mode with plain stores; now and then stops the world and sees nobody count. */
function exclusiveSections(vcpu: Vcpu): void {
  const { words, hart, harts, rounds } = vcpu;
  const sum = (): number => {
    let total = 0;
    for (let k = 0; k < harts; k++) total += words[Scratch.GUEST + k];
    return total;
  };
  toRunning(words, hart, nothing);
  for (let round = 0; round < rounds; round++) {
    for (let k = 0; k < GUEST_STEPS; k++) words[Scratch.GUEST + hart]++;
    trampoline(vcpu, nothing);
    if (round % IDLE_PERIOD === 0) {
      toIdle(words, hart);
      toRunning(words, hart, nothing);
    }
    if (round % harts !== hart) continue;
    beginExclusive(words, hart, nothing);
    const before = sum();
    words[Scratch.PROTECTED]++;
    // ORDER: none needed, only time passes.
    for (let k = 0; k < GUEST_STEPS; k++) Atomics.pause();
    expect(sum() === before, "no guest work inside an exclusive section");
    endExclusive(words, hart);
  }
  finish(vcpu, nothing);
}
const GUEST_STEPS = 50;

/** Changes its page table and fences all others; uses cached translations of all tables. */
function remoteFences(vcpu: Vcpu): void {
  const { words, hart, harts, rounds } = vcpu;
  const cached = new Int32Array(harts).fill(-1);
  const scratch = fenceOfAll();
  const serve = () =>
    serveRemote(words, hart, (bits) => {
      if ((bits & RemoteWork.FLUSH_TRANSLATIONS) !== 0) cached.fill(-1);
      takeFences(words, hart, bits, scratch, ({ space }) => void (cached[space] = -1));
    });
  const others: HartSet = { low: ((1 << harts) - 1) & ~(1 << hart), high: 0 };
  const use = (table: number): void => {
    // ORDER: sc load before the cached translation is used; partner: the store after waitRemote().
    const fenced = Atomics.load(words, Scratch.FENCED + table);
    // ORDER: sc load; partner: the change of the table.
    if (cached[table] < 0) cached[table] = Atomics.load(words, Scratch.VERSION + table);
    expect(cached[table] >= fenced, "no old translation after a fence");
  };
  toRunning(words, hart, serve);
  for (let round = 0; round < rounds; round++) {
    for (let table = 0; table < harts; table++) use(table);
    trampoline(vcpu, serve);
    words[Scratch.VERSION + hart] = round + 1;
    cached[hart] = -1;
    // The table's number stands for its space: a target that drops another's instead is found.
    requestFence(words, hart, others, { addressLow: 0, addressHigh: 0, pages: 0, space: hart });
    waitRemote(words, hart, others, serve);
    // ORDER: sc store after the fence; partner: use() of the targets.
    Atomics.store(words, Scratch.FENCED + hart, round + 1);
  }
  finish(vcpu, serve);
}

/** Index of the code word that holds a version: the writer moves on to another page now and then. */
function codeWord(version: number, rounds: number): number {
  const page = Math.floor(version * CODE_PAGES / (rounds + 1));
  return Scratch.CODE + page * (PAGE_BYTES / WORD_BYTES);
}

/** Writes code through its write TLB, data beside it, announces each version, and now and then releases the page. */
function codeWriter(vcpu: Vcpu): void {
  const { words, hart, rounds } = vcpu;
  const entries = new Map<number, "fast" | "guarded">();
  const serve = () => serveGuard(words, hart, () => entries.clear());
  const store = (index: number, value: number): void => {
    const offset = index << WORD_SHIFT;
    const page = offset >>> PAGE_SHIFT;
    if (!entries.has(page)) entries.set(page, isCodePage(words, page) ? "guarded" : "fast");
    if (entries.get(page) === "fast") {
      words[index] = value;
      return;
    }
    beginGuardedStore(words, offset, WORD_BYTES);
    // ORDER: sc store after begun; partner: the decoder's read of the bytes.
    Atomics.store(words, index, value);
    endCodeStore(words, page);
  };
  toRunning(words, hart, serve);
  for (let round = 1; round <= rounds; round++) {
    const index = codeWord(round, rounds);
    store(index, round);
    // ORDER: sc store after the code; partner: the runner's load before its FENCE.I.
    Atomics.store(words, Scratch.FLAG, round);
    store(index + BESIDE, round);
    // The first store of a page is fast; the page is armed under it.
    while (!isCodePage(words, (index << WORD_SHIFT) >>> PAGE_SHIFT)) serve();
    serve();
    if (round % RELEASE_PERIOD === 0) {
      beginExclusive(words, hart, serve);
      releaseCodePage(words, (index << WORD_SHIFT) >>> PAGE_SHIFT);
      endExclusive(words, hart);
      entries.clear();
    }
    if (round % IDLE_PERIOD !== 0) continue;
    toIdle(words, hart);
    toRunning(words, hart, serve);
  }
  toIdle(words, hart);
}
const IDLE_PERIOD = 7;
const RELEASE_PERIOD = 100;
/** Words from the code to data on the same page, in another line. */
const BESIDE = 64;

/** An I/O worker: its input is code, page after page; announces each version when it has stored it. */
function deviceWriter({ words, rounds }: Vcpu): void {
  const stores = new DeviceStores(words, ioAgent(0));
  const page = new Int32Array(PAGE_BYTES / WORD_BYTES);
  const isCurrent = (): boolean => true;
  for (let round = 1; round <= rounds; round++) {
    const offset = codeWord(round, rounds) << WORD_SHIFT;
    page[0] = round;
    stores.run(isCurrent, () => stores.bytes(offset, new Uint8Array(page.buffer)));
    // ORDER: sc store after the code; partner: the runner's load before its FENCE.I.
    Atomics.store(words, Scratch.FLAG, round);
    // The first store of a page is fast; the page is armed under one of the next.
    if (round % ARMED_PERIOD !== 0) continue;
    // ORDER: no access: a hint to the processor that this thread spins.
    while (!isCodePage(words, offset >>> PAGE_SHIFT)) Atomics.pause();
  }
}
const ARMED_PERIOD = 50;

/** Reads the announced version, fences, executes: never older than announced. */
function codeRunner(vcpu: Vcpu): void {
  const { words, hart, rounds } = vcpu;
  const record = { index: -1, bytes: -1, generation: PROVISIONAL };
  const serve = () => serveGuard(words, hart, nothing);
  toRunning(words, hart, serve);
  for (let seen = 0; seen < rounds;) {
    // ORDER: sc load before FENCE.I; partner: the writer's store after the code.
    seen = Atomics.load(words, Scratch.FLAG);
    const index = codeWord(seen, rounds);
    const offset = index << WORD_SHIFT;
    const page = offset >>> PAGE_SHIFT;
    if (record.index !== index || !isGenerationCurrent(words, page, record.generation)) {
      armCodePage(words, hart, page);
      record.index = index;
      record.generation = openForDecode(words, offset, WORD_BYTES);
      // ORDER: sc load after openForDecode(); partner: the writer's stores.
      record.bytes = Atomics.load(words, index);
    }
    expect(record.bytes >= seen, "no stale code after FENCE.I");
    serve();
    trampoline(vcpu, serve);
  }
  toIdle(words, hart);
}

/** Puts its bytes into the console ring, waiting for room as a trampoline does. */
function consoleProducer(vcpu: Vcpu): void {
  const { words, hart, rounds } = vcpu;
  toRunning(words, hart, nothing);
  for (let k = 0; k < rounds; k++) {
    const byte = hart << PRODUCER_SHIFT | (k & NUMBER_MASK);
    while (!putOutput(words, byte)) {
      toIdle(words, hart);
      if (awaitOutputRoom(words, hart)) waitPending(words, hart, Infinity);
      take(words, hart);
      toRunning(words, hart, nothing);
    }
  }
  toIdle(words, hart);
}
/** Console bytes of the test: producer in the upper bits, running number in the lower. */
export const PRODUCER_SHIFT = 5;
/** See {@linkcode PRODUCER_SHIFT}. */
export const NUMBER_MASK = 0x1f;

/** Hands requests to the compiler, every word the same; counts those that were dropped. */
function requestProducer(vcpu: Vcpu): number {
  const { words, hart, rounds } = vcpu;
  let dropped = 0;
  for (let k = 1; k <= rounds; k++) {
    const request = reserveRequest(words);
    if (request === NO_REQUEST) dropped++;
    else {
      words.fill(k * vcpu.harts + hart, request, request + COMPILE_REQUEST_WORDS);
      publishRequest(words, request);
    }
  }
  // ORDER: sc add after the last request; partner: requestConsumer().
  Atomics.add(words, Scratch.FINISHED, 1);
  return dropped;
}

/** The compiler: sleeps for requests, checks that none is torn or out of order. */
function requestConsumer(vcpu: Vcpu): number {
  const { words, harts } = vcpu;
  const last = new Int32Array(harts);
  let received = 0;
  for (;;) {
    // ORDER: sc load before the ring is looked at; partner: the add in requestProducer().
    const isFinal = Atomics.load(words, Scratch.FINISHED) === harts - 1;
    const request = nextRequest(words);
    if (request === NO_REQUEST) {
      if (isFinal) return received;
      waitForRequest(words, POLL_MS);
      continue;
    }
    const value = words[request];
    for (let k = 1; k < COMPILE_REQUEST_WORDS; k++) {
      expect(words[request + k] === value, "requests are whole");
    }
    expect(value > last[value % harts], "requests of one vCPU keep their order");
    last[value % harts] = value;
    received++;
    releaseRequest(words);
  }
}
/** The end of the producers has no request of its own, so the consumer looks again after this time. */
const POLL_MS = 20;

/** Counts under a device lock with plain accesses. */
function locker(vcpu: Vcpu): void {
  const { words, rounds } = vcpu;
  const lock = { offset: Scratch.LOCK << WORD_SHIFT, rank: LockRank.DEVICE };
  for (let k = 0; k < rounds; k++) {
    lockDevice(words, lock);
    words[Scratch.PROTECTED]++;
    unlockDevice(words, lock);
  }
}

/** Counts in guest mode with plain stores until STOP, sleeping now and then; stands still when main wants it. */
function pausable(vcpu: Vcpu): void {
  const { words, hart } = vcpu;
  const copy = vcpuWord(hart, VcpuWord.REGISTERS) >> WORD_SHIFT;
  toRunning(words, hart, nothing);
  for (let bits = 0; (bits & Pending.STOP) === 0;) {
    for (let k = 0; k < GUEST_STEPS; k++) words[Scratch.GUEST + hart]++;
    if (words[Scratch.GUEST + hart] % IDLE_PERIOD === 0) {
      toIdle(words, hart);
      waitPending(words, hart, 1);
      toRunning(words, hart, nothing);
    }
    bits = take(words, hart);
    if ((bits & Pending.PAUSE) === 0) continue;
    words[copy] = words[Scratch.GUEST + hart];
    bits = standStill(words, hart, bits, nothing, () => words[Scratch.PAYLOAD + hart]++);
    expect(words[copy] === words[Scratch.GUEST + hart], "no guest step in a pause");
  }
  toIdle(words, hart);
}

const ROLES = {
  relay,
  exclusiveSections,
  remoteFences,
  codeWriter,
  codeRunner,
  deviceWriter,
  consoleProducer,
  requestProducer,
  requestConsumer,
  locker,
  pausable,
};

/** Names of the roles. */
export type RoleName = keyof typeof ROLES;

/** Meets the other workers, plays the role. @returns what the role counted. */
export function play(assignment: Assignment): number {
  const words = new Int32Array(assignment.memory);
  rendezvous(words, Scratch.READY, assignment.harts);
  return ROLES[assignment.role]({ ...assignment, words }) ?? 0;
}
