/**
 * The virtual machine generation ID: 16 bytes by which a guest knows that it is another machine now, as a copy of one
 * that ran before or one that was taken back. Microsoft, "Virtual Machine Generation ID"; for device trees Linux's
 * binding `microsoft,vmgenid`.
 *
 * The interrupt says that the ID has changed, and stays until the guest reads the ID from its first byte on: the
 * device has no register to acknowledge it. An ID of zeros stands for no device.
 *
 * Thread safety: no lock. Whoever changes the ID stores its words, then the state of the interrupt; a reader that finds
 * that state finds the words.
 */

import type { Device, MmioAccess } from "./device.ts";
import type { InterruptLine } from "./interrupt_line.ts";
import { SettledOutput } from "./settled_output.ts";

/** Bytes of an ID. */
export const GENERATION_ID_BYTES = 16;

const ID_WORDS = GENERATION_ID_BYTES / 4;
/** Words of the device struct. */
const Word = { ID: 0, IS_NEW: ID_WORDS, VERSION: ID_WORDS + 1 } as const;

/** Shared words that the device needs. */
export const GENERATION_ID_WORDS: number = ID_WORDS + 2;

/** One worker's view of the device. */
export class GenerationId implements Device {
  /** Name as in the device tree. */
  readonly name = "vmgenid";
  readonly #words: Int32Array;
  readonly #base: number;
  readonly #interrupt: SettledOutput;

  /**
   * Opens the device whose struct lies at `base`.
   * @param words shared memory
   * @param base index of the first of {@linkcode GENERATION_ID_WORDS} words of the device struct
   * @param interrupt its interrupt
   */
  constructor(words: Int32Array, base: number, interrupt: InterruptLine) {
    this.#words = words;
    this.#base = base;
    this.#interrupt = new SettledOutput(words, base + Word.VERSION, () => {
      interrupt.setLevel(this.#get(Word.IS_NEW) !== 0);
    });
  }

  /** Gives the machine its ID, before any hart runs: nobody is told. */
  install(id: Uint8Array): void {
    const view = new DataView(id.buffer, id.byteOffset, id.byteLength);
    for (let word = 0; word < ID_WORDS; word++) {
      this.#set(Word.ID + word, view.getInt32(4 * word, true));
    }
  }

  /** Gives the machine another ID, and tells the guest. */
  change(id: Uint8Array): void {
    this.install(id);
    this.#set(Word.IS_NEW, 1);
    this.#interrupt.changed();
  }

  /** Guest read of any width inside the ID; beyond it is nothing. */
  load(access: MmioAccess): boolean {
    if (!this.#isThere) return false;
    const { offset, size } = access;
    access.low = 0;
    access.high = 0;
    if (offset === 0) this.#read();
    if (offset >= GENERATION_ID_BYTES) return true;
    const word = this.#get(offset >> 2) >>> (8 * (offset & 3));
    access.low = size >= 4 ? word | 0 : word & ((1 << (8 * size)) - 1);
    if (size === 8) access.high = this.#get((offset >> 2) + 1);
    return true;
  }

  /** Writes are ignored. */
  store(_access: MmioAccess): boolean {
    return this.#isThere;
  }

  get #isThere(): boolean {
    for (let word = 0; word < ID_WORDS; word++) if (this.#get(Word.ID + word) !== 0) return true;
    return false;
  }

  #read(): void {
    if (this.#get(Word.IS_NEW) === 0) return;
    this.#set(Word.IS_NEW, 0);
    this.#interrupt.changed();
  }

  #get(word: number): number {
    // ORDER: sc load; IS_NEW before the ID, partner: `change`, which stores the ID before it.
    return Atomics.load(this.#words, this.#base + word);
  }

  #set(word: number, value: number): void {
    // ORDER: sc store; the ID before IS_NEW, partner: the read of IS_NEW by a hart that then reads the ID.
    Atomics.store(this.#words, this.#base + word, value);
  }
}
