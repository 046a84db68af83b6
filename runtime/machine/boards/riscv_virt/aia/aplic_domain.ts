/**
 * An interrupt domain of the platform-level controller that goes with the advanced interrupt architecture: 96 sources,
 * delivered to harts directly or by messages. "Advanced Platform-Level Interrupt Controller (APLIC)" of the RISC-V
 * Advanced Interrupt Architecture; what QEMU's `virt` board has.
 *
 * Thread safety: no lock. A source is one word that changes by compare and swap (`aplic_source.ts`), so one of several
 * threads claims it or sends its message. Direct delivery drives the harts' interrupt lines as a settled output. A
 * message is sent by whoever takes the pending bit; who makes a source ready looks afterwards whether the domain is
 * enabled, who enables the domain looks afterwards at all sources: so one of the two sends it.
 */

import type { Device, MmioAccess } from "../../../../devices/device.ts";
import type { MessagePost } from "../../../../devices/message_post.ts";
import { type DeliveredSources, deliveryWords, DirectDelivery } from "./aplic_delivery.ts";
import {
  APLIC_LAST_SOURCE,
  BITS_AREA_BYTES,
  DomainBit,
  Register,
  SOURCE_DELEGATE,
  Target,
} from "./aplic_registers.ts";
import * as source from "./aplic_source.ts";
import { SourceBit } from "./aplic_source.ts";
import {
  CONFIGURATION_HIGH_WRITABLE,
  CONFIGURATION_LOCK,
  messageAddress,
  plainConfiguration,
  SUPERVISOR_HIGH_WRITABLE,
} from "./message_address.ts";

const REGISTER_BYTES = 4;
const WORD_SHIFT = 2;
const BITS_PER_WORD = 32;

/** Words of a domain's struct; those of each hart's delivery follow. */
const Word = {
  DOMAIN: 0,
  MACHINE_MESSAGES: 1,
  MACHINE_MESSAGES_HIGH: 2,
  SUPERVISOR_MESSAGES: 3,
  SUPERVISOR_MESSAGES_HIGH: 4,
  SENT: 5,
  SOURCE: 8,
  TARGET: 8 + APLIC_LAST_SOURCE + 1,
  DELIVERY: 8 + 2 * (APLIC_LAST_SOURCE + 1),
} as const;

/** Shared words that a domain for so many harts needs. */
export function aplicDomainWords(hartCount: number): number {
  return Word.DELIVERY + deliveryWords(hartCount);
}

/** What a domain is made of. */
export interface AplicDomainParts {
  /** Shared memory. */
  readonly words: Int32Array;
  /** Index of the first of {@linkcode aplicDomainWords} words. */
  readonly base: number;
  /** Number of harts. */
  readonly hartCount: number;
  /** The interrupt line bit that its harts are interrupted by. */
  readonly externalLine: number;
  /** The domain that this one has its sources from; null for machine mode's, which has them from the devices. */
  readonly parent: AplicDomain | null;
  /** Where messages go; null where delivery is direct. */
  readonly messages: MessagePost | null;
}

/** One worker's view of a domain. */
export class AplicDomain implements Device, DeliveredSources {
  /** Name as in the device tree. */
  readonly name = "aplic";
  readonly #parts: AplicDomainParts;
  readonly #delivery: DirectDelivery;
  #child: AplicDomain | null = null;

  /** Opens a domain; a parent learns of its child. */
  constructor(parts: AplicDomainParts) {
    this.#parts = parts;
    const { words, base, externalLine, messages } = parts;
    this.#delivery = new DirectDelivery({
      words,
      base: base + Word.DELIVERY,
      hartCount: messages === null ? parts.hartCount : 0,
      externalLine,
      sources: this,
    });
    if (parts.parent !== null) parts.parent.#child = this;
  }

  get #sendsMessages(): boolean {
    return this.#parts.messages !== null;
  }

  /** A device sets its wire: each domain keeps what it says. */
  setLevel(number: number, asserted: boolean): void {
    this.#change(number, asserted ? this.#raise : this.#lower);
    this.#child?.setLevel(number, asserted);
  }

  /** What firmware does before an operating system starts: the child has all sources, and its messages find a file. */
  prepareForSupervisor(machineFiles: number, supervisorFiles: number): void {
    const { hartCount } = this.#parts;
    for (let number = 1; number <= APLIC_LAST_SOURCE; number++) {
      this.#writeSource(number, SOURCE_DELEGATE);
    }
    if (!this.#sendsMessages) return;
    const machine = plainConfiguration(machineFiles, hartCount);
    const supervisor = plainConfiguration(supervisorFiles, hartCount);
    this.#set(Word.MACHINE_MESSAGES, machine.low);
    this.#set(Word.MACHINE_MESSAGES_HIGH, machine.high);
    this.#set(Word.SUPERVISOR_MESSAGES, supervisor.low);
    this.#set(Word.SUPERVISOR_MESSAGES_HIGH, supervisor.high & SUPERVISOR_HIGH_WRITABLE);
  }

  // --- registers --------------------------------------------------------------------------------------

  /** Guest read of a 32-bit register; registers that do not exist read as zero. */
  load(access: MmioAccess): boolean {
    if (access.size !== REGISTER_BYTES) return false;
    access.low = this.#read(access.offset);
    return true;
  }

  /** Guest write of a 32-bit register; registers that do not exist ignore it. */
  store(access: MmioAccess): boolean {
    if (access.size !== REGISTER_BYTES) return false;
    this.#write(access.offset, access.low);
    return true;
  }

  #read(offset: number): number {
    if (offset >= Register.DELIVERY) return this.#delivery.read(offset - Register.DELIVERY);
    if (offset >= Register.TARGET) return this.#readTarget(sourceAt(offset, Register.TARGET));
    if (offset >= Register.SET_PENDING) return this.#readBits(offset);
    switch (offset) {
      case Register.DOMAIN:
        return DomainBit.ALWAYS | this.#get(Word.DOMAIN) |
          (this.#sendsMessages ? DomainBit.MESSAGES : 0);
      case Register.MACHINE_MESSAGES:
      case Register.MACHINE_MESSAGES_HIGH:
      case Register.SUPERVISOR_MESSAGES:
      case Register.SUPERVISOR_MESSAGES_HIGH:
        return this.#get(Word.MACHINE_MESSAGES + wordOf(offset - Register.MACHINE_MESSAGES));
      default:
        return this.#readSource(sourceAt(offset, Register.SOURCE));
    }
  }

  #write(offset: number, value: number): void {
    if (offset >= Register.DELIVERY) this.#delivery.write(offset - Register.DELIVERY, value);
    else if (offset >= Register.TARGET) {
      this.#writeTarget(sourceAt(offset, Register.TARGET), value);
    } else if (offset === Register.SEND_MESSAGE) this.#sendMessage(value);
    else if (offset >= Register.SET_PENDING) this.#writeBits(offset, value);
    else if (offset >= Register.MACHINE_MESSAGES) this.#writeMessages(offset, value);
    else if (offset === Register.DOMAIN) this.#writeDomain(value);
    else this.#writeSource(sourceAt(offset, Register.SOURCE), value);
  }

  #writeDomain(value: number): void {
    this.#set(Word.DOMAIN, value & DomainBit.ENABLE);
    this.#allChanged();
  }

  #readSource(number: number): number {
    if (!isSource(number)) return 0;
    const state = this.state(number);
    return (state & SourceBit.DELEGATED) !== 0 ? SOURCE_DELEGATE : source.modeOf(state);
  }

  #writeSource(number: number, value: number): void {
    if (!isSource(number) || !this.#has(number)) return;
    if ((value & SOURCE_DELEGATE) !== 0) {
      const child = this.#child;
      this.#change(number, child === null ? source.afterReset : source.afterDelegation);
      return;
    }
    const mode = value & SourceBit.MODE_MASK;
    this.#change(number, (state) => source.afterMode(state, mode));
    if (this.#child !== null) this.#child.#lose(number);
    // Where the parent has taken it back meanwhile, one of the two sees the other.
    if (!this.#has(number)) this.#lose(number);
  }

  /** Has the parent given the source to this domain? */
  #has(number: number): boolean {
    const { parent } = this.#parts;
    return parent === null || (parent.state(number) & SourceBit.DELEGATED) !== 0;
  }

  #lose(number: number): void {
    this.#change(number, source.afterReset);
  }

  #readTarget(number: number): number {
    return isSource(number) && source.isActive(this.state(number)) ? this.target(number) : 0;
  }

  #writeTarget(number: number, value: number): void {
    if (!isSource(number) || !source.isActive(this.state(number))) return;
    const hart = value & Target.HART_MASK;
    const priority = (value & Target.PRIORITY_MASK) || 1;
    const rest = this.#sendsMessages ? value & Target.IDENTITY_MASK : priority;
    this.#set(Word.TARGET + number, hart | rest);
    if (!this.#sendsMessages) this.#delivery.changed();
  }

  #writeMessages(offset: number, value: number): void {
    if (this.#parts.parent !== null || !this.#sendsMessages) return;
    const locked = (this.#get(Word.MACHINE_MESSAGES_HIGH) & CONFIGURATION_LOCK) !== 0;
    if (locked) return;
    switch (offset) {
      case Register.MACHINE_MESSAGES:
        return this.#set(Word.MACHINE_MESSAGES, value);
      case Register.MACHINE_MESSAGES_HIGH: {
        const bits = CONFIGURATION_HIGH_WRITABLE | CONFIGURATION_LOCK;
        return this.#set(Word.MACHINE_MESSAGES_HIGH, value & bits);
      }
      case Register.SUPERVISOR_MESSAGES:
        return this.#set(Word.SUPERVISOR_MESSAGES, value);
      case Register.SUPERVISOR_MESSAGES_HIGH:
        return this.#set(Word.SUPERVISOR_MESSAGES_HIGH, value & SUPERVISOR_HIGH_WRITABLE);
    }
  }

  // --- pending and enabled bits -----------------------------------------------------------------------

  #readBits(offset: number): number {
    const word = wordOf(offset % BITS_AREA_BYTES);
    switch (offset - offset % BITS_AREA_BYTES) {
      case Register.SET_PENDING:
        return this.#collect(word, (state) => (state & SourceBit.PENDING) !== 0);
      case Register.CLEAR_PENDING:
        return this.#collect(word, source.isRectifiedHigh);
      case Register.SET_ENABLED:
        return this.#collect(word, (state) => (state & SourceBit.ENABLED) !== 0);
      default:
        return offset === Register.SEND_MESSAGE ? this.#get(Word.SENT) : 0;
    }
  }

  #collect(word: number, isSet: (state: number) => boolean): number {
    let bits = 0;
    for (let bit = 0; bit < BITS_PER_WORD; bit++) {
      const number = word * BITS_PER_WORD + bit;
      if (isSource(number) && isSet(this.state(number))) bits |= 1 << bit;
    }
    return bits;
  }

  #writeBits(offset: number, value: number): void {
    switch (offset) {
      case Register.SET_PENDING_NUMBER:
      case Register.SET_PENDING_NUMBER_LITTLE:
        return this.#changeNumber(value, this.#setPending);
      case Register.CLEAR_PENDING_NUMBER:
        return this.#changeNumber(value, this.#clearPending);
      case Register.SET_ENABLED_NUMBER:
        return this.#changeNumber(value, enable);
      case Register.CLEAR_ENABLED_NUMBER:
        return this.#changeNumber(value, disable);
    }
    const word = wordOf(offset % BITS_AREA_BYTES);
    switch (offset - offset % BITS_AREA_BYTES) {
      case Register.SET_PENDING:
        return this.#changeBits(word, value, this.#setPending);
      case Register.CLEAR_PENDING:
        return this.#changeBits(word, value, this.#clearPending);
      case Register.SET_ENABLED:
        return this.#changeBits(word, value, enable);
      case Register.CLEAR_ENABLED:
        return this.#changeBits(word, value, disable);
    }
  }

  readonly #raise = (state: number): number => source.afterInput(state, true, this.#sendsMessages);
  readonly #lower = (state: number): number => source.afterInput(state, false, this.#sendsMessages);

  readonly #setPending = (state: number): number =>
    source.afterSetPending(state, this.#sendsMessages);

  readonly #clearPending = (state: number): number =>
    source.afterClearPending(state, this.#sendsMessages);

  #changeNumber(number: number, next: (state: number) => number): void {
    if (isSource(number)) this.#change(number, next);
  }

  #changeBits(word: number, bits: number, next: (state: number) => number): void {
    for (let rest = bits; rest !== 0; rest &= rest - 1) {
      this.#changeNumber(word * BITS_PER_WORD + BITS_PER_WORD - 1 - Math.clz32(rest & -rest), next);
    }
  }

  // --- sources ----------------------------------------------------------------------------------------

  /** See `DeliveredSources`. */
  state(number: number): number {
    return this.#get(Word.SOURCE + number);
  }

  /** See `DeliveredSources`. */
  target(number: number): number {
    return this.#get(Word.TARGET + number);
  }

  /** See `DeliveredSources`. */
  claim(number: number, state: number): boolean {
    return this.#exchange(number, state, source.afterClaim(state));
  }

  /** See `DeliveredSources`. */
  get isEnabled(): boolean {
    return (this.#get(Word.DOMAIN) & DomainBit.ENABLE) !== 0;
  }

  #change(number: number, next: (state: number) => number): void {
    for (;;) {
      const state = this.state(number);
      const changed = next(state);
      if (changed === state) return;
      if (this.#exchange(number, state, changed)) return this.#changed(number);
    }
  }

  #changed(number: number): void {
    if (this.#sendsMessages) this.#forward(number);
    else this.#delivery.changed();
  }

  #allChanged(): void {
    if (!this.#sendsMessages) return this.#delivery.changed();
    for (let number = 1; number <= APLIC_LAST_SOURCE; number++) this.#forward(number);
  }

  /** Sends the message of a source that is ready, once: whoever takes the pending bit does so. */
  #forward(number: number): void {
    for (;;) {
      const state = this.state(number);
      if (!source.isReady(state) || !this.isEnabled) return;
      if (this.#exchange(number, state, state & ~SourceBit.PENDING)) break;
    }
    const target = this.target(number);
    this.#send(target >>> Target.HART_SHIFT, target & Target.IDENTITY_MASK);
  }

  #sendMessage(value: number): void {
    if (!this.#sendsMessages) return;
    const identity = value & Target.IDENTITY_MASK;
    this.#set(Word.SENT, value & Target.HART_MASK | identity);
    this.#send(value >>> Target.HART_SHIFT, identity);
  }

  #send(hart: number, identity: number): void {
    const { parent, messages } = this.#parts;
    const root = parent ?? this;
    const first = parent === null ? Word.MACHINE_MESSAGES : Word.SUPERVISOR_MESSAGES;
    const [low, high] = [root.#get(first), root.#get(first + 1)];
    const address = messageAddress(low, high, root.#get(Word.MACHINE_MESSAGES_HIGH), hart);
    messages?.send(address, identity);
  }

  // --- shared words -----------------------------------------------------------------------------------

  #get(word: number): number {
    // ORDER: sc load; partner: #set() and #exchange() of other threads, before what tells of them.
    return Atomics.load(this.#parts.words, this.#parts.base + word);
  }

  #set(word: number, value: number): void {
    // ORDER: sc store before the version add, or before #forward() looks; partner: #get() of another thread.
    Atomics.store(this.#parts.words, this.#parts.base + word, value);
  }

  #exchange(number: number, expected: number, next: number): boolean {
    const { words, base } = this.#parts;
    // ORDER: sc cmpxchg before the version add, or before isEnabled is looked at; partner: the same elsewhere.
    return Atomics.compareExchange(words, base + Word.SOURCE + number, expected, next) === expected;
  }
}

const enable = (state: number): number => source.afterEnable(state, true);
const disable = (state: number): number => source.afterEnable(state, false);

function isSource(number: number): boolean {
  return number >= 1 && number <= APLIC_LAST_SOURCE;
}

function wordOf(offset: number): number {
  return offset >> WORD_SHIFT;
}

/** The source of a register among those that begin with source 1. */
function sourceAt(offset: number, first: number): number {
  return wordOf(offset - first) + 1;
}
