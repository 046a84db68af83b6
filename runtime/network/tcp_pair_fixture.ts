/** Two ends of a TCP connection with a link between them that loses, doubles, swaps and delays segments. */

import { ManualClock } from "./clock_fixture.ts";
import { TcpConnection, type TcpEnd } from "./tcp_connection.ts";
import { readTcp, TcpFlag, tcpHeader, type TcpSegment } from "./tcp_segment.ts";

/** What the link does to a segment: the delays after which it arrives, none when it is lost. */
export type Link = (segment: TcpSegment, isFromFirst: boolean) => readonly number[];

/** A link that keeps all in order. */
export const GOOD_LINK: Link = () => [1];

/** A segment's bytes, without its checksum. */
export function tcpBytes(segment: TcpSegment): Uint8Array<ArrayBuffer> {
  const header = tcpHeader(segment);
  const bytes = new Uint8Array(header.length + segment.payload.length);
  bytes.set(header);
  bytes.set(segment.payload, header.length);
  return bytes;
}

/** One end, and what it heard. */
export class TestEnd {
  readonly received: Uint8Array[] = [];
  readonly closings: TcpEnd[] = [];
  connection: TcpConnection | null = null;
  isEstablished = false;
  hasEnded = false;
  /** Are bytes consumed when they come? */
  consumes = true;
  #waiting: Uint8Array = new Uint8Array(0);
  #endsThen = false;

  /** Bytes that it got, joined. */
  get bytes(): Uint8Array {
    const joined = new Uint8Array(this.received.reduce((sum, { length }) => sum + length, 0));
    let at = 0;
    for (const piece of this.received) {
      joined.set(piece, at);
      at += piece.length;
    }
    return joined;
  }

  /** Writes all of these bytes, as room comes, and then ends if that is wanted. */
  write(bytes: Uint8Array, endsThen = true): void {
    this.#waiting = bytes;
    this.#endsThen = endsThen;
    this.pump();
  }

  pump(): void {
    const { connection } = this;
    if (connection === null || !this.isEstablished) return;
    while (this.#waiting.length > 0 && connection.room > 0) {
      this.#waiting = this.#waiting.subarray(connection.write(this.#waiting));
    }
    if (this.#waiting.length === 0 && this.#endsThen) connection.end();
  }

  data(bytes: Uint8Array): void {
    this.received.push(bytes.slice());
    if (this.consumes) this.connection?.consumed(bytes.length);
  }
}

/** See the header of this file. */
export class TcpPair {
  readonly clock = new ManualClock();
  readonly first = new TestEnd();
  readonly second = new TestEnd();
  /** Segments that were sent, in order. */
  readonly sent: { readonly segment: TcpSegment; readonly isFromFirst: boolean }[] = [];
  readonly #segmentBytes: number;
  readonly #burstBytes: number;
  #link: Link;

  constructor(
    { link = GOOD_LINK, segmentBytes = 1460, burstBytes = 0, firstNumbers = [100, 0xffff_ff00] } =
      {},
  ) {
    this.#segmentBytes = segmentBytes;
    this.#link = link;
    this.#burstBytes = burstBytes;
    this.first.connection = this.#connection(this.first, true, firstNumbers[0]);
    this.second.connection = this.#connection(this.second, false, firstNumbers[1]);
  }

  set link(link: Link) {
    this.#link = link;
  }

  /** The first end asks the second one for a connection. */
  open(): void {
    this.first.connection?.open();
  }

  #connection(end: TestEnd, isFirst: boolean, number: number): TcpConnection {
    return new TcpConnection(
      {
        clock: this.clock,
        segmentBytes: this.#segmentBytes,
        burstBytes: this.#burstBytes,
        send: (segment) => this.#carry(segment, isFirst),
        established: () => {
          end.isEstablished = true;
          end.pump();
        },
        data: (bytes) => end.data(bytes),
        ended: () => end.hasEnded = true,
        writable: () => end.pump(),
        closed: (how) => end.closings.push(how),
      },
      isFirst ? { own: 1, guest: 2 } : { own: 2, guest: 1 },
      number,
    );
  }

  #carry(segment: TcpSegment, isFromFirst: boolean): void {
    const bytes = tcpBytes(segment);
    this.sent.push({ segment: { ...segment, payload: segment.payload.slice() }, isFromFirst });
    for (const delay of this.#link(segment, isFromFirst)) {
      this.clock.after(delay, () => this.#arrive(bytes, isFromFirst));
    }
  }

  #arrive(bytes: Uint8Array, isFromFirst: boolean): void {
    const segment = readTcp(bytes, null);
    const { connection } = isFromFirst ? this.second : this.first;
    if (segment === null || connection === null) return;
    const isOpening = segment.flags === TcpFlag.SYN && connection.state === "closed";
    if (isOpening && !isFromFirst) return;
    if (isOpening) connection.accept(segment);
    else connection.receive(segment);
    connection.flush();
  }
}
