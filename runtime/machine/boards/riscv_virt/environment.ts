/**
 * The machine behind the supervisor binary interface: what `SbiHost` asks for, done with shared words and
 * the services of the vCPU that makes the call.
 *
 * One instance per vCPU worker. Calls come one at a time, from the vCPU's trampoline; the instance keeps the
 * services of the call that is being carried out.
 */

import { hartStart, tryStartHart } from "../../../atomics/hart_start.ts";
import { raiseInterrupt } from "../../../atomics/pending.ts";
import type { HartSet } from "../../../atomics/remote_work.ts";
import {
  EndReason,
  GUEST_RAM_OFFSET,
  HartStart,
  Machine,
  PAGE_BYTES,
  RemoteWork,
} from "../../../atomics/shared_layout.ts";
import type { TranslationFence } from "../../../atomics/translation_fences.ts";
import type { BoardParts, VcpuServices } from "../../board.ts";
import { RAM_BASE } from "./memory_map.ts";
import { SbiFirmware } from "./sbi/dispatch.ts";
import {
  ArgumentRegister,
  HartState,
  type HartStateCode,
  type SbiCaller,
  type SbiHost,
  type SystemResetType,
} from "./sbi/sbi_host.ts";

const WORD_SHIFT = 2;
const SIGN_SHIFT = 31;
/** Interrupt line of the supervisor software interrupt: the architecture's interrupt number 1. */
const SUPERVISOR_SOFTWARE_LINE = 1 << 1;

/** What a vCPU worker gives to answer environment calls. */
export type EnvironmentParts = Pick<
  BoardParts,
  "words" | "hartCount" | "clock" | "consoleSink" | "consoleSource" | "power"
>;

/** The environment of supervisor mode without firmware in guest memory. */
export class SupervisorEnvironment implements SbiHost, SbiCaller {
  /** Number of harts. */
  readonly hartCount: number;
  /** As `mvendorid` reads: not a commercial implementation. */
  readonly vendorId = 0;
  /** As `marchid` reads. */
  readonly architectureId = 0;
  /** As `mimpid` reads. */
  readonly implementationId = 0;
  readonly #parts: EnvironmentParts;
  readonly #bytes: Uint8Array;
  readonly #firmware: SbiFirmware;
  #services: VcpuServices | null = null;

  /** @param parts the machine's words and this worker's ends of its devices */
  constructor(parts: EnvironmentParts) {
    this.#parts = parts;
    this.hartCount = parts.hartCount;
    this.#bytes = new Uint8Array(parts.words.buffer);
    this.#firmware = new SbiFirmware(this);
  }

  /** Carries out the environment call of a hart in supervisor mode. */
  call(services: VcpuServices): void {
    this.#services = services;
    this.#firmware.call(this);
    this.#services = null;
  }

  // --- the calling hart -----------------------------------------------------------------------------

  /** Index of the calling hart. */
  get hart(): number {
    return this.#caller.hart;
  }

  /** Low half of a register of the calling hart. */
  low(register: number): number {
    return this.#caller.registers.low(register);
  }

  /** High half of a register of the calling hart. */
  high(register: number): number {
    return this.#caller.registers.high(register);
  }

  /** Sets the call's result. */
  setResult(error: number, low: number, high: number): void {
    const { registers } = this.#caller;
    registers.set(ArgumentRegister.A0, error, error >> SIGN_SHIFT);
    registers.set(ArgumentRegister.A1, low, high);
  }

  get #caller(): VcpuServices {
    if (this.#services === null) throw new TypeError("Cannot serve a hart: no call is carried out");
    return this.#services;
  }

  // --- interrupts, timers, fences -------------------------------------------------------------------

  /** Makes the supervisor software interrupt of a hart pending. */
  sendSoftwareInterrupt(hart: number): void {
    raiseInterrupt(this.#parts.words, hart, SUPERVISOR_SOFTWARE_LINE);
  }

  /** Sets the calling hart's supervisor timer. */
  setSupervisorTimer(hart: number, low: number, high: number): void {
    this.#parts.clock.setSupervisorTimer(hart, low, high);
    this.#parts.clock.updateTimerLines(hart);
  }

  /** Requests a fence of instruction fetches; the caller's trampoline waits for it. */
  remoteInstructionFence({ low, high }: HartSet): void {
    this.#caller.remoteWork(low, high, RemoteWork.FLUSH_INSTRUCTIONS);
  }

  /** Requests a fence of address translations; the caller's trampoline waits for it. */
  remoteTranslationFence({ low, high }: HartSet, fence: Readonly<TranslationFence>): void {
    this.#caller.remoteFence(low, high, fence);
  }

  // --- harts ----------------------------------------------------------------------------------------

  /** State of a hart. */
  hartState(hart: number): HartStateCode {
    const state = hartStart(this.#parts.words, hart);
    return state === HartStart.START_CLAIMED ? HartState.START_PENDING : state;
  }

  /** Starts a stopped hart. */
  startHart(
    hart: number,
    pcLow: number,
    pcHigh: number,
    opaqueLow: number,
    opaqueHigh: number,
  ): boolean {
    return tryStartHart(this.#parts.words, hart, pcLow, pcHigh, opaqueLow, opaqueHigh);
  }

  /** Stops the calling hart. */
  stopHart(_hart: number): void {
    this.#caller.stop();
  }

  /** Lets the calling hart sleep, then go on. */
  suspendHart(_hart: number): void {
    this.#caller.suspend();
  }

  /** Lets the calling hart sleep, then start anew. */
  suspendHartAndRestart(
    _hart: number,
    pcLow: number,
    pcHigh: number,
    opaqueLow: number,
    opaqueHigh: number,
  ): void {
    this.#caller.suspend();
    this.#caller.restartAt(pcLow, pcHigh, opaqueLow, opaqueHigh);
  }

  /** Ends the machine. A guest that shuts down because something broke has panicked. */
  reset(type: SystemResetType, isFailure: boolean): void {
    const off = isFailure ? EndReason.PANIC : EndReason.POWER_OFF;
    this.#parts.power.end(type === "shutdown" ? off : EndReason.RESET, 0);
  }

  // --- memory and console ---------------------------------------------------------------------------

  /** Is a range guest RAM? */
  isRam(address: number, bytes: number): boolean {
    // ORDER: sc load of a constant; written by main before any worker started.
    const pages = Atomics.load(this.#parts.words, Machine.RAM_PAGES.offset >> WORD_SHIFT);
    return address >= RAM_BASE && address + bytes <= RAM_BASE + pages * PAGE_BYTES;
  }

  /** Reads a byte of guest RAM. */
  readGuest(address: number): number {
    // ORDER: sc load; partner: stores of other harts, which the guest itself has to order with the call.
    return Atomics.load(this.#bytes, hostOffset(address));
  }

  /** Writes a byte of guest RAM as the calling hart's store. */
  writeGuest(address: number, byte: number): void {
    this.#caller.storeByte(hostOffset(address), byte);
  }

  /** Sends a byte to the console. */
  consolePut(byte: number): boolean {
    return this.#parts.consoleSink.tryPut(byte);
  }

  /** Takes a byte of console input. */
  consoleTake(): number {
    return this.#parts.consoleSource.take();
  }
}

function hostOffset(address: number): number {
  return GUEST_RAM_OFFSET + (address - RAM_BASE);
}
