/**
 * How a domain without messages interrupts its harts: "Interrupt Delivery Control (IDC) Structure" of the RISC-V
 * Advanced Interrupt Architecture. The harts' interrupt lines are a settled output of sources, targets and this.
 */

import { interruptLines, lowerInterrupt, raiseInterrupt } from "../../../../atomics/pending.ts";
import { SettledOutput } from "../../../../devices/settled_output.ts";
import { APLIC_LAST_SOURCE, Delivery, DELIVERY_BYTES, Target } from "./aplic_registers.ts";
import { isReady } from "./aplic_source.ts";

/** Words of the struct: the version of the interrupt lines, then those of each hart. */
const Word = { VERSION: 0, HARTS: 1 } as const;
/** Words of a hart. */
const HartWord = { DELIVERY: 0, FORCE: 1, THRESHOLD: 2, COUNT: 3 } as const;

/** Where a source's number is in what is claimed. */
const SHOWN_SHIFT = 16;

/** Shared words that the delivery to so many harts needs. */
export function deliveryWords(hartCount: number): number {
  return Word.HARTS + hartCount * HartWord.COUNT;
}

/** The sources of a domain, as their delivery sees them. */
export interface DeliveredSources {
  /** Is anything delivered at all? */
  readonly isEnabled: boolean;
  /** The state of a source. */
  state(number: number): number;
  /** Where it goes: a hart, and its priority. */
  target(number: number): number;
  /** Takes a source that was in this state. @returns false when it is not any more */
  claim(number: number, state: number): boolean;
}

/** What a delivery is made of. */
export interface DirectDeliveryParts {
  /** Shared memory. */
  readonly words: Int32Array;
  /** Index of the first of {@linkcode deliveryWords} words. */
  readonly base: number;
  /** Number of harts; 0 where messages are sent. */
  readonly hartCount: number;
  /** The interrupt line bit that harts are interrupted by. */
  readonly externalLine: number;
  /** What is delivered. */
  readonly sources: DeliveredSources;
}

/** One worker's view of a domain's delivery. */
export class DirectDelivery {
  readonly #parts: DirectDeliveryParts;
  readonly #outputs: SettledOutput;

  /** Opens a delivery. */
  constructor(parts: DirectDeliveryParts) {
    this.#parts = parts;
    const version = parts.base + Word.VERSION;
    this.#outputs = new SettledOutput(parts.words, version, () => this.#driveLines());
  }

  /** To be called after each change of a source, of a target, or of whether the domain is enabled. */
  changed(): void {
    this.#outputs.changed();
  }

  /** Guest read of a register, at an offset from those of hart 0. */
  read(offset: number): number {
    const hart = Math.floor(offset / DELIVERY_BYTES);
    if (hart >= this.#parts.hartCount) return 0;
    switch (offset % DELIVERY_BYTES) {
      case Delivery.DELIVERY:
        return this.#get(hart, HartWord.DELIVERY);
      case Delivery.FORCE:
        return this.#get(hart, HartWord.FORCE);
      case Delivery.THRESHOLD:
        return this.#get(hart, HartWord.THRESHOLD);
      case Delivery.TOP:
        return this.#shown(this.#best(hart));
      case Delivery.CLAIM:
        return this.#claim(hart);
      default:
        return 0;
    }
  }

  /** Guest write of a register, at an offset from those of hart 0. */
  write(offset: number, value: number): void {
    const hart = Math.floor(offset / DELIVERY_BYTES);
    if (hart >= this.#parts.hartCount) return;
    switch (offset % DELIVERY_BYTES) {
      case Delivery.DELIVERY:
        this.#set(hart, HartWord.DELIVERY, value & 1);
        break;
      case Delivery.FORCE:
        this.#set(hart, HartWord.FORCE, value & 1);
        break;
      case Delivery.THRESHOLD:
        this.#set(hart, HartWord.THRESHOLD, value & Target.PRIORITY_MASK);
        break;
      default:
        return;
    }
    this.#outputs.changed();
  }

  /** The source that is most urgent for a hart: the lowest priority, then the lowest number; 0 when there is none. */
  #best(hart: number): number {
    const { sources } = this.#parts;
    const threshold = this.#get(hart, HartWord.THRESHOLD);
    let limit = threshold === 0 ? Target.PRIORITY_MASK + 1 : threshold;
    let best = 0;
    for (let number = 1; number <= APLIC_LAST_SOURCE; number++) {
      if (!isReady(sources.state(number))) continue;
      const target = sources.target(number);
      const priority = target & Target.PRIORITY_MASK;
      if (target >>> Target.HART_SHIFT !== hart || priority >= limit) continue;
      best = number;
      limit = priority;
    }
    return best;
  }

  #shown(number: number): number {
    if (number === 0) return 0;
    return number << SHOWN_SHIFT | this.#parts.sources.target(number) & Target.PRIORITY_MASK;
  }

  #claim(hart: number): number {
    const { sources } = this.#parts;
    for (;;) {
      const number = this.#best(hart);
      const shown = this.#shown(number);
      if (number === 0) this.#set(hart, HartWord.FORCE, 0);
      else {
        const state = sources.state(number);
        if (!isReady(state) || !sources.claim(number, state)) continue;
      }
      this.#outputs.changed();
      return shown;
    }
  }

  #driveLines(): void {
    const { hartCount, sources: { isEnabled } } = this.#parts;
    for (let hart = 0; hart < hartCount; hart++) this.#driveLine(hart, isEnabled);
  }

  #driveLine(hart: number, isEnabled: boolean): void {
    const { words, externalLine } = this.#parts;
    const isDelivering = isEnabled && this.#get(hart, HartWord.DELIVERY) !== 0;
    const wanted = isDelivering &&
      (this.#get(hart, HartWord.FORCE) !== 0 || this.#best(hart) !== 0);
    const asserted = (interruptLines(words, hart) & externalLine) !== 0;
    if (wanted === asserted) return;
    if (wanted) raiseInterrupt(words, hart, externalLine);
    else lowerInterrupt(words, hart, externalLine);
  }

  #get(hart: number, word: number): number {
    // ORDER: sc load; partner: #set() of another hart, before its version add.
    return Atomics.load(this.#parts.words, this.#index(hart, word));
  }

  #set(hart: number, word: number, value: number): void {
    // ORDER: sc store before the version add of changed(); partner: #get() in another thread's round.
    Atomics.store(this.#parts.words, this.#index(hart, word), value);
  }

  #index(hart: number, word: number): number {
    return this.#parts.base + Word.HARTS + hart * HartWord.COUNT + word;
  }
}
