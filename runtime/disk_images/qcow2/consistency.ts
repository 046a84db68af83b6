/**
 * Checks a qcow2 image against the references in its tables, and repairs its reference counts.
 *
 * A cluster that is counted and not referred to is a leak: it takes room and does no harm. One that is referred to more
 * often than counted is a corruption: it would be given away a second time.
 */

import { unsupportedImage } from "../image_error.ts";
import type { ImageFile } from "../image_file.ts";
import { EntryFlag } from "./format.ts";
import type { Qcow2Header } from "./header.ts";
import { Refcounts } from "./refcounts.ts";
import { ReferenceCensus } from "./reference_census.ts";
import { Qcow2Disk } from "./qcow2_disk.ts";

/** What is to be repaired. */
export type Repair = "none" | "leaks" | "all";

/** Most findings that are told one by one. */
const MOST_FINDINGS = 100;

/** What a check has found. */
export interface CheckReport {
  /** The first findings, for people. */
  readonly findings: readonly string[];
  /** Corruptions that are there. */
  readonly corruptions: number;
  /** Clusters that are leaked. */
  readonly leaks: number;
  /** Corruptions that were repaired. */
  readonly corruptionsFixed: number;
  /** Leaks that were. */
  readonly leaksFixed: number;
  /** Clusters of the whole disk. */
  readonly totalClusters: number;
  /** Those that have a place. */
  readonly allocatedClusters: number;
  /** Those of them that do not follow the one before. */
  readonly fragmentedClusters: number;
  /** Those that are compressed. */
  readonly compressedClusters: number;
  /** The end of what is used of the file. */
  readonly imageEnd: number;
}

/** Findings of one look at an image. */
interface Differences {
  readonly findings: string[];
  readonly wrongMarks: { readonly place: number; readonly isCopied: boolean }[];
  tooHigh: number;
  tooLow: number;
}

/** Checks an image. Throws ConfigurationError for what can neither be checked nor repaired. */
export function checkImage(header: Qcow2Header, file: ImageFile, repair: Repair): CheckReport {
  if (header.hasBitmaps) {
    const cause = "it has bitmaps, which cannot be checked here";
    throw unsupportedImage(header.image, cause, "use: qemu-img check");
  }
  const census = new ReferenceCensus(header, file);
  const counts = new Refcounts(header, file, new Set([0]));
  const differences = compare(census, counts, repair);
  const { tooHigh, tooLow, wrongMarks } = differences;
  const repairsAll = repair === "all";
  const isRepairable = census.faults.length === 0;
  if (repair !== "none" && isRepairable) repairCounts(header, file, census, repairsAll);
  if (repairsAll && isRepairable) repairMarks(header, file, wrongMarks);
  const leaksFixed = repair !== "none" && isRepairable ? tooHigh : 0;
  const countable = tooLow + wrongMarks.length;
  const corruptionsFixed = repairsAll && isRepairable ? countable : 0;
  return {
    findings: differences.findings.slice(0, MOST_FINDINGS),
    corruptions: census.faults.length + countable - corruptionsFixed,
    leaks: tooHigh - leaksFixed,
    corruptionsFixed,
    leaksFixed,
    totalClusters: Math.ceil(header.size / header.clusterBytes),
    allocatedClusters: census.numbers.allocated,
    fragmentedClusters: census.numbers.fragmented,
    compressedClusters: census.numbers.compressed,
    imageEnd: (census.references.findLastIndex((count) => count > 0) + 1) * header.clusterBytes,
  };
}

/** Counts anew what a writer has left behind, so that the image can be written. Throws ConfigurationError. */
export function recount(header: Qcow2Header, file: ImageFile): void {
  const { corruptions, findings } = checkImage(header, file, "all");
  if (corruptions > 0) {
    throw unsupportedImage(
      header.image,
      `it was not closed, and cannot be repaired: ${findings.at(-1)}`,
      "take a copy of it, or use: qemu-img check -r all",
    );
  }
}

/** Marks are compared with the counts as they will be when those are repaired. */
function compare(census: ReferenceCensus, counts: Refcounts, repair: Repair): Differences {
  const found: Differences = { findings: [], wrongMarks: [], tooHigh: 0, tooLow: 0 };
  const tell = (text: string): void => {
    if (found.findings.length < MOST_FINDINGS) found.findings.push(text);
  };
  census.references.forEach((references, cluster) => {
    const count = counts.get(cluster);
    if (count === references) return;
    if (count > references) found.tooHigh++;
    else found.tooLow++;
    const kind = count > references ? "Leaked cluster" : "ERROR cluster";
    tell(`${kind} ${cluster} refcount=${count} reference=${references}`);
  });
  for (const { place, cluster, isCopied, table } of census.marked) {
    const count = repaired(counts.get(cluster), census.references[cluster], repair);
    if (isCopied === (count === 1)) continue;
    found.wrongMarks.push({ place, isCopied: !isCopied });
    tell(`ERROR OFLAG_COPIED ${table} entry at ${place}: refcount=${count}`);
  }
  census.faults.forEach((fault) => tell(`ERROR ${fault}`));
  return found;
}

function repaired(count: number, references: number, repair: Repair): number {
  if (repair === "none") return count;
  return repair === "all" ? references : Math.min(count, references);
}

/** Counts that are too low are raised before others are lowered: what is free then is free. */
function repairCounts(
  header: Qcow2Header,
  file: ImageFile,
  { references }: ReferenceCensus,
  raises: boolean,
): void {
  const { metadata } = new Qcow2Disk(header, file);
  const { refcounts } = metadata;
  refcounts.trustNothing();
  const change = (isWrong: (count: number, wanted: number) => boolean): void => {
    references.forEach((wanted, cluster) => {
      if (!isWrong(refcounts.get(cluster), wanted)) return;
      if (metadata.isFull) metadata.commit();
      refcounts.set(cluster, wanted);
    });
  };
  if (raises) change((count, wanted) => count < wanted);
  change((count, wanted) => count > wanted);
  metadata.commit();
  if (raises) header.clearMarks();
  metadata.writeHeader();
}

function repairMarks(
  header: Qcow2Header,
  file: ImageFile,
  wrong: readonly { readonly place: number; readonly isCopied: boolean }[],
): void {
  const byte = new Uint8Array(1);
  const copied = EntryFlag.COPIED >>> 24;
  for (const { place, isCopied } of wrong) {
    file.read(place, byte);
    byte[0] = isCopied ? byte[0] | copied : byte[0] & ~copied;
    file.write(place, byte);
  }
  file.flush();
  header.clearMarks();
  header.write(file);
  file.flush();
}
