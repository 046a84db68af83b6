/** `img convert`: copies what a disk holds into a new image. Zeros are not written: they take no place. */

import type { HostFile } from "../../disk_images/image_file.ts";
import { openImage, openQcow2 } from "../../disk_images/open_image.ts";
import { Qcow2Disk } from "../../disk_images/qcow2/qcow2_disk.ts";
import { isAllZero } from "../../disk_images/zeros.ts";
import { lockImages } from "../../machine/drive_file.ts";
import { fileError } from "../../machine/file_source.ts";
import type { Disk } from "../../virtio/disk.ts";
import type { ImgCommand } from "./img_command.ts";
import { type Layout, parseLayout, writeEmpty } from "./img_create.ts";
import { formatOption, imageName, sourceOf, withNewFile } from "./img_files.ts";
import type { ImgWords } from "./img_words.ts";

/** Bytes that are read at a time, and those of them that are written or left out together. */
const CHUNK_BYTES = 0x10_0000;
const PIECE_BYTES = 0x1000;
const PER_CENT = 100;

/** See the header of this file. */
export const CONVERT: ImgCommand = {
  name: "convert",
  usage: "[OPTION...] SOURCE FILE",
  does: "copy what a disk holds into a new image; zeros take no place in it",
  options: [
    { name: "-f", value: "FORMAT", help: "the source's (default: what its first bytes say)" },
    { name: "-O", value: "FORMAT", help: "the new one's: raw (default) or qcow2" },
    { name: "-o", value: "NAME=VALUE,...", help: "as with create" },
    {
      name: "--image-opts",
      help: "SOURCE is a list: driver=qcow2,file.filename=FILE,backing.file.filename=B",
    },
    { name: "-p", help: "show how far it is" },
    { name: "-q", help: "say nothing" },
  ],
  run: convert,
};

async function convert(words: ImgWords, print: (text: string) => void): Promise<number> {
  const [from, to] = words.operands;
  if (to === undefined || words.operands.length > 2) {
    throw words.wrong("it takes two files", "write: img convert -O qcow2 SOURCE FILE");
  }
  const layout = parseLayout(words, formatOption(words, "-O") ?? "raw");
  if (layout.image.backing !== undefined || layout.size !== undefined) {
    throw words.wrong(
      "the new image is a copy of all of the source",
      "use -o for other properties",
    );
  }
  const wanted = sourceOf(words, from);
  const { place, close } = await lockImages(wanted);
  try {
    const source = openImage(place, { writes: false });
    try {
      const progress = words.has("-p") && !words.has("-q") ? progressLine(print) : () => {};
      await withNewFile(to, (file) => copy(source, { path: to, file, layout }, progress));
    } finally {
      source.close();
    }
  } catch (error) {
    throw fileError(wanted.name, error, "check the path");
  } finally {
    close();
  }
  return 0;
}

interface Target {
  readonly path: string;
  readonly file: HostFile;
  readonly layout: Layout;
}

function copy(
  source: Disk,
  { path, file, layout }: Target,
  progress: (done: number) => void,
): void {
  writeEmpty(path, file, layout, source.bytes);
  const target = layout.format === "raw"
    ? file
    : openQcow2({ name: imageName(path) }, file, true, null);
  const chunk = new Uint8Array(CHUNK_BYTES);
  for (let at = 0; at < source.bytes; at += CHUNK_BYTES) {
    const part = chunk.subarray(0, Math.min(CHUNK_BYTES, source.bytes - at));
    progress(at / source.bytes);
    if (isKnownZero(source, at, part.length)) continue;
    source.read(at, part);
    writePieces(target, at, part);
  }
  if (target instanceof Qcow2Disk) target.flush();
  else file.flush();
  progress(1);
}

function isKnownZero(source: Disk, position: number, length: number): boolean {
  if (!(source instanceof Qcow2Disk)) return false;
  const first = Math.floor(position / source.clusterBytes);
  const last = Math.floor((position + length - 1) / source.clusterBytes);
  for (let cluster = first; cluster <= last; cluster++) {
    if (!source.readsAsZeros(cluster)) return false;
  }
  return true;
}

/** Writes pieces that are not zeros, neighbours together. */
function writePieces(
  target: Pick<Disk, "write">,
  position: number,
  bytes: Uint8Array<ArrayBuffer>,
): void {
  let begin = 0;
  for (let at = 0; at < bytes.length; at += PIECE_BYTES) {
    const end = Math.min(at + PIECE_BYTES, bytes.length);
    if (!isAllZero(bytes.subarray(at, end))) continue;
    if (begin < at) target.write(position + begin, bytes.subarray(begin, at));
    begin = end;
  }
  if (begin < bytes.length) target.write(position + begin, bytes.subarray(begin));
}

function progressLine(print: (text: string) => void): (done: number) => void {
  let shown = -1;
  return (done) => {
    const share = Math.floor(done * PER_CENT);
    if (share === shown) return;
    shown = share;
    print(`    (${(done * PER_CENT).toFixed(2)}/100%)\r${done === 1 ? "\n" : ""}`);
  };
}
