/**
 * Disks as a caller describes them, and the checks that need no file.
 *
 * The interface of back ends is the seam: a raw file is one implementation, which the I/O worker opens itself; any
 * other is an object of the caller's, called on the caller's thread.
 */

import { SERIAL_BYTES } from "../virtio/block_protocol.ts";
import { ConfigurationError } from "./configuration_error.ts";
import type { PlugOptions } from "./slot_assignment.ts";

/** Ways to keep what a guest writes. */
export const CACHE_MODES = ["writeback", "unsafe"] as const;
/** `writeback`: the guest's flushes reach the host's disk. `unsafe`: they are left out. */
export type CacheMode = typeof CACHE_MODES[number];

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
export interface DriveOptions extends PlugOptions {
  /**
   * The path of an image, whose bytes are the disk's (needs `--allow-read`, and `--allow-write` unless it is only
   * read), or a back end.
   */
  readonly source: string | BlockBackend;
  /**
   * As `format=`: an image that says by its first bytes that it is of another format is a disk all the same. Default:
   * such an image is refused.
   */
  readonly format?: "raw";
  /** As `readonly=on`: the guest cannot write. Default: false. */
  readonly readonly?: boolean;
  /** As `cache=`. Default: `writeback`. */
  readonly cache?: CacheMode;
  /**
   * As `-snapshot`: what the guest writes goes to a temporary file (needs `--allow-write` for the folder of those) and
   * is gone with the machine. Default: false.
   */
  readonly snapshot?: boolean;
  /** As `serial=`: what the disk tells about itself, 20 bytes at most. Default: empty. */
  readonly serial?: string;
  /** As `iothread=`: disks with the same name are served by one thread. Default: one thread for all without a name. */
  readonly iothread?: string;
}

/** A disk with every default filled in. */
export interface DriveDescription {
  /** Its name in messages. */
  readonly name: string;
  /** Path or back end. */
  readonly source: string | BlockBackend;
  /** Is any content taken for the disk's? */
  readonly isRaw: boolean;
  /** Can the guest only read? */
  readonly isReadonly: boolean;
  /** How writes are kept. */
  readonly cache: CacheMode;
  /** Is what is written thrown away? */
  readonly isSnapshot: boolean;
  /** What it tells about itself. */
  readonly serial: Uint8Array;
  /** Its thread; empty for the one that all share. */
  readonly iothread: string;
  /** Its slot. */
  readonly slot: number;
}

/** A disk's name in messages. */
export function driveName({ source }: DriveOptions): string {
  return typeof source === "string" ? `disk "${source}"` : "a disk of the caller's";
}

/** Checks a disk and fills in its defaults. Throws ConfigurationError. */
export function describeDrive(drive: DriveOptions, slot: number): DriveDescription {
  const { source, cache = "writeback" } = drive;
  const name = driveName(drive);
  if (source === "") throw refused(name, "its path is empty", "name a file");
  if (!CACHE_MODES.includes(cache)) {
    throw refused(`${name}: cache=${cache}`, "there is no such mode", cacheFix());
  }
  const serial = new TextEncoder().encode(drive.serial ?? "");
  if (serial.length > SERIAL_BYTES) {
    const cause = `a serial number has at most ${SERIAL_BYTES} bytes`;
    throw refused(`${name}: serial=${drive.serial}`, cause, "use a shorter one");
  }
  return {
    name,
    source,
    isRaw: drive.format === "raw",
    isReadonly: drive.readonly ?? false,
    cache,
    isSnapshot: drive.snapshot ?? false,
    serial,
    iothread: drive.iothread ?? "",
    slot,
  };
}

/** What to use in place of an unknown mode. */
export function cacheFix(): string {
  return `use cache=${CACHE_MODES.join(" or cache=")}`;
}

function refused(what: string, cause: string, fix: string): ConfigurationError {
  return new ConfigurationError({ what, cause, fix });
}
