/**
 * Where the threads of a test wait for each other every few iterations, so that they run through the same
 * slots at the same time: of two loops without it one is soon ahead, and nothing races.
 *
 * A thread counts its arrivals in a word of its own and goes on when the words of all others have reached the
 * same count, or when its patience for this batch is at an end: another thread may have no processor just now.
 * Then it delays for a few rounds, as many as some bits of the slot's address say, which are
 * random and differ from thread to thread.
 */
import type { Assembler } from "./assembler.ts";
import { Reserved } from "./driver.ts";
import { addressOf, Area, Mailbox } from "./guest_layout.ts";

/** Iterations from one meeting to the next; a power of two. */
const ITERATIONS = 8;
const ENTRY_BYTES = 8;
/** Looks at another thread's count before the hart gives way to others. */
const SPINS = 400;
/** Lowest random bit of a slot's address, and bits of a thread's delay. */
const RANDOM_SHIFT = 8;
const DELAY_BITS = 3;
/** Scratch registers: the test's own ones are set later. */
const [T0, T1, T2, T3] = [5, 6, 7, 8];

/** The meeting point of one thread. */
export class Meeting {
  readonly #thread: number;
  readonly #threads: number;

  constructor(thread: number, threads: number) {
    this.#thread = thread;
    this.#threads = threads;
  }

  /** At the start of an iteration, with the slot's address known. */
  emit(a: Assembler): void {
    a.emit("andi", { rd: T0, rs1: Reserved.ORDER, imm: ITERATIONS * ENTRY_BYTES - 1 });
    a.jump("bne", "together", { rs1: T0, rs2: 0 });
    a.emit("addi", { rd: Reserved.MEETING, rs1: Reserved.MEETING, imm: 1 });
    a.constant(T1, this.#word(this.#thread));
    a.emit("sd", { rs1: T1, rs2: Reserved.MEETING, imm: 0 });
    for (let other = 0; other < this.#threads; other++) {
      if (other !== this.#thread) this.#await(a, other);
    }
    this.#delay(a);
    a.label("together");
  }

  #word(thread: number): bigint {
    return addressOf(Area.MAILBOX + Mailbox.MEETINGS + thread * Mailbox.MEETING_BYTES);
  }

  #await(a: Assembler, other: number): void {
    a.constant(T1, this.#word(other));
    a.label(`again ${other}`);
    a.emit("addi", { rd: T3, rs1: 0, imm: SPINS });
    a.label(`await ${other}`);
    a.emit("ld", { rd: T2, rs1: T1, imm: 0 });
    a.jump("bge", `met ${other}`, { rs1: T2, rs2: Reserved.MEETING });
    a.emit("addi", { rd: T3, rs1: T3, imm: -1 });
    a.jump("bne", `await ${other}`, { rs1: T3, rs2: 0 });
    a.emit("addi", { rd: Reserved.PATIENCE, rs1: Reserved.PATIENCE, imm: -1 });
    a.jump("bge", `met ${other}`, { rs1: 0, rs2: Reserved.PATIENCE });
    a.emit("pause");
    a.jump("jal", `again ${other}`, { rd: 0 });
    a.label(`met ${other}`);
  }

  #delay(a: Assembler): void {
    const shift = RANDOM_SHIFT + this.#thread * DELAY_BITS;
    a.emit("srli", { rd: T0, rs1: Reserved.SLOT, imm: shift });
    a.emit("andi", { rd: T0, rs1: T0, imm: (1 << DELAY_BITS) - 1 });
    a.label("delay");
    a.jump("beq", "delayed", { rs1: T0, rs2: 0 });
    a.emit("addi", { rd: T0, rs1: T0, imm: -1 });
    a.jump("jal", "delay", { rd: 0 });
    a.label("delayed");
  }
}
