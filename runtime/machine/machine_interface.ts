/**
 * A running machine as its user sees it: the seam between the machine and its command line or library caller.
 *
 * The command line is written and tested against these interfaces alone.
 */

import type { MachineDescription } from "./options.ts";

/** Why a machine ended. */
export type ExitReason =
  | "power-off"
  | "reset"
  | "guest-exit"
  | "panic"
  | "stopped"
  | "internal-error";

/** How a machine ended. */
export interface ExitStatus {
  /** Why. */
  readonly reason: ExitReason;
  /** The guest's own exit code (`guest-exit`), else 0. */
  readonly code: number;
  /** What happened, for a user to read. */
  readonly message?: string;
}

/** What a hart is doing. */
export type HartActivity = "running" | "waiting" | "stopped";

/** Counts of one hart since the machine started. */
export interface HartStatistics {
  /** What it is doing. */
  readonly activity: HartActivity;
  /** Address of its next instruction; a stale value while it runs. */
  readonly pc: bigint;
  /** Guest instructions retired. */
  readonly instructions: number;
  /** Those of them that ran in compiled regions. */
  readonly hotInstructions: number;
}

/** Counts of a machine since it started. Values of a running machine may be a little old. */
export interface MachineStatistics {
  /** Seconds of host time since the machine started. */
  readonly wallSeconds: number;
  /** One row for each hart. */
  readonly harts: readonly HartStatistics[];
  /** Regions compiled. */
  readonly regions: number;
  /** WebAssembly modules compiled. */
  readonly modules: number;
  /** Bytes of those modules. */
  readonly moduleBytes: number;
  /** Regions dropped because their guest code was changed. */
  readonly invalidations: number;
  /** Milliseconds of the compiler thread, by phase. */
  readonly compileMilliseconds: Readonly<Record<string, number>>;
  /** Times that compiled code was left, by cause. */
  readonly exits: Readonly<Record<string, number>>;
}

/** The console of a machine. */
export interface MachineConsole {
  /** Gives bytes to the guest's serial input. Bytes are kept until the guest takes them. */
  write(bytes: Uint8Array): void;
  /** What the guest writes; closes after the last byte when the machine has ended. */
  readonly output: ReadableStream<Uint8Array>;
}

/** A machine that was built. */
export interface MachineHandle {
  /** Starts all harts; resolves once they run. */
  start(): Promise<void>;
  /** Asks all harts to stop; {@linkcode exited} tells when they have. */
  stop(): void;
  /** Resolves once the machine has ended. */
  readonly exited: Promise<ExitStatus>;
  /** The serial console. */
  readonly console: MachineConsole;
  /** Counts so far; also after the end. */
  statistics(): Promise<MachineStatistics>;
  /** Sends a break condition over the serial line. */
  sendBreak(): void;
}

/** What builds machines: `machine.ts`, or a double in tests of the command line. */
export interface MachineFactory {
  /** Builds a machine; it does not run yet. */
  createMachine(description: MachineDescription): Promise<MachineHandle>;
  /** The flattened device tree that the machine would be given. */
  deviceTree(description: MachineDescription): Promise<Uint8Array>;
}
