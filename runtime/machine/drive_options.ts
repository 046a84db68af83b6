/**
 * Disks as a caller describes them, and the checks that need no file.
 *
 * The interface of back ends is the seam: a raw file is one implementation, which the I/O worker opens itself; any
 * other is an object of the caller's, called on the caller's thread.
 */

import { IMAGE_FORMATS, type ImageFormat } from "../disk_images/image_formats.ts";
import { SERIAL_BYTES } from "../virtio/block_protocol.ts";
import { ConfigurationError } from "./configuration_error.ts";
import { describeQueues, type QueueDescription, type QueueOptions } from "./queue_options.ts";
import type { PlugOptions } from "./slot_assignment.ts";

/** Ways to keep what a guest writes. */
export const CACHE_MODES = ["writeback", "writethrough", "unsafe"] as const;
/**
 * `writeback`: the guest's flushes reach the host's disk. `writethrough`: each of its writes does. `unsafe`: nothing
 * is made to.
 */
export type CacheMode = typeof CACHE_MODES[number];
/** Modes of QEMU's that pass by the host's page cache, which Deno opens no file without. */
const DIRECT_MODES: readonly string[] = ["none", "directsync"];

/** What becomes of ranges that the guest does not need any more. */
export const DISCARD_MODES = ["ignore", "unmap"] as const;
/** `ignore`: they keep their place. `unmap`: it is given up; a qcow2 image uses it for other data. */
export type DiscardMode = typeof DISCARD_MODES[number];

/** What becomes of zeros that the guest writes. */
export const ZERO_DETECTIONS = ["off", "on", "unmap"] as const;
/** `on`: whole clusters of zeros are marked and not written. `unmap`: they give up their place, too. */
export type ZeroDetection = typeof ZERO_DETECTIONS[number];

/** What is done when the host cannot write, or flush. */
export const WRITE_ERROR_POLICIES = ["enospc", "report", "ignore", "stop"] as const;
/**
 * `report`: an input/output error to the guest. `ignore`: success to the guest. `stop`: the machine pauses, and the
 * request is made again when it goes on. `enospc`: `stop` where the host's disk is full, else `report`.
 */
export type WriteErrorPolicy = typeof WRITE_ERROR_POLICIES[number];

/** What is done when the host cannot read. */
export const READ_ERROR_POLICIES = ["report", "ignore", "stop"] as const;
/** See {@linkcode WriteErrorPolicy}; what was not read is anything, where that is ignored. */
export type ReadErrorPolicy = typeof READ_ERROR_POLICIES[number];

/** An image that has what another one does not: it is only read. */
export interface BackingOptions {
  /** Its path (needs `--allow-read`). */
  readonly source: string;
  /** As `backing.driver=`. Default: what its first bytes say. */
  readonly format?: ImageFormat;
  /** Its own backing file. */
  readonly backing?: BackingOptions;
}

/**
 * What a disk is kept in, made by a program that uses the library. Each method is called on the thread that created
 * the machine, one call at a time, and may take its time: the guest waits. What is thrown is an input/output error to
 * the guest.
 *
 * @example A disk in memory
 * ```ts
 * import type { BlockBackend } from "@weft/emulator";
 *
 * class MemoryDisk implements BlockBackend {
 *   readonly bytes = new Uint8Array(1 << 20);
 *   readonly size = this.bytes.length;
 *   read(offset: number, into: Uint8Array): void {
 *     into.set(this.bytes.subarray(offset, offset + into.length));
 *   }
 *   write(offset: number, from: Uint8Array): void {
 *     this.bytes.set(from, offset);
 *   }
 *   flush(): void {}
 * }
 * console.log(new MemoryDisk().size);
 * ```
 */
export interface BlockBackend {
  /** Bytes; does not change. */
  readonly size: number;
  /** Fills `into` with what stands from `offset` on. */
  read(offset: number, into: Uint8Array): void | Promise<void>;
  /** Keeps a copy of `from` at `offset`. */
  write(offset: number, from: Uint8Array): void | Promise<void>;
  /** Makes sure that what was written stays. */
  flush(): void | Promise<void>;
  /** Hears that nobody needs what a range holds. */
  discard?(offset: number, length: number): void | Promise<void>;
}

/** A disk of a machine, as `-drive` and `-device virtio-blk-device`. */
export interface DriveOptions extends PlugOptions, QueueOptions {
  /**
   * The path of an image, whose bytes are the disk's (needs `--allow-read`, and `--allow-write` unless it is only
   * read), or a back end.
   */
  readonly source: string | BlockBackend;
  /**
   * As `format=`: what the image is, whatever its first bytes say. Default: what they say, `raw` where they say
   * nothing; then the guest cannot write bytes there that would say something else the next time.
   */
  readonly format?: ImageFormat;
  /**
   * As `backing.file.filename=`: the file that has what a qcow2 image does not. An image that needs one is refused
   * without; the name that it gives is not used, because an image may come from anywhere.
   */
  readonly backing?: BackingOptions;
  /** As `readonly=on`: the guest cannot write. Default: false. */
  readonly readonly?: boolean;
  /** As `cache=`. Default: `writeback`. */
  readonly cache?: CacheMode;
  /** As `discard=`. Default: `ignore`, for a back end `unmap`. A raw image can do nothing else than ignore. */
  readonly discard?: DiscardMode;
  /** As `detect-zeroes=`, of qcow2 images; `unmap` wants `discard: "unmap"`. Default: `off`. */
  readonly detectZeroes?: ZeroDetection;
  /** As `werror=`. Default: `enospc`. See `Machine.onDriveError` for how to learn of a pause. */
  readonly werror?: WriteErrorPolicy;
  /** As `rerror=`. Default: `report`. */
  readonly rerror?: ReadErrorPolicy;
  /**
   * As `-snapshot`: what the guest writes goes to a temporary file (needs `--allow-write` for the folder of those) and
   * is gone with the machine. Default: false.
   */
  readonly snapshot?: boolean;
  /** As `serial=`: what the disk tells about itself, 20 bytes at most. Default: empty. */
  readonly serial?: string;
}

/** A disk with every default filled in. */
export interface DriveDescription extends QueueDescription {
  /** Its name in messages. */
  readonly name: string;
  /** Path or back end. */
  readonly source: string | BlockBackend;
  /** Its format; undefined: to be found out. */
  readonly format: ImageFormat | undefined;
  /** Its backing file. */
  readonly backing: BackingOptions | undefined;
  /** Can the guest only read? */
  readonly isReadonly: boolean;
  /** How writes are kept. */
  readonly cache: CacheMode;
  /** Is the place of what the guest discards given up? */
  readonly discards: boolean;
  /** What becomes of zeros. */
  readonly detectZeroes: ZeroDetection;
  /** What is done when it cannot be written. */
  readonly werror: WriteErrorPolicy;
  /** What is done when it cannot be read. */
  readonly rerror: ReadErrorPolicy;
  /** Is what is written thrown away? */
  readonly isSnapshot: boolean;
  /** What it tells about itself. */
  readonly serial: Uint8Array;
  /** Its slot. */
  readonly slot: number;
}

/** A disk's name in messages. */
export function driveName({ source }: DriveOptions): string {
  return typeof source === "string" ? `disk "${source}"` : "a disk of the caller's";
}

/** Checks a disk of a machine with so many harts, and fills in its defaults. Throws ConfigurationError. */
export function describeDrive(drive: DriveOptions, slot: number, harts: number): DriveDescription {
  const { source, format, backing, cache = "writeback", detectZeroes = "off" } = drive;
  const { werror = "enospc", rerror = "report" } = drive;
  const name = driveName(drive);
  if (source === "") throw refused(name, "its path is empty", "name a file");
  checkWords(name, drive);
  const isBackEnd = typeof source !== "string";
  if (isBackEnd && (format !== undefined || backing !== undefined)) {
    const cause = "it is an object of the caller's, and has no format and no backing file";
    throw refused(name, cause, "leave `format` and `backing` out");
  }
  const serial = new TextEncoder().encode(drive.serial ?? "");
  if (serial.length > SERIAL_BYTES) {
    const cause = `a serial number has at most ${SERIAL_BYTES} bytes`;
    throw refused(`${name}: serial=${drive.serial}`, cause, "use a shorter one");
  }
  const { discard = isBackEnd ? "unmap" : "ignore" } = drive;
  if (detectZeroes === "unmap" && discard !== "unmap") {
    const cause = "zeros give up their place only where discards do";
    throw refused(`${name}: detect-zeroes=unmap`, cause, "add discard=unmap");
  }
  const queues = describeQueues({ ...drive, name, harts });
  requireOneThread(name, drive, queues);
  return {
    name,
    source,
    format,
    backing,
    isReadonly: drive.readonly ?? false,
    cache,
    discards: discard === "unmap",
    detectZeroes,
    werror,
    rerror,
    isSnapshot: drive.snapshot ?? false,
    serial,
    ...queues,
    slot,
  };
}

function requireOneThread(name: string, drive: DriveOptions, { threads }: QueueDescription): void {
  if (new Set(threads).size === 1) return;
  if (typeof drive.source !== "string") {
    throw severalThreads(name, "its back end takes one call at a time");
  }
  if (drive.snapshot ?? false) {
    throw severalThreads(name, "what one of them writes to the snapshot the others would not find");
  }
}

/** What is wrong with several threads for a disk that has to have one. */
export function severalThreads(name: string, cause: string): ConfigurationError {
  const fix = "use one iothread, or a raw image";
  return refused(`${name}: several threads in iothread-vq-mapping=`, cause, fix);
}

/** Properties with a few possible values. */
export const DRIVE_WORDS = {
  cache: CACHE_MODES,
  format: IMAGE_FORMATS,
  discard: DISCARD_MODES,
  "detect-zeroes": ZERO_DETECTIONS,
  werror: WRITE_ERROR_POLICIES,
  rerror: READ_ERROR_POLICIES,
} as const;

function checkWords(name: string, drive: DriveOptions): void {
  const { cache, format, discard, detectZeroes, werror, rerror } = drive;
  const words = { cache, format, discard, "detect-zeroes": detectZeroes, werror, rerror };
  for (const [property, value] of Object.entries(words)) {
    if (value === undefined) continue;
    const complaint = wordComplaint(property as keyof typeof DRIVE_WORDS, value);
    if (complaint !== undefined) {
      throw refused(`${name}: ${property}=${value}`, complaint.cause, complaint.fix);
    }
  }
}

/** What is wrong with a property's value; undefined: nothing. */
export function wordComplaint(
  property: keyof typeof DRIVE_WORDS,
  value: string,
): { readonly cause: string; readonly fix: string } | undefined {
  const known: readonly string[] = DRIVE_WORDS[property];
  if (known.includes(value)) return undefined;
  const fix = `use ${property}=${known.join(` or ${property}=`)}`;
  if (property === "cache" && DIRECT_MODES.includes(value)) {
    return { cause: "Deno opens no file past the host's page cache", fix };
  }
  if (property === "werror" || property === "rerror") {
    return { cause: `"${value}" is no way to handle an error`, fix };
  }
  return { cause: `"${value}" is not possible here`, fix };
}

function refused(what: string, cause: string, fix: string): ConfigurationError {
  return new ConfigurationError({ what, cause, fix });
}
