/**
 * Entry point of a vCPU worker. It gets one message, builds its vCPUs and runs guest code until
 * the machine ends; while it runs it never returns to its event loop.
 */
import { receiveMessageOnPort } from "node:worker_threads";
import type { MessagePort as NodeMessagePort } from "node:worker_threads";
import { ReservationScheme } from "../../wasm_backend/abi/vcpu_layout.ts";
import { HartStart, Machine, PAGE_BYTES } from "../atomics/shared_layout.ts";
import { Control } from "../../wasm_backend/abi/vcpu_layout.ts";
import { markHart } from "../atomics/hart_start.ts";
import { SharedPowerControl } from "../devices/power_control.ts";
import { RingConsoleSink, RingConsoleSource } from "../devices/ring_console.ts";
import type { BoardDevices } from "../machine/board.ts";
import { AdaptiveShift, FIRST_ADAPTIVE_SHIFT } from "../machine/adaptive_shift.ts";
import { loadBoard } from "../machine/boards/boards.ts";
import { GuestClock } from "../machine/clock.ts";
import type { IcountOptions, LlscScheme } from "../machine/options.ts";
import { errorText } from "../machine/internal_error.ts";
import { VirtualTime } from "../machine/virtual_time.ts";
import type { VcpuStart, WorkerFailure, WorkerHart } from "../machine/worker_messages.ts";
import type { JournalReport } from "../replay/journal.ts";
import { openJournal } from "../replay/open_journal.ts";
import { StateDigest } from "../replay/state_digest.ts";
import { Seeker } from "../snapshot/seeker.ts";
import { WordKeeper } from "../snapshot/word_keeper.ts";
import type { GuestFrontend } from "../../frontend/frontend.ts";
import type { InstalledModule } from "../translation/region_catalog.ts";
import { CountedThread } from "./counted_thread.ts";
import type { DecodedPages } from "./decoded_pages.ts";
import { failureText } from "./failure_text.ts";
import { HostBoundary } from "./host_boundary.ts";
import { HtifPoll } from "./htif_poll.ts";
import type { ModuleSource } from "./region_installer.ts";
import { runOnOwnThread } from "./own_thread.ts";
import { SharedThread } from "./shared_thread.ts";
import { Vcpu } from "./vcpu.ts";

/** What the host-target interface has to remember. */
const HTIF_STATE = [Machine.HTIF_PROGRESS, Machine.HTIF_READING];

/** Mask of the execution count where nothing is compiled: a block is never hot. */
const NEVER_HOT = 0x7fff_ffff;

/** What the names of `-accel tcg,llsc=` stand for. */
const RESERVATION_SCHEMES: Readonly<Record<LlscScheme, number>> = {
  monitor: ReservationScheme.MONITOR,
  cas: ReservationScheme.COMPARE,
  exclusive: ReservationScheme.EXCLUSIVE,
};

interface WorkerScope {
  onmessage: ((event: MessageEvent<VcpuStart>) => void) | null;
  postMessage(message: unknown): void;
}

/** Modules that arrive at a port while the worker never returns to its event loop. */
function portSource(port: MessagePort): ModuleSource {
  const source = port as unknown as NodeMessagePort;
  return { next: () => receiveMessageOnPort(source)?.message as InstalledModule | undefined };
}

/** Where harts take turns, nobody else stores between a load-reserved and its store-conditional. */
function reservationScheme({ sharesThread, llsc }: VcpuStart): number {
  return sharesThread ? ReservationScheme.COMPARE : RESERVATION_SCHEMES[llsc];
}

/** What the vCPUs of a worker have in common. */
interface VcpuWorkshop {
  readonly clock: GuestClock;
  /** The guest. */
  readonly frontend: GuestFrontend;
  /** Devices, for a worker that has to look after them itself. */
  readonly devices: BoardDevices;
  /** Builds the vCPU of one hart at its first instruction. */
  readonly build: (hart: WorkerHart) => Vcpu;
}

/** What a worker needs where time is counted. */
interface Counting {
  readonly time: VirtualTime;
  readonly boundary: HostBoundary;
}

async function openWorkshop(start: VcpuStart, counting: Counting | null): Promise<VcpuWorkshop> {
  const { memory, cpu, hasBuiltinFirmware } = start;
  const board = await loadBoard(start.board);
  const frontend = await board.loadFrontend(cpu);
  const words = new Int32Array(memory.buffer);
  const clock = new GuestClock(words, counting?.time ?? performance);
  // ORDER: constants after start; partner: main, before it started this worker.
  const hartCount = Atomics.load(words, Machine.HART_COUNT.offset >> 2);
  const ramPages = Atomics.load(words, Machine.RAM_PAGES.offset >> 2);
  const power = counting?.boundary ?? new SharedPowerControl(words);
  const consoleSink = counting?.boundary ?? new RingConsoleSink(words);
  const consoleSource = counting?.boundary ?? new RingConsoleSource(words);
  const wallClock = counting === null ? undefined : () => counting.time.date();
  const parts = { words, hartCount, clock, consoleSink, consoleSource, power, wallClock };
  const ram = { base: board.ramBase, bytes: ramPages * PAGE_BYTES };
  const siblings: DecodedPages[] = [];
  const build = ({ hart, start: { pc, registers }, modules }: WorkerHart): Vcpu => {
    let htif: HtifPoll | null = null;
    const vcpu = new Vcpu({
      hart,
      ram: memory,
      frontend,
      coldTier: start.coldTier,
      replayTier: start.replayTier,
      devices: board.createDevices(parts, hasBuiltinFirmware),
      clock,
      ramRange: ram,
      hasBuiltinFirmware,
      reservationScheme: reservationScheme(start),
      modules: portSource(modules),
      tellsPages: start.codeCache !== null,
      samples: start.samples,
      siblings,
      isCounted: counting !== null,
      isUntouched: start.journal !== null || start.snapshots !== null,
      locks: start.locks,
      events: start.events,
      poll: start.htif === null ? null : () => htif?.poll(),
    });
    const locks = vcpu.locks.htif;
    htif = HtifPoll.create(words, start.htif, { ram, power, consoleSink, consoleSource, locks });
    if (!start.translation.hasRegions) vcpu.memory.setControl(Control.HEAT_MASK, NEVER_HOT);
    vcpu.reset(pc, registers);
    return vcpu;
  };
  const devices = board.createDevices(parts, hasBuiltinFirmware);
  return { clock, frontend, devices, build };
}

function markStart(words: Int32Array, { hart, start }: WorkerHart): void {
  const state = start.isStarted ? HartStart.STARTED : HartStart.STOPPED;
  // ORDER: before the first acknowledgement of a pause; partner: the hart state reads of other harts.
  markHart(words, hart, state);
}

async function serve(scope: WorkerScope, start: VcpuStart): Promise<void> {
  const words = new Int32Array(start.memory.buffer);
  const { harts, sharesThread, icount } = start;
  const counting = icount === null
    ? null
    : { icount, time: new VirtualTime(firstShift(icount)), boundary: new HostBoundary(words) };
  const workshop = await openWorkshop(start, counting);
  const vcpus = harts.map(workshop.build);
  for (const hart of harts) markStart(words, hart);
  try {
    if (counting !== null) {
      const report = runCounted(start, words, vcpus, workshop, counting);
      if (report !== null) scope.postMessage({ journal: report });
    } else if (sharesThread || harts.length > 1) {
      new SharedThread(words, harts.map(({ hart }) => hart), vcpus).run();
    } else runOnOwnThread(vcpus[0], words, harts[0].hart);
  } catch (error) {
    return scope.postMessage(
      { failure: placedFailure(harts, vcpus, error) } satisfies WorkerFailure,
    );
  }
  for (const { modules } of harts) emptyPort(modules);
  scope.postMessage({ stopped: true });
}

/** What failed, and where its hart was: the one whose turn it was, if any. */
function placedFailure(
  harts: readonly WorkerHart[],
  vcpus: readonly Vcpu[],
  error: unknown,
): string {
  const awake = vcpus.findIndex(({ isAwake }) => isAwake);
  if (awake < 0) return errorText(error);
  const text = failureText(vcpus[awake], error);
  return vcpus.length === 1 ? text : `hart ${harts[awake].hart} ${text}`;
}

function runCounted(
  { journal: journalStart, snapshots }: VcpuStart,
  words: Int32Array,
  vcpus: readonly Vcpu[],
  { clock, devices, frontend }: VcpuWorkshop,
  { icount, time, boundary }: Counting & { readonly icount: IcountOptions },
): JournalReport | null {
  boundary.connect(devices);
  const speed = icount.shift === "auto" ? new AdaptiveShift(time) : null;
  const sleeps = icount.sleep ?? true;
  const { timedDevices } = devices;
  const thread = new CountedThread({
    words,
    vcpus,
    clock,
    time,
    timedDevices,
    sleeps,
    speed,
    boundary,
  });
  const memories = vcpus.map(({ memory }) => memory.words);
  const outputHash = (): number => boundary.outputHash;
  const { journal, repeatable } = openJournal(
    journalStart,
    {
      outside: boundary,
      digest: () => new StateDigest({ words, harts: memories, frontend, outputHash }),
      place: (hart) => vcpus[hart].registers.pcText,
      lastHart: () => thread.hart,
      end: (reason) => boundary.endFromOutside(reason),
    },
    snapshots !== null,
  );
  const seeker = snapshots === null || repeatable === null ? null : new Seeker({
    words,
    keepers: [time, clock, boundary, new WordKeeper(words, HTIF_STATE), thread, ...vcpus],
    journal: repeatable,
    thread,
    harts: vcpus,
    limits: snapshots,
  });
  try {
    return thread.run(journal, seeker);
  } finally {
    journal.close();
  }
}

function firstShift({ shift }: IcountOptions): number {
  return shift === "auto" ? FIRST_ADAPTIVE_SHIFT : shift;
}

/** What nobody takes out of a port stays in memory for ever. */
function emptyPort(port: MessagePort): void {
  const source = portSource(port);
  while (source.next() !== undefined);
}

const scope = self as unknown as WorkerScope;
scope.onmessage = ({ data }): void => {
  serve(scope, data).catch((error: unknown) => {
    scope.postMessage({ failure: errorText(error) } satisfies WorkerFailure);
  });
};
