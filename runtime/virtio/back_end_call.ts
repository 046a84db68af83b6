/**
 * Calls of an I/O worker to a back end that lives on the thread which made the machine: one at a time, over a mailbox
 * in shared memory.
 *
 * The worker writes the call, says so, and sleeps until it is answered; main is woken by an empty message, and may take
 * its time. A machine that ends meanwhile ends the wait.
 */

/** Words of a mailbox. */
export const CallWord = {
  /** One of {@linkcode CallState}; the last word that either side writes. */
  STATE: 0,
  /** One of {@linkcode CallKind}. */
  KIND: 1,
  /** Bytes of the data that belong to the call, then to its answer. */
  LENGTH: 2,
  /** One of {@linkcode CallResult}. */
  FAILED: 3,
  /** Position in bytes, an f64 from here on. */
  POSITION: 4,
  COUNT: 16,
} as const;

/** Values of the state. */
export const CallState = { FREE: 0, ASKED: 1, ANSWERED: 2 } as const;

/** How a call ended. */
export const CallResult = { DONE: 0, FAILED: 1, NO_SPACE: 2 } as const;

/** What a back end is asked for. */
export const CallKind = { READ: 0, WRITE: 1, FLUSH: 2, DISCARD: 3, FILES: 4 } as const;

const WORD_BYTES = 4;
const HEADER_BYTES = CallWord.COUNT * WORD_BYTES;

/** Most bytes that one call moves. */
export const CALL_BYTES = 0x4_0000;

/** One side's view of a mailbox. */
export class CallMailbox {
  /** The words. */
  readonly words: Int32Array<SharedArrayBuffer>;
  /** The bytes that are moved. */
  readonly data: Uint8Array<SharedArrayBuffer>;
  readonly #position: Float64Array;

  /** A view of a mailbox; a new one without `memory`. */
  constructor(memory: SharedArrayBuffer = new SharedArrayBuffer(HEADER_BYTES + CALL_BYTES)) {
    this.words = new Int32Array(memory, 0, CallWord.COUNT);
    this.data = new Uint8Array(memory, HEADER_BYTES);
    this.#position = new Float64Array(memory, CallWord.POSITION * WORD_BYTES, 1);
  }

  /** Where the bytes are on the disk. */
  get position(): number {
    return this.#position[0];
  }

  /** Says what is asked for. */
  ask(kind: number, position: number, length: number): void {
    this.#position[0] = position;
    this.words[CallWord.KIND] = kind;
    this.words[CallWord.LENGTH] = length;
    this.words[CallWord.FAILED] = CallResult.DONE;
    this.#setState(CallState.ASKED);
  }

  /** Says that it is done. @param result one of {@linkcode CallResult} @param length bytes of the answer */
  answer(result: number, length = 0): void {
    this.words[CallWord.LENGTH] = length;
    this.words[CallWord.FAILED] = result;
    this.#setState(CallState.ANSWERED);
  }

  /** Sleeps until it is answered, at most for a time. @returns false when it is not */
  wait(milliseconds: number): boolean {
    // ORDER: sleeps only while the call stands; partner: store then notify of the answer.
    Atomics.wait(this.words, CallWord.STATE, CallState.ASKED, milliseconds);
    // ORDER: sc load before the answer is read; partner: the store in #setState() behind it.
    return Atomics.load(this.words, CallWord.STATE) === CallState.ANSWERED;
  }

  #setState(state: number): void {
    // ORDER: sc store behind the payload, then notify; partner: the load in wait(), or the message that wakes main.
    Atomics.store(this.words, CallWord.STATE, state);
    Atomics.notify(this.words, CallWord.STATE);
  }
}
