/**
 * What a vCPU does for the board's firmware. Calls only note what is to be done; the trampoline does it
 * behind the call, where it may wait.
 */
import { GuestStores } from "../atomics/guest_store.ts";
import { type HartSet, hasHart, requestFence, requestRemote } from "../atomics/remote_work.ts";
import type { TranslationFence } from "../atomics/translation_fences.ts";
import type { VcpuServices } from "../machine/board.ts";
import type { VcpuRegisters } from "./vcpu_registers.ts";

/** Where a hart starts anew. */
export interface Restart {
  /** Address, low and high half. */
  readonly pc: readonly [number, number];
  /** Opaque argument, low and high half. */
  readonly argument: readonly [number, number];
}

/** See the header of this file. */
export class FirmwareServices implements VcpuServices {
  /** The calling hart. */
  readonly hart: number;
  /** Its registers. */
  readonly registers: VcpuRegisters;
  /** Is the hart to stop? */
  isStopped = false;
  /** Is the hart to sleep until an interrupt? */
  isSuspended = false;
  /** Where it goes on after the sleep, when not behind the call. */
  restart: Restart | null = null;
  /** Were other harts asked for work that the trampoline waits for? */
  hasRemoteRequest = false;
  /** Those harts. */
  readonly remoteTargets: HartSet = { low: 0, high: 0 };
  /** Work of the same kinds that the caller asked of itself. */
  ownWork = 0;
  /** Fence that the caller asked of itself. */
  ownFence: Readonly<TranslationFence> | null = null;
  readonly #asked: HartSet = { low: 0, high: 0 };
  readonly #words: Int32Array;
  readonly #stores: GuestStores;

  /** Services of one vCPU. */
  constructor(words: Int32Array, hart: number, registers: VcpuRegisters) {
    this.#words = words;
    this.#stores = new GuestStores(words);
    this.hart = hart;
    this.registers = registers;
  }

  /** See `VcpuServices`. */
  stop(): void {
    this.isStopped = true;
  }

  /** See `VcpuServices`. */
  suspend(): void {
    this.isSuspended = true;
  }

  /** See `VcpuServices`. */
  restartAt(pcLow: number, pcHigh: number, argumentLow: number, argumentHigh: number): void {
    this.restart = { pc: [pcLow, pcHigh], argument: [argumentLow, argumentHigh] };
  }

  /** See `VcpuServices`. A set that includes the caller is the caller's own work too. */
  remoteWork(low: number, high: number, bits: number): void {
    requestRemote(this.#words, this.hart, this.#targets(low, high), bits);
    if (hasHart(this.#asked, this.hart)) this.ownWork |= bits;
  }

  /** See `VcpuServices`. */
  remoteFence(low: number, high: number, fence: Readonly<TranslationFence>): void {
    requestFence(this.#words, this.hart, this.#targets(low, high), fence);
    if (hasHart(this.#asked, this.hart)) this.ownFence = fence;
  }

  #targets(low: number, high: number): Readonly<HartSet> {
    this.#asked.low = low;
    this.#asked.high = high;
    this.remoteTargets.low |= low;
    this.remoteTargets.high |= high;
    this.hasRemoteRequest = true;
    return this.#asked;
  }

  /** See `VcpuServices`. */
  storeByte(hostOffset: number, byte: number): void {
    this.#stores.storeByte(hostOffset, byte);
  }

  /** The noted wishes were carried out. */
  clear(): void {
    this.isStopped = false;
    this.isSuspended = false;
    this.restart = null;
    this.hasRemoteRequest = false;
    this.ownWork = 0;
    this.ownFence = null;
    this.remoteTargets.low = 0;
    this.remoteTargets.high = 0;
  }
}
