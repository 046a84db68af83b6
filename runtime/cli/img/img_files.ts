/** Images that `img` commands open: permissions, locks, formats and sizes. */

import { HostFile } from "../../disk_images/image_file.ts";
import { IMAGE_FORMATS, type ImageFormat } from "../../disk_images/image_formats.ts";
import type { ImagePlace } from "../../disk_images/open_image.ts";
import { parseByteCount } from "../../machine/byte_count.ts";
import { ConfigurationError } from "../../machine/configuration_error.ts";
import { lockImages } from "../../machine/drive_file.ts";
import { requirePermission } from "../../machine/file_permission.ts";
import { fileError } from "../../machine/file_source.ts";
import { parseBacking } from "../drive_flags.ts";
import { parseChoice, parsePropertyList, rejectUnknownProperties } from "../property_list.ts";
import type { ImgWords } from "./img_words.ts";

const PLAIN_NUMBER = /[0-9]$/;

/** Name of an image in messages. */
export function imageName(path: string): string {
  return `image "${path}"`;
}

/** The format that an option names; undefined: none is named. Throws UsageError. */
export function formatOption(words: ImgWords, option: string): ImageFormat | undefined {
  const value = words.value(option);
  if (value === undefined) return undefined;
  return parseChoice(`${words.what} ${option} ${value}`, value, IMAGE_FORMATS);
}

/** Bytes of `1G`, `1.5M` or `512`; a number without a suffix counts bytes. Throws UsageError. */
export function parseImageSize(words: ImgWords, text: string): number {
  const bytes = parseByteCount(PLAIN_NUMBER.test(text) ? `${text}B` : text);
  if (bytes !== undefined && Number.isSafeInteger(bytes)) return bytes;
  const fix = "write a number of bytes, or one with K, M, G or T: 10G";
  throw words.wrong(`"${text}" is not a size`, fix);
}

/** An image that is open and locked. */
export interface OpenFile {
  readonly file: HostFile;
  readonly place: ImagePlace;
}

/** Uses a locked image's file, by itself. Throws ConfigurationError. */
export async function withFile<T>(
  { path, format, writes }: {
    readonly path: string;
    readonly format: ImageFormat | undefined;
    readonly writes: boolean;
  },
  use: (open: OpenFile) => T,
): Promise<T> {
  const name = imageName(path);
  const { place, close } = await lockImages({ name, path, format, backing: undefined, writes });
  try {
    using stack = new DisposableStack();
    const file = HostFile.open(path, { writes });
    stack.defer(() => file.close());
    return use({ file, place });
  } catch (error) {
    throw fileError(name, error, "check the path");
  } finally {
    close();
  }
}

/** Uses a new file in the place of what was at a path. Throws ConfigurationError. */
export async function withNewFile<T>(path: string, use: (file: HostFile) => T): Promise<T> {
  const name = imageName(path);
  await requirePermission("read", path, name);
  await requirePermission("write", path, name);
  try {
    using file = await Deno.open(path, { read: true, write: true, create: true });
    if (!await file.tryLock(true)) throw inUse(name);
    const { isFile } = await file.stat();
    if (isFile) await file.truncate(0);
    using stack = new DisposableStack();
    const host = HostFile.open(path, { writes: true });
    stack.defer(() => host.close());
    return use(host);
  } catch (error) {
    throw fileError(name, error, "name a file in a folder that you may write");
  }
}

/** Where the source of a conversion is: a path, or with `--image-opts` a list of properties. Throws UsageError. */
export function sourceOf(words: ImgWords, text: string): Parameters<typeof lockImages>[0] {
  const format = formatOption(words, "-f");
  if (!words.has("--image-opts")) {
    return { name: imageName(text), path: text, format, backing: undefined, writes: false };
  }
  if (format !== undefined) {
    throw words.wrong("-f and --image-opts both say how the image is", "write driver= in the list");
  }
  const { properties } = parsePropertyList("-image-opts", text);
  const own = new Map([...properties].filter(([name]) => !name.startsWith("backing.")));
  rejectUnknownProperties("-image-opts", own, ["driver", "file.filename"]);
  const path = properties.get("file.filename") ?? "";
  if (path === "") throw words.wrong("its source names no file", "write file.filename=FILE");
  const driver = properties.get("driver");
  return {
    name: imageName(path),
    path,
    format: driver === undefined
      ? undefined
      : parseChoice(`--image-opts driver=${driver}`, driver, IMAGE_FORMATS),
    backing: parseBacking("-image-opts", properties),
    writes: false,
  };
}

function inUse(name: string): ConfigurationError {
  return new ConfigurationError({
    what: name,
    cause: "a machine has it, or it is the source as well",
    fix: "end the machine, or name another file",
  });
}
