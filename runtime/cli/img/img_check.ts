/** `img check`: looks for what is wrong in an image, with qemu-img's exit codes. */

import { checkImage, type CheckReport, type Repair } from "../../disk_images/qcow2/consistency.ts";
import { Qcow2Header } from "../../disk_images/qcow2/header.ts";
import { parseChoice } from "../property_list.ts";
import type { ImgCommand } from "./img_command.ts";
import { formatOption, type OpenFile, withFile } from "./img_files.ts";
import { outputOption } from "./output_format.ts";
import type { ImgWords } from "./img_words.ts";

/** What the exit code says of the image; 1: it could not be checked. */
const CheckCode = { FINE: 0, CORRUPT: 2, LEAKY: 3, UNSUPPORTED: 63 } as const;
const PER_CENT = 100;

/** See the header of this file. */
export const CHECK: ImgCommand = {
  name: "check",
  usage: "[OPTION...] FILE",
  does: "look for what is wrong in an image; exit code 0: nothing, 2: corruptions, 3: clusters " +
    "that are lost, 63: its format has no checks, 1: it cannot be checked",
  options: [
    { name: "-f", value: "FORMAT", help: "its format (default: what its first bytes say)" },
    { name: "-r", value: "leaks|all", help: "repair: lost clusters, or also counts and marks" },
    { name: "--output", value: "human|json", help: "how it is said" },
    { name: "-q", help: "say nothing" },
  ],
  run: check,
};

async function check(words: ImgWords, print: (text: string) => void): Promise<number> {
  const [path] = words.operands;
  if (path === undefined || words.operands.length > 1) {
    throw words.wrong("it takes one file", "write: img check FILE");
  }
  const asked = words.value("-r");
  const repair: Repair = asked === undefined
    ? "none"
    : parseChoice(`${words.what} -r ${asked}`, asked, ["leaks", "all"]);
  const isJson = outputOption(words) === "json";
  const report = await withFile(
    { path, format: formatOption(words, "-f"), writes: repair !== "none" },
    (open) => checked(open, repair),
  );
  const say = words.has("-q") ? () => {} : print;
  if (report === null) {
    say("This image format does not support checks\n");
    return CheckCode.UNSUPPORTED;
  }
  say(isJson ? `${JSON.stringify(jsonOf(path, report), null, 4)}\n` : humanText(report));
  if (report.corruptions > 0) return CheckCode.CORRUPT;
  return report.leaks > 0 ? CheckCode.LEAKY : CheckCode.FINE;
}

/** What is left is what a second look finds. */
function checked({ file, place }: OpenFile, repair: Repair): CheckReport | null {
  if (place.format === "raw") return null;
  const look = (what: Repair): CheckReport =>
    checkImage(Qcow2Header.read(place.name, file), file, what);
  const first = look(repair);
  if (first.corruptionsFixed + first.leaksFixed === 0) return first;
  const { corruptionsFixed, leaksFixed, findings } = first;
  return { ...look("none"), corruptionsFixed, leaksFixed, findings };
}

function jsonOf(path: string, report: CheckReport): object {
  const some = (name: string, value: number): object => value === 0 ? {} : { [name]: value };
  return {
    filename: path,
    format: "qcow2",
    "check-errors": 0,
    "image-end-offset": report.imageEnd,
    "total-clusters": report.totalClusters,
    "allocated-clusters": report.allocatedClusters,
    ...some("fragmented-clusters", report.fragmentedClusters),
    ...some("compressed-clusters", report.compressedClusters),
    ...some("corruptions", report.corruptions),
    ...some("leaks", report.leaks),
    ...some("corruptions-fixed", report.corruptionsFixed),
    ...some("leaks-fixed", report.leaksFixed),
  };
}

function humanText(report: CheckReport): string {
  const { findings, corruptions, leaks, corruptionsFixed, leaksFixed } = report;
  const share = (part: number, whole: number): string =>
    `${(whole === 0 ? 0 : part / whole * PER_CENT).toFixed(2)}%`;
  const { allocatedClusters: allocated, totalClusters: total } = report;
  const lines = [
    ...findings,
    ...(corruptionsFixed + leaksFixed === 0
      ? []
      : [`repaired: ${leaksFixed} leaked clusters, ${corruptionsFixed} corruptions`]),
    ...(corruptions === 0 ? [] : [
      `${corruptions} errors were found on the image.`,
      "Data may be corrupted, or further writes to the image may corrupt it.",
    ]),
    ...(leaks === 0 ? [] : [
      `${leaks} leaked clusters were found on the image.`,
      "This means waste of disk space, but no harm to data.",
    ]),
    ...(corruptions + leaks === 0 ? ["No errors were found on the image."] : []),
    `${allocated}/${total} = ${share(allocated, total)} allocated, ` +
    `${share(report.fragmentedClusters, allocated)} fragmented, ` +
    `${share(report.compressedClusters, allocated)} compressed clusters`,
    `Image end offset: ${report.imageEnd}`,
  ];
  return lines.map((line) => `${line}\n`).join("");
}
