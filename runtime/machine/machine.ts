/**
 * Builds machines and runs them from their first power-on to their last end.
 *
 * A machine holds no state outside its objects and its memory: any number of them can live in one process.
 */

import { createEventBuffer } from "../atomics/event_ring.ts";
import type { SeekAnswer } from "../atomics/seek_request.ts";
import { SeekOutcome } from "../atomics/shared_layout.ts";
import { waitedInstructions } from "./breakpoint_list.ts";
import type { BootableBoard } from "./bootable_board.ts";
import { translationSettings } from "./host_processor.ts";
import { loadBoard } from "./boards/boards.ts";
import { ConsoleEnd } from "./console_pump.ts";
import { requireCacheFolder } from "../code_cache/cache_permission.ts";
import { openDebugLog } from "./debug_log.ts";
import { type ImagePlan, planImages } from "./image_plan.ts";
import { generationUuid } from "./generation_option.ts";
import { errorText } from "./internal_error.ts";
import { RamView } from "./guest_memory.ts";
import { JitMap } from "./jit_map.ts";
import { AccessError, MachineStateError } from "./machine_error.ts";
import type {
  Breakpoint,
  BreakpointHit,
  ConsolePort,
  DriveError,
  ExitStatus,
  GuestMemory,
  Hart,
  JitRegion,
  MachineConsole,
  MachineState,
  MachineStatistics,
  Profile,
} from "./machine_interface.ts";
import { readStatistics } from "./machine_statistics.ts";
import { WORKER_SOURCES, type WorkerSources } from "./machine_workers.ts";
import { type MachineSettings, readSettings } from "./machine_settings.ts";
import { boardName, describeMachine, type MachineDescription, requireProgram } from "./options.ts";
import { RunLog } from "../replay/run_log.ts";
import { PausedHart } from "./paused_hart.ts";
import { type MachineParts, PowerCycle } from "./power_cycle.ts";
import { profileSymbols } from "./profile_symbols.ts";
import { Profiler } from "./profiler.ts";
import { clearSharedMemory, createSharedMemory } from "./shared_memory.ts";
import { traceFile } from "./trace_file.ts";
import { DeviceSet } from "./device_set.ts";
import { withProgramProperties } from "./program_cpu.ts";
import { requireSourcePermission } from "./source_permission.ts";

const MS_PER_SECOND = 1000;

/**
 * Builds a machine whose harts are ready to run. Throws ConfigurationError and LoadError for what the user
 * can change, InternalError when a worker does not start.
 *
 * @param sources modules of the workers; tests give their own
 */
export async function createMachine(
  description: MachineDescription,
  sources: WorkerSources = WORKER_SOURCES,
  signal?: AbortSignal,
): Promise<Machine> {
  const unobserved = await machineParts(description, sources);
  try {
    return await startMachine(unobserved, signal);
  } catch (error) {
    await unobserved.devices.close();
    throw error;
  }
}

async function startMachine(unobserved: MachineParts, signal?: AbortSignal): Promise<Machine> {
  const plan = await planImages(unobserved.description, unobserved.board);
  const parts = await withObservers(unobserved, plan);
  signal?.throwIfAborted();
  const cycle = new PowerCycle(parts, plan, 1);
  const machine = Machine["of"](parts, cycle);
  machine["abortBy"](signal);
  await cycle.ready();
  if (signal?.aborted) await machine.exited;
  signal?.throwIfAborted();
  return machine;
}

/** What a machine is built from. Throws as {@linkcode createMachine}. */
export async function machineParts(
  asked: MachineDescription,
  sources: WorkerSources = WORKER_SOURCES,
): Promise<MachineParts> {
  requireProgram(asked);
  await requireSourcePermission();
  if (asked.accel.codeCache !== null) await requireCacheFolder(asked.accel.codeCache);
  const board = await loadCheckedBoard(asked);
  const description = withProgramProperties(asked, board);
  const { host, isCounted } = translationSettings(description.accel);
  const text = await board.coldTier(host, isCounted);
  const coldTier = await WebAssembly.compile(Uint8Array.fromBase64(text));
  const replayTier = description.accel.check ? await buildReplayTier(board, description) : null;
  return {
    description,
    board,
    coldTier,
    replayTier,
    memory: createSharedMemory(description.memoryBytes),
    console: new ConsoleEnd(),
    log: openDebugLog(description),
    sources,
    profiler: null,
    jitMap: null,
    events: description.trace ? createEventBuffer(description.harts) : null,
    runLog: await RunLog.open(description),
    devices: await DeviceSet.open(description),
    generation: { uuid: description.generationId },
  };
}

/** The parts with what watches the machine, where that is asked for. */
async function withObservers(parts: MachineParts, plan: ImagePlan): Promise<MachineParts> {
  const { description, board } = parts;
  if (!description.profile && !description.jitMap) return parts;
  const symbols = await profileSymbols(description, plan.images.lowestAddress);
  const jitMap = description.jitMap ? new JitMap({ ramBase: board.ramBase, symbols }) : null;
  const counted = jitMap && ((host: number, modeKey: number) => jitMap.count(host, modeKey));
  const { harts } = description;
  const profiler = new Profiler({ harts, symbols, names: board.sampleNames, counted });
  return { ...parts, profiler, jitMap };
}

/** The cold tier that check mode replays regions in; rarely wanted, so Binaryen is loaded only then. */
async function buildReplayTier(
  board: BootableBoard,
  { cpu, accel }: MachineDescription,
): Promise<WebAssembly.Module> {
  const { BinaryenFactory } = await import("../../wasm_backend/binaryen/binaryen_builder.ts");
  const { buildGuestColdTier } = await import("../translation/guest_cold_tier.ts");
  const bytes = buildGuestColdTier(
    new BinaryenFactory(),
    await board.loadFrontend(cpu),
    translationSettings(accel).host,
    "replay",
  );
  return await WebAssembly.compile(bytes);
}

/** The flattened device tree that a machine would be given. Throws as {@linkcode createMachine}. */
export async function deviceTree(description: MachineDescription): Promise<Uint8Array> {
  const board = await loadCheckedBoard(description);
  return (await planImages(withProgramProperties(description, board), board)).deviceTree;
}

async function loadCheckedBoard(description: MachineDescription): Promise<BootableBoard> {
  const { machine, aia, cpu } = description;
  const board = await loadBoard(boardName(machine, aia));
  board.checkCpu(cpu); // before any worker is asked for such a CPU
  return board;
}

/**
 * A machine: harts, RAM, devices and a serial console. Any number of machines can live in one process; each hart
 * is a thread, and two more threads belong to a machine.
 *
 * It is built by {@linkcode Machine.create}, runs from {@linkcode Machine.start} on, and ends by itself when the
 * guest switches off. Calls that change what it does take effect one after the other, in the order of the calls.
 *
 * @example A bare-metal program and what it prints
 * ```ts
 * import { Machine } from "@weft/emulator";
 *
 * await using machine = await Machine.create({
 *   firmware: "none",
 *   kernel: "tests/guests/elf/hello.virt.elf",
 * });
 * await machine.start();
 * console.log(await new Response(machine.console.readable).text());
 * const { reason, code } = await machine.exited;
 * console.log(reason, code); // power-off 0
 * ```
 *
 * @example Registers and memory in a pause
 * ```ts
 * import { Machine } from "@weft/emulator";
 *
 * await using machine = await Machine.create({
 *   firmware: "none",
 *   kernel: "tests/guests/elf/hello.virt.elf",
 * });
 * const [hart] = machine.harts; // stands at its first instruction
 * console.log(hart.pc.toString(16), hart.x[10]);
 * console.log(machine.memory.read(hart.pc, 4));
 * hart.x[11] = 0x1234n;
 * console.log(await hart.csr.read("mstatus"));
 * ```
 */
export class Machine implements AsyncDisposable {
  /**
   * How the machine ended; resolves after the last byte of output was delivered and every thread is gone. It never
   * rejects: a defect of the emulator is the reason `internal-error`.
   */
  readonly exited: Promise<ExitStatus>;
  /** Guest RAM. */
  readonly memory: GuestMemory;
  /** The harts. */
  readonly harts: readonly Hart[];
  /**
   * Called when a disk has failed in a way that its user should know of: it was to stop the machine, which is paused
   * by then, or its image is damaged. Make room and call {@linkcode Machine.resume}: the request is made again.
   */
  onDriveError: (error: DriveError) => void = () => {};
  readonly #parts: MachineParts;
  readonly #words: Int32Array;
  #driveError: DriveError | undefined;
  #startTime: number | undefined;
  #endTime: number | undefined;
  #cycle: PowerCycle;
  /** Resolves when another power cycle took the place of the current one, or the machine has ended. */
  #cycleChanged = Promise.withResolvers<void>();
  /** The last call that changes what the machine does: the next one waits for it. */
  #lastCall: Promise<unknown> = Promise.resolve();
  #state: MachineState = "created";
  /** Shall harts run? What a power cycle that begins is to do, also while a pause is on its way. */
  #wantsRun = false;
  #wantsRestart = false;
  #stopReason: "stopped" | "aborted" | undefined;
  #powerCycles = 1;

  private constructor(parts: MachineParts, cycle: PowerCycle) {
    this.#parts = parts;
    this.#words = new Int32Array(parts.memory.buffer);
    this.#cycle = cycle;
    const requireStill = (what: string): void => this.#requireStill(what);
    const requireChange = (what: string): void => this.#requireChange(what);
    const { board, description } = parts;
    this.memory = new RamView({
      words: this.#words,
      base: board.ramBase,
      size: description.memoryBytes,
      requireStill,
      requireChange,
    });
    this.harts = Array.from({ length: description.harts }, (_, index) =>
      new PausedHart({
        words: this.#words,
        index,
        places: board.registers,
        controlRegisters: () => board.controlRegisters(),
        requireStill,
        requireChange: parts.runLog === null && description.snapshots === null
          ? null
          : requireChange,
        ask: (hart, what, put, take) => this.#ask(hart, what, put, take),
      }));
    parts.profiler?.begin();
    parts.devices.onDriveError = (error) => void this.#driveFailed(error);
    this.exited = this.#run();
  }

  /** For {@linkcode createMachine}, the one function that builds machines. */
  private static of(parts: MachineParts, cycle: PowerCycle): Machine {
    return new Machine(parts, cycle);
  }

  /**
   * Builds a machine: reads its files, places them in its memory as QEMU does, and starts its threads. Every hart
   * then stands at its first instruction.
   *
   * @example Linux, from files, with one command on its console
   * ```ts ignore
   * import { Machine } from "@weft/emulator";
   *
   * await using machine = await Machine.create({
   *   harts: 2,
   *   memory: "512M",
   *   kernel: "Image",
   *   initrd: "initrd.cpio.gz",
   *   append: "console=ttyS0",
   * });
   * const output = machine.console.readable.pipeTo(Deno.stdout.writable, { preventClose: true });
   * await machine.start();
   * const writer = machine.console.writable.getWriter();
   * await writer.write(new TextEncoder().encode("uname -a; poweroff\n"));
   * await output;
   * ```
   *
   * @throws {ConfigurationError} when there is no machine as described, or a file cannot be read
   * @throws {LoadError} when a file is not what it should be
   * @throws {InternalError} when a thread does not start
   * @throws the reason of the signal, when it is aborted meanwhile
   */
  static async create(settings: MachineSettings): Promise<Machine> {
    const { signal } = settings;
    signal?.throwIfAborted();
    const description = describeMachine(await readSettings(settings));
    return await createMachine(description, WORKER_SOURCES, signal);
  }

  /**
   * The flattened device tree blob that a machine with these settings would be given; there need not be a program.
   *
   * @example
   * ```ts
   * import { Machine } from "@weft/emulator";
   *
   * const blob = await Machine.deviceTree({ harts: 4, memory: "1G" });
   * console.log(blob.length, "bytes");
   * ```
   *
   * @throws {ConfigurationError} when there is no machine as described, or a file cannot be read
   * @throws {LoadError} when a file is not what it should be
   */
  static async deviceTree(settings: MachineSettings): Promise<Uint8Array> {
    return await deviceTree(describeMachine(await readSettings(settings)));
  }

  /** What the machine is doing. */
  get state(): MachineState {
    return this.#state !== "ended" && this.#isOver ? "ended" : this.#state;
  }

  /** The disk for which the machine was paused, until it goes on. */
  get driveError(): DriveError | undefined {
    return this.#driveError;
  }

  /** The serial console. */
  get console(): MachineConsole {
    return this.#parts.console;
  }

  /** The ports of its virtio consoles, in the order of `MachineSettings.consoles`. */
  get ports(): readonly ConsolePort[] {
    return this.#parts.devices.ports;
  }

  /** Its generation ID, a UUID; null when it has none. */
  get generationId(): string | null {
    return this.#parts.generation.uuid;
  }

  /**
   * Gives a machine with a generation ID another one, and tells the guest: it is another machine now, as a copy is of
   * one that was stopped. Linux mixes it into its random numbers then. Microsoft, "Virtual Machine Generation ID".
   *
   * @example A machine that becomes another one
   * ```ts
   * import { Machine } from "@weft/emulator";
   *
   * await using machine = await Machine.create({
   *   firmware: "none",
   *   kernel: "tests/guests/elf/hello.virt.elf",
   *   generationId: "324e6eaf-d1d1-4bf6-bf41-b9bb6c91fb87",
   * });
   * machine.changeGenerationId();
   * console.log(machine.generationId !== "324e6eaf-d1d1-4bf6-bf41-b9bb6c91fb87"); // true
   * ```
   *
   * @param id a UUID; without, a new one
   * @throws {ConfigurationError} when it is no UUID
   * @throws {AccessError} when the machine's time is counted: it would not repeat
   * @throws {MachineStateError} when the machine has no such ID, or has ended
   */
  changeGenerationId(id: string = "auto"): void {
    const what = "changeGenerationId";
    this.#requireLife(what);
    if (this.generationId === null) throw notAskedFor("generationId", '"auto"');
    if (this.#parts.description.accel.icount !== null) throw notRepeated(what);
    this.#parts.generation.uuid = generationUuid(id);
    this.#cycle.changeGeneration(this.#parts.generation.uuid);
  }

  /** Lets a machine that was created run. Does nothing when it runs already or has ended. */
  start(): Promise<void> {
    return this.#inTurn(() => {
      if (this.#state === "paused") throw this.#wrongState("start", "call resume");
      this.#go();
    });
  }

  /**
   * Makes every hart stand still between two instructions, and guest time with them, as QEMU's `stop` does: to the
   * guest no time passes. The real-time clock alone goes on, as the host's does. Requests to disks that have begun are
   * finished, and no others begin. Does nothing before the start and
   * in a pause.
   *
   * @throws {MachineStateError} when the machine has ended, or ends instead
   */
  pause(): Promise<void> {
    return this.#inTurn(() => this.#pause("pause"));
  }

  /**
   * Lets a paused machine go on. Does nothing when it runs already.
   *
   * @throws {MachineStateError} before the start, and when the machine has ended
   */
  resume(): Promise<void> {
    return this.#inTurn(() => {
      this.#requireLife("resume");
      if (this.#state === "created") throw this.#wrongState("resume", "call start");
      this.#go();
    });
  }

  /**
   * Switches the machine off and on again: its memory is what it was at its creation. It goes on in the state that
   * it was in: a paused machine stands at its first instruction then.
   *
   * @throws {MachineStateError} when the machine has ended, or ends instead
   */
  reset(): Promise<void> {
    return this.#inTurn(async () => {
      this.#requireLife("reset");
      if (this.#parts.runLog?.isReplay === true) {
        const cause = "the machine replays a run, and the log says what happens";
        throw new MachineStateError({
          what: "reset",
          cause,
          fix: "stop it, and start another one",
        });
      }
      this.#wantsRestart = true;
      const { promise } = this.#cycleChanged;
      this.#cycle.reset();
      await promise;
      this.#requireLife("reset");
    });
  }

  /**
   * How many instructions all harts have executed together since the power-on: where a machine that stands still is.
   *
   * @throws {MachineStateError} while harts run
   */
  get instruction(): number {
    this.#requireStill("instruction");
    return this.stats().harts.reduce((sum, { instructions }) => sum + instructions, 0);
  }

  /**
   * Takes a machine with snapshots to where its harts have executed so many instructions together, forward or back; it
   * stands still there, as in a pause. A machine that runs is paused first. Between two instructions time may pass
   * while all harts sleep; the machine stands before that. From there {@linkcode Machine.resume} goes on: in a replay
   * as was recorded, else through everything that has happened once (with the input of then; what is written to
   * the console meanwhile comes at its end) and on. Bytes that the guest writes again are not delivered again.
   *
   * @example To the middle of a program and back
   * ```ts
   * import { Machine } from "@weft/emulator";
   *
   * await using machine = await Machine.create({
   *   firmware: "none",
   *   kernel: "tests/guests/elf/hello.virt.elf",
   *   accel: { icount: { shift: 0 } },
   *   snapshots: true,
   * });
   * await machine.seek(100);
   * const before = await machine.stateHash();
   * await machine.stepBack();
   * console.log(machine.instruction, machine.harts[0].pc.toString(16)); // 99
   * await machine.seek(100);
   * console.log(await machine.stateHash() === before); // true
   * ```
   *
   * @param instruction a whole number from 0 on, counted from the last power-on
   * @throws {AccessError} when it is no such number, or a replay's log does not go on until there: the machine is
   * where it was, paused
   * @throws {MachineStateError} when the machine has no snapshots, has ended, or ends instead
   */
  seek(instruction: number): Promise<void> {
    return this.#inTurn(() => this.#seek("seek", () => instruction));
  }

  /**
   * Takes a machine with snapshots back by so many instructions of all harts.
   *
   * @throws {AccessError} when it has not executed so many
   * @throws {MachineStateError} as {@linkcode Machine.seek}
   */
  stepBack(instructions = 1): Promise<void> {
    return this.#inTurn(() => this.#seek("stepBack", () => this.instruction - instructions));
  }

  /**
   * Takes a machine with snapshots back to the last instruction at which a hart was about to execute one of the
   * breakpoints, and stands still there as in a pause. What it stands at now does not count. A machine that runs is
   * paused first. Where no breakpoint was met, the machine stands at the power-on, where its past begins.
   *
   * The past is gone through again from snapshot to snapshot, backwards, in the interpreter, which compares every
   * address: about as long as the harts took for it, and longer where most of it ran in compiled code. An interrupt
   * comes between two instructions: a machine that stands at the first instruction of a handler has taken it, and
   * {@linkcode Machine.seek} to the same number of instructions may go to before it.
   *
   * @example Back to the last time that a function was called
   * ```ts
   * import { Machine } from "@weft/emulator";
   *
   * await using machine = await Machine.create({
   *   firmware: "none",
   *   kernel: "tests/guests/elf/hello.virt.elf",
   *   accel: { icount: { shift: 0 } },
   *   snapshots: true,
   * });
   * const { pc } = machine.harts[0];
   * await machine.seek(1000);
   * const hit = await machine.reverseContinue([{ pc }]);
   * console.log(hit?.instruction, machine.harts[0].pc === pc); // 0 true
   * ```
   *
   * @param breakpoints 1 to 32 of them
   * @returns which one was met, or null
   * @throws {AccessError} when a breakpoint can never be met, or there are too many: the machine is where it was
   * @throws {MachineStateError} when the machine has no snapshots, has ended, or ends instead
   */
  reverseContinue(breakpoints: readonly Breakpoint[]): Promise<BreakpointHit | null> {
    return this.#inTurn(() => this.#reverseContinue(breakpoints));
  }

  /**
   * A hash over all that the future of a machine with snapshots depends on: registers and control registers, memory,
   * devices, time. Equal for equal states, and for others as good as never. The machine has to stand still.
   *
   * @returns hexadecimal digits
   * @throws {MachineStateError} while harts run, when the machine has no snapshots or has ended
   */
  stateHash(): Promise<string> {
    return this.#inTurn(async () => {
      this.#requireSnapshots("stateHash");
      this.#requireLife("stateHash");
      this.#requireStill("stateHash");
      const hash = await this.#cycle.stateHash();
      if (hash === null) throw this.#wrongState("stateHash", "ask before the end");
      return hash;
    });
  }

  /** Ends the machine, wherever it is. Does not wait for other calls. @returns {@linkcode Machine.exited} */
  stop(): Promise<ExitStatus> {
    return this.#endBecause("stopped");
  }

  /** Ends the machine, at the end of an `await using` scope; resolves when nothing of it runs any more. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  /**
   * Sends a break condition over the serial line, which Linux's magic SysRq key is.
   */
  sendBreak(): void {
    this.#cycle.sendBreak();
  }

  /** Counts so far, also while the machine runs (they may be a little old then) and after its end. */
  stats(): MachineStatistics {
    const { harts: hartCount, statistics: timesHolds } = this.#parts.description;
    const counted = { words: this.#words, hartCount, timesHolds };
    return readStatistics(counted, this.#wallSeconds(), this.#cycle.deviceStatistics());
  }

  /**
   * What the harts have executed, of a machine that was created with `profile`: up to now, or after the end.
   *
   * @throws {MachineStateError} when the machine was created without
   */
  profile(): Profile {
    const { profiler, description } = this.#parts;
    if (profiler === null || !description.profile) throw notAskedFor("profile");
    return profiler.profile();
  }

  /**
   * What was compiled, of a machine that was created with `jitMap`, and how many samples found each region: up to now,
   * or after the end.
   *
   * @throws {MachineStateError} when the machine was created without
   */
  jitMap(): JitRegion[] {
    const { profiler, jitMap } = this.#parts;
    if (jitMap === null) throw notAskedFor("jitMap");
    profiler?.profile();
    return jitMap.regions();
  }

  /**
   * What the harts did lately, of a machine that was created with `trace`: a timeline in the Trace Event Format, which
   * Perfetto and `chrome://tracing` open, up to now or to the end. Of each hart the newest 16384 events are there.
   *
   * @throws {MachineStateError} when the machine was created without
   */
  trace(): string {
    const { events, description } = this.#parts;
    if (events === null) throw notAskedFor("trace");
    return traceFile(events, description.harts);
  }

  // --- calls ----------------------------------------------------------------------------------------

  #inTurn<T>(call: () => T | Promise<T>): Promise<T> {
    const result = this.#lastCall.then(call);
    this.#lastCall = result.catch(() => {});
    return result;
  }

  #go(): void {
    if (this.state === "ended") return;
    this.#startTime ??= performance.now();
    this.#state = "running";
    this.#driveError = undefined;
    this.#wantsRun = true;
    this.#cycle.start();
  }

  async #pause(what: string): Promise<void> {
    if (this.#state !== "running") return this.#requireLife(what);
    this.#wantsRun = false;
    while (!await this.#pauseCycle()) this.#requireLife(what);
    this.#state = "paused";
  }

  /** A machine that ends meanwhile has no use for the pause. */
  async #driveFailed(error: DriveError): Promise<void> {
    if (error.stops) {
      try {
        await this.pause();
      } catch (refused) {
        if (!(refused instanceof MachineStateError)) throw refused;
        return;
      }
      this.#driveError = error;
    }
    this.onDriveError(error);
  }

  async #seek(what: string, place: () => number): Promise<void> {
    this.#requireSnapshots(what);
    await this.#pause(what);
    const instruction = place();
    if (!Number.isSafeInteger(instruction) || instruction < 0) throw noPlace(what, instruction);
    const answer = await this.#travel(what, (cycle) => cycle.seek(instruction));
    if (answer.outcome === SeekOutcome.BEHIND_THE_END) {
      throw behindTheEnd(what, instruction, answer.position);
    }
  }

  async #reverseContinue(breakpoints: readonly Breakpoint[]): Promise<BreakpointHit | null> {
    const what = "reverseContinue";
    this.#requireSnapshots(what);
    const waited = waitedInstructions(what, breakpoints, this.harts.length);
    await this.#pause(what);
    const { outcome, hart, position } = await this.#travel(what, (cycle) => cycle.back(waited));
    if (outcome === SeekOutcome.NOT_MET) return null;
    return { hart, pc: this.harts[hart].pc, instruction: position };
  }

  /** Lets the harts of a paused machine go somewhere; they stand still there. */
  async #travel(
    what: string,
    go: (cycle: PowerCycle) => Promise<SeekAnswer | null>,
  ): Promise<SeekAnswer> {
    this.#startTime ??= performance.now();
    this.#state = "running";
    const { promise } = this.#cycleChanged;
    const answer = await go(this.#cycle);
    if (answer === null) await promise;
    this.#requireLife(what);
    this.#state = "paused";
    if (answer === null) throw this.#wrongState(what, "the guest has restarted on the way");
    return answer;
  }

  #requireSnapshots(what: string): void {
    if (this.#parts.description.snapshots !== null) return;
    throw new MachineStateError({
      what,
      cause: "the machine keeps no snapshots",
      fix: "create it with `snapshots: true` and `accel: { icount: { shift: 0 } }`",
    });
  }

  /** @returns false when the power cycle ended before: there is another one then, or none */
  async #pauseCycle(): Promise<boolean> {
    const { promise } = this.#cycleChanged;
    if (await this.#cycle.pause()) return true;
    await promise;
    return false;
  }

  #ask<T>(hart: number, what: string, put: () => void, take: () => T): Promise<T> {
    return this.#inTurn(async () => {
      this.#requireLife(what);
      this.#requireStill(what);
      put();
      if (!await this.#cycle.ask(hart)) throw this.#wrongState(what, "ask before the end");
      return take();
    });
  }

  #requireStill(what: string): void {
    const isEnding = this.#isOver && this.#endTime === undefined;
    if (isEnding) throw this.#wrongState(what, "wait for `exited`");
    if (this.#state === "running") throw this.#wrongState(what, "call pause, and wait for it");
  }

  /** A run that can be had again is changed by nobody. */
  #requireChange(what: string): void {
    if (this.#parts.runLog !== null) {
      throw new AccessError({
        what,
        cause: "the machine records or replays a run, and a log does not hold such changes",
        fix: "create the machine without rr",
      });
    }
    if (this.#parts.description.snapshots === null) return;
    throw new AccessError({
      what,
      cause: "the machine can be taken back, and would not come to this change again",
      fix: "create the machine without snapshots",
    });
  }

  #requireLife(what: string): void {
    if (this.state === "ended") throw this.#wrongState(what, "create another machine");
  }

  #wrongState(what: string, fix: string): MachineStateError {
    const is = this.state === "ended" ? "has ended" : `is ${this.state}`;
    return new MachineStateError({ what, cause: `the machine ${is}`, fix });
  }

  // --- life -----------------------------------------------------------------------------------------

  /** Ends the machine when the signal is aborted. */
  private abortBy(signal: AbortSignal | undefined): void {
    if (signal === undefined) return;
    const abort = (): void => void this.#endBecause("aborted");
    signal.addEventListener("abort", abort, { once: true });
    this.exited.then(() => signal.removeEventListener("abort", abort));
    if (signal.aborted) abort();
  }

  #endBecause(reason: "stopped" | "aborted"): Promise<ExitStatus> {
    this.#stopReason ??= reason;
    this.#cycle.stop();
    return this.exited;
  }

  /** Is there no power cycle to come? */
  get #isOver(): boolean {
    return this.#stopReason !== undefined || this.#endTime !== undefined;
  }

  #wallSeconds(): number {
    const end = this.#endTime ?? performance.now();
    return (end - (this.#startTime ?? end)) / MS_PER_SECOND;
  }

  /** Power cycle after power cycle, until one ends by something else than a reset. */
  async #run(): Promise<ExitStatus> {
    let status = await this.#cycle.ended;
    while (this.#restartsAfter(status)) status = await this.#restart();
    this.#endTime = performance.now();
    this.#state = "ended";
    this.#cycleChanged.resolve();
    this.#parts.profiler?.end();
    await this.#parts.devices.close();
    await this.#parts.console.close();
    this.#parts.log.close();
    return status.reason === "stopped"
      ? { ...status, reason: this.#stopReason ?? "stopped" }
      : status;
  }

  #restartsAfter({ reason }: ExitStatus): boolean {
    if (reason !== "reset" || this.#stopReason !== undefined) return false;
    const { runLog, description } = this.#parts;
    return this.#wantsRestart || runLog?.report?.restarts === true || !description.noReboot;
  }

  async #restart(): Promise<ExitStatus> {
    try {
      this.#wantsRestart = false;
      const plan = await planImages(this.#parts.description, this.#parts.board);
      clearSharedMemory(this.#parts.memory);
      this.#cycle = new PowerCycle(this.#parts, plan, ++this.#powerCycles);
      if (this.#stopReason !== undefined) this.#cycle.stop();
      await this.#cycle.ready();
      if (this.#wantsRun) this.#cycle.start();
      this.#cycleChanged.resolve();
      this.#cycleChanged = Promise.withResolvers();
      return await this.#cycle.ended;
    } catch (error) {
      return { reason: "internal-error", code: 0, message: errorText(error) };
    }
  }
}

function noPlace(what: string, instruction: number): AccessError {
  return new AccessError({
    what: `${what}: instruction ${instruction}`,
    cause: "instructions are counted in whole numbers from 0 on, since the power-on",
    fix: "name one of them",
  });
}

function behindTheEnd(what: string, instruction: number, last: number): AccessError {
  return new AccessError({
    what: `${what}: instruction ${instruction}`,
    cause: `what was recorded can be gone through up to instruction ${last}`,
    fix: `name ${last} or a smaller number`,
  });
}

function notRepeated(what: string): AccessError {
  return new AccessError({
    what,
    cause: "the machine's time is counted, and a run with this change would not repeat",
    fix: "create the machine without icount",
  });
}

function notAskedFor(
  setting: "profile" | "jitMap" | "trace" | "generationId",
  value = "true",
): MachineStateError {
  return new MachineStateError({
    what: setting,
    cause: "the machine was created without it",
    fix: `create it with \`${setting}: ${value}\``,
  });
}
