/**
 * The host side of the host-target interface: looks at `tohost` whenever a vCPU is in its trampoline, and
 * answers in `fromhost` once the guest has taken the answer before.
 */
import { GuestStores } from "../atomics/guest_store.ts";
import { EndReason, GUEST_RAM_OFFSET, Machine } from "../atomics/shared_layout.ts";
import type { LockUse } from "../atomics/lock_use.ts";
import type { ConsoleSink, ConsoleSource } from "../devices/console_port.ts";
import {
  createHtifMessage,
  HtifRequest,
  inputAnswer,
  inspectTohost,
  SYSTEM_CALL_ANSWER,
} from "../devices/htif.ts";
import { descriptionPlace, type HtifRam, readCall, storeResult } from "../devices/htif_call.ts";
import type { PowerControl } from "../devices/power_control.ts";
import type { HtifAddresses } from "../machine/worker_messages.ts";

const PROGRESS = Machine.HTIF_PROGRESS.offset >> 2;
const READING = Machine.HTIF_READING.offset >> 2;
const WORD_BYTES = 8;

/** What requests act on. */
export interface HtifTargets {
  /** Physical address of the `tohost` word. */
  readonly tohost: number;
  /** Physical address of the `fromhost` word; null when there are no answers. */
  readonly fromhost: number | null;
  /** Guest physical address and size of RAM. */
  readonly ram: { readonly base: number; readonly bytes: number };
  /** What an exit request acts on. */
  readonly power: PowerControl;
  /** Where characters go. */
  readonly consoleSink: ConsoleSink;
  /** Where they come from. */
  readonly consoleSource: ConsoleSource;
  /** Locks of the interface, outermost first. */
  readonly locks: readonly LockUse[];
}

/** See the header of this file. */
export class HtifPoll {
  readonly #words: Int32Array;
  readonly #bytes: Uint8Array;
  readonly #stores: GuestStores;
  readonly #ram: HtifRam;
  /** Index of the low half of `tohost`. */
  readonly #low: number;
  /** Index of the low half of `fromhost`, or -1. */
  readonly #answer: number;
  readonly #targets: HtifTargets;
  readonly #message = createHtifMessage();

  /** Polls one machine's word. */
  constructor(words: Int32Array, targets: HtifTargets) {
    const { ram, tohost, fromhost } = targets;
    const indexOf = (address: number): number => (address - ram.base + GUEST_RAM_OFFSET) >> 2;
    this.#words = words;
    this.#bytes = new Uint8Array(words.buffer);
    this.#stores = new GuestStores(words);
    this.#ram = { words, hostOffset: GUEST_RAM_OFFSET, ...ram };
    this.#low = indexOf(tohost);
    this.#answer = fromhost === null ? -1 : indexOf(fromhost);
    this.#targets = targets;
  }

  /** A poll of the word that the program names, or null when it names none in RAM. */
  static create(
    words: Int32Array,
    htif: HtifAddresses | null,
    targets: Omit<HtifTargets, "tohost" | "fromhost">,
  ): HtifPoll | null {
    const { base, bytes } = targets.ram;
    const isInRam = (address: number): boolean =>
      address >= base && address <= base + bytes - WORD_BYTES;
    if (htif === null || !isInRam(htif.tohost)) return null;
    const fromhost = htif.fromhost !== null && isInRam(htif.fromhost) ? htif.fromhost : null;
    return new HtifPoll(words, { ...targets, tohost: htif.tohost, fromhost });
  }

  /** Serves what the guest waits for, if there is something and no other vCPU serves it now. */
  poll(): void {
    const words = this.#words;
    // ORDER: sc loads; only a hint: the request is read again under the lock.
    const isIdle = Atomics.load(words, this.#low) === 0 &&
      Atomics.load(words, this.#low + 1) === 0 && Atomics.load(words, READING) === 0;
    if (isIdle) return;
    this.#pollInside(0);
  }

  /** A lock that is held stays so for no longer than a request takes: the next look is soon enough. */
  #pollInside(depth: number): void {
    const { locks } = this.#targets;
    if (depth === locks.length) return this.#serveAll();
    if (!locks[depth].tryEnter()) return;
    try {
      this.#pollInside(depth + 1);
    } finally {
      locks[depth].leave();
    }
  }

  #serveAll(): void {
    this.#serve();
    if (this.#words[READING] !== 0) this.#giveInput();
  }

  #serve(): void {
    const words = this.#words;
    // ORDER: sc loads under the lock; partner: the guest's store of the command, which stands until it is cleared.
    const kind = inspectTohost(
      Atomics.load(words, this.#low),
      Atomics.load(words, this.#low + 1),
      this.#message,
    );
    const { value } = this.#message;
    switch (kind) {
      case HtifRequest.NONE:
        return;
      case HtifRequest.CHARACTER:
        if (this.#targets.consoleSink.tryPut(value)) this.#acknowledge();
        return;
      case HtifRequest.EXIT:
        this.#acknowledge();
        return this.#targets.power.end(EndReason.GUEST_EXIT, value);
      case HtifRequest.READ:
        words[READING] = 1;
        return this.#acknowledge();
      case HtifRequest.SYSTEM_CALL:
        return this.#call(value);
      default:
        return this.#acknowledge();
    }
  }

  #acknowledge(): void {
    const { acknowledgeLow, acknowledgeHigh } = this.#message;
    this.#store(this.#low, acknowledgeLow, acknowledgeHigh);
  }

  #canAnswer(): boolean {
    const words = this.#words;
    if (this.#answer < 0) return false;
    // ORDER: sc loads; partner: the guest's store that clears the word once it has taken the answer.
    return Atomics.load(words, this.#answer) === 0 && Atomics.load(words, this.#answer + 1) === 0;
  }

  #give({ low, high }: { readonly low: number; readonly high: number }): void {
    this.#store(this.#answer, low, high);
  }

  /** The low half last: a guest that waits for the word to change goes on only then. */
  #store(index: number, low: number, high: number): void {
    this.#stores.storeWord((index + 1) << 2, high);
    this.#stores.storeWord(index << 2, low);
  }

  #giveInput(): void {
    if (this.#targets.consoleSource.available() === 0 || !this.#canAnswer()) return;
    this.#words[READING] = 0;
    this.#give(inputAnswer(this.#targets.consoleSource.take()));
  }

  /** A request without a description in RAM is dropped; the others stand until they are answered. */
  #call(address: number): void {
    const place = descriptionPlace(this.#ram, address);
    if (place < 0 || this.#answer < 0) return this.#acknowledge();
    if (!this.#canAnswer()) return;
    const call = readCall(this.#ram, place);
    if (call.kind === "write" && !this.#print(call.start, call.length)) return;
    if (call.kind === "exit") this.#targets.power.end(EndReason.GUEST_EXIT, call.code);
    const result = call.kind === "write" ? call.length : call.kind === "exit" ? 0 : call.error;
    storeResult(this.#stores, place, result);
    this.#acknowledge();
    this.#give(SYSTEM_CALL_ANSWER);
  }

  /** Prints on from where it stopped. @returns false when there is no room for the rest now. */
  #print(start: number, length: number): boolean {
    const words = this.#words;
    while (words[PROGRESS] < length) {
      if (!this.#targets.consoleSink.tryPut(this.#bytes[start + words[PROGRESS]])) return false;
      words[PROGRESS]++;
    }
    words[PROGRESS] = 0;
    return true;
  }
}
