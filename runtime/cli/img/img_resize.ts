/** `img resize`: changes the size of a disk. */

import { writable } from "../../disk_images/open_image.ts";
import { Qcow2Header } from "../../disk_images/qcow2/header.ts";
import { resizeImage } from "../../disk_images/qcow2/image_size.ts";
import { Qcow2Disk } from "../../disk_images/qcow2/qcow2_disk.ts";
import { ConfigurationError } from "../../machine/configuration_error.ts";
import type { ImgCommand } from "./img_command.ts";
import { formatOption, type OpenFile, parseImageSize, withFile } from "./img_files.ts";
import type { ImgWords } from "./img_words.ts";

const SECTOR_BYTES = 512;

/** See the header of this file. */
export const RESIZE: ImgCommand = {
  name: "resize",
  usage: "[OPTION...] FILE [+|-]SIZE",
  does: "change the size of a disk; what is new reads as zeros",
  options: [
    { name: "-f", value: "FORMAT", help: "its format (default: what its first bytes say)" },
    { name: "--shrink", help: "it may become smaller: what was behind the new end is lost" },
    { name: "-q", help: "say nothing" },
  ],
  run: resize,
};

/** A negative difference looks like an option: it is the last word, as in qemu-img. */
async function resize(words: ImgWords, print: (text: string) => void): Promise<number> {
  const [path, text] = words.operands;
  if (text === undefined || words.operands.length > 2) {
    throw words.wrong("it takes a file and a size", "write: img resize FILE +1G");
  }
  const sign = /^[+-]/.exec(text)?.[0];
  const amount = parseImageSize(words, sign === undefined ? text : text.slice(1));
  const wanted = (old: number): number => {
    const size = sign === undefined ? amount : sign === "+" ? old + amount : old - amount;
    const bytes = Math.ceil(size / SECTOR_BYTES) * SECTOR_BYTES;
    if (bytes < 0) throw words.wrong(`the disk has ${old} bytes only`, "take less away");
    if (bytes >= old || words.has("--shrink")) return bytes;
    throw words.wrong(
      "the disk would become smaller, and what is behind its new end be lost",
      "add --shrink",
    );
  };
  const format = formatOption(words, "-f");
  await withFile({ path, format, writes: true }, (open) => resizeFile(open, wanted));
  if (!words.has("-q")) print("Image resized.\n");
  return 0;
}

function resizeFile({ file, place }: OpenFile, wanted: (old: number) => number): void {
  if (place.format === "raw") {
    const size = wanted(file.bytes);
    Deno.truncateSync(place.path, size);
    return;
  }
  const header = Qcow2Header.read(place.name, file);
  const size = wanted(header.size);
  const refuse = (cause: string, fix: string): ConfigurationError =>
    new ConfigurationError({ what: place.name, cause, fix });
  if (header.backingName !== null && size > header.size) {
    const cause = "it has a backing file, whose content would show in what is new";
    throw refuse(cause, "convert it to an image without, or use: qemu-img resize");
  }
  if (header.snapshots > 0 && header.version === 2) {
    const cause = "snapshots of version 2 do not know their size";
    throw refuse(cause, "use: qemu-img amend -o compat=1.1, or delete them");
  }
  const disk = new Qcow2Disk(writable(header, file), file);
  resizeImage(disk, size);
  disk.flush();
}
