/**
 * Disks on the command line, in QEMU's words: `-drive` names an image, `-device virtio-blk-device` puts it into a slot of
 * MMIO and `virtio-blk-pci` onto the PCI bus, `-object iothread` names a thread that serves it.
 *
 * A property of an image behind another has `backing.` before its name, once for each step.
 */

import { IMAGE_FORMATS } from "../disk_images/image_formats.ts";
import {
  type BackingOptions,
  DRIVE_WORDS,
  type DriveOptions,
  wordComplaint,
} from "../machine/drive_options.ts";
import type { BlockDeviceRequest } from "./block_device_flags.ts";
import {
  parseChoice,
  parsePropertyList,
  parseSwitch,
  rejectUnknownProperties,
} from "./property_list.ts";
import { requireNames } from "./request_names.ts";
import { UsageError } from "./usage_error.ts";
import { placeOf } from "./virtio_driver.ts";

/** The driver of disks that are named in messages. */
const BLOCK_DRIVER = "virtio-blk-device";

const DRIVE_PROPERTIES = [
  "file",
  "format",
  "if",
  "id",
  "readonly",
  "read-only",
  "cache",
  "snapshot",
  "media",
  "discard",
  "detect-zeroes",
  "werror",
  "rerror",
  "aio",
] as const;

/** Before the names of an image that is behind another. */
const BACKING = "backing.";
const BACKING_PROPERTIES = ["backing.file.filename", "backing.driver"] as const;

/** Properties that have one value here, which says how things are. */
const FIXED: ReadonlyMap<string, readonly [string, string]> = new Map([
  ["media", ["disk", "there are no drives for CDs"]],
  ["aio", ["threads", "images are read and written by threads"]],
]);

/** Other words for what becomes of discards. */
const DISCARD_WORDS: ReadonlyMap<string, string> = new Map([["on", "unmap"], ["off", "ignore"]]);

/** One `-drive`. */
export interface DriveRequest {
  /** The flag, for messages. */
  readonly what: string;
  /** Name for `drive=`. */
  readonly id: string | undefined;
  /** Does it need no `-device` of its own? */
  readonly isPlugged: boolean;
  /** The disk. */
  readonly drive: DriveOptions;
}

/** The words of a command line about disks. */
export interface DriveFlags {
  /** Disks. */
  drives?: DriveRequest[];
  /** Is nothing written to any image? */
  snapshot?: boolean;
}

/** Understands the value of `-drive`. Throws UsageError. */
export function parseDrive(text: string): DriveRequest {
  const what = `-drive ${text}`;
  const { head, properties } = parsePropertyList("drive", text);
  if (head !== undefined) {
    throw new UsageError({ what, cause: "it begins with no property", fix: `write file=${head}` });
  }
  const own = new Map([...properties].filter(([name]) => !name.startsWith(BACKING)));
  rejectUnknownProperties("drive", own, [...DRIVE_PROPERTIES, ...BACKING_PROPERTIES]);
  const backing = parseBacking("drive", properties);
  for (const [name, [only, cause]] of FIXED) {
    const value = properties.get(name);
    if (value === undefined || value === only) continue;
    throw new UsageError({
      what,
      cause: `${name}=${value}: ${cause}`,
      fix: `write ${name}=${only}`,
    });
  }
  const file = properties.get("file") ?? "";
  if (file === "") throw new UsageError({ what, cause: "it names no image", fix: "add file=FILE" });
  const flag = (name: string): boolean =>
    properties.has(name) && parseSwitch("drive", name, properties.get(name) ?? "");
  return {
    what,
    id: properties.get("id"),
    isPlugged: parseInterface(what, properties.get("if") ?? "virtio"),
    drive: {
      source: file,
      ...parseWords(what, properties),
      ...(backing === undefined ? {} : { backing }),
      readonly: flag("readonly") || flag("read-only"),
      snapshot: flag("snapshot"),
    },
  };
}

function parseInterface(what: string, name: string): boolean {
  if (name === "virtio") return true;
  if (name === "none") return false;
  const fix = `write if=virtio, or if=none,id=NAME and -device ${BLOCK_DRIVER},drive=NAME`;
  throw new UsageError({ what, cause: `the board has no disks of the kind if=${name}`, fix });
}

/** The properties that have a few possible values. */
function parseWords(
  what: string,
  properties: ReadonlyMap<string, string>,
): Partial<DriveOptions> {
  const words: Record<string, string> = {};
  for (const name of Object.keys(DRIVE_WORDS) as (keyof typeof DRIVE_WORDS)[]) {
    const typed = properties.get(name);
    if (typed === undefined) continue;
    const value = name === "discard" ? DISCARD_WORDS.get(typed) ?? typed : typed;
    const complaint = wordComplaint(name, value);
    if (complaint !== undefined) {
      throw new UsageError({
        what,
        cause: `${name}=${typed}: ${complaint.cause}`,
        fix: complaint.fix,
      });
    }
    words[name === "detect-zeroes" ? "detectZeroes" : name] = value;
  }
  return words;
}

/** The files behind an image, which have the properties with `backing.` before them. Throws UsageError. */
export function parseBacking(
  flag: string,
  properties: ReadonlyMap<string, string>,
): BackingOptions | undefined {
  const behind = new Map(
    [...properties].flatMap(([name, value]) =>
      name.startsWith(BACKING) ? [[name.slice(BACKING.length), value] as const] : []
    ),
  );
  if (behind.size === 0) return undefined;
  const own = new Map(
    [...behind].flatMap(([name, value]) =>
      name.startsWith(BACKING) ? [] : [[`${BACKING}${name}`, value] as const]
    ),
  );
  rejectUnknownProperties(flag, own, BACKING_PROPERTIES);
  const source = behind.get("file.filename") ?? "";
  if (source === "") {
    const cause = "it tells of a backing file and does not name it";
    const fix = "add backing.file.filename=FILE";
    throw new UsageError({ what: `-${flag} ...,${BACKING}...`, cause, fix });
  }
  const driver = behind.get("driver");
  const backing = parseBacking(flag, behind);
  return {
    source,
    ...(driver === undefined
      ? {}
      : { format: parseChoice(`-${flag} ...,backing.driver=${driver}`, driver, IMAGE_FORMATS) }),
    ...(backing === undefined ? {} : { backing }),
  };
}

/**
 * Understands the value of `-global`: those that say what is the case here anyway. Throws UsageError.
 */
export function parseGlobal(text: string): void {
  if (/^virtio-mmio\.force-legacy=(false|off|no)$/.test(text)) return;
  if (/^virtio-pci\.disable-legacy=(true|on|yes)$/.test(text)) return;
  throw new UsageError({
    what: `-global ${text}`,
    cause: "devices have no settings but their own",
    fix: "leave it out; virtio-mmio.force-legacy=false is always the case, and so is " +
      "virtio-pci.disable-legacy=on",
  });
}

/** The disks that all flags together describe: each goes where a device wants it, or by itself. */
export class DriveRequests {
  readonly #drives: readonly DriveRequest[];
  readonly #unused: Set<DriveRequest>;
  readonly #iothreads: readonly string[];
  readonly #isSnapshot: boolean;

  /** All disks of a command line. Throws UsageError. */
  constructor({ drives = [], snapshot = false }: DriveFlags, iothreads: readonly string[]) {
    requireNames("drive", drives);
    this.#drives = drives;
    this.#unused = new Set(drives);
    this.#iothreads = iothreads;
    this.#isSnapshot = snapshot;
  }

  /** The disk of a device. Throws UsageError. */
  take(device: BlockDeviceRequest): DriveOptions {
    const { what, drive: name, settings } = device;
    const request = this.#drives.find(({ id }) => id === name);
    if (request === undefined) throw unknownDrive(what, name, this.#drives);
    if (request.isPlugged || !this.#unused.delete(request)) throw usedTwice(what, name);
    const mapped = (settings.iothreads ?? []).map(({ iothread }) => iothread);
    for (const name of [settings.iothread, ...mapped]) requireThread(what, name, this.#iothreads);
    return this.#finished({
      ...request.drive,
      ...settings,
      ...placeOf(device),
    });
  }

  /** The disks that need no device: QEMU's board has them on its PCI bus. Throws UsageError for one that does and has none. */
  rest(): DriveOptions[] {
    for (const { what, id, isPlugged } of this.#unused) {
      if (!isPlugged) throw notUsed(what, id);
    }
    return [...this.#unused].map(({ drive }) => this.#finished({ ...drive, bus: "pci" }));
  }

  #finished(drive: DriveOptions): DriveOptions {
    return this.#isSnapshot ? { ...drive, snapshot: true } : drive;
  }
}

function requireThread(
  what: string,
  name: string | undefined,
  iothreads: readonly string[],
): void {
  if (name === undefined || iothreads.includes(name)) return;
  const cause = `there is no iothread "${name}"`;
  throw new UsageError({ what, cause, fix: `add -object iothread,id=${name}` });
}

function unknownDrive(what: string, name: string, drives: readonly DriveRequest[]): UsageError {
  const names = drives.flatMap(({ id }) => id ?? []);
  const fix = names.length > 0
    ? `write drive= with one of: ${names.join(", ")}`
    : `add -drive file=FILE,if=none,id=${name}`;
  return new UsageError({ what, cause: `there is no drive "${name}"`, fix });
}

function usedTwice(what: string, name: string): UsageError {
  const cause = `drive ${name} has a device already`;
  return new UsageError({ what, cause, fix: "give each device a drive of its own, with if=none" });
}

function notUsed(what: string, id: string | undefined): UsageError {
  const fix = id === undefined
    ? "write if=virtio in place of if=none"
    : `add -device ${BLOCK_DRIVER},drive=${id}, or write if=virtio in place of if=none`;
  return new UsageError({ what, cause: "no device uses it", fix });
}
