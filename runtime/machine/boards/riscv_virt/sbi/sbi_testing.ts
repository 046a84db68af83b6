/** Doubles of the calling hart and of the machine, for the tests of the interface. */

import type { HartSet } from "../../../../atomics/remote_work.ts";
import type { TranslationFence } from "../../../../atomics/translation_fences.ts";
import { SbiFirmware } from "./dispatch.ts";
import {
  HartState,
  type HartStateCode,
  type SbiCaller,
  type SbiHost,
  type SystemResetType,
} from "./sbi_host.ts";

const FIRST_ARGUMENT = 10;
const EXTENSION_REGISTER = 17;
const FUNCTION_REGISTER = 16;
const HALF_BITS = 32n;
const RAM_BASE = 0x8000_0000;
const RAM_BYTES = 0x1000;

/** Result of a call: error code and value; undefined when the caller does not go on. */
export type SbiResult = { error: number; value: bigint } | undefined;

/** A hart whose registers are set by the test. */
export class FakeCaller implements SbiCaller {
  /** What the call answered. */
  result: SbiResult;
  readonly #registers: bigint[] = new Array<bigint>(32).fill(0n);

  /**
   * Sets the registers that a call reads.
   * @param hart the calling hart
   * @param extension a7
   * @param functionId a6
   * @param args a0 and following
   */
  constructor(
    readonly hart: number,
    extension: number,
    functionId: number,
    args: readonly bigint[],
  ) {
    args.forEach((value, index) => this.#registers[FIRST_ARGUMENT + index] = value);
    this.#registers[EXTENSION_REGISTER] = BigInt(extension);
    this.#registers[FUNCTION_REGISTER] = BigInt(functionId);
  }

  /** Low half of a register. */
  low(register: number): number {
    return Number(BigInt.asIntN(32, this.#registers[register] ?? 0n));
  }

  /** High half of a register. */
  high(register: number): number {
    return Number(BigInt.asIntN(32, (this.#registers[register] ?? 0n) >> HALF_BITS));
  }

  /** Keeps the answer. */
  setResult(error: number, low: number, high: number): void {
    this.result = { error, value: (BigInt(high >>> 0) << HALF_BITS) | BigInt(low >>> 0) };
  }
}

/** A machine that writes down what it was asked to do. */
export class FakeHost implements SbiHost {
  readonly vendorId = 1;
  readonly architectureId = 2;
  readonly implementationId = 3;
  /** What was asked, in order. */
  readonly log: string[] = [];
  /** State of each hart. */
  readonly states: HartStateCode[];
  /** Guest RAM: 4 KiB at the start of RAM. */
  readonly ram = new Uint8Array(RAM_BYTES);
  /** Bytes that the console still takes. */
  room: number = Infinity;
  /** Bytes that the console gives. */
  readonly input: number[] = [];
  readonly #firmware = new SbiFirmware(this);

  /**
   * Makes a machine in which nothing happened yet.
   * @param hartCount number of harts, all started
   */
  constructor(readonly hartCount: number) {
    this.states = new Array<HartStateCode>(hartCount).fill(HartState.STARTED);
  }

  /** Executes `ecall` on hart 0. */
  call(extension: number, functionId: number, ...args: readonly bigint[]): SbiResult {
    const caller = new FakeCaller(0, extension, functionId, args);
    this.#firmware.call(caller);
    return caller.result;
  }

  sendSoftwareInterrupt(hart: number): void {
    this.log.push(`ipi ${hart}`);
  }

  setSupervisorTimer(hart: number, low: number, high: number): void {
    this.log.push(`timer ${hart} ${low} ${high}`);
  }

  remoteInstructionFence(harts: HartSet): void {
    this.log.push(`fence mask ${harts.high >>> 0}:${harts.low >>> 0} instructions`);
  }

  remoteTranslationFence(harts: HartSet, fence: Readonly<TranslationFence>): void {
    const { addressLow, addressHigh, pages, space } = fence;
    const address = (BigInt(addressHigh >>> 0) << HALF_BITS) | BigInt(addressLow >>> 0);
    const what = `${pages} pages at ${address.toString(16)} of space ${space}`;
    this.log.push(`fence mask ${harts.high >>> 0}:${harts.low >>> 0} ${what}`);
  }

  hartState(hart: number): HartStateCode {
    return this.states[hart] ?? HartState.STOPPED;
  }

  startHart(
    hart: number,
    pcLow: number,
    pcHigh: number,
    opaqueLow: number,
    opaqueHigh: number,
  ): boolean {
    if (this.states[hart] !== HartState.STOPPED) return false;
    this.states[hart] = HartState.START_PENDING;
    this.log.push(`start ${hart} ${[pcLow, pcHigh, opaqueLow, opaqueHigh]}`);
    return true;
  }

  stopHart(hart: number): void {
    this.log.push(`stop ${hart}`);
  }

  suspendHart(hart: number): void {
    this.log.push(`suspend ${hart}`);
  }

  suspendHartAndRestart(hart: number, ...words: number[]): void {
    this.log.push(`suspend ${hart} then ${words}`);
  }

  reset(type: SystemResetType, isFailure: boolean): void {
    this.log.push(`reset ${type} ${isFailure}`);
  }

  isRam(address: number, bytes: number): boolean {
    return address >= RAM_BASE && address + bytes <= RAM_BASE + RAM_BYTES;
  }

  readGuest(address: number): number {
    return this.ram[address - RAM_BASE] ?? 0;
  }

  writeGuest(address: number, byte: number): void {
    this.ram[address - RAM_BASE] = byte;
  }

  consolePut(byte: number): boolean {
    if (this.room === 0) return false;
    this.room -= 1;
    this.log.push(`put ${String.fromCharCode(byte)}`);
    return true;
  }

  consoleTake(): number {
    return this.input.shift() ?? -1;
  }
}
