/**
 * Goldfish real-time clock: the host's wall-clock time in nanoseconds, settable, with one alarm.
 *
 * Thread safety: no lock. The time of day registers are the guest's to order (its driver holds a lock over a
 * pair of reads). The alarm is shared with the clock keeper: its state word carries a generation, changed by
 * every arming, so that the keeper never fires an alarm from halves of two values, and a compare-exchange on
 * it decides who fires.
 */

import type { Device, MmioAccess } from "./device.ts";
import type { InterruptLine } from "./interrupt_line.ts";
import { SettledOutput } from "./settled_output.ts";
import type { TimedDevice } from "./timed_device.ts";
import {
  addWide,
  nanosecondsOf,
  signedWideToNumber,
  subtractWide,
  type WideInteger,
} from "./wide_integer.ts";

/** Byte offsets of the registers. */
const Register = {
  TIME_LOW: 0x00,
  TIME_HIGH: 0x04,
  ALARM_LOW: 0x08,
  ALARM_HIGH: 0x0c,
  INTERRUPT_ENABLED: 0x10,
  CLEAR_ALARM: 0x14,
  ALARM_STATUS: 0x18,
  CLEAR_INTERRUPT: 0x1c,
} as const;

/** Words of the device struct. */
const Word = {
  OFFSET_LOW: 0,
  OFFSET_HIGH: 1,
  /** High half of the time, latched by the read of the low half. */
  LATCHED_HIGH: 2,
  ALARM_LOW: 3,
  ALARM_HIGH: 4,
  /** Bit 0: the alarm runs; above it the generation. */
  ALARM_STATE: 5,
  INTERRUPT_ENABLED: 6,
  INTERRUPT_PENDING: 7,
  VERSION: 8,
} as const;

/** Shared words that one clock needs. */
export const GOLDFISH_RTC_WORDS = 9;

const REGISTER_BYTES = 4;
const ALARM_RUNS = 1;
const NEXT_GENERATION = 2;
const NANOSECONDS_PER_MILLISECOND = 1_000_000;

/** What the clock is connected to. */
export interface GoldfishRtcWiring {
  /** Its interrupt. */
  readonly interrupt: InterruptLine;
  /** Host time since the epoch in whole milliseconds. */
  readonly wallClock: () => number;
  /** Called when the alarm or the time changed: the clock keeper has to look again. */
  readonly deadlineChanged: () => void;
}

/** One worker's view of a goldfish real-time clock. */
export class GoldfishRtc implements Device, TimedDevice {
  /** Name as in the device tree. */
  readonly name = "rtc";
  readonly #words: Int32Array;
  readonly #base: number;
  readonly #wiring: GoldfishRtcWiring;
  readonly #interrupt: SettledOutput;

  /**
   * Opens the clock whose struct lies at `base`.
   * @param words shared memory
   * @param base index of the first of {@linkcode GOLDFISH_RTC_WORDS} words of the device struct
   * @param wiring what it is connected to
   */
  constructor(words: Int32Array, base: number, wiring: GoldfishRtcWiring) {
    this.#words = words;
    this.#base = base;
    this.#wiring = wiring;
    this.#interrupt = new SettledOutput(words, base + Word.VERSION, () => {
      const both = this.#get(Word.INTERRUPT_ENABLED) & this.#get(Word.INTERRUPT_PENDING);
      wiring.interrupt.setLevel(both !== 0);
    });
  }

  /** Guest read of a 32-bit register. */
  load(access: MmioAccess): boolean {
    if (access.size !== REGISTER_BYTES) return false;
    access.low = this.#read(access.offset);
    return true;
  }

  /** Guest write of a 32-bit register. */
  store(access: MmioAccess): boolean {
    if (access.size !== REGISTER_BYTES) return false;
    this.#write(access.offset, access.low);
    return true;
  }

  /** Time until the running alarm. */
  millisecondsLeft(): number {
    for (;;) {
      const state = this.#get(Word.ALARM_STATE);
      if ((state & ALARM_RUNS) === 0) return Infinity;
      const left = signedWideToNumber(subtractWide(this.#alarm(), this.#now()));
      if (this.#get(Word.ALARM_STATE) === state) return left / NANOSECONDS_PER_MILLISECOND;
    }
  }

  /** Fires the alarm if its time has come. */
  expire(): void {
    const state = this.#get(Word.ALARM_STATE);
    if ((state & ALARM_RUNS) === 0 || this.millisecondsLeft() > 0) return;
    const index = this.#base + Word.ALARM_STATE;
    // ORDER: sc cmpxchg; partner: #armAlarm() and #clearAlarm(), which change the generation.
    const found = Atomics.compareExchange(this.#words, index, state, state & ~ALARM_RUNS);
    if (found === state) this.#raise();
  }

  #read(offset: number): number {
    switch (offset) {
      case Register.TIME_LOW: {
        const now = this.#now();
        this.#set(Word.LATCHED_HIGH, now.high);
        return now.low;
      }
      case Register.TIME_HIGH:
        return this.#get(Word.LATCHED_HIGH);
      case Register.ALARM_LOW:
        return this.#get(Word.ALARM_LOW);
      case Register.ALARM_HIGH:
        return this.#get(Word.ALARM_HIGH);
      case Register.INTERRUPT_ENABLED:
        return this.#get(Word.INTERRUPT_ENABLED);
      case Register.ALARM_STATUS:
        return this.#get(Word.ALARM_STATE) & ALARM_RUNS;
      default:
        return 0;
    }
  }

  #write(offset: number, value: number): void {
    switch (offset) {
      case Register.TIME_LOW:
        return this.#setTime({ low: value, high: this.#now().high });
      case Register.TIME_HIGH:
        return this.#setTime({ low: this.#now().low, high: value });
      case Register.ALARM_LOW:
        this.#clearAlarm();
        this.#set(Word.ALARM_LOW, value);
        return this.#armAlarm();
      case Register.ALARM_HIGH:
        return this.#set(Word.ALARM_HIGH, value);
      case Register.INTERRUPT_ENABLED:
        this.#set(Word.INTERRUPT_ENABLED, value & 1);
        return this.#interrupt.changed();
      case Register.CLEAR_ALARM:
        return this.#clearAlarm();
      case Register.CLEAR_INTERRUPT:
        this.#set(Word.INTERRUPT_PENDING, 0);
        return this.#interrupt.changed();
    }
  }

  #setTime(time: WideInteger): void {
    const offset = subtractWide(time, this.#hostTime());
    this.#set(Word.OFFSET_LOW, offset.low);
    this.#set(Word.OFFSET_HIGH, offset.high);
    this.#wiring.deadlineChanged();
  }

  #armAlarm(): void {
    const due = signedWideToNumber(subtractWide(this.#alarm(), this.#now())) <= 0;
    if (due) return this.#raise();
    const state = this.#get(Word.ALARM_STATE);
    this.#set(Word.ALARM_STATE, (state + NEXT_GENERATION) | ALARM_RUNS);
    this.#wiring.deadlineChanged();
  }

  #clearAlarm(): void {
    const state = this.#get(Word.ALARM_STATE);
    this.#set(Word.ALARM_STATE, (state + NEXT_GENERATION) & ~ALARM_RUNS);
  }

  #raise(): void {
    this.#set(Word.INTERRUPT_PENDING, 1);
    this.#interrupt.changed();
  }

  #alarm(): WideInteger {
    return { low: this.#get(Word.ALARM_LOW), high: this.#get(Word.ALARM_HIGH) };
  }

  #now(): WideInteger {
    const offset = { low: this.#get(Word.OFFSET_LOW), high: this.#get(Word.OFFSET_HIGH) };
    return addWide(this.#hostTime(), offset);
  }

  #hostTime(): WideInteger {
    return nanosecondsOf(this.#wiring.wallClock());
  }

  #get(word: number): number {
    // ORDER: sc load; partner: #set() on another hart or in the clock keeper.
    return Atomics.load(this.#words, this.#base + word);
  }

  #set(word: number, value: number): void {
    // ORDER: sc store, the alarm's halves before its state; partner: #get() in millisecondsLeft().
    Atomics.store(this.#words, this.#base + word, value);
  }
}
