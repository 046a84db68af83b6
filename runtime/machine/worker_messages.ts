/**
 * First messages to the workers of a machine: everything they ever get by message but compiled modules.
 */
import type { EventBuffer } from "../atomics/event_ring.ts";
import type { JournalReport } from "../replay/journal.ts";
import type { JournalStart } from "../replay/open_journal.ts";
import type { ModuleRecord } from "../translation/region_record.ts";
import type { TranslationSettings } from "../translation/translation_settings.ts";
import type { LockSettings } from "../devices/big_lock.ts";
import type { HartStart } from "./board.ts";
import type { SnapshotDescription } from "./snapshot_options.ts";
import type { UserNetworkSettings } from "../network/user_network.ts";
import type { CaptureFile } from "./network_description.ts";
import type { ImagePlace } from "../disk_images/open_image.ts";
import type { DriveFailure } from "../virtio/block_errors.ts";
import type {
  CacheMode,
  ReadErrorPolicy,
  WriteErrorPolicy,
  ZeroDetection,
} from "./drive_options.ts";
import type { CpuChoice, IcountOptions, LlscScheme } from "./options.ts";

/** What all workers of one machine share. */
export interface SharedStart {
  /** The machine's memory. */
  readonly memory: WebAssembly.Memory;
  /** Name of the board. */
  readonly board: string;
  /** The CPU of all harts. */
  readonly cpu: CpuChoice;
  /** Does the emulator itself play the firmware? */
  readonly hasBuiltinFirmware: boolean;
  /** Is every region compared with the cold tier? */
  readonly check: boolean;
  /** How guest code is translated. */
  readonly translation: TranslationSettings;
  /** How reservations are made. */
  readonly llsc: LlscScheme;
  /** Folder of the code cache; null without one. */
  readonly codeCache: string | null;
  /** Do all harts take turns on one thread, so that none runs beside another? */
  readonly sharesThread: boolean;
  /** Time that is counted in instructions; null where it is the host's. */
  readonly icount: IcountOptions | null;
  /** The machine's locks. */
  readonly locks: LockSettings;
}

/** Where the host-target interface is in guest RAM. */
export interface HtifAddresses {
  /** Physical address of `tohost`; the host clears it. */
  readonly tohost: number;
  /** Physical address of `fromhost`, for answers; null when the program names none. */
  readonly fromhost: number | null;
}

/** A hart that a vCPU worker runs. */
export interface WorkerHart {
  /** Its index. */
  readonly hart: number;
  /** How it starts. */
  readonly start: HartStart;
  /** Where compiled modules arrive for it. */
  readonly modules: MessagePort;
}

/** First message to a vCPU worker. It is ready when each hart acknowledges the pause in which machines begin. */
export interface VcpuStart extends SharedStart {
  /** The harts it runs: one, or several that take turns. */
  readonly harts: readonly WorkerHart[];
  /** The compiled cold tier. */
  readonly coldTier: WebAssembly.Module;
  /** The cold tier that replays regions for check mode; null otherwise. */
  readonly replayTier: WebAssembly.Module | null;
  /** The host-target interface, for boards that have it. */
  readonly htif: HtifAddresses | null;
  /** Where samples for a profile go; null when none is made. */
  readonly samples: Int32Array<SharedArrayBuffer> | null;
  /** Where the harts' events go; null when no trace is made. */
  readonly events: EventBuffer | null;
  /** The log of the run; null when it is neither recorded nor replayed. */
  readonly journal: JournalStart | null;
  /** The snapshots that are kept; null: none. */
  readonly snapshots: SnapshotDescription | null;
}

/** First message to the compiler worker; null in its place if the machine has ended. */
export interface CompilerStart extends SharedStart {
  /** Number of the power cycle: what the compiler claims its service with. */
  readonly powerCycle: number;
  /** One port for each vCPU. */
  readonly ports: readonly MessagePort[];
  /** Categories of the debug log. */
  readonly debug: readonly string[];
  /** About how much memory compiled code may take. */
  readonly codeBytes: number;
  /** Does main keep a list of what is compiled? */
  readonly recordsRegions: boolean;
}

/** Where the bytes of a disk are: in an image, or with a back end on main. */
export type DriveSource =
  | { readonly image: ImagePlace }
  | { readonly mailbox: SharedArrayBuffer; readonly port: MessagePort; readonly bytes: number };

/** Where what is written to a disk goes, if not to itself. */
export interface OverlayPlace {
  /** A temporary file. */
  readonly path: string;
  /** Which clusters it has. */
  readonly map: Uint8Array<SharedArrayBuffer>;
}

/** A disk that an I/O worker serves. */
export interface DriveStart {
  /** What it is. */
  readonly kind: "block";
  /** Its slot. */
  readonly slot: number;
  /** Which of its workers this is, from 0. */
  readonly server: number;
  /** Those of its queues that this worker serves. */
  readonly queues: readonly number[];
  /** Where its bytes are. */
  readonly source: DriveSource;
  /** Can the guest only read? */
  readonly isReadonly: boolean;
  /** How writes are kept. */
  readonly cache: CacheMode;
  /** Is the place of what is discarded given up? */
  readonly discards: boolean;
  /** What becomes of zeros. */
  readonly detectZeroes: ZeroDetection;
  /** What is done when it cannot be written. */
  readonly werror: WriteErrorPolicy;
  /** What is done when it cannot be read. */
  readonly rerror: ReadErrorPolicy;
  /** What it tells about itself. */
  readonly serial: Uint8Array;
  /** Where writes go; null: to the disk. */
  readonly overlay: OverlayPlace | null;
}

/** A source of entropy that an I/O worker serves. */
export interface EntropyStart {
  /** What it is. */
  readonly kind: "entropy";
  /** Its slot. */
  readonly slot: number;
}

/** Where the files of a share are: in a folder, or with a back end on main. */
export type ShareSource =
  | { readonly root: string; readonly isMapped: boolean }
  | { readonly mailbox: SharedArrayBuffer; readonly port: MessagePort };

/** A shared folder that an I/O worker serves. */
export interface ShareStart {
  /** What it is. */
  readonly kind: "share";
  /** Its slot. */
  readonly slot: number;
  /** Can the guest only read? */
  readonly isReadonly: boolean;
  /** Where its files are. */
  readonly source: ShareSource;
}

/** A network card that a worker serves. */
export interface NetworkStart {
  /** What it is. */
  readonly kind: "network";
  /** Its slot. */
  readonly slot: number;
  /** What it is connected to: a network in the worker, or one with a back end on main. */
  readonly source: { readonly user: UserNetworkSettings } | { readonly port: MessagePort };
  /** Where its frames are kept; null: nowhere. */
  readonly capture: CaptureFile | null;
}

/** A device that a worker serves. */
export type DeviceStart = DriveStart | NetworkStart | EntropyStart | ShareStart;

/** First message to an I/O worker. It is ready when it acknowledges the pause in which machines begin. */
export interface IoStart extends SharedStart {
  /** Its number, from 0. */
  readonly worker: number;
  /** What it serves. */
  readonly devices: readonly DeviceStart[];
}

/** First message to the clock keeper. */
export type KeeperStart = SharedStart;

/** First message to the sampler. */
export interface SamplerStart {
  /** The machine's memory. */
  readonly memory: WebAssembly.Memory;
  /** Where samples go. */
  readonly samples: Int32Array<SharedArrayBuffer>;
}

/** What a worker reports when it ends by an error that is not the guest's. */
export interface WorkerFailure {
  /** What failed. */
  readonly failure: string;
}

/** A worker's last message when the machine has ended: it touches the machine's memory no more. */
export interface WorkerStopped {
  /** Says so. */
  readonly stopped: true;
}

/** A worker that loads long is ready for its first message. */
export interface WorkerReady {
  /** Says so. */
  readonly ready: true;
}

/** Text for the debug log. */
export interface WorkerLog {
  /** Whole lines. */
  readonly log: string;
}

/** What was compiled, for a list. */
export interface WorkerCompiled {
  /** A module. */
  readonly compiled: ModuleRecord;
}

/** What a power cycle that was recorded or replayed has come to. */
export interface WorkerJournal {
  /** All there is to say. */
  readonly journal: JournalReport;
}

/** A disk has failed. */
export interface WorkerDriveFailure {
  /** How. */
  readonly driveFailure: DriveFailure;
}

/** Everything that a worker sends to main. */
export type WorkerReport =
  | WorkerDriveFailure
  | WorkerReady
  | WorkerFailure
  | WorkerStopped
  | WorkerLog
  | WorkerCompiled
  | WorkerJournal;
