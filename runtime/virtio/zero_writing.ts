/** Zeros for disks that have no shorter way to them. */

import type { Disk } from "./disk.ts";

/** Bytes that are written at a time. */
const PIECE_BYTES = 0x4_0000;

/** Writes zeros byte by byte. */
export function writeZerosTo(disk: Pick<Disk, "write">, position: number, length: number): void {
  const zeros = new Uint8Array(Math.min(length, PIECE_BYTES));
  for (let at = 0; at < length; at += PIECE_BYTES) {
    disk.write(position + at, zeros.subarray(0, Math.min(PIECE_BYTES, length - at)));
  }
}
