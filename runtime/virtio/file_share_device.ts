/**
 * A shared folder behind a queue: each chain carries a request of 9P2000.L and room for its answer. Requests are carried
 * out one after the other, in the order of the queue; what the guest writes is copied out of its memory before the host
 * sees it, and what it reads comes in by one copy.
 */

import type { DeviceStores } from "../atomics/device_store.ts";
import { ERROR_BYTES, MAX_MESSAGE_BYTES, MessageHeader } from "../file_share/message_type.ts";
import type { ShareServer } from "../file_share/share_server.ts";
import { type DescriptorChain, RingFault } from "./descriptor_chain.ts";
import type { SlotStruct } from "./device_struct.ts";
import type { Outcome, RequestHandler } from "./queue_server.ts";

/** Counters of a slot with a shared folder, written by its worker alone. */
export const FileShareCounter = {
  REQUESTS: 0,
  FAILURES: 4,
  BYTES_READ: 5,
  BYTES_WRITTEN: 6,
} as const;

/** What a shared folder is made of. */
export interface FileShareParts {
  /** Its slot's words. */
  readonly struct: SlotStruct;
  /** The worker's stores. */
  readonly stores: DeviceStores;
  /** What answers. */
  readonly server: ShareServer;
}

/** See the header of this file. */
export class FileShareDevice implements RequestHandler {
  readonly #parts: FileShareParts;
  readonly #request = new Uint8Array(MAX_MESSAGE_BYTES);
  readonly #answer = new Uint8Array(MAX_MESSAGE_BYTES);

  /** A shared folder of a slot. */
  constructor(parts: FileShareParts) {
    this.#parts = parts;
  }

  /** See `RequestHandler`. */
  handle({ readable, writable }: DescriptorChain, isCurrent: () => boolean): Outcome | null {
    if (readable.total < MessageHeader.BYTES || writable.total < ERROR_BYTES) {
      throw new RingFault("a request of a shared folder without header or room for an answer");
    }
    const { server, stores } = this.#parts;
    const request = this.#request.subarray(0, Math.min(readable.total, MAX_MESSAGE_BYTES));
    readable.copy(0, request);
    if (!isCurrent()) return null;
    const room = this.#answer.subarray(0, Math.min(writable.total, MAX_MESSAGE_BYTES));
    const answer = room.subarray(0, server.answer(request, room));
    const isStored = stores.run(
      isCurrent,
      () =>
        writable.pieces(0, answer.length, (hostOffset, bytes, from) => {
          stores.bytes(hostOffset, answer.subarray(from, from + bytes));
        }),
    );
    this.#count();
    return isStored ? { written: answer.length } : null;
  }

  #count(): void {
    const { struct: { counters }, server } = this.#parts;
    counters[FileShareCounter.REQUESTS]++;
    counters[FileShareCounter.FAILURES] = server.failures;
    counters[FileShareCounter.BYTES_READ] = server.counts.bytesRead;
    counters[FileShareCounter.BYTES_WRITTEN] = server.counts.bytesWritten;
  }
}
