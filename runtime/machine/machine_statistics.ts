/** Reads the counters of a machine out of its shared memory. */

import { ExitReason } from "../../ir/exit_reason.ts";
import { LeaveReason } from "../../wasm_backend/abi/leave_reason.ts";
import { isPauseRequested } from "../atomics/pause.ts";
import {
  HartStart,
  Machine,
  RunState,
  Vcpu,
  VcpuState,
  vcpuWord,
} from "../atomics/shared_layout.ts";
import {
  CompilerCounter,
  compilerCounters,
  CountedLock,
  EXIT_COUNTERS,
  HartCounter,
  hartCounters,
  hartLockCounters,
  LockCounter,
  threadLockCounters,
} from "../atomics/statistics_layout.ts";
import { lockName } from "./event_names.ts";
import type {
  HartActivity,
  HartStatistics,
  LockStatistics,
  MachineStatistics,
  SlotDeviceStatistics,
} from "./machine_interface.ts";

const WORD_SHIFT = 2;
const HALF_BITS = 32n;

const COMPILE_PHASES: readonly (readonly [string, number])[] = [
  ["lift", CompilerCounter.LIFT_MS],
  ["optimize", CompilerCounter.OPTIMIZE_MS],
  ["emit", CompilerCounter.EMIT_MS],
  ["module", CompilerCounter.MODULE_MS],
  ["link", CompilerCounter.LINK_MS],
];

/** What a machine is that statistics are read of. */
export interface CountedMachine {
  /** Its memory. */
  readonly words: Int32Array;
  /** Number of its harts. */
  readonly hartCount: number;
  /** Was it measured how long locks are held? */
  readonly timesHolds: boolean;
}

/** Counts so far of a machine. */
export function readStatistics(
  { words, hartCount, timesHolds }: CountedMachine,
  wallSeconds: number,
  devices: SlotDeviceStatistics,
): MachineStatistics {
  const compiler = compilerCounters(words.buffer);
  const counters = Array.from({ length: hartCount }, (_, hart) => hartCounters(words.buffer, hart));
  return {
    wallSeconds,
    harts: counters.map((row, hart) => hartStatistics(words, hart, row)),
    regions: compiler[CompilerCounter.REGIONS],
    compiledInstructions: compiler[CompilerCounter.INSTRUCTIONS],
    modules: compiler[CompilerCounter.MODULES],
    moduleBytes: compiler[CompilerCounter.MODULE_BYTES],
    evictedRegions: compiler[CompilerCounter.EVICTED_REGIONS],
    cachedRegions: compiler[CompilerCounter.CACHE_HITS],
    uncachedRegions: compiler[CompilerCounter.CACHE_MISSES],
    invalidations: sum(counters, HartCounter.INVALIDATIONS),
    translations: {
      pageWalks: sum(counters, HartCounter.PAGE_WALKS),
      walksAvoided: sum(counters, HartCounter.WALKS_AVOIDED),
      flushesAvoided: sum(counters, HartCounter.FLUSHES_AVOIDED),
      flushesPartial: sum(counters, HartCounter.FLUSHES_PARTIAL),
      flushesFull: sum(counters, HartCounter.FLUSHES_FULL),
      remoteFencesPartial: sum(counters, HartCounter.REMOTE_FENCES_PARTIAL),
      remoteFencesFull: sum(counters, HartCounter.REMOTE_FENCES_FULL),
      instructionFences: sum(counters, HartCounter.INSTRUCTION_FENCES),
    },
    deviceAccesses: sum(counters, HartCounter.DEVICE_ACCESSES),
    locks: Object.values(CountedLock).map((lock) => ({
      name: lockName(lock),
      ...lockStatistics(words.buffer, hartCount, lock, timesHolds),
    })).filter(({ acquisitions, contended }) => acquisitions + contended > 0),
    compileMilliseconds: Object.fromEntries(
      COMPILE_PHASES.map(([phase, index]) => [phase, compiler[index]]),
    ),
    exits: exitCounts(counters),
    ...devices,
  };
}

function lockStatistics(
  buffer: ArrayBufferLike,
  hartCount: number,
  lock: CountedLock,
  timesHolds: boolean,
): Omit<LockStatistics, "name"> {
  const harts = Array.from(
    { length: hartCount },
    (_, hart) => hartLockCounters(buffer, hart, lock),
  );
  const others = (["main", "clock keeper"] as const).map((thread) =>
    threadLockCounters(buffer, thread, lock)
  );
  const rows = [...harts, ...others];
  const longest = Math.max(...rows.map((row) => row[LockCounter.LONGEST_HOLD_MS]));
  return {
    acquisitions: sum(rows, LockCounter.ACQUISITIONS),
    contended: sum(rows, LockCounter.CONTENDED),
    longestHoldMilliseconds: timesHolds ? longest : undefined,
  };
}

function hartStatistics(words: Int32Array, hart: number, row: Float64Array): HartStatistics {
  const low = BigInt(row[HartCounter.PC_LOW]);
  const high = BigInt(row[HartCounter.PC_HIGH]);
  return {
    activity: activityOf(words, hart),
    pc: (high << HALF_BITS) | low,
    instructions: row[HartCounter.INSTRUCTIONS],
    hotInstructions: row[HartCounter.HOT_INSTRUCTIONS],
  };
}

function activityOf(words: Int32Array, hart: number): HartActivity {
  // ORDER: sc loads, only for people to read; partner: the trampoline, the firmware, the power control.
  const runState = Atomics.load(words, Machine.RUN_STATE.offset >> WORD_SHIFT);
  const start = Atomics.load(words, vcpuWord(hart, Vcpu.HART_START) >> WORD_SHIFT);
  const state = Atomics.load(words, vcpuWord(hart, Vcpu.STATE) >> WORD_SHIFT);
  if (runState === RunState.ENDED || start === HartStart.STOPPED) return "stopped";
  if (runState === RunState.CREATED || isPauseRequested(words)) return "paused";
  return state === VcpuState.RUNNING ? "running" : "waiting";
}

/** Exits by name, those that happened. */
function exitCounts(counters: readonly Float64Array[]): Record<string, number> {
  const counts: Record<string, number> = {};
  const names = exitNames();
  for (let reason = 0; reason < EXIT_COUNTERS; reason++) {
    const count = sum(counters, HartCounter.EXITS + reason);
    if (count > 0) counts[names.get(reason) ?? `reason ${reason}`] = count;
  }
  return counts;
}

/** Names of exit reasons; where frontend and backend share a number, the frontend's. */
function exitNames(): Map<number, string> {
  const reasons = [...Object.entries(LeaveReason), ...Object.entries(ExitReason)];
  return new Map(
    reasons.map(([name, reason]) => [reason, name.toLowerCase().replaceAll("_", " ")]),
  );
}

function sum(counters: readonly Float64Array[], index: number): number {
  return counters.reduce((total, row) => total + row[index], 0);
}
