/** `img create`: makes an image. */

import { dirname, isAbsolute, join } from "node:path";
import type { ImageFile } from "../../disk_images/image_file.ts";
import { IMAGE_FORMATS, type ImageFormat } from "../../disk_images/image_formats.ts";
import { Qcow2Header } from "../../disk_images/qcow2/header.ts";
import {
  createImage,
  DEFAULT_CLUSTER_BITS,
  type NewImage,
} from "../../disk_images/qcow2/image_size.ts";
import {
  MAX_CLUSTER_BITS,
  MAX_REFCOUNT_ORDER,
  MIN_CLUSTER_BITS,
} from "../../disk_images/qcow2/format.ts";
import {
  parseChoice,
  parsePropertyList,
  parseSwitch,
  rejectUnknownProperties,
} from "../property_list.ts";
import type { ImgCommand } from "./img_command.ts";
import { formatOption, parseImageSize, withFile, withNewFile } from "./img_files.ts";
import type { ImgWords } from "./img_words.ts";

const SECTOR_BYTES = 512;

/** What `-o` can say of a qcow2 image. */
const PROPERTIES = [
  "size",
  "cluster_size",
  "compat",
  "lazy_refcounts",
  "refcount_bits",
  "backing_file",
  "backing_fmt",
  "preallocation",
] as const;
const RAW_PROPERTIES = ["size", "preallocation"] as const;

/** How a new image is to be. */
export interface Layout {
  readonly format: ImageFormat;
  readonly image: Omit<NewImage, "size">;
  /** Its size, if `-o` has one. */
  readonly size: number | undefined;
}

/** See the header of this file. */
export const CREATE: ImgCommand = {
  name: "create",
  usage: "[OPTION...] FILE [SIZE]",
  does: "make an image; SIZE can be left out where a backing file has one",
  options: [
    { name: "-f", value: "FORMAT", help: "raw (default) or qcow2" },
    {
      name: "-o",
      value: "NAME=VALUE,...",
      help: "cluster_size=512..2M, compat=0.10|1.1, refcount_bits=1..64, lazy_refcounts=on|off",
    },
    { name: "-b", value: "FILE", help: "what the image does not have is in FILE" },
    { name: "-F", value: "FORMAT", help: "format of that file" },
    { name: "-u", help: "do not look at the backing file" },
    { name: "-q", help: "say nothing" },
  ],
  run: create,
};

async function create(words: ImgWords, print: (text: string) => void): Promise<number> {
  const [path, typed] = words.operands;
  if (path === undefined || words.operands.length > 2) {
    throw words.wrong("it takes a file and a size", "write: img create -f qcow2 FILE 10G");
  }
  const layout = parseLayout(words, formatOption(words, "-f") ?? "raw");
  const asked = typed === undefined ? layout.size : parseImageSize(words, typed);
  const size = asked ?? await backingSize(words, path, layout);
  await withNewFile(path, (file) => writeEmpty(path, file, layout, size));
  if (words.has("-q")) return 0;
  const { clusterBits = DEFAULT_CLUSTER_BITS } = layout.image;
  const clusters = layout.format === "qcow2" ? ` cluster_size=${2 ** clusterBits}` : "";
  print(`Formatting '${path}', fmt=${layout.format}${clusters} size=${size}\n`);
  return 0;
}

/** Makes an image in an empty file. */
export function writeEmpty(
  path: string,
  file: ImageFile,
  { format, image }: Layout,
  size: number,
): void {
  const bytes = Math.ceil(size / SECTOR_BYTES) * SECTOR_BYTES;
  if (format === "raw") file.grow(bytes);
  else createImage(`image "${path}"`, file, { ...image, size: bytes });
}

/** The size of the backing file, which must be there unless `-u` says that it need not. */
async function backingSize(words: ImgWords, path: string, layout: Layout): Promise<number> {
  const { backing } = layout.image;
  if (backing === undefined || words.has("-u")) {
    throw words.wrong("it has no size", `write: img create -f ${layout.format} ${path} 10G`);
  }
  const behind = isAbsolute(backing.name) ? backing.name : join(dirname(path), backing.name);
  const format = backing.format === "raw" ? "raw" : "qcow2";
  return await withFile(
    { path: behind, format, writes: false },
    ({ file, place }) => format === "raw" ? file.bytes : Qcow2Header.read(place.name, file).size,
  );
}

/** What `-o`, `-b` and `-F` say. Throws UsageError. */
export function parseLayout(words: ImgWords, format: ImageFormat): Layout {
  const properties = new Map(
    words.values("-o").flatMap((text) => [...parsePropertyList("o", text).properties]),
  );
  rejectUnknownProperties("o", properties, format === "raw" ? RAW_PROPERTIES : PROPERTIES);
  const given = <T>(name: string, parse: (value: string) => T): T | undefined => {
    const value = properties.get(name);
    return value === undefined ? undefined : parse(value);
  };
  given("preallocation", (value) => parseChoice("-o preallocation", value, ["off"]));
  const size = given("size", (value) => parseImageSize(words, value));
  const name = words.value("-b") ?? properties.get("backing_file");
  const driver = words.value("-F") ?? properties.get("backing_fmt");
  if (format === "raw") {
    if (name === undefined) return { format, size, image: {} };
    throw words.wrong("a raw image has no backing file", "write -f qcow2");
  }
  if (name !== undefined && driver === undefined) {
    throw words.wrong(`the format of its backing file is not named`, `add -F raw or -F qcow2`);
  }
  const clusterBits = given("cluster_size", (value) => clusterBitsOf(words, value));
  const version = given("compat", (value) => compatOf(value));
  const refcountOrder = given("refcount_bits", (value) => refcountOrderOf(words, value, version));
  const lazy = given("lazy_refcounts", (value) => parseSwitch("o", "lazy_refcounts", value));
  if (lazy === true && version === 2) {
    throw words.wrong("compat=0.10 has no lazy reference counts", "write compat=1.1");
  }
  return {
    format,
    size,
    image: {
      ...(clusterBits === undefined ? {} : { clusterBits }),
      ...(version === undefined ? {} : { version }),
      ...(refcountOrder === undefined ? {} : { refcountOrder }),
      ...(lazy === undefined ? {} : { hasLazyRefcounts: lazy }),
      ...(name === undefined || driver === undefined ? {} : {
        backing: { name, format: parseChoice(`-F ${driver}`, driver, IMAGE_FORMATS) },
      }),
    },
  };
}

function clusterBitsOf(words: ImgWords, text: string): number {
  const bits = Math.log2(parseImageSize(words, text));
  if (Number.isInteger(bits) && bits >= MIN_CLUSTER_BITS && bits <= MAX_CLUSTER_BITS) return bits;
  throw words.wrong(
    `cluster_size=${text}: clusters have 512 bytes to 2 MiB, a power of two`,
    "write cluster_size=64k",
  );
}

function compatOf(text: string): 2 | 3 {
  const known = parseChoice(`-o compat=${text}`, text, ["0.10", "1.1", "v2", "v3"]);
  return known === "0.10" || known === "v2" ? 2 : 3;
}

function refcountOrderOf(words: ImgWords, text: string, version: number | undefined): number {
  const order = /^\d+$/.test(text) ? Math.log2(Number(text)) : NaN;
  const isKnown = Number.isInteger(order) && order <= MAX_REFCOUNT_ORDER;
  if (isKnown && (version !== 2 || Number(text) === 16)) return order;
  const cause =
    `refcount_bits=${text}: counts have 1 to 64 bits, a power of two; 16 with compat=0.10`;
  throw words.wrong(cause, "write refcount_bits=16");
}
