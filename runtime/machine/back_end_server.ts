/**
 * Answers the calls of an I/O worker with a back end of the caller's: main's end of `back_end_call.ts`. Bytes cross in
 * copies of their own, so that a back end may keep what it gets and sees no shared memory.
 */

import { CallKind, CallMailbox, CallResult, CallWord } from "../virtio/back_end_call.ts";
import { isNoSpaceError } from "../virtio/block_errors.ts";
import type { BlockBackend } from "./drive_options.ts";

/** See the header of this file. */
export class BackEndServer {
  readonly #backend: BlockBackend;
  readonly #mailbox: CallMailbox;

  /** Serves one back end, over the mailbox in a shared memory. */
  constructor(backend: BlockBackend, memory: SharedArrayBuffer) {
    this.#backend = backend;
    this.#mailbox = new CallMailbox(memory);
  }

  /** Answers each message that arrives at a port, until that is closed. */
  serve(port: MessagePort): void {
    port.onmessage = () => void this.#answer();
  }

  async #answer(): Promise<void> {
    try {
      await this.#carryOut();
      this.#mailbox.answer(CallResult.DONE);
    } catch (error) {
      this.#mailbox.answer(isNoSpaceError(error) ? CallResult.NO_SPACE : CallResult.FAILED);
    }
  }

  async #carryOut(): Promise<void> {
    const { words, data, position } = this.#mailbox;
    const length = words[CallWord.LENGTH];
    switch (words[CallWord.KIND]) {
      case CallKind.READ: {
        const bytes = new Uint8Array(length);
        await this.#backend.read(position, bytes);
        data.set(bytes);
        return;
      }
      case CallKind.WRITE:
        return await this.#backend.write(position, new Uint8Array(data.subarray(0, length)));
      case CallKind.FLUSH:
        return await this.#backend.flush();
      case CallKind.DISCARD:
        return await this.#backend.discard?.(position, length);
    }
  }
}
