/**
 * One end of a TCP connection: RFC 9293. The other end is the guest; this one stands in for whomever the guest speaks
 * with. Bytes go to and come from a host stream, which is somebody else's: see `tcp_relay.ts`.
 *
 * Acknowledgments are sent when {@linkcode TcpConnection.flush} is called, which is behind a batch of the guest's
 * frames: so one answers several segments.
 */

import { type NetworkClock, Timer } from "./clock.ts";
import { RECEIVE_SHIFT, TcpReceiver } from "./tcp_receiver.ts";
import { TcpFlag, type TcpSegment } from "./tcp_segment.ts";
import { TcpSender } from "./tcp_sender.ts";
import { advance } from "./tcp_sequence.ts";

/** RFC 9293, "State Machine Overview"; one that is closed or listens is no connection here. */
export type TcpState =
  | "syn-sent"
  | "syn-received"
  | "established"
  | "fin-wait-1"
  | "fin-wait-2"
  | "close-wait"
  | "closing"
  | "last-ack"
  | "time-wait"
  | "closed";

/** How a connection ended. */
export type TcpEnd = "closed" | "reset" | "timeout";

/** What the connection stands between. */
export interface TcpEnvironment {
  /** Time. */
  readonly clock: NetworkClock;
  /** Gives the guest a segment. */
  readonly send: (segment: TcpSegment) => void;
  /** Both sides have agreed: bytes can go. */
  readonly established: () => void;
  /** Bytes from the guest; {@linkcode TcpConnection.consumed} makes room for more. */
  readonly data: (bytes: Uint8Array) => void;
  /** The guest sends no more bytes. */
  readonly ended: () => void;
  /** There is room to write. */
  readonly writable: () => void;
  /** The connection is gone; the last call. */
  readonly closed: (how: TcpEnd) => void;
  /** Largest segment that this end takes: what fits into a frame. */
  readonly segmentBytes: number;
  /** Most bytes that the guest takes in one segment which is cut up later; the segment size, if it does not. */
  readonly burstBytes: number;
}

/** The two ports. */
export interface TcpPorts {
  /** This end's. */
  readonly own: number;
  /** The guest's. */
  readonly guest: number;
}

/** What the guest takes when it does not say: RFC 9293, "Maximum Segment Size Option". */
const DEFAULT_SEGMENT_BYTES = 536;
const LEAST_SEGMENT_BYTES = 64;
const HANDSHAKE_TIMEOUT_MS = 1000;
const MAX_HANDSHAKE_TRIES = 6;
/** There is no way for a segment to stay behind on this link. */
const TIME_WAIT_MS = 2000;
const NOTHING = new Uint8Array(0);

/** See the header of this file. */
export class TcpConnection {
  readonly #environment: TcpEnvironment;
  readonly #ports: TcpPorts;
  readonly #first: number;
  readonly #timer: Timer;
  #state: TcpState = "closed";
  #sender: TcpSender | null = null;
  #receiver: TcpReceiver | null = null;
  #sendShift = 0;
  /** Does the guest shift its windows? Then this end does. */
  #shifts = true;
  #tries = 0;
  #segmentBytes: number;
  #owesAnswer = false;

  /** @param first the initial sequence number, which nobody can guess */
  constructor(environment: TcpEnvironment, ports: TcpPorts, first: number) {
    this.#environment = environment;
    this.#ports = ports;
    this.#first = first >>> 0;
    this.#segmentBytes = environment.segmentBytes;
    this.#timer = new Timer(environment.clock, () => this.#timedOut());
  }

  /** Where it is in its life. */
  get state(): TcpState {
    return this.#state;
  }

  /** Largest segment that both sides take. */
  get segmentBytes(): number {
    return this.#segmentBytes;
  }

  /** Bytes that can be written now. */
  get room(): number {
    const writes = this.#state === "established" || this.#state === "close-wait";
    return writes ? this.#sender?.room ?? 0 : 0;
  }

  /** Asks the guest for a connection. */
  open(): void {
    this.#state = "syn-sent";
    this.#sendHandshake();
  }

  /** Takes a connection that the guest asks for. */
  accept(syn: TcpSegment): void {
    this.#state = "syn-received";
    this.#agree(syn);
    this.#sendHandshake();
  }

  /** Writes bytes. @returns how many there was room for */
  write(bytes: Uint8Array): number {
    return this.room === 0 ? 0 : this.#sender?.write(bytes) ?? 0;
  }

  /** This end writes no more. */
  end(): void {
    if (this.#state === "established") this.#state = "fin-wait-1";
    else if (this.#state === "close-wait") this.#state = "last-ack";
    else return;
    this.#sender?.end();
  }

  /** Breaks the connection off; the guest is told. */
  abort(): void {
    if (this.#state === "closed") return;
    if (this.#receiver !== null) this.#emit(TcpFlag.RST | TcpFlag.ACK, this.#next, NOTHING);
    this.#close("reset");
  }

  /** Bytes of the guest's are where they should be. */
  consumed(count: number): void {
    this.#receiver?.consumed(count);
    if (this.#receiver?.hasGrown === true && this.#takesBytes) this.#acknowledge();
  }

  get #takesBytes(): boolean {
    return ["established", "fin-wait-1", "fin-wait-2"].includes(this.#state);
  }

  /** Answers what was received since the last call. */
  flush(): void {
    if (this.#owesAnswer && this.#state !== "closed") this.#acknowledge();
  }

  /** Takes a segment of the guest's: RFC 9293, "SEGMENT ARRIVES". */
  receive(segment: TcpSegment): void {
    if (this.#state === "closed") return;
    if (this.#state === "syn-sent") return this.#receiveInSynSent(segment);
    const receiver = this.#receiver;
    if (receiver === null || !this.#isAcceptable(segment, receiver)) return;
    if ((segment.flags & TcpFlag.ACK) === 0) return;
    if (this.#state === "syn-received" && !this.#receiveInSynReceived(segment)) return;
    if (this.#sender?.isBeyond(segment.acknowledgment) === true) return this.#acknowledge();
    this.#receiveAcknowledgment(segment);
    if (this.state !== "closed") this.#receivePayload(segment, receiver);
  }

  #receiveInSynSent(segment: TcpSegment): void {
    const { flags, acknowledgment } = segment;
    const hasAcknowledgment = (flags & TcpFlag.ACK) !== 0;
    if (!hasAcknowledgment || acknowledgment !== advance(this.#first, 1)) return;
    if ((flags & TcpFlag.RST) !== 0) return this.#close("reset");
    if ((flags & TcpFlag.SYN) === 0) return;
    this.#agree(segment);
    this.#establish(segment);
    this.#acknowledge();
  }

  /** First checks: sequence number, reset, SYN. */
  #isAcceptable(segment: TcpSegment, receiver: TcpReceiver): boolean {
    const { sequence, flags, payload } = segment;
    const isReset = (flags & TcpFlag.RST) !== 0;
    const length = payload.length + ((flags & TcpFlag.FIN) !== 0 ? 1 : 0);
    if ((flags & TcpFlag.SYN) !== 0 && !isReset) {
      if (this.#state === "syn-received") this.#sendHandshake();
      else this.#acknowledge();
      return false;
    }
    if (!receiver.accepts(sequence, length)) {
      if (!isReset) this.#acknowledge();
      return false;
    }
    if (!isReset) return true;
    // RFC 5961: only the very next number resets, any other one within the window is asked about.
    if (sequence === receiver.next) this.#close("reset");
    else this.#acknowledge();
    return false;
  }

  /** @returns whether the segment may be looked at further */
  #receiveInSynReceived(segment: TcpSegment): boolean {
    if (segment.acknowledgment === advance(this.#first, 1)) {
      this.#establish(segment);
      return this.state !== "closed";
    }
    this.#emit(TcpFlag.RST, segment.acknowledgment, NOTHING);
    return false;
  }

  #receiveAcknowledgment({ acknowledgment, window, payload, flags }: TcpSegment): void {
    const isPure = payload.length === 0 && (flags & TcpFlag.FIN) === 0;
    const room = window * 2 ** this.#sendShift;
    const result = this.#sender?.acknowledge(acknowledgment, room, isPure);
    if (result === undefined) return;
    if (result.isDone) this.#endAcknowledged();
    else if (result.hasRoom && this.room > 0) this.#environment.writable();
  }

  #endAcknowledged(): void {
    if (this.#state === "fin-wait-1") this.#state = "fin-wait-2";
    else if (this.#state === "closing") this.#waitOut();
    else if (this.#state === "last-ack") this.#close("closed");
  }

  #receivePayload({ sequence, payload, flags }: TcpSegment, receiver: TcpReceiver): void {
    const isLast = (flags & TcpFlag.FIN) !== 0;
    if (payload.length === 0 && !isLast) return;
    this.#owesAnswer = true;
    if (this.#state === "time-wait") return this.#timer.set(TIME_WAIT_MS);
    if (!this.#takesBytes) return;
    const expected = receiver.next;
    const { bytes, hasEnded } = receiver.take(sequence, payload, isLast);
    if (sequence !== expected) this.#acknowledge();
    for (const piece of bytes) this.#environment.data(piece);
    if (hasEnded) this.#guestEnded();
  }

  #guestEnded(): void {
    if (this.#state === "established") this.#state = "close-wait";
    else if (this.#state === "fin-wait-1") this.#state = "closing";
    else if (this.#state === "fin-wait-2") this.#waitOut();
    this.#environment.ended();
  }

  #waitOut(): void {
    this.#state = "time-wait";
    this.#timer.set(TIME_WAIT_MS);
  }

  /** Takes what the guest's SYN says. */
  #agree({ sequence, segmentSize = DEFAULT_SEGMENT_BYTES, windowShift }: TcpSegment): void {
    this.#shifts = windowShift !== undefined;
    this.#sendShift = windowShift ?? 0;
    this.#receiver = new TcpReceiver(advance(sequence, 1), this.#shifts ? RECEIVE_SHIFT : 0);
    const least = Math.max(LEAST_SEGMENT_BYTES, segmentSize);
    this.#segmentBytes = Math.min(this.#environment.segmentBytes, least);
    this.#sender = new TcpSender({
      sink: {
        send: (from, payload, isLast) => this.#sendBytes(from, payload, isLast),
        gaveUp: () => this.#giveUp(),
      },
      clock: this.#environment.clock,
      first: advance(this.#first, 1),
      segmentBytes: this.#segmentBytes,
      burstBytes: this.#environment.burstBytes,
    });
  }

  /** The window of a SYN is never shifted; that of the segment which answers it is. */
  #establish({ acknowledgment, window, flags }: TcpSegment): void {
    this.#timer.clear();
    this.#state = "established";
    const shift = (flags & TcpFlag.SYN) !== 0 ? 0 : this.#sendShift;
    this.#sender?.acknowledge(acknowledgment, window * 2 ** shift, false);
    this.#environment.established();
  }

  #sendHandshake(): void {
    const isAnswer = this.#receiver !== null;
    this.#environment.send({
      sourcePort: this.#ports.own,
      destinationPort: this.#ports.guest,
      sequence: this.#first,
      acknowledgment: this.#receiver?.next ?? 0,
      flags: isAnswer ? TcpFlag.SYN | TcpFlag.ACK : TcpFlag.SYN,
      window: 0xffff,
      segmentSize: this.#environment.segmentBytes,
      windowShift: this.#shifts ? RECEIVE_SHIFT : undefined,
      payload: NOTHING,
    });
    this.#timer.set(HANDSHAKE_TIMEOUT_MS * 2 ** this.#tries);
  }

  #sendBytes(sequence: number, payload: Uint8Array, isLast: boolean): void {
    const push = payload.length > 0 ? TcpFlag.PSH : 0;
    this.#emit(TcpFlag.ACK | push | (isLast ? TcpFlag.FIN : 0), sequence, payload);
  }

  #acknowledge(): void {
    this.#emit(TcpFlag.ACK, this.#next, NOTHING);
  }

  get #next(): number {
    return this.#sender?.next ?? advance(this.#first, 1);
  }

  #emit(flags: number, sequence: number, payload: Uint8Array): void {
    this.#owesAnswer = false;
    this.#environment.send({
      sourcePort: this.#ports.own,
      destinationPort: this.#ports.guest,
      sequence,
      acknowledgment: this.#receiver?.next ?? 0,
      flags,
      window: this.#receiver?.window() ?? 0,
      payload,
    });
  }

  #timedOut(): void {
    if (this.#state === "time-wait") return this.#close("closed");
    if (++this.#tries < MAX_HANDSHAKE_TRIES) this.#sendHandshake();
    else this.#close("timeout");
  }

  #giveUp(): void {
    this.#emit(TcpFlag.RST | TcpFlag.ACK, this.#next, NOTHING);
    this.#close("timeout");
  }

  #close(how: TcpEnd): void {
    if (this.#state === "closed") return;
    this.#state = "closed";
    this.#timer.end();
    this.#sender?.close();
    this.#environment.closed(how);
  }
}
