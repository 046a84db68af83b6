/**
 * What a disk is to the I/O worker that serves it: bytes by position, and no waiting but for the host.
 *
 * A disk that cannot do what it is asked throws; the guest is told of an input/output error then. What lies behind the
 * end of a disk whose last sector is cut short reads as zeros.
 */
export interface Disk {
  /** Bytes, whole sectors. */
  readonly bytes: number;
  /** Fills `into` from a position on. */
  read(position: number, into: Uint8Array<ArrayBuffer>): void;
  /** Writes all of `from` at a position. */
  write(position: number, from: Uint8Array<ArrayBuffer>): void;
  /** Comes back when all that was written is where no failure of the host takes it away. */
  flush(): void;
  /** Forgets what a range holds; a hint. */
  discard(position: number, length: number): void;
  /** Makes a range read as zeros. @param mayDiscard may its place be given up? */
  writeZeros(position: number, length: number, mayDiscard: boolean): void;
  /** Lets go of what the host has given. */
  close(): void;
}
