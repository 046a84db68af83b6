/**
 * The receiving half of a TCP connection: RFC 9293, "Managing the Window". Bytes go on in order; what comes before its
 * turn is kept, as far as it is within the window, so that it need not be sent again.
 *
 * The window is the room for bytes that nobody has consumed. Its right edge never moves back, and moves only by pieces
 * worth a segment: a sender that hears of each byte of room sends one byte at a time.
 */

import { advance, distance, isBefore } from "./tcp_sequence.ts";

/** Bytes that a connection takes before somebody consumes them. */
export const RECEIVE_BYTES = 0x4_0000;
/** By how many bits windows are shifted, if the other side shifts its own. */
export const RECEIVE_SHIFT = 3;
/** Least growth of a window that is told. */
const LEAST_GROWTH = RECEIVE_BYTES / 4;
/** Largest window that a header holds. */
const MAX_WINDOW = 0xffff;
/** Pieces that are kept before their turn. */
const MAX_HELD = 256;

interface Held {
  readonly sequence: number;
  readonly bytes: Uint8Array;
}

/** What became of a segment. */
export interface Received {
  /** Bytes that are in order now. */
  readonly bytes: readonly Uint8Array[];
  /** Has all that the other side will ever send arrived? True once. */
  readonly hasEnded: boolean;
}

/** See the header of this file. */
export class TcpReceiver {
  /** The next sequence number that is expected. */
  next: number;
  readonly #shift: number;
  /** Sorted, without overlaps with what was received. */
  #held: Held[] = [];
  #heldBytes = 0;
  /** The sequence number of the end, once it is known. */
  #end: number | undefined;
  #unconsumed = 0;
  /** Right edge of the window as it was told. */
  #edge: number;
  #hasEnded = false;

  /** @param next the first sequence number; @param shift by which windows are told */
  constructor(next: number, shift: number) {
    this.next = next;
    this.#shift = shift;
    this.#edge = next;
  }

  /** Bytes that are kept before their turn, at most {@linkcode RECEIVE_BYTES}. */
  get heldBytes(): number {
    return this.#heldBytes;
  }

  /** The window to tell, as it stands in a header. */
  window(): number {
    const edge = advance(this.next, RECEIVE_BYTES - this.#unconsumed);
    if (distance(this.#edge, edge) >= LEAST_GROWTH) this.#edge = edge;
    return Math.min(MAX_WINDOW, Math.max(0, distance(this.next, this.#edge)) >>> this.#shift);
  }

  /** Is the window so much larger than was told that the other side should hear of it? */
  get hasGrown(): boolean {
    const edge = advance(this.next, RECEIVE_BYTES - this.#unconsumed);
    return distance(this.#edge, edge) >= LEAST_GROWTH;
  }

  /** Has somebody consumed bytes: there is room for others. */
  consumed(count: number): void {
    this.#unconsumed -= count;
  }

  /** May a segment with this number and length be looked at? RFC 9293, "SEGMENT ARRIVES", first check. */
  accepts(sequence: number, length: number): boolean {
    const window = Math.max(0, RECEIVE_BYTES - this.#unconsumed);
    const start = distance(this.next, sequence);
    const last = start + Math.max(0, length - 1);
    if (window === 0) return length === 0 && start === 0;
    return (start >= 0 && start < window) || (last >= 0 && last < window);
  }

  /** Takes what a segment carries. */
  take(sequence: number, payload: Uint8Array, isLast: boolean): Received {
    if (isLast) this.#end ??= advance(sequence, payload.length);
    const bytes: Uint8Array[] = [];
    const fresh = this.#within(sequence, payload);
    if (fresh !== null) {
      if (fresh.sequence === this.next) this.#deliver(fresh.bytes, bytes);
      else this.#hold(fresh);
    }
    this.#deliverHeld(bytes);
    const hasEnded = !this.#hasEnded && this.next === this.#end;
    if (hasEnded) {
      this.#hasEnded = true;
      this.next = advance(this.next, 1);
    }
    return { bytes, hasEnded };
  }

  /** The part of a payload that is new and has room. */
  #within(sequence: number, payload: Uint8Array): Held | null {
    const known = Math.max(0, distance(sequence, this.next));
    const room = distance(sequence, this.next) + RECEIVE_BYTES - this.#unconsumed;
    const last = this.#end === undefined ? Infinity : distance(sequence, this.#end);
    const end = Math.min(payload.length, room, last);
    if (known >= end) return null;
    return { sequence: advance(sequence, known), bytes: payload.subarray(known, end) };
  }

  #deliver(piece: Uint8Array, into: Uint8Array[]): void {
    this.next = advance(this.next, piece.length);
    this.#unconsumed += piece.length;
    into.push(piece);
  }

  #deliverHeld(into: Uint8Array[]): void {
    while (this.#held.length > 0 && !isBefore(this.next, this.#held[0].sequence)) {
      const { sequence, bytes } = this.#held[0];
      this.#held.shift();
      this.#heldBytes -= bytes.length;
      const known = distance(sequence, this.next);
      if (known < bytes.length) this.#deliver(bytes.subarray(known), into);
    }
  }

  #hold({ sequence, bytes }: Held): void {
    const isFull = this.#held.length >= MAX_HELD || this.#heldBytes + bytes.length > RECEIVE_BYTES;
    if (isFull) return;
    this.#heldBytes += bytes.length;
    const place = this.#held.findIndex((held) => isBefore(sequence, held.sequence));
    const held = { sequence, bytes: bytes.slice() };
    if (place < 0) this.#held.push(held);
    else this.#held.splice(place, 0, held);
  }
}
