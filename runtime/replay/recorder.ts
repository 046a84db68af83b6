/**
 * A run that is noted: everything that the host gives enters at the start of a round, with its moment, and every
 * {@linkcode CHECK_INSTRUCTIONS} the log gets hashes of what the machine is like.
 *
 * Events are written in blocks: when there are enough, when the first of them has waited for a while, and before the
 * thread sleeps. So a recorder that is killed leaves everything but its last moments.
 */
import { type ByteTarget, writeBlock } from "./log_blocks.ts";
import type { CheckEvent } from "./log_event.ts";
import { EventWriter } from "./log_format.ts";
import type { Ending, Journal, JournalReport, Outside } from "./journal.ts";
import { RollingHash } from "./mixing_hash.ts";
import type { StateDigest } from "./state_digest.ts";

/** Instructions of all harts from one check to the next, or a little more: a check is at the start of a round. */
export const CHECK_INSTRUCTIONS = 0x10_0000;
/** Bytes that a block has at least, unless they have waited. */
const BLOCK_BYTES = 0x1000;
const LONGEST_WAIT_MS = 200;

/** What a recorder is made of. */
export interface RecorderParts {
  /** What enters. */
  readonly outside: Outside;
  /** What the machine is like. */
  readonly digest: StateDigest;
  /** The log, at its end. */
  readonly file: ByteTarget & Disposable;
  /** Hash of the power cycles before. */
  readonly hash: string;
}

/** See the header of this file. */
export class Recorder implements Journal {
  /** See `Journal`. */
  readonly isReplay = false;
  readonly #parts: RecorderParts;
  readonly #writer = new EventWriter();
  readonly #hash: RollingHash;
  #waitsSince = 0;
  #nextCheck = 0;
  #events = 0;

  /** A recorder of one power cycle. */
  constructor(parts: RecorderParts) {
    this.#parts = parts;
    this.#hash = new RollingHash(parts.hash);
  }

  /** See `Journal`. */
  beginRound(instructions: number, nanoseconds: number): boolean {
    this.#letIn(instructions, nanoseconds);
    if (instructions >= this.#nextCheck) this.#check(instructions, nanoseconds);
    this.#writeWhenDue();
    return true;
  }

  /** See `Journal`. */
  endsAt(): boolean {
    return false;
  }

  /** See `Journal`. */
  instructionsLeft(): number {
    return Infinity;
  }

  /** See `Journal`. */
  nanosecondsLeft(): number {
    return Infinity;
  }

  /** See `Journal`. */
  rest(): void {
    this.#write();
  }

  /** See `Journal`. */
  finish(instructions: number, nanoseconds: number, ending: Ending): JournalReport {
    const digest = ending.isFromOutside ? [] : this.#parts.digest.take();
    const end = { kind: "end", instructions, nanoseconds, ...ending, digest } as const;
    addToHash(this.#hash, end);
    this.#writer.put(end);
    this.#write();
    const { text } = this.#hash;
    const restarts = ending.isFromOutside;
    return { instructions, events: this.#events, hash: text, offset: 0, restarts };
  }

  /** See `Journal`. */
  close(): void {
    this.#write();
    this.#parts.file[Symbol.dispose]();
  }

  #letIn(instructions: number, nanoseconds: number): void {
    const { outside } = this.#parts;
    const bytes = outside.takeInput();
    if (bytes.length > 0) {
      this.#writer.put({ kind: "input", instructions, nanoseconds, bytes });
      this.#events++;
      outside.giveInput(bytes);
    }
    for (let count = outside.takeBreaks(); count > 0; count--) {
      this.#writer.put({ kind: "break", instructions, nanoseconds });
      this.#events++;
      outside.giveBreak();
    }
  }

  #check(instructions: number, nanoseconds: number): void {
    const digest = this.#parts.digest.take();
    const check: CheckEvent = { kind: "check", instructions, nanoseconds, digest };
    addToHash(this.#hash, check);
    this.#writer.put(check);
    this.#nextCheck = instructions + CHECK_INSTRUCTIONS;
  }

  #writeWhenDue(): void {
    if (this.#writer.length === 0) return;
    const now = performance.now();
    if (this.#waitsSince === 0) this.#waitsSince = now;
    const hasWaited = now - this.#waitsSince >= LONGEST_WAIT_MS;
    if (hasWaited || this.#writer.length >= BLOCK_BYTES) this.#write();
  }

  #write(): void {
    this.#waitsSince = 0;
    if (this.#writer.length > 0) writeBlock(this.#parts.file, this.#writer.take());
  }
}

/** Takes into a hash where a run stood, and what it was like there. */
export function addToHash(
  hash: RollingHash,
  { instructions, nanoseconds, digest }: Pick<
    CheckEvent,
    "instructions" | "nanoseconds" | "digest"
  >,
): void {
  hash.addNumber(instructions);
  hash.addNumber(nanoseconds);
  for (const word of digest) hash.add(word);
}
