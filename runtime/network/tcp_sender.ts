/**
 * The sending half of a TCP connection: what waits, what is on its way, and when it is sent again.
 *
 * Round trips are measured as RFC 6298 says, how much may be on its way as RFC 5681 says: slow start, congestion
 * avoidance, fast retransmit and fast recovery. After a timeout everything from the first unacknowledged byte on is sent
 * again. Towards a window of zero a byte is sent now and then (RFC 9293, "Zero-Window Probing").
 */

import { ByteQueue } from "./byte_queue.ts";
import { type NetworkClock, Timer } from "./clock.ts";
import { advance, distance, isBefore } from "./tcp_sequence.ts";

/** Bytes that wait or are on their way at most. */
export const SEND_BYTES = 0x4_0000;

const FIRST_TIMEOUT_MS = 1000;
const LEAST_TIMEOUT_MS = 200;
const LONGEST_TIMEOUT_MS = 60_000;
/** Timeouts in a row after which the other side is taken for gone. */
const MAX_TIMEOUTS = 10;
/** Segments on their way at first: RFC 6928. */
const FIRST_SEGMENTS = 10;
/** The same acknowledgment so often means that a segment is lost. */
const DUPLICATES = 3;

/** Where segments go. */
export interface SegmentSink {
  /** Sends bytes from a sequence number on. */
  send(sequence: number, payload: Uint8Array, isLast: boolean): void;
  /** The other side does not answer any more. */
  gaveUp(): void;
}

/** What an acknowledgment has brought. */
export interface Acknowledged {
  /** Is there room for more? */
  readonly hasRoom: boolean;
  /** Is all acknowledged, and the end too? */
  readonly isDone: boolean;
}

/** See the header of this file. */
export class TcpSender {
  readonly #sink: SegmentSink;
  readonly #clock: NetworkClock;
  readonly #queue = new ByteQueue(SEND_BYTES);
  readonly #timer: Timer;
  /** Largest segment that the other side takes, and the most bytes that are sent as one, to be cut up later. */
  readonly #segmentBytes: number;
  readonly #burstBytes: number;
  /** First byte that is not acknowledged, next one to send, and the one behind all that was ever sent. */
  #acknowledged: number;
  #next: number;
  #newest: number;
  #window = 0;
  #congestion: number;
  #threshold = Infinity;
  #duplicates = 0;
  /** The number up to which a loss is being repaired. */
  #recovery: number | null = null;
  #timeoutMs = FIRST_TIMEOUT_MS;
  #timeouts = 0;
  #smoothed: number | null = null;
  #variation = 0;
  /** A byte whose acknowledgment is timed. */
  #timed: { readonly sequence: number; readonly at: number } | null = null;
  #isEnding = false;
  #hasSentEnd = false;

  /** A sender whose first byte has number `first`. */
  constructor(parts: {
    readonly sink: SegmentSink;
    readonly clock: NetworkClock;
    readonly first: number;
    readonly segmentBytes: number;
    readonly burstBytes: number;
  }) {
    this.#sink = parts.sink;
    this.#clock = parts.clock;
    this.#segmentBytes = parts.segmentBytes;
    this.#burstBytes = Math.max(
      parts.segmentBytes,
      parts.burstBytes - parts.burstBytes % parts.segmentBytes,
    );
    this.#acknowledged = this.#next = this.#newest = parts.first;
    this.#congestion = FIRST_SEGMENTS * parts.segmentBytes;
    this.#timer = new Timer(parts.clock, () => this.#timedOut());
  }

  /** The number of the next segment. */
  get next(): number {
    return this.#next;
  }

  /** Bytes for which there is room. */
  get room(): number {
    return this.#isEnding ? 0 : this.#queue.room;
  }

  /** Has something been sent that is not acknowledged? */
  get isWaiting(): boolean {
    return this.#acknowledged !== this.#newest;
  }

  /** Takes bytes to send. @returns how many there was room for */
  write(bytes: Uint8Array): number {
    const taken = this.#isEnding ? 0 : this.#queue.push(bytes);
    this.send();
    return taken;
  }

  /** Nothing comes behind what was written. */
  end(): void {
    this.#isEnding = true;
    this.send();
  }

  /** Is the number behind all that was sent? Then it acknowledges what was never there. */
  isBeyond(acknowledgment: number): boolean {
    return isBefore(this.#newest, acknowledgment);
  }

  /**
   * The other side has acknowledged everything before a number, and has room for so many bytes.
   * @param isPure does the segment carry nothing else?
   */
  acknowledge(acknowledgment: number, window: number, isPure: boolean): Acknowledged {
    const count = distance(this.#acknowledged, acknowledgment);
    if (count < 0) return { hasRoom: false, isDone: false };
    const isDuplicate = count === 0 && isPure && window === this.#window && this.isWaiting;
    this.#window = window;
    if (count > 0) this.#progress(acknowledgment, count);
    else if (isDuplicate) this.#duplicate();
    this.send();
    return { hasRoom: count > 0, isDone: this.#isDone };
  }

  get #isDone(): boolean {
    return this.#hasSentEnd && this.#queue.length === 0 && !this.isWaiting;
  }

  #progress(acknowledgment: number, count: number): void {
    this.#queue.drop(Math.min(count, this.#queue.length));
    this.#acknowledged = acknowledgment;
    if (isBefore(this.#next, acknowledgment)) this.#next = acknowledgment;
    this.#duplicates = 0;
    this.#timeouts = 0;
    this.#measure(acknowledgment);
    this.#grow(acknowledgment, count);
    this.#timer.clear();
  }

  #measure(acknowledgment: number): void {
    if (this.#timed === null || !isBefore(this.#timed.sequence, acknowledgment)) return;
    const measured = this.#clock.now() - this.#timed.at;
    this.#timed = null;
    if (this.#smoothed === null) {
      this.#smoothed = measured;
      this.#variation = measured / 2;
    } else {
      this.#variation += (Math.abs(this.#smoothed - measured) - this.#variation) / 4;
      this.#smoothed += (measured - this.#smoothed) / 8;
    }
    this.#timeoutMs = bounded(this.#smoothed + 4 * this.#variation);
  }

  #grow(acknowledgment: number, count: number): void {
    const size = this.#segmentBytes;
    if (this.#recovery !== null) {
      if (!isBefore(acknowledgment, this.#recovery)) {
        this.#recovery = null;
        this.#congestion = this.#threshold;
      } else {
        this.#sendAgain();
      }
    } else if (this.#congestion < this.#threshold) {
      this.#congestion += count;
    } else {
      this.#congestion += Math.max(1, Math.floor(size * size / this.#congestion));
    }
    this.#congestion = Math.min(this.#congestion, SEND_BYTES);
  }

  #duplicate(): void {
    this.#duplicates++;
    if (this.#recovery !== null) {
      this.#congestion += this.#segmentBytes;
    } else if (this.#duplicates === DUPLICATES) {
      this.#recovery = this.#newest;
      this.#threshold = Math.max(this.#inFlight / 2, 2 * this.#segmentBytes);
      this.#congestion = this.#threshold + DUPLICATES * this.#segmentBytes;
      this.#sendAgain();
    }
  }

  get #inFlight(): number {
    return distance(this.#acknowledged, this.#next);
  }

  /** Bytes that were never sent, or are to be sent again. */
  get #unsent(): number {
    return Math.max(0, this.#queue.length - this.#inFlight);
  }

  /** Sends what may be sent now. */
  send(): void {
    for (;;) {
      const usable = Math.min(this.#window, this.#congestion) - this.#inFlight;
      const length = Math.min(this.#unsent, usable, this.#burstBytes);
      if (length <= 0 || this.#isTooSmall(length)) break;
      this.#emit(this.#next, length);
      this.#next = advance(this.#next, length);
    }
    this.#sendEnd();
    this.#keepTime();
  }

  /** A part of a segment is worth sending when it is all there is, or nothing is on its way. */
  #isTooSmall(length: number): boolean {
    return length < this.#segmentBytes && length < this.#unsent && this.#inFlight > 0;
  }

  #sendEnd(): void {
    const isDue = this.#isEnding && this.#unsent === 0 && this.#inFlight === this.#queue.length;
    if (!isDue || this.#isDone) return;
    this.#hasSentEnd = true;
    this.#sink.send(this.#next, new Uint8Array(0), true);
    this.#next = advance(this.#next, 1);
    this.#note();
  }

  #emit(sequence: number, length: number): void {
    const payload = this.#queue.view(distance(this.#acknowledged, sequence), length);
    this.#sink.send(sequence, payload, false);
    const behind = advance(sequence, length);
    if (this.#timed === null && isBefore(this.#newest, behind)) {
      this.#timed = { sequence, at: this.#clock.now() };
    }
    if (isBefore(this.#newest, behind)) this.#newest = behind;
  }

  #note(): void {
    if (isBefore(this.#newest, this.#next)) this.#newest = this.#next;
  }

  /** Sends the first unacknowledged segment once more. */
  #sendAgain(): void {
    this.#timed = null;
    const length = Math.min(this.#queue.length, this.#segmentBytes);
    if (length > 0) this.#emit(this.#acknowledged, length);
    else if (this.#hasSentEnd) this.#sink.send(this.#acknowledged, new Uint8Array(0), true);
  }

  #keepTime(): void {
    const waits = this.isWaiting || this.#unsent > 0;
    if (!waits) this.#timer.clear();
    else if (!this.#timer.isSet) this.#timer.set(this.#timeoutMs);
  }

  #timedOut(): void {
    if (++this.#timeouts > MAX_TIMEOUTS && this.#window > 0) return this.#sink.gaveUp();
    this.#timeoutMs = bounded(this.#timeoutMs * 2);
    this.#timed = null;
    if (this.#window === 0 && this.#queue.length > 0) {
      this.#emit(this.#acknowledged, 1);
    } else {
      this.#threshold = Math.max(this.#inFlight / 2, 2 * this.#segmentBytes);
      this.#congestion = this.#segmentBytes;
      this.#recovery = null;
      this.#next = this.#acknowledged;
      this.send();
    }
    this.#keepTime();
  }

  /** Nothing is sent any more. */
  close(): void {
    this.#timer.end();
  }
}

function bounded(milliseconds: number): number {
  return Math.min(LONGEST_TIMEOUT_MS, Math.max(LEAST_TIMEOUT_MS, milliseconds));
}
