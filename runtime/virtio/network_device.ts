/**
 * A network card behind two queues: "Device Operation" of "Network Device" in the virtio specification.
 *
 * What the guest sends is copied out of its memory and given to the network at once. What arrives waits here while the
 * guest has no buffers for it, up to a bound; behind that it is lost, as on any network.
 */

import type { IpVersion } from "../network/address.ts";
import { MAX_FRAME_BYTES } from "../network/ethernet.ts";
import type { FrameWork, OutgoingFrame } from "../network/ip_link.ts";
import { type DescriptorChain, RingFault } from "./descriptor_chain.ts";
import type { SlotStruct } from "./device_struct.ts";
import { InputQueue } from "./input_queue.ts";
import {
  BurstType,
  FrameHeader,
  NEEDS_CHECKSUM,
  NetworkFeature,
  NetworkQueue,
  PLAIN_FRAME_BYTES,
} from "./network_protocol.ts";
import type { QueuePlace } from "./queue_life.ts";
import { type Outcome, QueueServer, type RequestHandler } from "./queue_server.ts";

/** Frames and bytes that wait for buffers at most. */
const MAX_WAITING = 1024;
const MAX_WAITING_BYTES = 0x40_0000;

/** What a driver agrees on for frames that stand for several, and what such a frame says of itself. */
const BURST_KINDS = {
  4: { feature: NetworkFeature.GUEST_BURSTS_4, type: BurstType.TCP_4 },
  6: { feature: NetworkFeature.GUEST_BURSTS_6, type: BurstType.TCP_6 },
} as const;

/** Counters of a slot with a network card, written by its worker alone. */
export const NetworkCounter = {
  FRAMES_SENT: 0,
  FRAMES_RECEIVED: 1,
  BYTES_SENT: 2,
  BYTES_RECEIVED: 3,
  DROPPED: 4,
  ALLOWED: 5,
  REFUSED: 6,
} as const;

/** What is behind a card. */
export interface FrameReceiver {
  /** Takes a frame, which is there only during the call. @param isComplete are its checksums there? */
  receive(frame: Uint8Array, isComplete: boolean): void;
  /** No more frames for now. */
  flush(): void;
}

/** See the header of this file. */
export class NetworkDevice implements RequestHandler {
  readonly #struct: SlotStruct;
  readonly #network: FrameReceiver;
  readonly #input: InputQueue;
  readonly #output: QueueServer;
  /** A frame of the guest's, and one for it: an answer may go before the question's call is over. */
  readonly #sent = new Uint8Array(FrameHeader.BYTES + MAX_FRAME_BYTES);
  readonly #arrived = new Uint8Array(FrameHeader.BYTES + MAX_FRAME_BYTES);
  readonly #header = new DataView(new ArrayBuffer(FrameHeader.BYTES));
  #waiting: OutgoingFrame[] = [];
  #waitingBytes = 0;
  #stands = true;

  /** A card in a slot; the number of its queue does not matter. */
  constructor(place: Omit<QueuePlace, "queue">, network: FrameReceiver) {
    this.#struct = place.slot.struct;
    this.#network = network;
    this.#input = new InputQueue({ ...place, queue: NetworkQueue.RECEIVE });
    this.#output = new QueueServer({ ...place, queue: NetworkQueue.TRANSMIT, handler: this });
  }

  /** Does the driver take frames that stand for several? */
  takesBursts(version: IpVersion): boolean {
    return this.#struct.hasFeature(BURST_KINDS[version].feature) &&
      this.#struct.hasFeature(NetworkFeature.MERGED_BUFFERS);
  }

  /** Does it complete checksums? */
  get completesChecksums(): boolean {
    return this.#struct.hasFeature(NetworkFeature.GUEST_CHECKSUM);
  }

  /** Serves both queues. @param isWanted is something wanted of the worker? Then it comes back soon */
  serve(isWanted: () => boolean): void {
    this.#stands = false;
    this.#output.serve(isWanted);
    this.#network.flush();
    this.#deliverWaiting();
  }

  /** From here to the next {@linkcode NetworkDevice.serve} nothing is stored. */
  stand(): void {
    this.#stands = true;
  }

  /** Gives the guest a frame, now or when it has a buffer; its bytes need not stay. */
  deliver(frame: OutgoingFrame): void {
    const isFull = this.#waiting.length >= MAX_WAITING ||
      this.#waitingBytes + frame.bytes.length > MAX_WAITING_BYTES;
    if (isFull || !this.#fits(frame)) return this.#struct.count(NetworkCounter.DROPPED, 1);
    if (this.#waiting.length === 0 && !this.#stands && this.#store(frame)) return;
    this.#waiting.push({ ...frame, bytes: frame.bytes.slice() });
    this.#waitingBytes += frame.bytes.length;
  }

  /** A driver that was restarted may take less than the one before. */
  #fits({ bytes, work }: OutgoingFrame): boolean {
    if (work === null) return bytes.length <= PLAIN_FRAME_BYTES;
    return work.segmentBytes > 0 ? this.takesBursts(work.version) : this.completesChecksums;
  }

  #deliverWaiting(): void {
    let done = 0;
    while (done < this.#waiting.length && this.#store(this.#waiting[done])) {
      this.#waitingBytes -= this.#waiting[done++].bytes.length;
    }
    if (done > 0) this.#waiting = this.#waiting.slice(done);
  }

  /** @returns false when the frame has to wait */
  #store({ bytes, work }: OutgoingFrame): boolean {
    const length = FrameHeader.BYTES + bytes.length;
    const header = this.#header;
    this.#arrived.set(bytes, FrameHeader.BYTES);
    putWork(header, work);
    const maySpread = this.#struct.hasFeature(NetworkFeature.MERGED_BUFFERS);
    const whole = this.#arrived.subarray(0, length);
    const result = this.#input.put(whole, maySpread, (buffers) => {
      header.setUint16(FrameHeader.BUFFERS, buffers, true);
      whole.set(new Uint8Array(header.buffer));
    });
    if (result === "stored") {
      this.#struct.count(NetworkCounter.FRAMES_RECEIVED, 1);
      this.#struct.count(NetworkCounter.BYTES_RECEIVED, bytes.length);
    } else if (result === "dropped") this.#struct.count(NetworkCounter.DROPPED, 1);
    return result !== "no-room";
  }

  /** See `RequestHandler`: a frame of the guest's. */
  handle({ readable, writable }: DescriptorChain, isCurrent: () => boolean): Outcome | null {
    const { total } = readable;
    if (writable.total > 0 || total < FrameHeader.BYTES) {
      throw new RingFault("a frame to send without header, or with room to write");
    }
    if (total > this.#sent.length) {
      this.#struct.count(NetworkCounter.DROPPED, 1);
      return { written: 0 };
    }
    const whole = this.#sent.subarray(0, total);
    readable.copy(0, whole);
    if (!isCurrent()) return null;
    const isComplete = (whole[FrameHeader.FLAGS] & NEEDS_CHECKSUM) === 0;
    this.#struct.count(NetworkCounter.FRAMES_SENT, 1);
    this.#struct.count(NetworkCounter.BYTES_SENT, total - FrameHeader.BYTES);
    this.#network.receive(whole.subarray(FrameHeader.BYTES), isComplete);
    return { written: 0 };
  }
}

function putWork(header: DataView, work: FrameWork | null): void {
  const { checksumStart = 0, checksumOffset = 0, segmentBytes = 0, headerBytes = 0 } = work ?? {};
  const isBurst = work !== null && segmentBytes > 0;
  header.setUint8(FrameHeader.FLAGS, work === null ? 0 : NEEDS_CHECKSUM);
  header.setUint8(
    FrameHeader.BURST_TYPE,
    isBurst ? BURST_KINDS[work.version].type : BurstType.NONE,
  );
  header.setUint16(FrameHeader.HEADER_LENGTH, headerBytes, true);
  header.setUint16(FrameHeader.SEGMENT_BYTES, segmentBytes, true);
  header.setUint16(FrameHeader.CHECKSUM_START, checksumStart, true);
  header.setUint16(FrameHeader.CHECKSUM_OFFSET, checksumOffset, true);
}
