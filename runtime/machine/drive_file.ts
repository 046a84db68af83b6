/**
 * Opens the image of a disk before anything of the machine is started: what is wrong with it is said then, and as long
 * as the machine lives it is locked. The workers open it again by its path, with the same permissions.
 *
 * Who may write it has it alone; who only reads shares it with others that do. The lock is the host's advisory one
 * for whole files: programs that lock ranges, such as QEMU, do not see it.
 */

import { ConfigurationError } from "./configuration_error.ts";
import type { DriveDescription } from "./drive_options.ts";
import { requirePermission } from "./file_permission.ts";
import { fileError } from "./file_source.ts";

/** First bytes of images of other formats. */
const FORMATS: readonly { readonly name: string; readonly magic: readonly number[] }[] = [
  { name: "a qcow2", magic: [0x51, 0x46, 0x49, 0xfb] },
  { name: "a VMDK", magic: [0x4b, 0x44, 0x4d, 0x56] },
  { name: "a VHDX", magic: [0x76, 0x68, 0x64, 0x78, 0x66, 0x69, 0x6c, 0x65] },
  { name: "a QED", magic: [0x51, 0x45, 0x44, 0x00] },
];
const MAGIC_BYTES = 8;
/** A temporary file is called so. */
const OVERLAY_PREFIX = "weft-snapshot-";

/** An image that is open and locked. */
export interface DriveFile {
  /** Bytes. */
  readonly bytes: number;
  /** Lets it go. */
  close(): void;
}

/** Opens and locks the image at a path. Throws ConfigurationError. */
export async function openDriveFile(drive: DriveDescription, path: string): Promise<DriveFile> {
  const { name, isReadonly, isSnapshot, isRaw } = drive;
  const writes = !isReadonly && !isSnapshot;
  await requirePermission("read", path, name);
  if (writes) await requirePermission("write", path, name);
  let file: Deno.FsFile | undefined;
  try {
    const { isFile, isBlockDevice } = await Deno.stat(path);
    if (!isFile && !isBlockDevice) throw noDisk(name);
    file = await Deno.open(path, { read: true, write: writes });
    if (!await file.tryLock(writes)) throw inUse(name, writes);
    if (!isRaw) await refuseFormats(name, file);
    const bytes = await file.seek(0, Deno.SeekMode.End);
    const open = file;
    return { bytes, close: () => open.close() };
  } catch (error) {
    file?.close();
    throw fileError(name, error, writes ? "check the path, or add readonly=on" : "check the path");
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

async function refuseFormats(name: string, file: Deno.FsFile): Promise<void> {
  const first = new Uint8Array(MAGIC_BYTES);
  await file.read(first);
  const other = FORMATS.find(({ magic }) => magic.every((byte, index) => first[index] === byte));
  if (other === undefined) return;
  throw new ConfigurationError({
    what: name,
    cause: `it is ${other.name} image, and only raw ones can be used`,
    fix: "convert it: qemu-img convert -O raw OLD NEW; format=raw takes its bytes as they are",
  });
}

function noDisk(name: string): ConfigurationError {
  return new ConfigurationError({
    what: name,
    cause: "it is neither a plain file nor a block device",
    fix: "name an image, such as one made by: truncate -s 1G FILE",
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
