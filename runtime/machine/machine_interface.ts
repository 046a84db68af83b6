/**
 * A machine as its user sees it: the seam between the machine and its command line or library caller.
 *
 * The command line is written and tested against these interfaces alone.
 */

import type { MachineDescription } from "./options.ts";

/**
 * Why a machine ended.
 *
 * - `power-off`: the guest switched itself off.
 * - `reset`: the guest asked for a restart, and the machine was not to restart.
 * - `guest-exit`: the guest gave an exit code, through HTIF or the test finisher.
 * - `panic`: the guest shut down through the SBI and said that it had failed.
 * - `stopped`: `Machine.stop`, or the end of the scope of an `await using`.
 * - `aborted`: the signal it was created with.
 * - `replay-diverged`: a replay did something else than what was recorded, or its log is damaged.
 * - `internal-error`: a defect of the emulator, never the guest's doing.
 */
export type ExitReason =
  | "power-off"
  | "reset"
  | "guest-exit"
  | "panic"
  | "stopped"
  | "aborted"
  | "replay-diverged"
  | "internal-error";

/** How a machine ended. */
export interface ExitStatus {
  /** Why. */
  readonly reason: ExitReason;
  /** The guest's own exit code (`guest-exit`), else 0. */
  readonly code: number;
  /** What happened, for a user to read. */
  readonly message?: string;
  /** What was recorded or replayed, of a machine that does so. */
  readonly journal?: JournalSummary;
}

/** A run that was recorded or replayed, as far as it came. */
export interface JournalSummary {
  /** Which of the two. */
  readonly mode: "record" | "replay";
  /** Path of the log. */
  readonly file: string;
  /** Guest instructions of all harts. */
  readonly instructions: number;
  /** Events that came from outside: pieces of console input, breaks. */
  readonly events: number;
  /** Hash over registers of all harts, pieces of memory and console output at all checks: equal for equal runs. */
  readonly hash: string;
}

/**
 * What a machine is doing.
 *
 * - `created`: built, every hart stands at its first instruction; `Machine.start` comes next.
 * - `running`: harts run, or sleep until an interrupt.
 * - `paused`: every hart stands still between two instructions, and so does guest time.
 * - `ended`: for good; see `Machine.exited`.
 */
export type MachineState = "created" | "running" | "paused" | "ended";

/**
 * What a hart is doing: `stopped` has ended or was never started, `waiting` sleeps until an interrupt, or until its
 * turn where harts share a thread.
 */
export type HartActivity = "running" | "waiting" | "paused" | "stopped";

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

/** What became of cached address translations, on all harts. */
export interface TranslationStatistics {
  /** Page table walks. */
  readonly pageWalks: number;
  /** Translations that the first level of the cache had lost, and the second had. */
  readonly walksAvoided: number;
  /** Changes of the address space that kept what could be kept, and fences of what was not cached. */
  readonly flushesAvoided: number;
  /** Fences of one address or one address space. */
  readonly flushesPartial: number;
  /** Times that a hart dropped all its translations. */
  readonly flushesFull: number;
  /** Fences that harts served for others, of a range of addresses or one address space. */
  readonly remoteFencesPartial: number;
  /** Times that a hart served fences for others by dropping all its translations. */
  readonly remoteFencesFull: number;
  /** Fences of instruction fetches. */
  readonly instructionFences: number;
}

/** What a lock cost, on all threads. */
export interface LockStatistics {
  /** `all devices` (only with `bql`), `htif`, or `exclusive sections`, in which one hart works while no other runs. */
  readonly name: string;
  /** Times that it was taken. */
  readonly acquisitions: number;
  /** Times that it was found held. */
  readonly contended: number;
  /** The longest that it was held; undefined where that was not measured: see `MachineSettings.statistics`. */
  readonly longestHoldMilliseconds: number | undefined;
}

/** Counts of a machine since it started. Values of a running machine may be a little old. */
export interface MachineStatistics extends SlotDeviceStatistics {
  /** Seconds of host time since the machine started. */
  readonly wallSeconds: number;
  /** One row for each hart. */
  readonly harts: readonly HartStatistics[];
  /** Regions compiled. */
  readonly regions: number;
  /** Guest instructions that were compiled; one counts once for each region that holds it. */
  readonly compiledInstructions: number;
  /** WebAssembly modules compiled. */
  readonly modules: number;
  /** Bytes of those modules. */
  readonly moduleBytes: number;
  /** Regions dropped because their guest code was changed. */
  readonly invalidations: number;
  /** Regions given up because compiled code took too much memory. */
  readonly evictedRegions: number;
  /** Regions that came from the code cache, where there is one. */
  readonly cachedRegions: number;
  /** Regions that had to be compiled because the code cache did not have them. */
  readonly uncachedRegions: number;
  /** Address translation. */
  readonly translations: TranslationStatistics;
  /** Accesses to device registers. */
  readonly deviceAccesses: number;
  /** Locks of the machine. The registers of all devices are lockless. */
  readonly locks: readonly LockStatistics[];
  /** Milliseconds of the compiler thread, by phase. */
  readonly compileMilliseconds: Readonly<Record<string, number>>;
  /** Times that compiled code was left, by cause. */
  readonly exits: Readonly<Record<string, number>>;
}

/** Counts of the devices in slots. */
export interface SlotDeviceStatistics {
  /** One row for each disk. */
  readonly drives: readonly DriveStatistics[];
  /** One row for each network card. */
  readonly networks: readonly NetworkStatistics[];
  /** One row for each source of entropy. */
  readonly entropy: readonly EntropyStatistics[];
  /** One row for each shared folder. */
  readonly shares: readonly ShareStatistics[];
  /** One row for each virtio console. */
  readonly consoles: readonly ConsoleStatistics[];
}

/** Counts of one virtio console, all ports together, since the machine's last power-on. */
export interface ConsoleStatistics {
  /** Bytes that the guest has read. */
  readonly bytesRead: number;
  /** Bytes that the guest has written. */
  readonly bytesWritten: number;
  /** Times that the guest has rung the doorbells. */
  readonly doorbells: number;
  /** Times that an interrupt was asked for. */
  readonly interrupts: number;
}

/** Counts of one shared folder since the machine's last power-on. */
export interface ShareStatistics {
  /** Which one. */
  readonly name: string;
  /** Requests of the guest. */
  readonly requests: number;
  /** Those of them that were answered with an error; a name that is not there is one. */
  readonly failures: number;
  /** Bytes of files that the guest has read. */
  readonly bytesRead: number;
  /** Bytes of files that the guest has written. */
  readonly bytesWritten: number;
  /** Times that the guest has rung the doorbell. */
  readonly doorbells: number;
  /** Times that an interrupt was asked for. */
  readonly interrupts: number;
}

/** Counts of one network card since the machine's last power-on. */
export interface NetworkStatistics {
  /** Frames that the guest has sent; one that stands for several counts once. */
  readonly framesSent: number;
  /** Bytes of these. */
  readonly bytesSent: number;
  /** Frames that the guest has received. */
  readonly framesReceived: number;
  /** Bytes of these. */
  readonly bytesReceived: number;
  /** Frames that were lost, most of them because the guest had no room. */
  readonly dropped: number;
  /** Connections, and datagrams to somebody new, that were let out. */
  readonly allowed: number;
  /** The same that were not. */
  readonly refused: number;
  /** Times that the guest has rung the doorbells. */
  readonly doorbells: number;
  /** Times that an interrupt was asked for. */
  readonly interrupts: number;
}

/** Counts of one source of entropy since the machine's last power-on. */
export interface EntropyStatistics {
  /** Requests for random bytes. */
  readonly requests: number;
  /** Bytes that the guest has got. */
  readonly bytes: number;
}

/** A disk that the host has failed. */
export interface DriveError {
  /** Which one, as in {@linkcode DriveStatistics}. */
  readonly drive: string;
  /** What it was to do. */
  readonly operation: "read" | "write";
  /** What went wrong, for people. */
  readonly cause: string;
  /** Is the host's disk full? */
  readonly isNoSpace: boolean;
  /** Is the machine paused for it? The request is made again when it goes on. */
  readonly stops: boolean;
}

/** Counts of one disk since the machine's last power-on. */
export interface DriveStatistics {
  /** Which one. */
  readonly name: string;
  /** Requests that read. */
  readonly reads: number;
  /** Requests that write. */
  readonly writes: number;
  /** Requests that flush. */
  readonly flushes: number;
  /** Requests of other kinds. */
  readonly others: number;
  /** Requests that failed. */
  readonly failures: number;
  /** Bytes that the guest has read. */
  readonly bytesRead: number;
  /** Bytes that the guest has written. */
  readonly bytesWritten: number;
  /** Times that the guest has rung the doorbell. */
  readonly doorbells: number;
  /** Times that an interrupt was asked for. */
  readonly interrupts: number;
}

/**
 * What the harts executed, sampled 997 times a second. A sample is taken where a hart next looks whether something is
 * wanted of it, which is the start of a block, usually of a loop. Times of the host are counted: a hart that has to
 * wait for a core of the host is sampled like one that has it. The texts are of the moment when they are asked for.
 */
export interface Profile {
  /** Samples in a second, of each hart. */
  readonly samplesPerSecond: number;
  /** Samples in all, those of sleeping harts included. */
  readonly samples: number;
  /** Those of them that found a hart asleep, until an interrupt or before its start. */
  readonly idle: number;
  /** Samples that were lost because this process's main thread was busy for half a second or more. */
  readonly dropped: number;
  /** What there is to know about names that are missing, for people. */
  readonly notes: readonly string[];
  /** A line for each stack: functions from the outermost on with semicolons between, a space, the number of samples. */
  folded(): string;
  /** The text of a `.cpuprofile`, for a browser's developer tools and speedscope: harts follow each other in time. */
  cpuProfile(): string;
  /** The text of an SVG drawing, a flame graph. */
  flameGraph(): string;
}

/** Guest code that was compiled: one region, as `-jit-map` lists it. */
export interface JitRegion {
  /** Its number, which the titles of the debug log have too. Regions of a power cycle are numbered as they were lifted. */
  readonly number: number;
  /** Physical address of the place that was hot. */
  readonly physical: number;
  /** Virtual address of that place for the hart that asked first; addresses of the upper half are negative. */
  readonly virtual: number;
  /** Mode key that it was compiled for. */
  readonly modeKey: number;
  /** The function that the place is in, if its name is known. */
  readonly symbol: string | undefined;
  /** Guest instructions. */
  readonly instructions: number;
  /** Bytes that these take. */
  readonly bytes: number;
  /** Places where it can be entered. */
  readonly entries: number;
  /** Number of its module, from 1. */
  readonly module: number;
  /** Bytes of that module. */
  readonly moduleBytes: number;
  /** Regions of that module. */
  readonly moduleRegions: number;
  /** Milliseconds that it took to lift. */
  readonly liftMilliseconds: number;
  /** Milliseconds that the optimizer took. */
  readonly optimizeMilliseconds: number;
  /** Samples that found its code being executed. */
  readonly samples: number;
}

/** Size of a terminal in characters. */
export interface ConsoleSize {
  /** Characters in a line. */
  readonly columns: number;
  /** Lines. */
  readonly rows: number;
}

/** The serial console of a machine: bytes, in both directions. */
export interface MachineConsole {
  /**
   * What the guest writes; closes after the last byte when the machine has ended. Up to 1 MiB waits for a reader;
   * then the guest has to wait, as at a serial line with flow control. Cancel the stream if nobody reads it.
   */
  readonly readable: ReadableStream<Uint8Array<ArrayBuffer>>;
  /**
   * The guest's serial input. A write is done when the guest's serial port has room for all of it, so a guest
   * that reads slowly holds up its writer. Bytes that no guest has taken when the machine ends are dropped; a
   * write after that fails with `MachineStateError`. Closing the stream does not end the guest.
   */
  readonly writable: WritableStream<Uint8Array>;
  /** The size that was set last; undefined before. */
  readonly size: ConsoleSize | undefined;
  /**
   * The size of the terminal. A console of a virtio device tells it to the guest, whose `stty size` and programs on
   * the whole screen follow. The serial port cannot, as it carries bytes alone: there a guest has to be told by hand,
   * such as by `stty columns 120 rows 40` in its shell.
   *
   * @throws {AccessError} when a number is not a whole number from 1 to 65535
   */
  resize(columns: number, rows: number): void;
}

/**
 * A port of a virtio console: bytes in both directions, as {@linkcode MachineConsole}, over resets of the machine.
 *
 * What is written waits until the guest has somebody who reads: a driver for a console, a program that has opened the
 * port for all others. What the guest writes waits for a reader, up to 1 MiB; then the guest does. Cancelling and
 * closing streams never ends anything in the guest. See "Boards, devices, firmware" in SPECIFICATION.md.
 *
 * @example A guest that writes one character to its console, before it has any queues
 * ```ts
 * import { Machine } from "@weft/emulator";
 *
 * const program = [0x1000_82b7, 0x0210_0513, 0x10a2_a423, 0x0000_006f]; // li a0, '!'; sw a0, 0x108(slot 7); j .
 * await using machine = await Machine.create({
 *   firmware: "none",
 *   kernel: new Uint8Array(Uint32Array.from(program).buffer),
 *   consoles: [{ ports: [{ kind: "console", name: "org.example.log" }] }],
 * });
 * const [port] = machine.ports;
 * port.resize(132, 50);
 * await machine.start();
 * const { value } = await port.readable.getReader().read();
 * console.log(port.name, value); // org.example.log Uint8Array [ 33 ]
 * ```
 */
export interface ConsolePort extends MachineConsole {
  /** Its name, empty where it has none. */
  readonly name: string;
  /**
   * Is somebody at this end? Default: true. A guest is told: its programs find a port closed at which nobody is, and
   * what they write there is dropped.
   */
  isConnected: boolean;
}

/**
 * Guest RAM by physical address. It can be read and written while no hart runs: before the start, in a pause, and
 * (reading) after the end.
 */
export interface GuestMemory {
  /** Physical address of the first byte. */
  readonly base: number;
  /** Number of bytes. */
  readonly size: number;
  /**
   * A copy of `length` bytes at a physical address.
   *
   * @throws {MachineStateError} while harts run
   * @throws {AccessError} when not all of it is RAM
   */
  read(address: number | bigint, length: number): Uint8Array<ArrayBuffer>;
  /**
   * Writes bytes at a physical address. Harts see them as soon as they go on, in code and page tables too.
   *
   * @throws {MachineStateError} while harts run
   * @throws {AccessError} when not all of it is RAM
   */
  write(address: number | bigint, bytes: Uint8Array): void;
}

/** Control and status registers of a hart that stands still. Names are the manual's, in lower case. */
export interface ControlRegisters {
  /**
   * What `csrr` would read in machine mode. It needs the hart's own thread, hence the promise.
   *
   * @throws {MachineStateError} while the hart runs, and after the end
   * @throws {AccessError} when the hart has no such register
   */
  read(name: string): Promise<bigint>;
  /**
   * What `csrw` would write in machine mode, with all its effects and its rules: fields keep legal values.
   *
   * @throws {MachineStateError} while the hart runs, and after the end
   * @throws {AccessError} when the hart has no such register, or it can be read only
   */
  write(name: string, value: bigint): Promise<void>;
}

/** An instruction that {@linkcode Machine.reverseContinue} looks for. */
export interface Breakpoint {
  /** Its address, as the hart's program counter has it: virtual where the hart translates addresses. */
  readonly pc: bigint;
  /** The hart that is to execute it. Default: any. */
  readonly hart?: number;
}

/** Where a breakpoint was met. */
export interface BreakpointHit {
  /** The hart that executes the instruction next. */
  readonly hart: number;
  /** Address of the instruction: the hart's program counter. */
  readonly pc: bigint;
  /** How many instructions all harts have executed together: see {@linkcode Machine.instruction}. */
  readonly instruction: number;
}

/**
 * A hart, whose registers can be read and written while it stands still: before the start and in a pause. After
 * the end they can be read, and hold what they held last.
 */
export interface Hart {
  /** Its number. */
  readonly index: number;
  /**
   * Address of the next instruction.
   *
   * @throws {MachineStateError} while the hart runs
   */
  pc: bigint;
  /**
   * The 32 integer registers. Element 0 reads 0, and what is written there is forgotten. A view on this pause:
   * get it again in the next one.
   *
   * @throws {MachineStateError} while the hart runs
   */
  readonly x: BigUint64Array;
  /**
   * The 32 float registers as bits; a single-precision value has ones in its upper half. A view on this pause.
   *
   * @throws {MachineStateError} while the hart runs
   */
  readonly f: BigUint64Array;
  /** Control and status registers by name. */
  readonly csr: ControlRegisters;
  /**
   * A copy of `pc`, `x` and `f` by the names of the calling convention: `pc`, `ra`, `a0`, `fs1` and so on.
   *
   * @throws {MachineStateError} while the hart runs
   */
  registers(): Map<string, bigint>;
}

/** What the command line needs of a machine: `Machine`, or a double in its tests. */
export interface MachineHandle {
  /** See `Machine.start`. */
  start(): Promise<void>;
  /** See `Machine.pause`. */
  pause(): Promise<void>;
  /** See `Machine.resume`. */
  resume(): Promise<void>;
  /** See `Machine.reset`. */
  reset(): Promise<void>;
  /** See `Machine.stop`. */
  stop(): Promise<ExitStatus>;
  /** See `Machine.state`. */
  readonly state: MachineState;
  /** See `Machine.driveError`. */
  readonly driveError: DriveError | undefined;
  /** See `Machine.onDriveError`. */
  onDriveError: (error: DriveError) => void;
  /** See `Machine.exited`. */
  readonly exited: Promise<ExitStatus>;
  /** See `Machine.console`. */
  readonly console: MachineConsole;
  /** See `Machine.ports`. */
  readonly ports: readonly ConsolePort[];
  /** See `Machine.harts`. */
  readonly harts: readonly Hart[];
  /** See `Machine.generationId`. */
  readonly generationId: string | null;
  /** See `Machine.stats`. */
  stats(): MachineStatistics;
  /** See `Machine.sendBreak`. */
  sendBreak(): void;
  /** See `Machine.profile`. */
  profile(): Profile;
  /** See `Machine.jitMap`. */
  jitMap(): JitRegion[];
  /** See `Machine.trace`. */
  trace(): string;
}

/** What builds machines: `machine.ts`, or a double in tests of the command line. */
export interface MachineFactory {
  /** Builds a machine; it does not run yet. */
  createMachine(description: MachineDescription): Promise<MachineHandle>;
  /** The flattened device tree that the machine would be given. */
  deviceTree(description: MachineDescription): Promise<Uint8Array>;
}
