/** Images that somebody has made to do harm: random changes of headers and tables, and what they come to. */

import { MemoryFile } from "../../../runtime/disk_images/image_file_fixture.ts";
import { openQcow2 } from "../../../runtime/disk_images/open_image.ts";
import { checkImage } from "../../../runtime/disk_images/qcow2/consistency.ts";
import { Qcow2Header } from "../../../runtime/disk_images/qcow2/header.ts";
import {
  addSnapshot,
  contentOf,
  FixedDisk,
  IMAGE,
  newFile,
  openDisk,
} from "../../../runtime/disk_images/qcow2/qcow2_fixture.ts";
import { UserError } from "../../../runtime/machine/user_error.ts";
import type { SeededRandom } from "../../differential/seeded_random.ts";

const SIZE = 0x4_0000;
const CLUSTER_BYTES = 512;
/** More accesses than any of this needs are an endless loop. */
const MOST_ACCESSES = 200_000;
/** An image grows by what is written to it, and by tables for that. */
const MOST_GROWTH = 2 * SIZE;
/** Values that are wrong in interesting ways. */
const VALUES: readonly number[] = [0, 1, 0x200, 0x400, 0x7fff_fe00, 0x8000_0000, 0xffff_ffff];

/** An image with data, and a snapshot of some of them. */
export function goodImage(): Uint8Array {
  const file = newFile({ size: SIZE, clusterBits: Math.log2(CLUSTER_BYTES) });
  const disk = openDisk(file);
  disk.write(0, new Uint8Array(0x8000).fill(1));
  disk.close();
  addSnapshot(file);
  const again = openDisk(file);
  again.write(0x4000, new Uint8Array(0x8000).fill(2));
  again.writeZeros(0x6000, 0x1000, false);
  again.close();
  return file.content;
}

/** Changes an image and uses it. @returns what it did that it must not; undefined: nothing */
export function attack(random: SeededRandom, good: Uint8Array): string | undefined {
  const content = good.slice();
  const view = new DataView(content.buffer);
  for (let change = random.between(1, 4); change > 0; change--) {
    const area = random.pick([112, 112, content.length]);
    const at = random.below(area / 4) * 4;
    const value = random.chance(50)
      ? random.pick(VALUES)
      : random.chance(50)
      ? random.below(content.length / CLUSTER_BYTES) * CLUSTER_BYTES
      : random.word();
    if (random.chance(70)) view.setUint32(at, value);
    else view.setUint8(at + random.below(4), value);
  }
  const end = random.chance(10) ? random.below(content.length) : content.length;
  const file = new MemoryFile(content.subarray(0, end));
  const backing = random.chance(20) ? new FixedDisk(new Uint8Array(SIZE / 2).fill(9)) : null;
  const complaint = uses(random, file, backing);
  if (complaint !== undefined) return complaint;
  if (file.accesses > MOST_ACCESSES) return `${file.accesses} accesses to the file`;
  const grown = file.bytes - end;
  return grown > MOST_GROWTH ? `the file grew by ${grown} bytes` : undefined;
}

function uses(
  random: SeededRandom,
  file: MemoryFile,
  backing: FixedDisk | null,
): string | undefined {
  const attempts: (() => void)[] = [
    () => void checkImage(Qcow2Header.read(IMAGE, file), file, "none"),
    () => {
      const disk = openQcow2({ name: IMAGE }, file, true, backing);
      const size = Math.min(disk.bytes, SIZE);
      for (let step = 0; step < 12; step++) {
        const position = random.below(size / 512 + 1) * 512;
        const length = Math.min(size - position, 512 * random.between(0, 40));
        orRefused(() => {
          switch (random.below(5)) {
            case 0:
              return disk.discard(position, length);
            case 1:
              return disk.writeZeros(position, length, random.chance(50));
            case 2:
              return disk.read(position, new Uint8Array(length));
            default:
              return disk.write(position, new Uint8Array(length).fill(7));
          }
        });
      }
      if (disk.bytes <= SIZE) orRefused(() => void contentOf(disk));
      disk.close();
    },
    () => void checkImage(Qcow2Header.read(IMAGE, file), file, random.pick(["leaks", "all"])),
  ];
  for (const attempt of attempts) {
    try {
      orRefused(attempt);
    } catch (error) {
      return error instanceof Error ? error.stack ?? error.message : String(error);
    }
  }
  return undefined;
}

/** What is refused by name is as it should be. */
function orRefused(call: () => void): void {
  try {
    call();
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
  }
}
