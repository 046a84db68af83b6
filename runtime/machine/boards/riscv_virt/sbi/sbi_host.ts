/**
 * What the supervisor binary interface needs of the machine: the calling hart's registers, and services that
 * the vCPU worker has. The interface itself (`dispatch.ts`) is plain functions over these two.
 */

import type { HartSet } from "../../../../atomics/remote_work.ts";
import type { TranslationFence } from "../../../../atomics/translation_fences.ts";

/** Argument registers a0 to a7 by their register numbers. */
export const ArgumentRegister = {
  A0: 10,
  A1: 11,
  A2: 12,
  A3: 13,
  A4: 14,
  A5: 15,
  A6: 16,
  A7: 17,
} as const;

/** The hart that executed `ecall` in supervisor mode. */
export interface SbiCaller {
  /** Its index, also its hart id. */
  readonly hart: number;
  /** Low 32 bits of an integer register, as i32. */
  low(register: number): number;
  /** High 32 bits of an integer register, as i32. */
  high(register: number): number;
  /** Sets the result: `error` sign-extended into a0, the value into a1. The caller goes on after `ecall`. */
  setResult(error: number, low: number, high: number): void;
}

/** Hart states with the values of the interface; pending states are seen only by other harts. */
export const HartState = {
  STARTED: 0,
  STOPPED: 1,
  START_PENDING: 2,
  SUSPENDED: 4,
} as const;

/** One of the values of {@linkcode HartState}. */
export type HartStateCode = (typeof HartState)[keyof typeof HartState];

/** What a system reset does. */
export type SystemResetType = "shutdown" | "cold-reboot" | "warm-reboot";

/** Services of the machine. */
export interface SbiHost {
  /** Number of harts; their ids are 0 to `hartCount - 1`. */
  readonly hartCount: number;
  /** Value of `mvendorid`. */
  readonly vendorId: number;
  /** Value of `marchid`. */
  readonly architectureId: number;
  /** Value of `mimpid`. */
  readonly implementationId: number;

  /** Makes the supervisor software interrupt of a hart pending. */
  sendSoftwareInterrupt(hart: number): void;
  /** Sets the supervisor timer compare value of a hart and lets the hart look at it. */
  setSupervisorTimer(hart: number, low: number, high: number): void;
  /**
   * Requests a fence of instruction fetches on all harts of the set, possibly the caller too. Returns at once; the
   * caller's trampoline waits for the acknowledgements before the caller executes its next instruction.
   */
  remoteInstructionFence(harts: HartSet): void;
  /** The same for address translations. */
  remoteTranslationFence(harts: HartSet, fence: Readonly<TranslationFence>): void;

  /** State of a hart. */
  hartState(hart: number): HartStateCode;
  /**
   * Starts a stopped hart in supervisor mode at `pc` with a0 = its id and a1 = `opaque`, translation off.
   * @returns false when the hart was not stopped; of several starters one gets true.
   */
  startHart(
    hart: number,
    pcLow: number,
    pcHigh: number,
    opaqueLow: number,
    opaqueHigh: number,
  ): boolean;
  /** Stops the calling hart: it executes nothing until somebody starts it. */
  stopHart(hart: number): void;
  /** The calling hart sleeps like `wfi`, then goes on after `ecall`. */
  suspendHart(hart: number): void;
  /** The calling hart sleeps like `wfi`, then starts anew as {@linkcode startHart} says. */
  suspendHartAndRestart(
    hart: number,
    pcLow: number,
    pcHigh: number,
    opaqueLow: number,
    opaqueHigh: number,
  ): void;

  /** Ends the machine. `isFailure`: the guest says that something broke. */
  reset(type: SystemResetType, isFailure: boolean): void;

  /** Is this range of physical addresses guest RAM? */
  isRam(address: number, bytes: number): boolean;
  /** Reads a byte of guest RAM. */
  readGuest(address: number): number;
  /** Writes a byte of guest RAM, as a store of the guest (code pages, watchpoints). */
  writeGuest(address: number, byte: number): void;
  /** Sends a byte to the console. @returns false when there is no room now. */
  consolePut(byte: number): boolean;
  /** Takes a byte of console input. @returns -1 when there is none. */
  consoleTake(): number;
}
