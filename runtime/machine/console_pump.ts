/**
 * The console between the two rings in shared memory and the streams of this process; on the main thread.
 *
 * REQUIREMENT. No byte is lost or reordered in either direction, also not over a reset of the machine or at
 * its end. Main never blocks. A guest that prints faster than somebody reads must wait, not fill the host.
 *
 * SOLUTION. {@linkcode ConsoleEnd} is the process's end and outlives resets: a stream of output with a bounded
 * queue, and a stream of input whose writer waits until a guest has taken it. {@linkcode ConsolePump} connects it with the rings of
 * one machine memory. Output is drained while the stream wants more; else the ring fills and the guest waits
 * for room. Main sleeps on the ring's sleep word, asynchronously. At the end everything is drained whatever
 * the stream wants: the ring is bounded too.
 *
 * LIMITATION. Bytes of input that were in the ring when the machine was reset are lost, as in a UART's FIFO.
 */

import {
  drainOutput,
  INPUT_SLEEP_OFFSET,
  OUTPUT_CAPACITY,
  OUTPUT_SLEEP_OFFSET,
  prepareInputSleep,
  prepareOutputSleep,
  putInput,
} from "../atomics/console_ring.ts";
import { MAX_TERMINAL_SIDE } from "../virtio/console_protocol.ts";
import { AccessError, MachineStateError } from "./machine_error.ts";
import type { ConsoleSize, MachineConsole } from "./machine_interface.ts";
import { wordChanged } from "./word_wait.ts";

/** Bytes of output that wait for a reader before the guest has to. */
const OUTPUT_QUEUE_BYTES = 0x10_0000;
/** Bytes of input that a writer may have on their way before its stream asks it to wait. */
const INPUT_QUEUE_BYTES = 0x1000;
const WORD_SHIFT = 2;
/** Value of a ring's sleep word while main sleeps. */
const ASLEEP = 1;

/** A wish to be woken, by at most one waiter. */
class Wake {
  #waiter: PromiseWithResolvers<void> | null = null;

  wait(): Promise<void> {
    this.#waiter ??= Promise.withResolvers<void>();
    return this.#waiter.promise;
  }

  wake(): void {
    this.#waiter?.resolve();
    this.#waiter = null;
  }
}

/** The process's end of a console. */
export class ConsoleEnd implements MachineConsole {
  /** What the guest writes. */
  readonly readable: ReadableStream<Uint8Array<ArrayBuffer>>;
  /** What the guest reads. */
  readonly writable: WritableStream<Uint8Array>;
  /** A piece of input that no guest has taken whole, and who is told when one has. */
  #input: { rest: Uint8Array; readonly taken: PromiseWithResolvers<void> } | null = null;
  #size: ConsoleSize | undefined;
  #isClosed = false;
  readonly #inputWake = new Wake();
  readonly #readerWake = new Wake();
  #controller: ReadableStreamDefaultController<Uint8Array<ArrayBuffer>> | null = null;
  #inputController: WritableStreamDefaultController | null = null;

  /** An end that is connected to nothing yet. */
  constructor() {
    this.writable = new WritableStream<Uint8Array>({
      start: (controller) => void (this.#inputController = controller),
      write: (bytes) => this.#offer(bytes),
    }, new ByteLengthQueuingStrategy({ highWaterMark: INPUT_QUEUE_BYTES }));
    this.readable = new ReadableStream<Uint8Array<ArrayBuffer>>({
      start: (controller) => void (this.#controller = controller),
      pull: () => this.#readerWake.wake(),
      cancel: () => {
        this.#controller = null;
        this.#readerWake.wake();
      },
    }, new ByteLengthQueuingStrategy({ highWaterMark: OUTPUT_QUEUE_BYTES }));
  }

  /** The size of the terminal. */
  get size(): ConsoleSize | undefined {
    return this.#size;
  }

  /** See `MachineConsole`. */
  resize(columns: number, rows: number): void {
    const isSize = (count: number): boolean =>
      Number.isInteger(count) && count > 0 && count <= MAX_TERMINAL_SIDE;
    if (!isSize(columns) || !isSize(rows)) {
      throw new AccessError({
        what: `a console of ${columns} columns and ${rows} rows`,
        cause: `a terminal has whole numbers of columns and rows, 1 to ${MAX_TERMINAL_SIDE}`,
        fix: "pass what Deno.consoleSize() says",
      });
    }
    this.#size = { columns, rows };
  }

  /** Keeps bytes until the guest's serial port has taken them. */
  #offer(bytes: Uint8Array): Promise<void> {
    if (bytes.length === 0 || this.#isClosed) return Promise.resolve();
    const taken = Promise.withResolvers<void>();
    this.#input = { rest: bytes.slice(), taken };
    this.#inputWake.wake();
    return taken.promise;
  }

  /** Input that no guest has taken yet, a piece of it; undefined when there is none. */
  get pendingInput(): Uint8Array | undefined {
    return this.#input?.rest;
  }

  /** The guest's memory holds `count` bytes of the pending piece now. */
  consumeInput(count: number): void {
    const input = this.#input;
    if (input === null) return;
    input.rest = input.rest.subarray(count);
    if (input.rest.length === 0) this.#dropInput();
  }

  #dropInput(): void {
    this.#input?.taken.resolve();
    this.#input = null;
  }

  /** Resolves when there may be input, or at {@linkcode ConsoleEnd.wakeAll}. */
  inputArrived(): Promise<void> {
    return this.#inputWake.wait();
  }

  /** Does the stream want more output? A stream that nobody wants takes everything, and drops it. */
  get wantsOutput(): boolean {
    return this.#controller === null || (this.#controller.desiredSize ?? 1) > 0;
  }

  /** Resolves when the stream may want more, or at {@linkcode ConsoleEnd.wakeAll}. */
  outputWanted(): Promise<void> {
    return this.#readerWake.wait();
  }

  /** Hands bytes to the reader, or drops them when nobody wants any. */
  deliver(bytes: Uint8Array<ArrayBuffer>): void {
    this.#controller?.enqueue(bytes);
  }

  /**
   * The last byte was delivered. Input that is on its way is dropped without an error, because who wrote it could
   * not know; resolves when later input is refused.
   */
  async close(): Promise<void> {
    this.#controller?.close();
    this.#controller = null;
    this.#isClosed = true;
    this.#dropInput();
    await new Promise((resolve) => setTimeout(resolve, 0)); // lets the writable's own queue run out
    this.#inputController?.error(
      new MachineStateError({
        what: "writing to the console",
        cause: "the machine has ended",
        fix: "write while `exited` is pending",
      }),
    );
  }

  /** Lets all waiters look again. */
  wakeAll(): void {
    this.#inputWake.wake();
    this.#readerWake.wake();
  }
}

/** Connects a console end with the rings of one machine memory. */
export class ConsolePump {
  readonly #words: Int32Array;
  readonly #end: ConsoleEnd;
  readonly #inputArrived: (() => void) | null;
  readonly #buffer = new Uint8Array(OUTPUT_CAPACITY);
  readonly #finished: Promise<unknown>;
  #isFinishing = false;

  /**
   * @param words the machine's shared memory
   * @param end this process's end
   * @param inputArrived tells the machine that the input ring has new bytes; null where it takes none, and all that
   * is written is dropped
   */
  constructor(words: Int32Array, end: ConsoleEnd, inputArrived: (() => void) | null) {
    this.#words = words;
    this.#end = end;
    this.#inputArrived = inputArrived;
    this.#finished = Promise.all([this.#pumpOutput(), this.#pumpInput()]);
  }

  /** After all vCPUs have stopped: delivers the last byte of output and lets go of the memory. */
  async finish(): Promise<void> {
    this.#isFinishing = true;
    this.#end.wakeAll();
    for (const offset of [OUTPUT_SLEEP_OFFSET, INPUT_SLEEP_OFFSET]) {
      // ORDER: after the flag, which only this thread reads; partner: this thread's own waitAsync.
      Atomics.notify(this.#words, offset >> WORD_SHIFT);
    }
    await this.#finished;
    while (this.#drain() > 0);
  }

  async #pumpOutput(): Promise<void> {
    while (!this.#isFinishing) {
      if (!this.#end.wantsOutput) await this.#end.outputWanted();
      else if (this.#drain() === 0) await this.#sleepUntilOutput();
    }
  }

  #drain(): number {
    const count = drainOutput(this.#words, this.#buffer);
    if (count > 0) this.#end.deliver(this.#buffer.slice(0, count));
    return count;
  }

  async #sleepUntilOutput(): Promise<void> {
    if (!prepareOutputSleep(this.#words)) return;
    await wordChanged(this.#words, OUTPUT_SLEEP_OFFSET, ASLEEP);
  }

  async #pumpInput(): Promise<void> {
    while (!this.#isFinishing) {
      const bytes = this.#end.pendingInput;
      if (bytes === undefined) await this.#end.inputArrived();
      else if (this.#put(bytes) === 0) await this.#sleepUntilRoom();
    }
  }

  /** Puts what fits into the ring. */
  #put(bytes: Uint8Array): number {
    if (this.#inputArrived === null) {
      this.#end.consumeInput(bytes.length);
      return bytes.length;
    }
    let count = 0;
    while (count < bytes.length && putInput(this.#words, bytes[count])) count++;
    if (count === 0) return 0;
    this.#end.consumeInput(count);
    this.#inputArrived();
    return count;
  }

  async #sleepUntilRoom(): Promise<void> {
    if (!prepareInputSleep(this.#words)) return;
    await wordChanged(this.#words, INPUT_SLEEP_OFFSET, ASLEEP);
  }
}
