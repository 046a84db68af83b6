/** `img info`: what an image is. No backing file is opened. */

import { Qcow2Header } from "../../disk_images/qcow2/header.ts";
import { readSnapshots, type Snapshot } from "../../disk_images/qcow2/snapshot_table.ts";
import type { ImgCommand } from "./img_command.ts";
import { formatOption, type OpenFile, withFile } from "./img_files.ts";
import { outputOption } from "./output_format.ts";
import type { ImgWords } from "./img_words.ts";

const BLOCK_BYTES = 512;
const UNITS = ["bytes", "KiB", "MiB", "GiB", "TiB", "PiB"] as const;
const UNIT = 1024;
const MS_PER_SECOND = 1000;

/** What there is to say, by the names of qemu-img's JSON. */
interface ImageInfo {
  readonly filename: string;
  readonly format: string;
  readonly "virtual-size": number;
  readonly "actual-size": number;
  readonly "dirty-flag": boolean;
  readonly "cluster-size"?: number;
  readonly "backing-filename"?: string;
  readonly "backing-filename-format"?: string;
  readonly snapshots?: readonly object[];
  readonly "format-specific"?: {
    readonly type: "qcow2";
    readonly data: Readonly<Record<string, string | number | boolean>>;
  };
}

/** See the header of this file. */
export const INFO: ImgCommand = {
  name: "info",
  usage: "[OPTION...] FILE",
  does: "say what an image is",
  options: [
    { name: "-f", value: "FORMAT", help: "its format (default: what its first bytes say)" },
    { name: "--output", value: "human|json", help: "how it is said" },
  ],
  run: info,
};

async function info(words: ImgWords, print: (text: string) => void): Promise<number> {
  const [path] = words.operands;
  if (path === undefined || words.operands.length > 1) {
    throw words.wrong("it takes one file", "write: img info FILE");
  }
  const format = formatOption(words, "-f");
  const isJson = outputOption(words) === "json";
  const { blocks, size } = await withFile(
    { path, format, writes: false },
    () => Deno.statSync(path),
  );
  const actual = blocks === null ? size : blocks * BLOCK_BYTES;
  const about = await withFile(
    { path, format, writes: false },
    (open) => describe(path, open, actual),
  );
  print(isJson ? `${JSON.stringify(about.info, null, 4)}\n` : humanText(about));
  return 0;
}

interface About {
  readonly info: ImageInfo;
  readonly snapshots: readonly Snapshot[];
}

function describe(path: string, { file, place }: OpenFile, actual: number): About {
  const common = { filename: path, format: place.format, "actual-size": actual };
  if (place.format === "raw") {
    const info = { ...common, "virtual-size": file.bytes, "dirty-flag": false };
    return { info, snapshots: [] };
  }
  const header = Qcow2Header.read(place.name, file);
  const { snapshots } = readSnapshots(header, file);
  const { backingName, backingFormat } = header;
  const isNew = header.version > 2;
  const info: ImageInfo = {
    ...common,
    "virtual-size": header.size,
    "cluster-size": header.clusterBytes,
    "dirty-flag": header.isDirty,
    ...(backingName === null ? {} : { "backing-filename": backingName }),
    ...(backingFormat === null ? {} : { "backing-filename-format": backingFormat }),
    ...(snapshots.length === 0 ? {} : { snapshots: snapshots.map(snapshotJson) }),
    "format-specific": {
      type: "qcow2",
      data: {
        compat: isNew ? "1.1" : "0.10",
        "compression-type": header.compression,
        ...(isNew ? { "lazy-refcounts": header.hasLazyRefcounts } : {}),
        "refcount-bits": 2 ** header.refcountOrder,
        ...(isNew ? { corrupt: header.isCorrupt, "extended-l2": false } : {}),
      },
    },
  };
  return { info, snapshots };
}

function snapshotJson(snapshot: Snapshot): object {
  const { id, name, seconds, nanoseconds, stateBytes, guestNanoseconds } = snapshot;
  const perSecond = 1e9;
  return {
    id,
    name,
    "vm-state-size": stateBytes,
    "date-sec": seconds,
    "date-nsec": nanoseconds,
    "vm-clock-sec": Math.floor(guestNanoseconds / perSecond),
    "vm-clock-nsec": guestNanoseconds % perSecond,
  };
}

function humanText({ info, snapshots }: About): string {
  const virtual = info["virtual-size"];
  const specific = info["format-specific"]?.data ?? {};
  const backing = info["backing-filename"];
  const lines = [
    `image: ${info.filename}`,
    `file format: ${info.format}`,
    `virtual size: ${sizeText(virtual)} (${virtual} bytes)`,
    `disk size: ${sizeText(info["actual-size"])}`,
    ...(info["dirty-flag"] ? ["cleanly shut down: no"] : []),
    ...(info["cluster-size"] === undefined ? [] : [`cluster_size: ${info["cluster-size"]}`]),
    ...(backing === undefined ? [] : [`backing file: ${printable(backing)}`]),
    ...(info["backing-filename-format"] === undefined
      ? []
      : [`backing file format: ${printable(info["backing-filename-format"])}`]),
    ...(snapshots.length === 0 ? [] : ["Snapshot list:", ...snapshots.map(snapshotLine)]),
    ...(Object.keys(specific).length === 0 ? [] : ["Format specific information:"]),
    ...Object.entries(specific).map(([name, value]) =>
      `    ${name.replaceAll("-", " ")}: ${value}`
    ),
  ];
  return lines.map((line) => `${line}\n`).join("");
}

function snapshotLine({ id, name, seconds, stateBytes }: Snapshot): string {
  const date = new Date(seconds * MS_PER_SECOND).toISOString();
  return `    ${printable(id)}  ${printable(name)}  ${sizeText(stateBytes)}  ${date}`;
}

/** Text of an image on a terminal: control characters are told, not obeyed. */
function printable(text: string): string {
  // deno-lint-ignore no-control-regex
  return text.replaceAll(/[\x00-\x1f\x7f-\x9f]/g, (found) => JSON.stringify(found).slice(1, -1));
}

function sizeText(bytes: number): string {
  let unit = 0;
  let number = bytes;
  for (; number >= UNIT && unit < UNITS.length - 1; unit++) number /= UNIT;
  return `${Number(number.toPrecision(3))} ${UNITS[unit]}`;
}
