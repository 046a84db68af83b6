/**
 * The bytes of a log.
 *
 * File: magic, version, then blocks. A block is its length and checksum (both 32 bits, little endian) and its content.
 * The first one is the header: JSON text of what the machine is made of. The others hold whole events, one after the
 * other: kind, then numbers in groups of seven bits, the lowest first, the eighth bit set on all but the last. A
 * moment is written as the distance from the event before, which for the first event of a power cycle is the start.
 * A recorder that is killed leaves a last block that is cut off; everything before it can be used.
 */
import { EndReason } from "../atomics/shared_layout.ts";
import type { EndReasonCode } from "../devices/power_control.ts";
import type { Restore } from "../snapshot/state_keeper.ts";
import type { LogEvent } from "./log_event.ts";

/** What a log begins with. */
export const MAGIC: Uint8Array<ArrayBuffer> = new TextEncoder().encode("weft-rr\n");
/** Version of this format, and of what the events mean. */
export const FORMAT_VERSION = 1;
/** Bytes of magic and version. */
export const PREFIX_BYTES: number = MAGIC.length + Uint32Array.BYTES_PER_ELEMENT;
/** Bytes before a block's content. */
export const BLOCK_HEAD_BYTES = 8;
/** A longer block was not written by any recorder. */
export const LONGEST_BLOCK = 0x100_0000;

const Kind = { INPUT: 1, BREAK: 2, CHECK: 3, END: 4 } as const;

const GROUP = 0x80;
const LARGEST_NUMBER = Number.MAX_SAFE_INTEGER;

/** Events become bytes. */
export class EventWriter {
  #bytes: Uint8Array<ArrayBuffer> = new Uint8Array(0x2000);
  #length = 0;
  #instructions = 0;
  #nanoseconds = 0;

  /** Number of bytes that wait. */
  get length(): number {
    return this.#length;
  }

  /** Takes an event in. */
  put(event: LogEvent): void {
    switch (event.kind) {
      case "input":
        this.#begin(Kind.INPUT, event);
        this.#number(event.bytes.length);
        for (const byte of event.bytes) this.#byte(byte);
        return;
      case "break":
        return this.#begin(Kind.BREAK, event);
      case "check":
        this.#begin(Kind.CHECK, event);
        return this.#numbers(event.digest);
      case "end":
        this.#begin(Kind.END, event);
        this.#numbers([event.isFromOutside ? 1 : 0, event.reason, event.code]);
        return this.#numbers(event.digest);
    }
  }

  /** The bytes so far, which it forgets. */
  take(): Uint8Array<ArrayBuffer> {
    const bytes = this.#bytes.slice(0, this.#length);
    this.#length = 0;
    return bytes;
  }

  #begin(kind: number, { instructions, nanoseconds }: LogEvent): void {
    this.#byte(kind);
    this.#number(instructions - this.#instructions);
    this.#number(nanoseconds - this.#nanoseconds);
    this.#instructions = instructions;
    this.#nanoseconds = nanoseconds;
  }

  #numbers(values: readonly number[]): void {
    this.#number(values.length);
    for (const value of values) this.#number(value);
  }

  #number(value: number): void {
    let rest = value;
    for (; rest >= GROUP; rest = Math.floor(rest / GROUP)) this.#byte(GROUP | (rest % GROUP));
    this.#byte(rest);
  }

  #byte(value: number): void {
    if (this.#length === this.#bytes.length) this.#grow();
    this.#bytes[this.#length++] = value;
  }

  #grow(): void {
    const larger = new Uint8Array(this.#bytes.length * 2);
    larger.set(this.#bytes);
    this.#bytes = larger;
  }
}

/** A log that no recorder can have written. */
export class DamagedLogError extends Error {
  /** Tells the class in messages. */
  override readonly name = "DamagedLogError";
}

/** Bytes become events again: those of one power cycle, block after block. */
export class EventReader {
  #bytes: Uint8Array = new Uint8Array(0);
  #at = 0;
  #instructions = 0;
  #nanoseconds = 0;

  /** Goes on in the next block; the one before is through. */
  feed(block: Uint8Array): void {
    this.#bytes = block;
    this.#at = 0;
  }

  /** Where it is. @returns goes back there */
  save(): Restore {
    const [bytes, at] = [this.#bytes, this.#at];
    const [instructions, nanoseconds] = [this.#instructions, this.#nanoseconds];
    return () => {
      [this.#bytes, this.#at] = [bytes, at];
      [this.#instructions, this.#nanoseconds] = [instructions, nanoseconds];
    };
  }

  /** The next event, or null when the block is through. Throws {@linkcode DamagedLogError}. */
  next(): LogEvent | null {
    if (this.#at === this.#bytes.length) return null;
    const kind = this.#byte();
    const moment = {
      instructions: this.#instructions = sum(this.#instructions, this.#number()),
      nanoseconds: this.#nanoseconds = sum(this.#nanoseconds, this.#number()),
    };
    switch (kind) {
      case Kind.INPUT:
        return { kind: "input", ...moment, bytes: this.#span(this.#number()) };
      case Kind.BREAK:
        return { kind: "break", ...moment };
      case Kind.CHECK:
        return { kind: "check", ...moment, digest: this.#numbers() };
      case Kind.END: {
        const [outside, reason, code] = this.#numbers();
        const isFromOutside = outside === 1;
        const digest = this.#numbers();
        return { kind: "end", ...moment, isFromOutside, reason: endReason(reason), code, digest };
      }
      default:
        throw new DamagedLogError(`there is no event of kind ${kind}`);
    }
  }

  #numbers(): number[] {
    const count = this.#number();
    if (count > this.#bytes.length - this.#at) throw cutOff();
    const values: number[] = [];
    while (values.length < count) values.push(this.#number());
    return values;
  }

  #span(length: number): Uint8Array {
    const end = this.#at + length;
    if (end > this.#bytes.length) throw cutOff();
    const span = this.#bytes.slice(this.#at, end);
    this.#at = end;
    return span;
  }

  #number(): number {
    let value = 0;
    for (let weight = 1;; weight *= GROUP) {
      const byte = this.#byte();
      value += (byte % GROUP) * weight;
      if (value > LARGEST_NUMBER) throw tooLarge();
      if (byte < GROUP) return value;
    }
  }

  #byte(): number {
    if (this.#at >= this.#bytes.length) throw cutOff();
    return this.#bytes[this.#at++];
  }
}

function endReason(code: number): EndReasonCode {
  const known = Object.values(EndReason).find((reason) => reason === code);
  if (known === undefined || known === EndReason.NONE) {
    throw new DamagedLogError(`there is no end for reason ${code}`);
  }
  return known;
}

function sum(before: number, distance: number): number {
  if (before + distance > LARGEST_NUMBER) throw tooLarge();
  return before + distance;
}

function tooLarge(): DamagedLogError {
  return new DamagedLogError("a number is too large");
}

function cutOff(): DamagedLogError {
  return new DamagedLogError("an event goes on behind the end of its block");
}
