/**
 * Opens images of all formats as disks, with the backing files that their user has named.
 *
 * An image may come from anywhere, and must not choose which files of the host are opened: the name of a backing file
 * in it is told in a message, and used only when the user names a file too.
 */

import type { ConfigurationError } from "../machine/configuration_error.ts";
import type { Disk } from "../virtio/disk.ts";
import { FileDisk } from "../virtio/file_disk.ts";
import { unsupportedImage } from "./image_error.ts";
import { HostFile, type HostFileUse, type ImageFile } from "./image_file.ts";
import { type ImageFormat, ProbedDisk } from "./image_formats.ts";
import { recount } from "./qcow2/consistency.ts";
import { Qcow2Header } from "./qcow2/header.ts";
import { Qcow2Disk } from "./qcow2/qcow2_disk.ts";

/** Where an image is, and those that have what it does not. */
export interface ImagePlace {
  /** Its name in messages. */
  readonly name: string;
  /** Its path. */
  readonly path: string;
  /** Its format. */
  readonly format: ImageFormat;
  /** Was the format found out, and not named? */
  readonly isProbed: boolean;
  /** Its backing file; null: none. */
  readonly backing: ImagePlace | null;
}

/** Opens an image. Throws ConfigurationError, and errors of the host's files; nothing is open then. */
export function openImage(place: ImagePlace, use: HostFileUse): Disk {
  const { path, format, isProbed } = place;
  const backing = place.backing && openImage(place.backing, { writes: false });
  let file: ImageFile | undefined;
  try {
    file = HostFile.open(path, use);
    if (format === "qcow2") return openQcow2(place, file, use.writes, backing);
    if (backing !== null) throw noBacking(place, "a raw image");
    const disk = new FileDisk(file);
    return isProbed && use.writes ? new ProbedDisk(disk) : disk;
  } catch (error) {
    file?.close();
    backing?.close();
    throw error;
  }
}

/** Opens a qcow2 image that is in a file. Throws ConfigurationError; the file stays open then. */
export function openQcow2(
  { name }: Pick<ImagePlace, "name">,
  file: ImageFile,
  writes: boolean,
  backing: Disk | null,
): Qcow2Disk {
  const header = Qcow2Header.read(name, file);
  if (header.backingName !== null && backing === null) throw unnamedBacking(name, header);
  if (header.backingName === null && backing !== null) throw noBacking({ name }, "an image");
  return new Qcow2Disk(writes ? writable(header, file) : header, file, backing);
}

/** The header of an image that is going to be written, which is repaired if its last writer did not close it. */
export function writable(header: Qcow2Header, file: ImageFile): Qcow2Header {
  if (header.isCorrupt) {
    const fix = "repair it: img check -r all FILE; or add readonly=on";
    throw unsupportedImage(header.image, "it was found to be damaged, and is marked so", fix);
  }
  if (header.clearAutoclear()) {
    header.write(file);
    file.flush();
  }
  if (!header.isDirty) return header;
  recount(Qcow2Header.read(header.image, file), file);
  return Qcow2Header.read(header.image, file);
}

function unnamedBacking(name: string, header: Qcow2Header): ConfigurationError {
  const asked = JSON.stringify(header.backingName);
  return unsupportedImage(
    name,
    `it has a backing file, which it calls ${asked}, and an image opens no files by itself`,
    "name it: -drive ...,backing.file.filename=FILE, or `backing: { source }` in the library",
  );
}

function noBacking({ name }: Pick<ImagePlace, "name">, what: string): ConfigurationError {
  const fix = "leave backing.file.filename out";
  return unsupportedImage(name, `a backing file is named for ${what} that has none`, fix);
}
