/**
 * `deno task image-crashes [COUNT] [SEED]`: failures of the host at random points of random work on a qcow2 image.
 *
 * At each point the file is left with what was flushed, and with any sectors of what was not (or all of them, as when
 * only the process is killed). That image must have leaks at worst; each sector of the disk holds what it held at the
 * last flush or has been given since; and a snapshot in the image holds what it held.
 */

import { FragileFile, MemoryFile } from "../../../runtime/disk_images/image_file_fixture.ts";
import { checkImage } from "../../../runtime/disk_images/qcow2/consistency.ts";
import { Qcow2Header } from "../../../runtime/disk_images/qcow2/header.ts";
import {
  addSnapshot,
  contentOf,
  IMAGE,
  newFile,
  openDisk,
  snapshotContent,
} from "../../../runtime/disk_images/qcow2/qcow2_fixture.ts";
import { SeededRandom } from "../../differential/seeded_random.ts";

const SECTOR_BYTES = 512;
const SECTORS = 600;
const STEPS = 60;
/** Points are taken at one of so many changes of the file by requests, and by flushes. */
const CHANGES_PER_POINT = { request: 16, flush: 3 } as const;
/** So many clusters are lost before the work in some images, whose table of counts has to grow then. */
const LOST_CLUSTERS = 4000;
const WIDE_COUNTS = 6;
const CLUSTER_BITS: readonly number[] = [9, 9, 10, 12, 16];

/** What was found. */
export interface CrashResult {
  /** Points at which the host has failed. */
  readonly points: number;
  /** Those of them that left leaks. */
  readonly leaky: number;
  /** What is wrong. */
  readonly failures: readonly string[];
}

/** What the sectors of a disk may hold after a failure. */
class AllowedContent {
  /** By sector: the byte at the last flush, and those since. */
  readonly #allowed: Set<number>[] = Array.from({ length: SECTORS }, () => new Set([0]));
  readonly #now = new Array<number>(SECTORS).fill(0);

  /** Sectors may get a byte from now on. */
  give(first: number, end: number, byte: number): void {
    for (let sector = first; sector < end; sector++) {
      this.#allowed[sector].add(byte);
      this.#now[sector] = byte;
    }
  }

  /** What was discarded is what it was, or zeros. */
  discard(first: number, end: number): void {
    for (let sector = first; sector < end; sector++) this.#allowed[sector].add(0);
  }

  /** What the disk holds now, it holds for good. */
  flushed(content: Uint8Array): void {
    this.#allowed.forEach((allowed, sector) => {
      allowed.clear();
      this.#now[sector] = content[sector * SECTOR_BYTES];
      allowed.add(this.#now[sector]);
    });
  }

  /** The first sector that holds something else; undefined: none. */
  wrong(content: Uint8Array): string | undefined {
    for (let sector = 0; sector < SECTORS; sector++) {
      const start = sector * SECTOR_BYTES;
      const byte = content[start];
      let at = start;
      while (at < start + SECTOR_BYTES && content[at] === byte) at++;
      const isOne = at === start + SECTOR_BYTES;
      if (!isOne || !this.#allowed[sector].has(byte)) return `sector ${sector} holds ${byte}`;
    }
    return undefined;
  }
}

/** One image at work. */
class CrashRun {
  readonly #random: SeededRandom;
  readonly #file: FragileFile;
  readonly #allowed = new AllowedContent();
  readonly #most: number;
  #snapshot: Uint8Array | null = null;
  #at: keyof typeof CHANGES_PER_POINT = "request";
  points = 0;
  leaky = 0;
  failure: string | undefined;

  constructor(seed: number, most: number) {
    this.#random = new SeededRandom(seed);
    this.#most = most;
    this.#file = new FragileFile();
    const clusterBits = this.#random.pick(CLUSTER_BITS);
    const isWide = this.#random.chance(50);
    const refcountOrder = isWide ? WIDE_COUNTS : 4;
    newFile({ size: SECTORS * SECTOR_BYTES, clusterBits, refcountOrder }, this.#file);
    if (!isWide || clusterBits > 9 || this.#random.chance(60)) return;
    const { metadata } = openDisk(this.#file);
    metadata.refcounts.allocateRow(LOST_CLUSTERS);
    metadata.commit();
  }

  run(): void {
    const random = this.#random;
    if (random.chance(50)) this.#begin();
    this.#file.beforeChange = () => {
      if (random.below(CHANGES_PER_POINT[this.#at]) === 0) this.#fail();
    };
    let disk = openDisk(this.#file);
    for (let step = 0; step < STEPS && this.failure === undefined; step++) {
      const first = random.below(SECTORS);
      const end = Math.min(SECTORS, first + 1 + random.below(random.chance(70) ? 12 : 150));
      const [position, length] = [first * SECTOR_BYTES, (end - first) * SECTOR_BYTES];
      switch (random.below(8)) {
        case 0:
          this.#at = "flush";
          disk.flush();
          this.#at = "request";
          this.#allowed.flushed(contentOf(disk));
          break;
        case 1:
          this.#allowed.discard(first, end);
          disk.discard(position, length);
          break;
        case 2:
          this.#allowed.give(first, end, 0);
          disk.writeZeros(position, length, random.chance(50));
          break;
        case 3:
          if (!random.chance(20)) break;
          disk.close();
          this.#allowed.flushed(contentOf(openDisk(this.#file)));
          disk = openDisk(this.#file);
          break;
        default: {
          const byte = random.between(1, 255);
          this.#allowed.give(first, end, byte);
          disk.write(position, new Uint8Array(length).fill(byte));
        }
      }
    }
  }

  /** Some data, and a snapshot of them. */
  #begin(): void {
    const disk = openDisk(this.#file);
    const byte = this.#random.between(1, 255);
    const sectors = this.#random.below(SECTORS);
    this.#allowed.give(0, sectors, byte);
    disk.write(0, new Uint8Array(sectors * SECTOR_BYTES).fill(byte));
    disk.close();
    addSnapshot(this.#file);
    const { content } = this.#file;
    this.#snapshot = snapshotContent(content);
    this.#allowed.flushed(this.#snapshot);
  }

  #fail(): void {
    if (this.failure !== undefined || this.points >= this.#most) return;
    this.points++;
    const share = this.#random.pick([0, 20, 50, 80, 100]);
    const left = new MemoryFile(this.#file.afterFailure(() => this.#random.chance(share)));
    try {
      this.failure = this.#look(left);
    } catch (error) {
      this.failure = `the image cannot be used: ${error}`;
    }
  }

  #look(left: MemoryFile): string | undefined {
    const report = checkImage(Qcow2Header.read(IMAGE, left), left, "none");
    if (report.corruptions > 0) return report.findings.find((text) => text.startsWith("ERROR"));
    if (report.leaks > 0) this.leaky++;
    const wrong = this.#allowed.wrong(contentOf(openDisk(left)));
    if (wrong !== undefined || this.#snapshot === null) return wrong;
    const isKept = indexOfDifference(snapshotContent(left.content), this.#snapshot) < 0;
    return isKept ? undefined : "the snapshot was changed";
  }
}

function indexOfDifference(left: Uint8Array, right: Uint8Array): number {
  for (let index = 0; index < left.length; index++) {
    if (left[index] !== right[index]) return index;
  }
  return -1;
}

/** Lets the host fail at so many points, in as many runs as that takes. */
export function runCrashes(count: number, firstSeed: number): CrashResult {
  let [points, leaky] = [0, 0];
  const failures: string[] = [];
  for (let seed = firstSeed; points < count; seed++) {
    const run = new CrashRun(seed, count - points);
    run.run();
    points += run.points;
    leaky += run.leaky;
    if (run.failure !== undefined) failures.push(`seed ${seed}: ${run.failure}`);
  }
  return { points, leaky, failures };
}

if (import.meta.main) {
  const { points, leaky, failures } = runCrashes(
    Number(Deno.args[0] ?? 2000),
    Number(Deno.args[1] ?? 1),
  );
  for (const failure of failures) console.log(failure);
  console.log(`${points} failures of the host, ${leaky} left leaks, ${failures.length} did harm`);
  Deno.exit(failures.length === 0 ? 0 : 1);
}
