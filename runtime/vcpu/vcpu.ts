/**
 * One vCPU: the trampoline. Everything that acknowledges, drops translations or talks to the rest of the machine
 * happens here, with no region frame alive; guest code runs inside `cold.run()` and comes back with a reason.
 *
 * It is driven in steps, by a thread of its own (`own_thread.ts`) or one that all vCPUs share (`shared_thread.ts`):
 * `attend` looks at what others want and whether the hart has to wait, and says for how long; `run` executes. The
 * driver alone sleeps. Between `rest` and the next `attend` the vCPU is IDLE; where vCPUs share a thread, all but
 * the one whose turn it is are, so that nothing of the others' protocols waits for one that cannot run.
 */
import { ExitReason } from "../../ir/exit_reason.ts";
import { LeaveReason } from "../../wasm_backend/abi/leave_reason.ts";
import {
  CONTEXT_MODE_BITS,
  Control,
  ENTRY_INDEX_BITS,
  Look,
  REGION_SLOTS,
} from "../../wasm_backend/abi/vcpu_layout.ts";
import { ActivityLog } from "../atomics/activity_log.ts";
import { toIdle, toRunning } from "../atomics/agent_state.ts";
import { serveGuard } from "../atomics/code_guard.ts";
import { awaitOutputRoom } from "../atomics/console_ring.ts";
import { EventRing } from "../atomics/event_ring.ts";
import { park } from "../atomics/exclusive.ts";
import { peek, post, take } from "../atomics/pending.ts";
import { serveRemote } from "../atomics/remote_work.ts";
import {
  Activity,
  Happening,
  PAGE_BYTES,
  PAGE_SHIFT,
  Pending,
  RemoteWork,
  Vcpu as VcpuWord,
  vcpuWord,
} from "../atomics/shared_layout.ts";
import { fenceOfAll, takeFences, type TranslationFence } from "../atomics/translation_fences.ts";
import { type LockSettings, serializedBus } from "../devices/big_lock.ts";
import { HOT_THRESHOLD } from "../translation/heat.ts";
import type { RollingHash } from "../replay/mixing_hash.ts";
import type { Restore, StateKeeper } from "../snapshot/state_keeper.ts";
import { RegionCatalog } from "../translation/region_catalog.ts";
import { Breakpoints } from "./breakpoints.ts";
import {
  type ColdFunctions,
  type ColdHost,
  instantiateColdTier,
  type VcpuSpaces,
} from "./cold_instance.ts";
import { CompileRequests } from "./compile_requests.ts";
import { DecodedPages } from "./decoded_pages.ts";
import { DeviceAccess } from "./device_access.ts";
import { Attention, Departure } from "./departure.ts";
import { DeviceEntrance } from "./device_entrance.ts";
import { ExclusiveSections } from "./exclusive_sections.ts";
import { FirmwareCalls } from "./firmware_calls.ts";
import { FirmwareServices, type Restart } from "./firmware_services.ts";
import { HartWait } from "./hart_wait.ts";
import { interruptFileImports } from "./interrupt_file_imports.ts";
import { PausedVcpu } from "./paused_vcpu.ts";
import { GO_ON, RegionCheck } from "./region_check.ts";
import { RegionInstaller } from "./region_installer.ts";
import { CodePageRelease } from "./code_page_release.ts";
import { RemoteFences } from "./remote_fences.ts";
import { RemoteRequests } from "./remote_requests.ts";
import { Reservations } from "./reservations.ts";
import { StackSampler } from "./stack_sampler.ts";
import { TranslationCache } from "./translation_cache.ts";
import { VcpuLocks } from "./vcpu_locks.ts";
import { VcpuMemory } from "./vcpu_memory.ts";
import type { VcpuParts } from "./vcpu_parts.ts";
import { VcpuRegisters } from "./vcpu_registers.ts";
import { VcpuState } from "./vcpu_state.ts";
import { VcpuStatistics } from "./vcpu_statistics.ts";

/** Guest instructions between two looks at the pending word: some 70 µs of the cold tier. */
const QUANTUM = 20_000;
/** The same where nearly all of the last ones were executed in regions, which take less time for more. */
const HOT_QUANTUM = 100_000;
/** Instructions outside of regions that such a quantum holds at most. */
const COLD_REST = 1000;
const MODE_MASK = (1 << CONTEXT_MODE_BITS) - 1;
const HALF_RANGE = 0x1_0000_0000;

const UNMEASURED: LockSettings = { hasBigLock: false, timesHolds: false };

/** See the header of this file. */
export class Vcpu implements StateKeeper {
  /** Private memory. */
  readonly memory: VcpuMemory = new VcpuMemory();
  /** Integer registers and program counter. */
  readonly registers: VcpuRegisters;
  /** The locks that it takes. */
  readonly locks: VcpuLocks;
  /** Instructions that are waited for; only where time is counted. */
  readonly breakpoints = new Breakpoints(this.memory);
  readonly #parts: VcpuParts;
  readonly #words: Int32Array;
  readonly #hart: number;
  readonly #translations: TranslationCache;
  readonly #catalog = new RegionCatalog();
  readonly #pages: DecodedPages;
  readonly #cold: ColdFunctions;
  readonly #check: RegionCheck | null;
  readonly #installer: RegionInstaller;
  readonly #requests: CompileRequests;
  readonly #statistics: VcpuStatistics;
  readonly #firmware: FirmwareCalls;
  readonly #wait: HartWait;
  readonly #entrance: DeviceEntrance;
  readonly #reservations: Reservations;
  readonly #codePages: CodePageRelease;
  readonly #paused: PausedVcpu;
  readonly #state: VcpuState;
  readonly #sampler: StackSampler | null;
  readonly #serve: () => void;
  readonly #log: ActivityLog;
  readonly #fences: RemoteFences;
  /** The fence that is being served. */
  readonly #fence = fenceOfAll();
  readonly #serveFence = (fence: Readonly<TranslationFence>): void => {
    this.#statistics.countRemoteFence(false);
    this.#fences.apply(fence);
  };
  /** Instructions retired in regions when the budget was last filled. */
  #hotBefore = 0;
  #isAwake = false;
  #hasEnded = false;

  /** Builds the vCPU; state is all zero until {@linkcode Vcpu.reset}. */
  constructor(parts: VcpuParts) {
    const { hart, ram, frontend, siblings = [] } = parts;
    this.#parts = parts;
    this.#hart = hart;
    this.#words = new Int32Array(ram.buffer);
    this.registers = new VcpuRegisters(this.memory, frontend);
    this.#log = this.#createLog();
    this.locks = new VcpuLocks(this.#words, hart, this.#log, parts.locks ?? UNMEASURED);
    this.#entrance = new DeviceEntrance(this.locks.big, this);
    this.#statistics = new VcpuStatistics(this.#words, hart, this.memory, this.registers);
    this.#initializeControl();
    this.#translations = new TranslationCache(this.memory);
    this.#pages = new DecodedPages({
      words: this.#words,
      hart,
      memory: this.memory,
      frontend,
      translations: this.#translations,
      catalog: this.#catalog,
      siblings,
    });
    siblings.push(this.#pages);
    this.#requests = new CompileRequests(this.#words, hart, {
      memory: this.memory,
      frontend,
      pages: this.#pages,
      catalog: this.#catalog,
    });
    const table = new WebAssembly.Table({ element: "anyfunc", initial: REGION_SLOTS });
    const spaces = { ram, cpu: this.memory.memory, table };
    this.#cold = instantiateColdTier(parts.coldTier, spaces, this.#coldHost(), frontend);
    this.#fences = new RemoteFences(this.memory, frontend.flush, this.#cold.flushTranslations);
    this.#wait = this.#createWait();
    this.#check = this.#createCheck(spaces);
    this.#installer = new RegionInstaller({
      source: parts.modules,
      words: this.#words,
      hart,
      table,
      imports: this.#cold.regionImports,
      catalog: this.#catalog,
      pages: this.#pages,
      memory: this.memory,
      statistics: this.#statistics,
      log: this.#log,
    });
    this.#paused = new PausedVcpu({
      words: this.#words,
      hart,
      memory: this.memory,
      frontend,
      cold: this.#cold,
      dropTranslations: () => this.#translations.flushAll(),
      isUntouched: parts.isUntouched === true,
    });
    this.#state = new VcpuState({ words: this.#words, hart, memory: this.memory, frontend });
    this.#sampler = this.#createSampler();
    const dropWriteEntries = (): void => this.#translations.dropWriteEntries();
    const applyRemote = (bits: number): void => this.#serveRemoteWork(bits);
    this.#serve = () => {
      serveGuard(this.#words, hart, dropWriteEntries);
      serveRemote(this.#words, hart, applyRemote);
    };
    const among = { words: this.#words, hart, serve: this.#serve, log: this.#log };
    const { timesHolds } = this.locks;
    const remote = new RemoteRequests(among);
    this.#firmware = this.#createFirmware(remote);
    const shared = {
      words: this.#words,
      memory: this.memory,
      translations: this.#translations,
      sections: new ExclusiveSections({ ...among, timesHolds }),
      requests: remote,
    };
    this.#codePages = new CodePageRelease(shared);
    this.#reservations = new Reservations({ ...shared, cold: this.#cold });
  }

  #initializeControl(): void {
    const { ramRange, hart } = this.#parts;
    this.memory.setControl(Control.SHARED_BLOCK, vcpuWord(hart, VcpuWord.PENDING));
    this.memory.setWideControl(Control.RAM_BASE, ramRange.base);
    this.memory.setWideControl(Control.RAM_BYTES, ramRange.bytes);
    this.memory.setControl(Control.RESERVATION_SCHEME, this.#parts.reservationScheme);
    this.memory.setControl(Control.HEAT_MASK, HOT_THRESHOLD - 1);
  }

  #createLog(): ActivityLog {
    const { hart, events = null } = this.#parts;
    const ring = events === null ? null : new EventRing(events, hart);
    return new ActivityLog(this.#words, hart, ring, this.registers);
  }

  #createWait(): HartWait {
    const { hart, clock } = this.#parts;
    return new HartWait({
      words: this.#words,
      hart,
      clock,
      hasInterrupt: () => this.#cold.wakePending() !== 0,
      startAt: (restart) => this.#startAt(restart),
    });
  }

  #createFirmware(remote: RemoteRequests): FirmwareCalls {
    const { hart, devices, hasBuiltinFirmware } = this.#parts;
    return new FirmwareCalls({
      services: new FirmwareServices(this.#words, hart, this.registers),
      devices,
      isBuiltIn: hasBuiltinFirmware,
      entrance: this.#entrance,
      remote,
      wait: this.#wait,
      trap: (cause) => this.#cold.trapEnter(cause, 0n),
      applyWork: (bits) => this.#applyRemoteWork(bits),
      applyFence: (fence) => this.#fences.apply(fence),
      startAt: (restart) => this.#startAt(restart),
    });
  }

  #createCheck(spaces: VcpuSpaces): RegionCheck | null {
    const { replayTier, frontend } = this.#parts;
    if (replayTier === null) return null;
    this.memory.setControl(Control.CHECK, 1);
    const replay = instantiateColdTier(replayTier, spaces, this.#coldHost(), frontend);
    return new RegionCheck({
      memory: this.memory,
      frontend,
      cold: this.#cold,
      replay,
      catalog: this.#catalog,
    });
  }

  #createSampler(): StackSampler | null {
    const { samples = null, hart, frontend, ramRange } = this.#parts;
    if (samples === null) return null;
    const [words, memory, registers] = [this.#words, this.memory, this.registers];
    return new StackSampler({ samples, hart, words, memory, registers, frontend, ramRange });
  }

  #coldHost(): ColdHost {
    const { devices, clock, frontend } = this.#parts;
    const { big } = this.locks;
    const bus = big === null ? devices.bus : serializedBus(devices.bus, big);
    const access = new DeviceAccess(this.#words.buffer, this.#hart, bus, this.memory);
    const fetch = (address: bigint): number => this.#cold.translateFetch(address);
    const deadline = this.memory.stateIndex(frontend.timerDeadline);
    return {
      deviceLoad: (low, high, width) => {
        this.#lookSoon();
        return access.load(low, high, width);
      },
      deviceStore: (low, high, width) => {
        this.#lookSoon();
        return access.store(low, high, width);
      },
      openPage: (home, hostPage) => this.#openPage(home, hostPage),
      decode: (record, low, high) => this.#pages.decode(record, low, high, fetch),
      hot: (low, high) => this.#requests.request(low, high),
      encoding: (low, high) => this.#pages.encoding(low, high, fetch),
      translationChanged: () => this.#translations.flushAll(),
      dropProvisional: () => this.#pages.flushInstructions(),
      interruptTaken: (cause) => this.#log.note(Happening.INTERRUPT, cause),
      guestImports: {
        ...interruptFileImports(this.#hart, devices.interruptFiles, () => this.#lookSoon()),
        guest_time: () => clock.timeTicks(),
        timer_changed: () => {
          const { words } = this.memory;
          this.#lookSoon();
          clock.setSupervisorTimer(this.#hart, words[deadline], words[deadline + 1]);
          clock.updateTimerLines(this.#hart);
        },
      },
    };
  }

  /** What the hart does may change its lines or deadlines: a hart whose instructions are counted comes back for that. */
  #lookSoon(): void {
    this.memory.setControl(Control.LOOK_SOON, Look.SOON);
  }

  /** Opens the page of state `pc`. */
  #openPage(home: number, hostPage: number): number {
    const slot = this.#pages.open(home, hostPage);
    if (this.#parts.tellsPages === true) {
      this.#requests.tellOpening(this.registers.pcLow, this.registers.pcHigh);
    }
    return slot;
  }

  /** Puts the hart into its reset state, ready to start at an address. */
  reset(pc: number, registers: readonly (readonly [number, number])[]): void {
    const { frontend, hasBuiltinFirmware } = this.#parts;
    for (const slot of frontend.state.slots()) {
      const at = this.memory.stateIndex(slot);
      this.memory.words.fill(0, at, at + slot.count * 2);
    }
    for (
      const { slot, index, value } of frontend.resetState({ hart: this.#hart, hasBuiltinFirmware })
    ) {
      this.memory.setState(frontend.state.slot(slot), index, value);
    }
    this.registers.setPc(pc | 0, Math.floor(pc / HALF_RANGE) | 0);
    for (const [register, value] of registers) this.registers.setNumber(register, value);
    this.#translations.flushAll();
  }

  // --- driven by its thread -------------------------------------------------------------------------

  /** Makes the vCPU ready; a machine that is paused when it begins is so before its first instruction. */
  begin(): void {
    post(this.#words, this.#hart, Pending.PAUSE);
    this.#hasEnded = false;
    this.#wait.begin();
  }

  /**
   * Does what others want of this vCPU, and looks whether the hart has something to execute.
   * @param polls whether what the guest has put into memory for the host is looked at, too
   * @returns a value of {@linkcode Attention}, or how many milliseconds the hart waits at most, unless it is posted
   * something
   */
  attend(polls = true): number {
    const wait = this.#look(polls);
    const activity = this.#activity(wait);
    const hasChanged = this.#log.settle(activity);
    if (hasChanged && activity === Activity.SLEEPS) this.#statistics.countBudget();
    return wait;
  }

  #look(polls: boolean): number {
    if (this.#hasEnded) return Attention.ENDED;
    if (this.#paused.isStanding) return this.#standOn();
    this.wake();
    this.locks.held.requireNone();
    if (polls) this.#parts.poll?.();
    const bits = peek(this.#words, this.#hart) === 0 ? 0 : take(this.#words, this.#hart);
    return (bits & Pending.PAUSE) !== 0 ? this.#standStill(bits) : this.#goOn(bits);
  }

  /** What the hart does, after it was told for how long it waits. */
  #activity(wait: number): Activity {
    if (wait === Attention.RUNS) return Activity.EXECUTES;
    if (wait === Attention.ENDED) return Activity.ENDED;
    return this.#paused.isStanding ? Activity.STANDS_STILL : this.#wait.activity;
  }

  /** Executes until guest code comes back; only when {@linkcode Vcpu.attend} said so. @returns a {@linkcode Departure} */
  run(): number {
    if (this.memory.control(Control.BUDGET) <= 0) {
      this.#tidyUp();
      this.#cold.refillBudget(this.#nextQuantum());
    }
    return this.#handle(this.#cold.run());
  }

  /** The same for so many instructions at most; only with a counting cold tier. */
  runCounted(instructions: number): number {
    this.#tidyUp();
    this.breakpoints.beginRun();
    this.#cold.refillBudget(instructions);
    return this.#handle(this.#cold.run());
  }

  /** Was the last budget used up? Else the hart came back for another reason. */
  get isBudgetUsed(): boolean {
    return this.memory.control(Control.BUDGET) <= 0;
  }

  /** Does the hart want to be looked at before its next instruction? Its budget is over then, used up or not. */
  get wantsLook(): boolean {
    return (this.memory.control(Control.LOOK_SOON) & Look.SOON) !== 0;
  }

  /** Does the vCPU stand still in a pause? */
  get isStandingStill(): boolean {
    return this.#paused.isStanding;
  }

  /** Name of the compiled region that is entered at the program counter, if there is one. */
  regionHere(): string | undefined {
    const host = this.#cold.translateFetch(this.registers.pc);
    const mode = this.memory.control(Control.CONTEXT) & MODE_MASK;
    const target = this.#catalog.target(host >>> PAGE_SHIFT, host & (PAGE_BYTES - 1), mode);
    return this.#catalog.region(target >>> ENTRY_INDEX_BITS)?.name;
  }

  /** Is it this vCPU's turn? Where vCPUs share a thread, of one at most. */
  get isAwake(): boolean {
    return this.#isAwake;
  }

  #tidyUp(): void {
    this.#statistics.countBudget();
    this.#statistics.publish();
    this.#reservations.sweepWhenBusy();
    this.#codePages.releaseWhenBusy();
  }

  /** Goes IDLE until it is attended to again. */
  rest(): void {
    if (!this.#isAwake) return;
    this.#isAwake = false;
    toIdle(this.#words, this.#hart);
  }

  /**
   * Lets other harts of the same thread run. What the hart has reserved is lost: they may store to it, and go
   * unseen by a store-conditional that compares values.
   */
  endTurn(): void {
    this.memory.setControl(Control.RESERVATION, 0);
    this.rest();
  }

  /** Leaves IDLE. */
  wake(): void {
    if (this.#isAwake) return;
    this.#isAwake = true;
    toRunning(this.#words, this.#hart, this.#serve);
  }

  #end(): number {
    this.#statistics.publish();
    this.#paused.copyOut();
    this.rest();
    this.#hasEnded = true;
    return Attention.ENDED;
  }

  #nextQuantum(): number {
    const { memory } = this;
    const hot = memory.wideControl(Control.HOT_RETIRED);
    const inRegions = hot - this.#hotBefore;
    const cold = memory.control(Control.BUDGET_FILLED) - inRegions;
    this.#hotBefore = hot;
    return inRegions > 0 && cold <= COLD_REST ? HOT_QUANTUM : QUANTUM;
  }

  // --- requests of others ---------------------------------------------------------------------------

  #standStill(taken: number): number {
    this.#statistics.publish();
    this.#paused.begin(taken);
    this.rest();
    return this.#standOn();
  }

  #standOn(): number {
    if (!this.#paused.mayGoOn()) return Infinity;
    this.wake();
    const { gathered } = this.#paused;
    const isPutOff = this.#parts.isCounted === true && (gathered & Pending.STOP) === 0;
    return isPutOff ? this.#putOff(gathered) : this.#goOn(gathered);
  }

  /**
   * Where time is counted the hart does nothing before its next turn, or other harts would see a pause in what it
   * does: a start, a timer's line.
   */
  #putOff(bits: number): number {
    if (bits !== 0) post(this.#words, this.#hart, bits);
    return Attention.RUNS;
  }

  /** Serves the bits that were taken; what the hart waits for is looked at after that. */
  #goOn(bits: number): number {
    if (bits !== 0) this.#log.note(Happening.ATTENDS, bits);
    if ((bits & Pending.STOP) !== 0) return this.#end();
    if ((bits & Pending.SAMPLE) !== 0) this.#sampler?.record();
    if ((bits & Pending.MODULES) !== 0) this.#installer.receive();
    if ((bits & Pending.TIMER) !== 0) this.#timerRanOut();
    if ((bits & (Pending.FLUSH | Pending.WORK)) !== 0) this.#serve();
    if ((bits & Pending.EXCLUSIVE) !== 0) this.#park();
    const wait = this.#wait.look(bits !== 0);
    if (wait === Attention.RUNS) this.#lookAtClock();
    return wait;
  }

  /** A hart that runs moves its timer lines itself, at the same places where it notices what others want. */
  #lookAtClock(): void {
    const { clock, isCounted } = this.#parts;
    if (isCounted !== true && clock.ticksToDeadline(this.#hart) === 0) this.#timerRanOut();
  }

  #park(): void {
    this.#log.begin(Activity.PARKS);
    park(this.#words, this.#hart, this.#serve);
    this.#log.end();
  }

  /** Timers are devices to the lock of all devices, as they are to QEMU's. */
  #timerRanOut(): void {
    this.#entrance.enter();
    try {
      this.#parts.clock.updateTimerLines(this.#hart);
    } finally {
      this.#entrance.leave();
    }
  }

  #serveRemoteWork(bits: number): void {
    this.#log.note(Happening.SERVES, bits);
    if ((bits & RemoteWork.FLUSH_TRANSLATIONS) !== 0) this.#statistics.countRemoteFence(true);
    takeFences(this.#words, this.#hart, bits, this.#fence, this.#serveFence);
    this.#applyRemoteWork(bits);
  }

  #applyRemoteWork(bits: number): void {
    if ((bits & RemoteWork.FLUSH_TRANSLATIONS) !== 0) this.#translations.flushAll();
    if ((bits & RemoteWork.FLUSH_INSTRUCTIONS) !== 0) this.#pages.flushInstructions();
    if ((bits & RemoteWork.DROP_WRITE_ENTRIES) !== 0) this.#translations.dropWriteEntries();
  }

  // --- its state ------------------------------------------------------------------------------------

  /** See `StateKeeper`: between two turns. Whatever was cached of another time goes when it is brought back. */
  save(): Restore {
    const restoreState = this.#state.save();
    const restoreWait = this.#wait.save();
    return () => {
      restoreState();
      restoreWait();
      this.#translations.flushAll();
      this.#pages.flushInstructions();
      post(this.#words, this.#hart, Pending.TIMER);
    };
  }

  /** See `StateKeeper`. */
  addTo(hash: RollingHash): void {
    this.#state.addTo(hash);
    this.#wait.addTo(hash);
  }

  // --- why guest code came back ---------------------------------------------------------------------

  /** @returns a {@linkcode Departure} */
  #handle(reason: number): number {
    this.#statistics.countExit(reason);
    switch (reason) {
      case LeaveReason.BUDGET:
        return Departure.BUDGET_USED;
      case ExitReason.ENVIRONMENT_CALL:
        this.#firmware.serve();
        return Departure.GOES_ON;
      case ExitReason.WAIT_FOR_INTERRUPT:
        this.#wait.forInterrupt();
        return Departure.GOES_ON;
      case ExitReason.FLUSH_INSTRUCTIONS:
        this.#log.note(Happening.CODE_FENCE);
        this.#cold.flushInstructions();
        return Departure.GOES_ON;
      case ExitReason.FLUSH_TRANSLATIONS:
        this.#log.note(Happening.TRANSLATION_FENCE);
        this.#cold.flushTranslations();
        return Departure.GOES_ON;
      case ExitReason.YIELD:
        return this.#yield();
      case LeaveReason.CHECK:
        return this.#checkRegion();
      case LeaveReason.RETRY:
        return this.#waitForRoom();
      case LeaveReason.ARM_PAGE:
        this.#reservations.arm();
        return Departure.GOES_ON;
      case LeaveReason.EXCLUSIVE_WINDOW:
        return this.#handle(this.#reservations.runAlone());
      default:
        throw new Error(`Cannot handle leave reason ${reason} of hart ${this.#hart}`);
    }
  }

  /** Runs a region with its replay and handles what it came back with. */
  #checkRegion(): number {
    const reason = this.#check?.run() ?? GO_ON;
    return reason === GO_ON ? Departure.GOES_ON : this.#handle(reason);
  }

  /** The guest spins. */
  #yield(): number {
    // ORDER: no access: a hint to the processor that this thread spins.
    Atomics.pause();
    if (this.#parts.isCounted !== true) this.#wait.restNowAndThen();
    return Departure.TURN_OVER;
  }

  /**
   * A device had no room: waits until the console drained, then the same instruction runs again. Else the line
   * of a store was busy, and whoever holds it may need this core.
   */
  #waitForRoom(): number {
    if (this.#entrance.wasRefused) {
      this.#entrance.awaitFree();
      return Departure.GOES_ON;
    }
    if (!awaitOutputRoom(this.#words, this.#hart)) {
      return this.#parts.isCounted === true ? Departure.GOES_ON : this.#yield();
    }
    this.#wait.forNews();
    return Departure.STALLS;
  }

  #startAt({ pc, argument }: Restart): void {
    const { hartNumber, opaque } = this.#parts.frontend.startArguments;
    this.reset(0, []);
    this.registers.setPc(pc[0], pc[1]);
    this.registers.set(hartNumber, this.#hart, 0);
    this.registers.set(opaque, argument[0], argument[1]);
  }
}
