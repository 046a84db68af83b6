/**
 * Where the threads of a test wait for each other every few iterations, so that they run through the same
 * slots at the same time: of two loops without it one is soon ahead, and nothing races.
 *
 * A thread counts its arrivals and waits until all others have come as often. Then it waits until it has seen
 * each of them alive: while a thread waits it counts up a beat, and a beat that changes some times during a few
 * looks shows that the other one runs at this moment, on another processor; a single change may be from before
 * the two took turns on one. A thread that goes on says so, for those that have not seen enough of its beats. At last it delays for a few rounds, as many as some bits of the
 * slot's address say, which are random and differ from thread to thread.
 *
 * A thread that has given way too often in a batch waits no more until the next one.
 */
import type { Assembler } from "./assembler.ts";
import { Reserved } from "./driver.ts";
import { addressOf, Area, Mailbox } from "./guest_layout.ts";

/** Iterations from one meeting to the next; a power of two. */
const ITERATIONS = 16;
/** The same where threads take turns on processors: a meeting costs a change of threads there, and few race. */
const ITERATIONS_IN_TURNS = 256;
const ENTRY_BYTES = 8;
/** Changes of a beat, within one round of looks, that show a thread alive. */
const SIGNS_OF_LIFE = 3;
/** Looks at another thread before the hart gives way to others. */
const SPINS = 400;
/** The same where the other thread needs this thread's processor. */
const SPINS_IN_TURNS = 8;
/** Lowest random bit of a slot's address, and bits of a thread's delay. */
const RANDOM_SHIFT = 8;
const DELAY_BITS = 3;
/** Doublewords of a thread's line. */
const Line = { ARRIVALS: 0, BEAT: 8, LEFT: 16 } as const;
/** Scratch registers: the test's own ones are set later. */
const [DELAY, OWN, OTHER, SEEN, LAST, LOOKS, BEAT, SIGNS] = [5, 6, 7, 8, 9, 10, 11, 12];
const { MEETING, PATIENCE, ORDER, SLOT } = Reserved;

/** Has the host a processor for every thread? Else they take turns. */
export function runsAtOnce(threads: number): boolean {
  return threads <= navigator.hardwareConcurrency;
}

/** The meeting point of one thread. */
export class Meeting {
  readonly #thread: number;
  readonly #others: readonly number[];
  readonly #runsAtOnce: boolean;

  constructor(thread: number, threads: number) {
    this.#thread = thread;
    this.#others = Array.from({ length: threads }, (_, other) => other)
      .filter((other) => other !== thread);
    this.#runsAtOnce = runsAtOnce(threads);
  }

  /** At the start of an iteration, with the slot's address known. */
  emit(a: Assembler): void {
    const iterations = this.#runsAtOnce ? ITERATIONS : ITERATIONS_IN_TURNS;
    a.emit("andi", { rd: DELAY, rs1: ORDER, imm: iterations * ENTRY_BYTES - 1 });
    a.jump("bne", "together", { rs1: DELAY, rs2: 0 });
    a.emit("addi", { rd: MEETING, rs1: MEETING, imm: 1 });
    a.constant(OWN, lineOf(this.#thread));
    a.emit("sd", { rs1: OWN, rs2: MEETING, imm: Line.ARRIVALS });
    a.emit("ld", { rd: BEAT, rs1: OWN, imm: Line.BEAT });
    a.jump("bge", "alone", { rs1: 0, rs2: PATIENCE });
    for (const other of this.#others) this.#awaitArrival(a, other);
    if (this.#runsAtOnce) { for (const other of this.#others) this.#awaitBeat(a, other); }
    a.label("alone");
    a.emit("sd", { rs1: OWN, rs2: MEETING, imm: Line.LEFT });
    delay(a, this.#thread);
    a.label("together");
  }

  #awaitArrival(a: Assembler, other: number): void {
    a.constant(OTHER, lineOf(other));
    const spins = this.#runsAtOnce ? SPINS : SPINS_IN_TURNS;
    wait(a, `arrival ${other}`, spins, (done) => {
      a.emit("ld", { rd: SEEN, rs1: OTHER, imm: Line.ARRIVALS });
      a.jump("bge", done, { rs1: SEEN, rs2: MEETING });
    });
  }

  #awaitBeat(a: Assembler, other: number): void {
    a.constant(OTHER, lineOf(other));
    a.emit("ld", { rd: LAST, rs1: OTHER, imm: Line.BEAT });
    wait(a, `beat ${other}`, SPINS, (done) => {
      a.emit("ld", { rd: SEEN, rs1: OTHER, imm: Line.LEFT });
      a.jump("bge", done, { rs1: SEEN, rs2: MEETING });
      a.emit("ld", { rd: SEEN, rs1: OTHER, imm: Line.BEAT });
      a.jump("beq", `same ${other}`, { rs1: SEEN, rs2: LAST });
      a.emit("addi", { rd: LAST, rs1: SEEN, imm: 0 });
      a.emit("addi", { rd: SIGNS, rs1: SIGNS, imm: -1 });
      a.jump("beq", done, { rs1: SIGNS, rs2: 0 });
      a.label(`same ${other}`);
    });
  }
}

function lineOf(thread: number): bigint {
  return addressOf(Area.MAILBOX + Mailbox.MEETINGS + thread * Mailbox.MEETING_BYTES);
}

/** Looks until something has come, with a beat before each look; `look` jumps when it has. */
function wait(a: Assembler, name: string, spins: number, look: (done: string) => void): void {
  a.label(`again ${name}`);
  a.emit("addi", { rd: LOOKS, rs1: 0, imm: spins });
  a.emit("addi", { rd: SIGNS, rs1: 0, imm: SIGNS_OF_LIFE });
  a.label(`look ${name}`);
  a.emit("addi", { rd: BEAT, rs1: BEAT, imm: 1 });
  a.emit("sd", { rs1: OWN, rs2: BEAT, imm: Line.BEAT });
  look(`done ${name}`);
  a.emit("addi", { rd: LOOKS, rs1: LOOKS, imm: -1 });
  a.jump("bne", `look ${name}`, { rs1: LOOKS, rs2: 0 });
  a.emit("addi", { rd: PATIENCE, rs1: PATIENCE, imm: -1 });
  a.jump("bge", "alone", { rs1: 0, rs2: PATIENCE });
  a.emit("pause");
  a.jump("jal", `again ${name}`, { rd: 0 });
  a.label(`done ${name}`);
}

function delay(a: Assembler, thread: number): void {
  const shift = RANDOM_SHIFT + thread * DELAY_BITS;
  a.emit("srli", { rd: DELAY, rs1: SLOT, imm: shift });
  a.emit("andi", { rd: DELAY, rs1: DELAY, imm: (1 << DELAY_BITS) - 1 });
  a.label("delay");
  a.jump("beq", "delayed", { rs1: DELAY, rs2: 0 });
  a.emit("addi", { rd: DELAY, rs1: DELAY, imm: -1 });
  a.jump("jal", "delay", { rd: 0 });
  a.label("delayed");
}
