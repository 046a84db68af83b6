/**
 * The guest-visible registers that the trampoline touches: integer registers by number, program counter.
 */
import type { EnvironmentCall, GuestFrontend } from "../../frontend/frontend.ts";
import type { StateSlot } from "../../ir/guest_state.ts";
import type { CallerRegisters } from "../machine/board.ts";
import type { VcpuMemory } from "./vcpu_memory.ts";

const HALF_RANGE = 0x1_0000_0000;
const HALF_BITS = 32n;
const HEX = 16;

/** See the header of this file. */
export class VcpuRegisters implements CallerRegisters {
  readonly #words: Int32Array;
  readonly #file: number;
  readonly #pc: number;
  readonly #frontend: GuestFrontend;
  readonly #readState: (slot: StateSlot) => number;

  /** A view of the state in private memory. */
  constructor(memory: VcpuMemory, frontend: GuestFrontend) {
    this.#words = memory.words;
    this.#file = memory.stateIndex(frontend.integerFile);
    this.#pc = memory.stateIndex(frontend.pc);
    this.#frontend = frontend;
    this.#readState = (slot) => memory.words[memory.stateIndex(slot)];
  }

  /** Low half of an integer register. */
  low(register: number): number {
    return this.#words[this.#file + register * 2];
  }

  /** High half of an integer register. */
  high(register: number): number {
    return this.#words[this.#file + register * 2 + 1];
  }

  /** Sets an integer register. */
  set(register: number, low: number, high: number): void {
    this.#words[this.#file + register * 2] = low;
    this.#words[this.#file + register * 2 + 1] = high;
  }

  /** Sets an integer register to an unsigned number below 2^53. */
  setNumber(register: number, value: number): void {
    this.set(register, value | 0, Math.floor(value / HALF_RANGE) | 0);
  }

  /** Low half of the program counter. */
  get pcLow(): number {
    return this.#words[this.#pc];
  }

  /** High half of the program counter. */
  get pcHigh(): number {
    return this.#words[this.#pc + 1];
  }

  /** The program counter for people. */
  get pcText(): string {
    return `0x${BigInt.asUintN(64, this.pc).toString(HEX)}`;
  }

  /** The program counter, signed; for what is rare. */
  get pc(): bigint {
    return BigInt(this.pcHigh) << HALF_BITS | BigInt(this.pcLow >>> 0);
  }

  /** Sets the program counter. */
  setPc(low: number, high: number): void {
    this.#words[this.#pc] = low;
    this.#words[this.#pc + 1] = high;
  }

  /** Moves the program counter forward. */
  advancePc(bytes: number): void {
    const low = (this.#words[this.#pc] >>> 0) + bytes;
    this.#words[this.#pc] = low | 0;
    if (low >= HALF_RANGE) this.#words[this.#pc + 1]++;
  }

  /** The environment call at the program counter. */
  environmentCall(): EnvironmentCall {
    return this.#frontend.environmentCall(this.#readState);
  }
}
