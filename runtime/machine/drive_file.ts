/**
 * Opens the image of a disk, and those behind it, before anything of the machine is started: what is wrong with them is
 * said then, an image that was not closed is repaired, and as long as the machine lives they are locked. The workers
 * open them again by their paths, with the same permissions.
 *
 * Who may write an image has it alone; who only reads shares it with others that do. The lock is the host's advisory one
 * for whole files: programs that lock ranges, such as QEMU, do not see it.
 */

import type { ImagePlace } from "../disk_images/open_image.ts";
import { formatOf, type ImageFormat, MAGIC_BYTES } from "../disk_images/image_formats.ts";
import { ConfigurationError } from "./configuration_error.ts";
import type { BackingOptions, DriveDescription } from "./drive_options.ts";
import { requirePermission } from "./file_permission.ts";
import { fileError } from "./file_source.ts";

/** A temporary file is called so. */
const OVERLAY_PREFIX = "weft-snapshot-";

/** An image that is open and locked. */
export interface DriveFile {
  /** Bytes of the disk. */
  readonly bytes: number;
  /** Where it is, and its backing files. */
  readonly place: ImagePlace;
  /** Lets it go. */
  close(): void;
}

/** An image to be locked. */
interface WantedImage {
  readonly name: string;
  readonly path: string;
  readonly format: ImageFormat | undefined;
  readonly backing: BackingOptions | undefined;
  readonly writes: boolean;
}

/** Opens and locks the image at a path. Throws ConfigurationError. */
export async function openDriveFile(drive: DriveDescription, path: string): Promise<DriveFile> {
  const { name, isReadonly, isSnapshot, format, backing } = drive;
  const writes = !isReadonly && !isSnapshot;
  const locked = await lockImages({ name, path, format, backing, writes });
  try {
    requireHoles(drive, locked.place.format);
    return { ...locked, bytes: await diskBytes(locked.place, writes) };
  } catch (error) {
    locked.close();
    throw error;
  }
}

/** Locks an image and its backing files. Throws ConfigurationError; none is locked then. */
export async function lockImages(
  image: WantedImage,
): Promise<Pick<DriveFile, "place" | "close">> {
  const { name, path, backing } = image;
  const file = await lockFile(image);
  try {
    const found = image.format ?? await probe(name, file);
    const format = found ?? "raw";
    if (backing === undefined) {
      const place = { name, path, format, isProbed: found === undefined, backing: null };
      return { place, close: () => file.close() };
    }
    const behind = await lockImages({
      name: `backing file "${backing.source}" of ${name}`,
      path: backing.source,
      format: backing.format,
      backing: backing.backing,
      writes: false,
    });
    const place = { name, path, format, isProbed: found === undefined, backing: behind.place };
    const close = (): void => {
      file.close();
      behind.close();
    };
    return { place, close };
  } catch (error) {
    file.close();
    throw error;
  }
}

async function lockFile({ name, path, writes }: WantedImage): Promise<Deno.FsFile> {
  await requirePermission("read", path, name);
  if (writes) await requirePermission("write", path, name);
  let file: Deno.FsFile | undefined;
  try {
    const { isFile, isBlockDevice } = await Deno.stat(path);
    if (!isFile && !isBlockDevice) throw noDisk(name);
    file = await Deno.open(path, { read: true, write: writes });
    if (!await file.tryLock(writes)) throw inUse(name, writes);
    return file;
  } catch (error) {
    file?.close();
    throw fileError(name, error, writes ? "check the path, or add readonly=on" : "check the path");
  }
}

/** Opens a locked image and closes it again. The formats are loaded by machines that have a disk. */
async function diskBytes(place: ImagePlace, writes: boolean): Promise<number> {
  const { openImage } = await import("../disk_images/open_image.ts");
  try {
    const disk = openImage(place, { writes });
    const { bytes } = disk;
    disk.close();
    return bytes;
  } catch (error) {
    throw fileError(place.name, error, "check the path");
  }
}

/** Makes a temporary file for what is written to a disk. Throws ConfigurationError. */
export async function makeOverlayFile(name: string, bytes: number): Promise<string> {
  const what = `a snapshot of ${name}`;
  const { state } = await Deno.permissions.query({ name: "write" });
  if (state !== "granted") {
    throw new ConfigurationError({
      what,
      cause: "Deno was started without permission to write temporary files",
      fix: "run deno with --allow-write, or use readonly=on",
    });
  }
  try {
    const path = await Deno.makeTempFile({ prefix: OVERLAY_PREFIX });
    await Deno.truncate(path, bytes);
    return path;
  } catch (error) {
    throw fileError(what, error, "set TMPDIR to a folder with room");
  }
}

/** Throws ConfigurationError where a disk is to give up places of its image, and that has no holes. */
function requireHoles(drive: DriveDescription, format: ImageFormat): void {
  const { name, discards, detectZeroes } = drive;
  if (format !== "raw") return;
  const asked = discards ? "discard=unmap" : `detect-zeroes=${detectZeroes}`;
  if (!discards && detectZeroes === "off") return;
  throw new ConfigurationError({
    what: `${name}: ${asked}`,
    cause: "Deno can make no holes in a file, and a raw image has no other marks for zeros",
    fix: "leave it out, or use a qcow2 image: img convert -O qcow2 OLD NEW",
  });
}

/** The format that an image says it has by its first bytes. Throws ConfigurationError for one that cannot be used. */
async function probe(name: string, file: Deno.FsFile): Promise<ImageFormat | undefined> {
  const first = new Uint8Array(MAGIC_BYTES);
  await file.read(first);
  const known = formatOf(first);
  if (known === undefined || known.format !== undefined) return known?.format;
  throw new ConfigurationError({
    what: name,
    cause: `it is ${known.name} image, and only raw and qcow2 ones can be used`,
    fix: "convert it: qemu-img convert -O qcow2 OLD NEW; format=raw takes its bytes as they are",
  });
}

function noDisk(name: string): ConfigurationError {
  return new ConfigurationError({
    what: name,
    cause: "it is neither a plain file nor a block device",
    fix: "name an image, such as one made by: img create -f qcow2 FILE 1G",
  });
}

function inUse(name: string, writes: boolean): ConfigurationError {
  return new ConfigurationError({
    what: name,
    cause: writes
      ? "another machine has it, and what is written must have one owner"
      : "another machine writes it",
    fix: "end the other machine, or use readonly=on or snapshot=on in both",
  });
}
