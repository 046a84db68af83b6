/**
 * What a guest writes to a port: the transmitting side of consoles.
 *
 * A chain is given back to the driver when all of its bytes are on their way to the host. Until then it stays in the ring,
 * and how far it was read is remembered: so a guest that writes faster than somebody reads is held up by its own queue,
 * and a chain may be longer than any buffer here.
 */

import { type DescriptorChain, RingFault } from "./descriptor_chain.ts";
import { QueueWord, SlotCounter } from "./device_struct.ts";
import type { QueuePlace } from "./queue_life.ts";
import { AGAIN, type Outcome, QueueServer, type RequestHandler } from "./queue_server.ts";

/** Bytes that are copied out of guest memory at a time. */
const PIECE_BYTES = 0x4000;

/** Where a guest's bytes go. */
export interface OutputTarget {
  /** Is somebody there? Else what the guest writes is for nobody. */
  readonly isConnected: boolean;
  /** Bytes that it takes now. */
  readonly room: number;
  /** Takes bytes, which are there only during the call. */
  write(bytes: Uint8Array): void;
}

/** See the header of this file. */
export class ConsoleOutput implements RequestHandler {
  readonly #place: QueuePlace;
  readonly #target: OutputTarget;
  readonly #server: QueueServer;
  readonly #piece = new Uint8Array(PIECE_BYTES);
  /** Bytes of the chain in front that were written, in which life of the queue. */
  #done = 0;
  #life = 0;

  /** The transmitting end of a port's queue. */
  constructor(place: QueuePlace, target: OutputTarget) {
    this.#place = place;
    this.#target = target;
    this.#server = new QueueServer({ ...place, handler: this });
  }

  /** Serves what the guest has written, as far as there is room. @param isWanted see `ServedDevice` */
  serve(isWanted: () => boolean): void {
    this.#server.resumed();
    this.#server.serve(isWanted);
  }

  /** See `RequestHandler`. */
  handle(
    { readable, writable }: DescriptorChain,
    isCurrent: () => boolean,
  ): Outcome | typeof AGAIN | null {
    if (writable.total > 0) throw new RingFault("bytes to write with room for others");
    const { slot: { struct }, queue } = this.#place;
    const life = struct.queue(queue, QueueWord.LIFE);
    if (!isCurrent()) return null;
    if (life !== this.#life) this.#done = 0;
    this.#life = life;
    while (this.#done < readable.total && this.#target.isConnected) {
      const length = Math.min(readable.total - this.#done, this.#target.room, PIECE_BYTES);
      if (length === 0) return AGAIN;
      const piece = this.#piece.subarray(0, length);
      readable.copy(this.#done, piece);
      if (!isCurrent()) return null;
      this.#target.write(piece);
      struct.count(SlotCounter.BYTES_WRITTEN, length);
      this.#done += length;
    }
    this.#done = 0;
    return { written: 0 };
  }
}
