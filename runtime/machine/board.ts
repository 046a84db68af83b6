/**
 * What a board is to the machine and to its workers. A board names a guest; nothing outside its folder does.
 */
import type { HostOrder } from "../../wasm_backend/host_order.ts";
import type { GuestFrontend } from "../../frontend/frontend.ts";
import type { TranslationFence } from "../atomics/translation_fences.ts";
import type { MmioAccess } from "../devices/device.ts";
import type { ConsoleSink, ConsoleSource } from "../devices/console_port.ts";
import type { PowerControl } from "../devices/power_control.ts";
import type { TimedDevice } from "../devices/timed_device.ts";
import type { VirtioSlot } from "../virtio/virtio_slot.ts";
import type { GuestClock } from "./clock.ts";
import type { CpuChoice } from "./options.ts";

/** What a worker gives to build its view of a board's devices. */
export interface BoardParts {
  /** The machine's shared memory. */
  readonly words: Int32Array;
  /** Number of harts. */
  readonly hartCount: number;
  /** This worker's clock. */
  readonly clock: GuestClock;
  /** Where the serial console's output goes. */
  readonly consoleSink: ConsoleSink;
  /** Where the serial console's input comes from. */
  readonly consoleSource: ConsoleSource;
  /** What power-off and reset act on. */
  readonly power: PowerControl;
  /** Time since 1970 in whole milliseconds, as real-time clocks show it; the host's when absent. */
  readonly wallClock?: (() => number) | undefined;
}

/** Registers of the hart that asks the environment for a service. */
export interface CallerRegisters {
  /** Low 32 bits of an integer register. */
  low(register: number): number;
  /** High 32 bits of an integer register. */
  high(register: number): number;
  /** Sets an integer register. */
  set(register: number, low: number, high: number): void;
}

/** What a vCPU does for a board's firmware, in its trampoline. */
export interface VcpuServices {
  /** The calling hart. */
  readonly hart: number;
  /** Registers of the calling hart. */
  readonly registers: CallerRegisters;
  /** Makes the hart leave its program after the call: it sleeps until another hart starts it. */
  stop(): void;
  /** The hart sleeps after the call until an interrupt that could wake it is pending. */
  suspend(): void;
  /** After a {@linkcode VcpuServices.suspend} the hart starts anew at an address with one argument. */
  restartAt(pcLow: number, pcHigh: number, argumentLow: number, argumentHigh: number): void;
  /** Requests work on other harts; the trampoline waits for it before the next guest instruction. */
  remoteWork(low: number, high: number, bits: number): void;
  /** Requests a fence of address translations on other harts; else like {@linkcode VcpuServices.remoteWork}. */
  remoteFence(low: number, high: number, fence: Readonly<TranslationFence>): void;
  /** Stores one byte into guest RAM as a guest store. */
  storeByte(hostOffset: number, byte: number): void;
}

/**
 * The files in which a hart's interrupts by message wait, one for each privilege that has one. Registers are half of
 * those of a hart of 64 bits, with the numbers that a hart of 32 bits has them by; one that does not exist is zero.
 */
export interface InterruptFiles {
  /** Reads a register. */
  read(hart: number, privilege: number, register: number): number;
  /** Sets bits of a register and clears others; none is in both. */
  update(hart: number, privilege: number, register: number, set: number, clear: number): void;
  /** The identity of the most urgent interrupt, or 0. */
  top(hart: number, privilege: number): number;
  /** An interrupt is not pending any more. */
  claim(hart: number, privilege: number, identity: number): void;
}

/** Devices of a board as one worker sees them. */
export interface BoardDevices {
  /** Routes guest accesses. */
  readonly bus: {
    load(physicalLow: number, physicalHigh: number, access: MmioAccess): boolean;
    store(physicalLow: number, physicalHigh: number, access: MmioAccess): boolean;
  };
  /** Devices that the clock keeper serves. */
  readonly timedDevices: readonly TimedDevice[];
  /** Slots for virtio devices, as `slot_assignment.ts` counts them; none on a board that has no such bus. */
  readonly virtioSlots: readonly VirtioSlot[];
  /** The harts' files for interrupts by message; null or nothing on a board without. */
  readonly interruptFiles?: InterruptFiles | null;
  /** The machine's generation ID, given by main; nothing on a board without. */
  readonly generation?: {
    install(id: Uint8Array): void;
    change(id: Uint8Array): void;
  };
  /** The console's input ring has new bytes: called by main. */
  inputArrived(): void;
  /** A break condition on the serial line: called by main. */
  receiveBreak(): void;
  /**
   * A guest environment call that reached the machine.
   * @returns false when it is the guest's own business: the hart takes an exception.
   */
  environmentCall(services: VcpuServices): boolean;
}

/** Start state of a hart beyond its frontend's reset state. */
export interface HartStart {
  /** Does it run at once? */
  readonly isStarted: boolean;
  /** Start address. */
  readonly pc: number;
  /** Integer registers that are not zero: number and value. */
  readonly registers: readonly (readonly [number, number])[];
}

/** A board. */
export interface Board {
  /** Name as in `-M`. */
  readonly name: string;
  /** Guest physical address of RAM. */
  readonly ramBase: number;
  /** The guest with this CPU; loaded when it is asked for, because main can do without. */
  loadFrontend(cpu: CpuChoice): Promise<GuestFrontend>;
  /** The guest's cold tier for a column of the order table: base64 text of a module; `isCounted`: the counting form. */
  coldTier(host: HostOrder, isCounted: boolean): Promise<string>;
  /** A worker's view of the devices; `hasBuiltinFirmware`: environment calls of supervisors end here. */
  createDevices(parts: BoardParts, hasBuiltinFirmware: boolean): BoardDevices;
}
