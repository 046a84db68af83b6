/**
 * One life of a machine, from power-on to its end. It begins paused. A reset ends it; the next one starts from the same
 * description in the same memory.
 *
 * REQUIREMENT. A worker that cannot start or that fails must end the machine with its message, and never let
 * it hang. Nothing of the machine runs any more when {@linkcode PowerCycle.ended} resolves, and the guest's
 * last byte is delivered then.
 *
 * SOLUTION. Main waits for shared words only asynchronously, each time together with "the cycle has ended",
 * which the failure of a worker makes it do.
 * A vCPU or I/O worker that failed is declared IDLE in its place, because others may wait for its answer to a request.
 * Workers that do not stop within {@linkcode STOP_GRACE_MS} are named in an internal error.
 *
 * The compiler takes long to load; requests stay in the ring meanwhile, and one that is still loading at the
 * end is abandoned (`machine_workers.ts`). The clock keeper is started by the first deadline of a device,
 * which it may serve late by the time of its start.
 */

import { ioAgent, nextAgent, NO_AGENT } from "../atomics/agents.ts";
import { toIdle } from "../atomics/agent_state.ts";
import type { EventBuffer } from "../atomics/event_ring.ts";
import { wakeCompiler } from "../atomics/compile_ring.ts";
import { offerCompilerService, withdrawCompilerService } from "../atomics/compiler_claim.ts";
import {
  EndReason,
  HartStart as HartStartState,
  Machine,
  PAGE_BYTES,
  RunState,
  SeekQuestion,
  Vcpu,
  vcpuWord,
} from "../atomics/shared_layout.ts";
import {
  askPaused,
  beginPaused,
  pauseEpoch,
  releasePause,
  requestPause,
} from "../atomics/pause.ts";
import type { LockUse } from "../atomics/lock_use.ts";
import { type SeekAnswer, SeekRequests, type WaitedInstruction } from "../atomics/seek_request.ts";
import { FIRST_OF_ALL, ringBell, shareBell } from "../atomics/pending.ts";
import { bigLockOf, type LockSettings } from "../devices/big_lock.ts";
import { SharedPowerControl } from "../devices/power_control.ts";
import { RingConsoleSink, RingConsoleSource } from "../devices/ring_console.ts";
import type { BoardDevices, BoardParts, HartStart } from "./board.ts";
import type { BootableBoard } from "./bootable_board.ts";
import { GuestClock, type HostClock, startClock } from "./clock.ts";
import { type ConsoleEnd, ConsolePump } from "./console_pump.ts";
import type { DebugLog } from "./debug_log.ts";
import { exitStatusOf } from "./exit_status.ts";
import { translationSettings } from "./host_processor.ts";
import { firmwareKind, type ImagePlan, installSegments } from "./image_plan.ts";
import { hartReport } from "./hart_report.ts";
import { errorText, InternalError } from "./internal_error.ts";
import type { DeviceSet } from "./device_set.ts";
import type { ExitStatus, SlotDeviceStatistics } from "./machine_interface.ts";
import { MachineWorkers, type WorkerSources } from "./machine_workers.ts";
import { hartsByThread } from "./hart_threads.ts";
import type { MachineDescription } from "./options.ts";
import { wordChanged, wordSatisfies } from "./word_wait.ts";
import type { RunLog } from "../replay/run_log.ts";
import type { JitMap } from "./jit_map.ts";
import type { Profiler } from "./profiler.ts";
import { Watchdog } from "./watchdog.ts";
import type {
  CompilerStart,
  IoStart,
  KeeperStart,
  SamplerStart,
  SharedStart,
  VcpuStart,
  WorkerHart,
} from "./worker_messages.ts";

/** How long workers of a machine that hangs may take to stop: those that do not hang. */
const HUNG_GRACE_MS = 500;
/** How long workers may take to stop: far more than the longest compilation. */
const STOP_GRACE_MS = 10_000;
const WORD_SHIFT = 2;
const COMPILER = "compiler";

/** Where time is counted, it begins at zero whatever the host's clock shows. */
const NO_TIME: HostClock = { timeOrigin: 0, now: () => 0 };

/** What a machine is built from; the same for all its power cycles. */
export interface MachineParts {
  /** The machine. */
  readonly description: MachineDescription;
  /** Its board. */
  readonly board: BootableBoard;
  /** The compiled cold tier. */
  readonly coldTier: WebAssembly.Module;
  /** The cold tier that replays regions; null unless in check mode. */
  readonly replayTier: WebAssembly.Module | null;
  /** Its memory. */
  readonly memory: WebAssembly.Memory;
  /** This process's end of its console. */
  readonly console: ConsoleEnd;
  /** Its debug log. */
  readonly log: DebugLog;
  /** Modules of its workers. */
  readonly sources: WorkerSources;
  /** Its profile; null when none is made. */
  readonly profiler: Profiler | null;
  /** The list of what is compiled; null when none is kept. */
  readonly jitMap: JitMap | null;
  /** Where its harts' events go; null when no trace is made. */
  readonly events: EventBuffer | null;
  /** The log of its run; null when it is neither recorded nor replayed. */
  readonly runLog: RunLog | null;
  /** Its disks. */
  readonly devices: DeviceSet;
}

/** See the header of this file. */
export class PowerCycle {
  /** Resolves when nothing of this cycle runs any more, with why it ended. Never rejects. */
  readonly ended: Promise<ExitStatus>;
  /** The devices as main sees them. */
  readonly devices: BoardDevices;
  readonly #parts: MachineParts;
  readonly #words: Int32Array;
  readonly #power: SharedPowerControl;
  readonly #workers: MachineWorkers;
  readonly #vcpusStopped: Promise<unknown>;
  readonly #pump: ConsolePump;
  readonly #number: number;
  readonly #clock: GuestClock;
  readonly #bigLock: LockUse | null;
  readonly #seeks: SeekRequests;
  /** Main's uses of devices, one after the other; the last one. */
  #deviceCalls: Promise<void> = Promise.resolve();
  #failure: string | undefined;
  readonly #watchdog: Watchdog;
  #hangs = false;

  /**
   * Starts the workers of a machine; {@linkcode PowerCycle.ready} tells when they can run. The memory must
   * be all zero.
   * @param number counts the power cycles of the machine, from 1
   */
  constructor(parts: MachineParts, plan: ImagePlan, number: number) {
    this.#parts = parts;
    this.#number = number;
    this.#words = new Int32Array(parts.memory.buffer);
    this.#power = new SharedPowerControl(this.#words);
    this.#workers = new MachineWorkers({
      failed: (name, message) => this.#fail(`${name}: ${message}`),
      logged: (text) => parts.log.write(text),
      compiled: (made) => parts.jitMap?.add(made),
      journaled: (report) => parts.runLog?.note(report),
      driveFailed: (failure) => parts.devices.driveFailed(failure),
    });
    this.devices = this.#initializeMemory(plan);
    const { harts } = parts.description;
    this.#watchdog = new Watchdog(this.#words, harts, (hung) => this.#hang(hung));
    this.#bigLock = bigLockOf(this.#words, "main", this.#lockSettings);
    this.#clock = new GuestClock(this.#words);
    this.#seeks = new SeekRequests(this.#words);
    this.#stopClock();
    this.#pump = new ConsolePump(
      this.#words,
      parts.console,
      this.#inputArrived(),
    );
    this.#vcpusStopped = this.#startWorkers(plan);
    this.ended = this.#life().catch((error: unknown) => internalError(errorText(error)));
  }

  /**
   * Resolves when all vCPUs are built and stand still at their first instruction. Throws InternalError when one
   * cannot start; the cycle is over then.
   */
  async ready(): Promise<void> {
    await this.pause();
    if (this.#failure === undefined) return;
    await this.ended;
    throw new InternalError(this.#failure);
  }

  /** Lets the harts run, once all are ready or after a pause; harmless after the end. */
  start(): void {
    const state = Machine.RUN_STATE.offset >> WORD_SHIFT;
    // ORDER: sc cmpxchg, so that an end that came first stays; partner: whoever looks at the state.
    Atomics.compareExchange(this.#words, state, RunState.CREATED, RunState.RUNNING);
    Atomics.notify(this.#words, state);
    if (this.#clock.isStopped) this.#clock.start();
    releasePause(this.#words);
    const { watchdogSeconds } = this.#parts.description;
    if (watchdogSeconds > 0 && !this.hasEnded) this.#watchdog.begin(watchdogSeconds);
  }

  /**
   * Makes every hart stand still, and guest time with them.
   * @returns false when the cycle ended before
   */
  async pause(): Promise<boolean> {
    requestPause(this.#words);
    const epoch = pauseEpoch(this.#words);
    for (const agent of this.#agents()) {
      await this.#satisfied(vcpuWord(agent, Vcpu.PAUSE_ACK), (seen) => seen === epoch);
    }
    if (this.hasEnded) return false;
    this.#stopClock();
    return true;
  }

  /** Where time is counted, the thread that has all harts tells the device; a replay takes no input at all. */
  #inputArrived(): (() => void) | null {
    if (this.#parts.runLog?.isReplay === true) return null;
    return this.#isCounted
      ? () => ringBell(this.#words, FIRST_OF_ALL)
      : () => this.#inDevices(() => this.devices.inputArrived());
  }

  /** Sends a break condition over the serial line. */
  sendBreak(): void {
    if (!this.#isCounted) return this.#inDevices(() => this.devices.receiveBreak());
    // ORDER: sc add before the bell; partner: `HostBoundary.takeBreaks`.
    Atomics.add(this.#words, Machine.BREAKS.offset >> WORD_SHIFT, 1);
    ringBell(this.#words, FIRST_OF_ALL);
  }

  /** Uses devices under their lock, if there is one for all: now, or when it is free. */
  #inDevices(call: () => void): void {
    const lock = this.#bigLock;
    if (lock === null) return call();
    this.#deviceCalls = this.#deviceCalls.then(async () => {
      await lock.enterAsync();
      try {
        call();
      } finally {
        lock.leave();
      }
    }).catch((error: unknown) => this.#fail(errorText(error)));
  }

  get #lockSettings(): LockSettings {
    const { accel, statistics } = this.#parts.description;
    return { hasBigLock: accel.bql, timesHolds: statistics };
  }

  /** Time that is counted stands still by itself. */
  #stopClock(): void {
    if (!this.#isCounted && !this.#clock.isStopped) this.#clock.stop();
  }

  /** Has a paused hart answer the question in its words. @returns false when the cycle ended before */
  async ask(hart: number): Promise<boolean> {
    const asked = askPaused(this.#words, hart);
    let answered = 0;
    await this.#satisfied(vcpuWord(hart, Vcpu.ANSWER), (count) => (answered = count) === asked);
    return answered === asked;
  }

  /**
   * Takes the harts, all of which stand still, to where they have executed so many instructions; they stand still
   * there.
   * @returns null when the cycle ended meanwhile
   */
  seek(position: number): Promise<SeekAnswer | null> {
    return this.#go(this.#seeks.ask(SeekQuestion.GO, position));
  }

  /**
   * Takes the harts, all of which stand still, back to where they met one of these instructions last, or else to where
   * their past begins; they stand still there.
   * @returns null when the cycle ended meanwhile
   */
  back(breakpoints: readonly WaitedInstruction[]): Promise<SeekAnswer | null> {
    return this.#go(this.#seeks.ask(SeekQuestion.BACK, 0, breakpoints));
  }

  async #go(asked: number): Promise<SeekAnswer | null> {
    this.start();
    await this.#satisfied(Machine.SEEK_ANSWER.offset, (count) => count === asked);
    return await this.pause() ? this.#seeks.answered() : null;
  }

  /** Hash of the state of a paused machine; null when the cycle ended meanwhile. */
  async stateHash(): Promise<string | null> {
    const asked = this.#seeks.ask(SeekQuestion.HASH, 0);
    await this.#satisfied(Machine.SEEK_ANSWER.offset, (count) => count === asked);
    return this.hasEnded ? null : this.#seeks.answered().hash;
  }

  /** Ends the machine from outside. */
  stop(): void {
    this.#power.end(EndReason.STOPPED, 0);
  }

  /** Ends this cycle as a guest does that asks for a restart. */
  reset(): void {
    this.#power.end(EndReason.RESET, 0);
  }

  /** Waits for a shared word, at most until the cycle has ended. */
  #satisfied(offset: number, condition: (value: number) => boolean): Promise<void> {
    return wordSatisfies(this.#words, offset, (value) => condition(value) || this.hasEnded);
  }

  /** Lets those go who wait for a word that nobody changes any more. */
  #wakeWaiters(): void {
    const offsets = this.#agents().flatMap((agent) => [
      vcpuWord(agent, Vcpu.PAUSE_ACK),
      vcpuWord(agent, Vcpu.ANSWER),
    ]);
    for (const offset of [...offsets, Machine.SEEK_ANSWER.offset]) {
      // ORDER: after the run state; partner: the look at it in #satisfied(), on this thread.
      Atomics.notify(this.#words, offset >> WORD_SHIFT);
    }
  }

  /** vCPUs, then I/O workers. */
  #agents(): number[] {
    const agents: number[] = [];
    let agent = nextAgent(this.#words, NO_AGENT);
    for (; agent !== NO_AGENT; agent = nextAgent(this.#words, agent)) agents.push(agent);
    return agents;
  }

  /** Counts of the devices in slots in this cycle. */
  deviceStatistics(): SlotDeviceStatistics {
    return this.#parts.devices.statistics(this.devices.virtioSlots);
  }

  #initializeMemory({ segments, images }: ImagePlan): BoardDevices {
    const { description, board } = this.#parts;
    const words = this.#words;
    // ORDER: sc stores before any worker exists; partner: the workers' start.
    Atomics.store(words, Machine.HART_COUNT.offset >> WORD_SHIFT, description.harts);
    Atomics.store(words, Machine.IO_WORKER_COUNT.offset >> WORD_SHIFT, this.#parts.devices.workers);
    const pages = description.memoryBytes / PAGE_BYTES;
    Atomics.store(words, Machine.RAM_PAGES.offset >> WORD_SHIFT, pages);
    for (const harts of this.#threads) {
      if (this.#sharesThread || harts.length > 1) shareBell(words, harts);
    }
    startClock(words, this.#isCounted ? NO_TIME : performance);
    beginPaused(words);
    offerCompilerService(words, this.#number);
    installSegments(words.buffer, board.ramBase, segments);
    const parts = this.#boardParts();
    board.installBootRom(parts, images);
    const devices = board.createDevices(parts, this.#hasBuiltinFirmware);
    this.#parts.devices.install(devices.virtioSlots);
    return devices;
  }

  get #isCounted(): boolean {
    return this.#parts.description.accel.icount !== null;
  }

  /** The harts of each thread. */
  get #threads(): number[][] {
    const { harts, accel } = this.#parts.description;
    return hartsByThread(harts, accel.threads);
  }

  /** Do all harts share one thread, beside which no other hart runs? */
  get #sharesThread(): boolean {
    return this.#parts.description.accel.thread === "single";
  }

  get #hasBuiltinFirmware(): boolean {
    return firmwareKind(this.#parts.description) === "built-in";
  }

  #boardParts(): BoardParts {
    const words = this.#words;
    return {
      words,
      hartCount: this.#parts.description.harts,
      clock: new GuestClock(words),
      consoleSink: new RingConsoleSink(words),
      consoleSource: new RingConsoleSource(words),
      power: this.#power,
    };
  }

  // --- workers --------------------------------------------------------------------------------------

  /** @returns resolves when all vCPUs have stopped */
  #startWorkers({ images }: ImagePlan): Promise<unknown> {
    const { description, board, coldTier, replayTier } = this.#parts;
    const shared: SharedStart = {
      memory: this.#parts.memory,
      board: board.name,
      cpu: description.cpu,
      hasBuiltinFirmware: this.#hasBuiltinFirmware,
      check: description.accel.check,
      translation: translationSettings(description.accel),
      llsc: description.accel.llsc,
      codeCache: description.accel.codeCache,
      sharesThread: this.#sharesThread,
      icount: description.accel.icount,
      locks: this.#lockSettings,
    };
    const htif = board.htif(images.symbols);
    const samples = this.#parts.profiler?.samples ?? null;
    const { events } = this.#parts;
    const journal = this.#parts.runLog?.next() ?? null;
    const ports: MessagePort[] = [];
    const harts = board.hartStarts(description.harts, images).map((start, hart): WorkerHart => {
      const { port1, port2 } = new MessageChannel();
      ports.push(port1);
      this.#markStart(hart, start);
      return { hart, start, modules: port2 };
    });
    const vcpus = this.#threads.map((group) =>
      this.#startVcpus({
        ...shared,
        harts: group.map((hart) => harts[hart]),
        coldTier,
        replayTier,
        htif,
        samples,
        events,
        journal,
        snapshots: description.snapshots,
      })
    );
    this.#startCompiler({
      ...shared,
      powerCycle: this.#number,
      ports,
      debug: description.debug.categories,
      codeBytes: description.accel.codeBytes,
      recordsRegions: this.#parts.jitMap !== null,
    });
    this.#startIoWorkers(shared);
    this.#startSampler();
    if (!this.#isCounted) this.#startClockKeeperWhenKicked(shared);
    return Promise.all(vcpus);
  }

  #startIoWorkers(shared: SharedStart): void {
    this.#parts.devices.plan().forEach(async ({ name, server, devices, ports }, worker) => {
      const start: IoStart = { ...shared, worker, devices };
      const source = this.#parts.sources[server];
      await this.#workers.start({ name, source, start, transfer: ports });
      toIdle(this.#words, ioAgent(worker));
    });
  }

  #startSampler(): void {
    const { profiler, memory, sources } = this.#parts;
    this.#parts.jitMap?.beginCycle();
    if (profiler === null) return;
    const start: SamplerStart = { memory, samples: profiler.samples };
    this.#workers.start({ name: "sampler", source: sources.sampler, start, transfer: [] });
  }

  async #startCompiler(start: CompilerStart): Promise<void> {
    await this.#workers.start({
      name: COMPILER,
      source: start.codeCache === null
        ? this.#parts.sources.compiler
        : this.#parts.sources.warmCompiler,
      start,
      transfer: start.ports,
      loadsLong: true,
    });
    start.ports.forEach((port) => port.close()); // of a compiler that was abandoned before it got them
  }

  /** The memory was zero: a kick from before the wait is seen as well. */
  async #startClockKeeperWhenKicked(start: KeeperStart): Promise<void> {
    await wordChanged(this.#words, Machine.CLOCK_KICK.offset, 0);
    if (this.hasEnded) return;
    await this.#workers.start({
      name: "clock keeper",
      source: this.#parts.sources.clockKeeper,
      start,
      transfer: [],
    });
  }

  /** Has the cycle ended, or is it about to? */
  get hasEnded(): boolean {
    // ORDER: sc load; partner: whoever ends the machine, before it wakes the clock keeper.
    return Atomics.load(this.#words, Machine.RUN_STATE.offset >> WORD_SHIFT) === RunState.ENDED;
  }

  #markStart(hart: number, { isStarted }: HartStart): void {
    const state = isStarted ? HartStartState.STARTED : HartStartState.STOPPED;
    // ORDER: sc store before any worker exists; partner: other harts that ask for the state.
    Atomics.store(this.#words, vcpuWord(hart, Vcpu.HART_START) >> WORD_SHIFT, state);
  }

  async #startVcpus(start: VcpuStart): Promise<void> {
    const { harts, sharesThread } = start;
    await this.#workers.start({
      name: sharesThread ? "harts" : `hart ${harts.map(({ hart }) => hart).join("+")}`,
      source: this.#parts.sources.vcpu,
      start,
      transfer: harts.map(({ modules }) => modules),
    });
    for (const { hart } of harts) toIdle(this.#words, hart);
  }

  #fail(message: string): void {
    this.#failure ??= message;
    this.#power.end(EndReason.INTERNAL, 0);
  }

  #hang(harts: readonly number[]): void {
    const { description, events } = this.#parts;
    const who = harts.length === 1 ? `hart ${harts[0]} hangs` : `harts ${harts.join(", ")} hang`;
    const report = hartReport({ words: this.#words, hartCount: description.harts, events });
    this.#hangs = true;
    this.#fail(`no progress for ${description.watchdogSeconds} s: ${who}\n${report}`);
  }

  // --- the end --------------------------------------------------------------------------------------

  async #life(): Promise<ExitStatus> {
    await wordSatisfies(
      this.#words,
      Machine.RUN_STATE.offset,
      (state) => state === RunState.ENDED,
    );
    this.#watchdog.end();
    this.#wakeWaiters();
    wakeCompiler(this.#words);
    withdrawCompilerService(this.#words, this.#number);
    this.#workers.abandon(COMPILER);
    await this.#withinGrace(this.#vcpusStopped);
    await this.#pump.finish();
    await this.#withinGrace(this.#deviceCalls);
    await this.#withinGrace(this.#workers.stopped());
    if (this.#failure !== undefined) return internalError(this.#failure);
    return this.#withJournal(exitStatusOf(this.#words));
  }

  /** What a replay has to say of the end comes before what the machine does. */
  #withJournal(status: ExitStatus): ExitStatus {
    const { runLog } = this.#parts;
    if (runLog === null || runLog.report === null) return status;
    const { divergence, note } = runLog.report;
    const journal = runLog.summary;
    if (divergence !== undefined) {
      return { reason: "replay-diverged", code: 0, message: divergence, journal };
    }
    return note === undefined ? { ...status, journal } : { ...status, message: note, journal };
  }

  async #withinGrace(stopped: Promise<unknown>): Promise<void> {
    const expired = Promise.withResolvers<void>();
    const timer = setTimeout(() => {
      this.#fail(`did not stop: ${this.#workers.running().join(", ")}`);
      expired.resolve();
    }, this.#hangs ? HUNG_GRACE_MS : STOP_GRACE_MS);
    await Promise.race([stopped, expired.promise]);
    clearTimeout(timer);
  }
}

function internalError(message: string): ExitStatus {
  return { reason: "internal-error", code: 0, message };
}
