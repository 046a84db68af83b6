/** The worker's end of `back_end_call.ts`: asks the thread of a back end, and sleeps until it has answered. */

import { type CallMailbox, CallResult, CallWord } from "./back_end_call.ts";
import { NO_SPACE } from "./block_errors.ts";

/** How often a worker that waits looks whether the machine has ended. */
const LOOK_MS = 100;

/** What a back end on main is reached by. */
export interface BackEndPlace {
  /** Where calls are written. */
  readonly mailbox: SharedArrayBuffer;
  /** Wakes main. */
  readonly port: MessagePort;
}

/** What a caller is made of. */
export interface BackEndCallerParts {
  /** Where calls are written. */
  readonly mailbox: CallMailbox;
  /** Wakes the thread of the back end. */
  readonly ring: () => void;
  /** Has the machine ended? */
  readonly hasEnded: () => boolean;
}

/** See the header of this file. */
export class BackEndCaller {
  readonly #parts: BackEndCallerParts;

  /** One that calls over a mailbox. */
  constructor(parts: BackEndCallerParts) {
    this.#parts = parts;
  }

  /** Bytes that go with a call, and with its answer. */
  get data(): Uint8Array<SharedArrayBuffer> {
    return this.#parts.mailbox.data;
  }

  /** Makes a call. Throws when the back end has, or the machine has ended. @returns bytes that the answer has */
  call(kind: number, position: number, length: number): number {
    const { mailbox, ring, hasEnded } = this.#parts;
    mailbox.ask(kind, position, length);
    ring();
    while (!mailbox.wait(LOOK_MS)) {
      if (hasEnded()) throw new Error("the machine has ended");
    }
    const result = mailbox.words[CallWord.FAILED];
    if (result === CallResult.NO_SPACE) {
      throw Object.assign(new Error("the back end has no space left"), { code: NO_SPACE });
    }
    if (result !== CallResult.DONE) throw new Error("the back end has failed");
    return mailbox.words[CallWord.LENGTH];
  }
}
