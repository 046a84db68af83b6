/**
 * 16550A UART: the serial console.
 *
 * Thread safety: no lock. Every register is one shared word; the guest's own driver lock orders its
 * accesses, and accesses without one can only garble what that guest reads, never leave the struct. The
 * interrupt line depends on several words and on the input ring, which the host's thread fills, so it is a
 * settled output.
 *
 * The line has no speed: a byte written to the transmitter is in the output ring at once, so the
 * transmitter always reports empty. When the ring is full the store asks to be repeated: no byte is lost,
 * whether or not the guest looks at the line status.
 *
 * The receiver's FIFO is the input ring itself. Resetting the receiver does not drop bytes of the ring:
 * they count as still on the wire. Drivers reset the receiver and then read the receive buffer blindly to
 * clear it (Linux does so for each open); so that input from a pipe survives this, the wire stays silent
 * after a reset until the guest enables the receive interrupt or has polled for a while.
 */

import type { ConsoleSink, ConsoleSource } from "./console_port.ts";
import type { Device, MmioAccess } from "./device.ts";
import type { InterruptLine } from "./interrupt_line.ts";
import { SettledOutput } from "./settled_output.ts";
import {
  FifoControl,
  Identification,
  InterruptEnable,
  LineControl,
  LineStatus,
  ModemControl,
  ModemStatus,
  TRIGGER_LEVELS,
  UartRegister,
} from "./uart_16550_registers.ts";

/** Words of the device struct. */
const Word = {
  INTERRUPT_ENABLE: 0,
  FIFO_CONTROL: 1,
  LINE_CONTROL: 2,
  MODEM_CONTROL: 3,
  SCRATCH: 4,
  DIVISOR_LOW: 5,
  DIVISOR_HIGH: 6,
  /** 1 while the transmitter-empty interrupt cause is latched. */
  TRANSMIT_LATCH: 7,
  /** Line status error bits since the last read. */
  LINE_ERRORS: 8,
  /** Modem status change bits since the last read. */
  MODEM_CHANGES: 9,
  /** Line status polls until the wire speaks again after a receiver reset. */
  SILENT_POLLS: 10,
  LOOP_HEAD: 11,
  LOOP_COUNT: 12,
  VERSION: 13,
  /** 1 while the zero byte of a break condition waits to be read. */
  BREAK_BYTE: 14,
  /** Bytes that the loop-back mode has sent to the receiver; they outlast the mode. */
  LOOP_BYTES: 16,
} as const;

const FIFO_BYTES = 16;
const BYTE_MASK = 0xff;

/** Shared words that one UART needs. */
export const UART_WORDS: number = Word.LOOP_BYTES + FIFO_BYTES;

/** Line status polls for which the wire stays silent after a receiver reset. */
const SILENT_POLLS_AFTER_RESET = 256;

/** Modem inputs of a terminal that is always there. */
const CONNECTED = ModemStatus.CLEAR_TO_SEND | ModemStatus.DATA_SET_READY | ModemStatus.CARRIER;

const TRANSMITTER_IDLE = LineStatus.TRANSMIT_HOLDING_EMPTY | LineStatus.TRANSMITTER_EMPTY;

/** What a UART is connected to. */
export interface UartWiring {
  /** Where transmitted bytes go. */
  readonly sink: ConsoleSink;
  /** Where received bytes come from. */
  readonly source: ConsoleSource;
  /** Its interrupt. */
  readonly interrupt: InterruptLine;
}

/** One worker's view of a UART. */
export class Uart16550 implements Device {
  /** Name as in the device tree. */
  readonly name = "serial";
  readonly #words: Int32Array;
  readonly #base: number;
  readonly #wiring: UartWiring;
  readonly #interrupt: SettledOutput;

  /**
   * Opens the UART whose struct lies at `base`.
   * @param words shared memory
   * @param base index of the first of {@linkcode UART_WORDS} words of the device struct
   * @param wiring what it is connected to
   */
  constructor(words: Int32Array, base: number, wiring: UartWiring) {
    this.#words = words;
    this.#base = base;
    this.#wiring = wiring;
    this.#interrupt = new SettledOutput(
      words,
      base + Word.VERSION,
      () => wiring.interrupt.setLevel(this.#identification() !== Identification.NONE),
    );
  }

  /** To be called by whoever has put bytes into the input ring. */
  inputArrived(): void {
    this.#interrupt.changed();
  }

  /** A break condition on the line: a zero byte that overtakes the input, marked in the line status. */
  sendBreak(): void {
    this.#set(Word.BREAK_BYTE, 1);
    this.#addLineError(LineStatus.BREAK);
    this.#interrupt.changed();
  }

  /** Guest read; any width reads the one byte register at its offset. */
  load(access: MmioAccess): boolean {
    access.high = 0;
    switch (access.offset) {
      case UartRegister.DATA:
        access.low = this.#hasDivisorAccess() ? this.#get(Word.DIVISOR_LOW) : this.#receive();
        return true;
      case UartRegister.INTERRUPT_ENABLE:
        access.low = this.#get(
          this.#hasDivisorAccess() ? Word.DIVISOR_HIGH : Word.INTERRUPT_ENABLE,
        );
        return true;
      case UartRegister.IDENTIFICATION:
        access.low = this.#readIdentification();
        return true;
      case UartRegister.LINE_CONTROL:
        access.low = this.#get(Word.LINE_CONTROL);
        return true;
      case UartRegister.MODEM_CONTROL:
        access.low = this.#get(Word.MODEM_CONTROL);
        return true;
      case UartRegister.LINE_STATUS:
        access.low = this.#readLineStatus();
        return true;
      case UartRegister.MODEM_STATUS:
        access.low = this.#readModemStatus();
        return true;
      case UartRegister.SCRATCH:
        access.low = this.#get(Word.SCRATCH);
        return true;
      default:
        return false;
    }
  }

  /** Guest write; any width writes the one byte register at its offset. */
  store(access: MmioAccess): boolean {
    const value = access.low & BYTE_MASK;
    switch (access.offset) {
      case UartRegister.DATA:
        if (this.#hasDivisorAccess()) this.#set(Word.DIVISOR_LOW, value);
        else access.retry = !this.#transmit(value);
        return true;
      case UartRegister.INTERRUPT_ENABLE:
        if (this.#hasDivisorAccess()) this.#set(Word.DIVISOR_HIGH, value);
        else this.#writeInterruptEnable(value & InterruptEnable.MASK);
        return true;
      case UartRegister.IDENTIFICATION:
        this.#writeFifoControl(value);
        return true;
      case UartRegister.LINE_CONTROL:
        this.#set(Word.LINE_CONTROL, value);
        return true;
      case UartRegister.MODEM_CONTROL:
        this.#writeModemControl(value & ModemControl.MASK);
        return true;
      case UartRegister.LINE_STATUS:
      case UartRegister.MODEM_STATUS:
        return true;
      case UartRegister.SCRATCH:
        this.#set(Word.SCRATCH, value);
        return true;
      default:
        return false;
    }
  }

  #receive(): number {
    const byte = this.#takeByte();
    this.#interrupt.changed();
    return byte < 0 ? 0 : byte;
  }

  #takeByte(): number {
    const looped = this.#takeLooped();
    if (looped >= 0 || this.#isLooped() || this.#isSilent()) return looped;
    return this.#exchange(Word.BREAK_BYTE, 0) === 1 ? 0 : this.#wiring.source.take();
  }

  #takeLooped(): number {
    const count = this.#get(Word.LOOP_COUNT);
    if (count === 0) return -1;
    const head = this.#get(Word.LOOP_HEAD) % FIFO_BYTES;
    const byte = this.#get(Word.LOOP_BYTES + head);
    this.#set(Word.LOOP_HEAD, head + 1);
    this.#set(Word.LOOP_COUNT, count - 1);
    return byte;
  }

  /** @returns false when the output ring is full. */
  #transmit(byte: number): boolean {
    if (this.#isLooped()) this.#putLooped(byte);
    else if (!this.#wiring.sink.tryPut(byte)) return false;
    else if (this.#get(Word.TRANSMIT_LATCH) === 1) return true;
    this.#set(Word.TRANSMIT_LATCH, 1);
    this.#interrupt.changed();
    return true;
  }

  /** A full FIFO keeps what it has; without FIFO the new byte destroys the one that was not read. */
  #putLooped(byte: number): void {
    const waiting = this.#get(Word.LOOP_COUNT);
    const capacity = this.#isFifoEnabled() ? FIFO_BYTES : 1;
    const isOverrun = waiting >= capacity;
    if (isOverrun) this.#addLineError(LineStatus.OVERRUN);
    if (isOverrun && capacity > 1) return;
    const place = isOverrun ? 0 : waiting;
    this.#set(Word.LOOP_BYTES + (this.#get(Word.LOOP_HEAD) + place) % FIFO_BYTES, byte);
    this.#set(Word.LOOP_COUNT, place + 1);
  }

  #writeInterruptEnable(value: number): void {
    const risen = value & ~this.#get(Word.INTERRUPT_ENABLE);
    if (risen & InterruptEnable.TRANSMIT_EMPTY) this.#set(Word.TRANSMIT_LATCH, 1);
    if (value & InterruptEnable.RECEIVED) this.#set(Word.SILENT_POLLS, 0);
    this.#set(Word.INTERRUPT_ENABLE, value);
    this.#interrupt.changed();
  }

  #writeFifoControl(value: number): void {
    const toggled = (value ^ this.#get(Word.FIFO_CONTROL)) & FifoControl.ENABLE;
    if (toggled || value & FifoControl.RESET_RECEIVER) this.#resetReceiver();
    if (toggled || value & FifoControl.RESET_TRANSMITTER) this.#set(Word.TRANSMIT_LATCH, 1);
    this.#set(Word.FIFO_CONTROL, value);
    this.#interrupt.changed();
  }

  #resetReceiver(): void {
    this.#set(Word.LOOP_COUNT, 0);
    const listens = this.#get(Word.INTERRUPT_ENABLE) & InterruptEnable.RECEIVED;
    if (!listens) this.#set(Word.SILENT_POLLS, SILENT_POLLS_AFTER_RESET);
  }

  #writeModemControl(value: number): void {
    const before = this.#modemInputs();
    this.#set(Word.MODEM_CONTROL, value);
    const changes = modemChanges(before, this.#modemInputs());
    this.#set(Word.MODEM_CHANGES, this.#get(Word.MODEM_CHANGES) | changes);
    this.#interrupt.changed();
  }

  #readIdentification(): number {
    const cause = this.#identification();
    if (cause === Identification.TRANSMIT_EMPTY) {
      this.#set(Word.TRANSMIT_LATCH, 0);
      this.#interrupt.changed();
    }
    return this.#isFifoEnabled() ? cause | Identification.FIFO_ENABLED : cause;
  }

  #readLineStatus(): number {
    const polls = this.#get(Word.SILENT_POLLS);
    if (polls > 0) this.#set(Word.SILENT_POLLS, polls - 1);
    const ready = this.#waitingBytes() > 0 ? LineStatus.DATA_READY : 0;
    const errors = this.#exchange(Word.LINE_ERRORS, 0);
    if (errors !== 0) this.#interrupt.changed();
    return TRANSMITTER_IDLE | errors | ready;
  }

  #readModemStatus(): number {
    const changes = this.#get(Word.MODEM_CHANGES);
    if (changes !== 0) {
      this.#set(Word.MODEM_CHANGES, 0);
      this.#interrupt.changed();
    }
    return this.#modemInputs() | changes;
  }

  /** The pending interrupt cause of highest priority among the enabled ones. */
  #identification(): number {
    const enabled = this.#get(Word.INTERRUPT_ENABLE);
    if (enabled & InterruptEnable.LINE_STATUS && this.#get(Word.LINE_ERRORS) !== 0) {
      return Identification.LINE_STATUS;
    }
    if (enabled & InterruptEnable.RECEIVED) {
      const waiting = this.#waitingBytes();
      if (waiting >= this.#triggerLevel()) return Identification.RECEIVED;
      if (waiting > 0) return Identification.CHARACTER_TIMEOUT;
    }
    if (enabled & InterruptEnable.TRANSMIT_EMPTY && this.#get(Word.TRANSMIT_LATCH) === 1) {
      return Identification.TRANSMIT_EMPTY;
    }
    if (enabled & InterruptEnable.MODEM_STATUS && this.#get(Word.MODEM_CHANGES) !== 0) {
      return Identification.MODEM_STATUS;
    }
    return Identification.NONE;
  }

  #waitingBytes(): number {
    const looped = this.#get(Word.LOOP_COUNT);
    if (this.#isLooped() || this.#isSilent()) return looped;
    return looped + this.#get(Word.BREAK_BYTE) + this.#wiring.source.available();
  }

  #triggerLevel(): number {
    if (!this.#isFifoEnabled()) return 1;
    return TRIGGER_LEVELS[this.#get(Word.FIFO_CONTROL) >> FifoControl.TRIGGER_SHIFT] ?? 1;
  }

  #modemInputs(): number {
    const control = this.#get(Word.MODEM_CONTROL);
    return control & ModemControl.LOOP ? loopedModemInputs(control) : CONNECTED;
  }

  #hasDivisorAccess(): boolean {
    return (this.#get(Word.LINE_CONTROL) & LineControl.DIVISOR_ACCESS) !== 0;
  }

  #isFifoEnabled(): boolean {
    return (this.#get(Word.FIFO_CONTROL) & FifoControl.ENABLE) !== 0;
  }

  #isLooped(): boolean {
    return (this.#get(Word.MODEM_CONTROL) & ModemControl.LOOP) !== 0;
  }

  #isSilent(): boolean {
    return this.#get(Word.SILENT_POLLS) > 0;
  }

  #addLineError(bits: number): void {
    // ORDER: sc or before the version add of changed(); partner: the exchange of the line status read.
    Atomics.or(this.#words, this.#base + Word.LINE_ERRORS, bits);
  }

  #exchange(word: number, value: number): number {
    // ORDER: sc exchange: of several readers one gets it; partner: sendBreak() on the host's thread.
    return Atomics.exchange(this.#words, this.#base + word, value);
  }

  #get(word: number): number {
    // ORDER: sc load; partner: #set() on another hart, and the settled output's version.
    return Atomics.load(this.#words, this.#base + word);
  }

  #set(word: number, value: number): void {
    // ORDER: sc store before the version add of changed(); partner: #get() in another thread's round.
    Atomics.store(this.#words, this.#base + word, value);
  }
}

/** In loop-back mode the four modem outputs drive the four modem inputs. */
function loopedModemInputs(control: number): number {
  return (control & ModemControl.REQUEST_TO_SEND ? ModemStatus.CLEAR_TO_SEND : 0) |
    (control & ModemControl.DATA_TERMINAL_READY ? ModemStatus.DATA_SET_READY : 0) |
    (control & ModemControl.OUT1 ? ModemStatus.RING : 0) |
    (control & ModemControl.OUT2 ? ModemStatus.CARRIER : 0);
}

function modemChanges(before: number, after: number): number {
  const changed = before ^ after;
  return (changed & ModemStatus.CLEAR_TO_SEND ? ModemStatus.CLEAR_TO_SEND_CHANGED : 0) |
    (changed & ModemStatus.DATA_SET_READY ? ModemStatus.DATA_SET_READY_CHANGED : 0) |
    (changed & before & ModemStatus.RING ? ModemStatus.RING_ENDED : 0) |
    (changed & ModemStatus.CARRIER ? ModemStatus.CARRIER_CHANGED : 0);
}
