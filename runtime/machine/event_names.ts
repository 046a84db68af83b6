/** What events of a trace and activities of harts are called, in trace files and reports. */
import type { TraceEvent } from "../atomics/event_ring.ts";
import { Activity, Happening, Pending, RemoteWork } from "../atomics/shared_layout.ts";
import { CountedLock } from "../atomics/statistics_layout.ts";

type Names = Readonly<Record<number, string>>;

const ACTIVITY_NAMES: Readonly<Record<Activity, string>> = {
  [Activity.STARTS]: "starts its thread",
  [Activity.EXECUTES]: "executes",
  [Activity.SLEEPS]: "sleeps until an interrupt",
  [Activity.OFF]: "is not started",
  [Activity.STANDS_STILL]: "stands still in a pause",
  [Activity.STALLS]: "waits for room on the console",
  [Activity.RESTS]: "rests, since the guest spins",
  [Activity.AWAITS_HARTS]: "waits for other harts",
  [Activity.PARKS]: "waits for an exclusive section",
  [Activity.STOPS_OTHERS]: "stops the other harts",
  [Activity.WORKS_ALONE]: "is in an exclusive section",
  [Activity.AWAITS_LOCK]: "waits for a lock",
  [Activity.HOLDS_LOCK]: "holds a lock",
  [Activity.INSTALLS]: "installs compiled code",
  [Activity.ENDED]: "has ended",
};

const HAPPENING_NAMES: Readonly<Record<Happening, string>> = {
  [Happening.ATTENDS]: "attends",
  [Happening.INTERRUPT]: "interrupt",
  [Happening.ASKS]: "asks other harts",
  [Happening.SERVES]: "serves another hart",
  [Happening.TRANSLATION_FENCE]: "fence of translations",
  [Happening.CODE_FENCE]: "fence of code",
  [Happening.INVALIDATION]: "drops regions",
};

/** Locks by number, as people know them. */
const LOCK_NAMES: Readonly<Record<CountedLock, string>> = {
  [CountedLock.ALL_DEVICES]: "all devices",
  [CountedLock.HTIF]: "htif",
  [CountedLock.EXCLUSIVE]: "exclusive sections",
};

const HEX = 16;
const WORD_DIGITS = 8;

/** What a hart does, by the number of its activity. */
export function activityName(activity: number): string {
  return (ACTIVITY_NAMES as Names)[activity] ?? `activity ${activity}`;
}

/** What an event is called. */
export function eventName({ kind }: TraceEvent): string {
  return (HAPPENING_NAMES as Names)[kind] ?? activityName(kind);
}

const { FENCE_SHIFT: _, ...REMOTE_WORK } = RemoteWork;

/** What a lock is called. */
export function lockName(lock: number): string {
  return (LOCK_NAMES as Names)[lock] ?? `lock ${lock}`;
}

/** What an event says besides its name. */
export function eventDetails(
  { kind, details: [first, second] }: TraceEvent,
): Readonly<Record<string, string | number>> {
  switch (kind) {
    case Happening.ATTENDS:
      return { wanted: bitNames(Pending, first) };
    case Happening.INTERRUPT:
      return { cause: first };
    case Happening.ASKS:
      return { harts: `0x${hexWord(second)}${hexWord(first)}` };
    case Happening.SERVES:
      return { work: bitNames(REMOTE_WORK, first) };
    case Happening.INVALIDATION:
      return { regions: first };
    case Activity.AWAITS_LOCK:
    case Activity.HOLDS_LOCK:
      return { lock: lockName(first) };
    default:
      return {};
  }
}

/** Names of the bits that are set, in lower case. */
export function bitNames(names: Readonly<Record<string, number>>, bits: number): string {
  const set = Object.entries(names).filter(([, bit]) => (bits & bit) !== 0);
  return set.map(([name]) => name.toLowerCase().replaceAll("_", " ")).join(", ") || "nothing";
}

function hexWord(word: number): string {
  return (word >>> 0).toString(HEX).padStart(WORD_DIGITS, "0");
}
