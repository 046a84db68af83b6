/** An open plain file of the host's, and how it is opened: never through a link, and never anything else. */

import {
  type BigIntStats,
  closeSync,
  constants,
  fdatasyncSync,
  fstatSync,
  ftruncateSync,
  lstatSync,
  openSync,
  readSync,
  writeSync,
} from "node:fs";
import { FileError } from "./file_error.ts";
import type { FileAttributes, OpenFile, OpenMode } from "./file_tree.ts";

const { O_APPEND, O_NOCTTY, O_NOFOLLOW, O_NONBLOCK, O_RDONLY, O_RDWR, O_WRONLY } = constants;
/** A link is refused, and a pipe or a terminal neither waited for nor taken over. */
const CAREFULLY = O_NOFOLLOW | O_NONBLOCK | O_NOCTTY;

/** The host's flags for a way to open a file. */
export function hostFlags({ reads, writes, appends }: OpenMode): number {
  const access = writes ? reads ? O_RDWR : O_WRONLY : O_RDONLY;
  return access | (writes && appends ? O_APPEND : 0);
}

/**
 * Opens the plain file, or the folder, that has this path, and none that took its place in between. Throws FileError
 * for anything else.
 */
export function openCarefully(path: string, flags: number, permissions?: number): number {
  const descriptor = openSync(path, flags | CAREFULLY, permissions);
  try {
    const opened = fstatSync(descriptor, { bigint: true });
    const there = lstatSync(path, { bigint: true });
    if (!opened.isFile() && !opened.isDirectory()) throw new FileError("EPERM");
    if (opened.dev !== there.dev || opened.ino !== there.ino) throw new FileError("ESTALE");
    return descriptor;
  } catch (error) {
    closeSync(descriptor);
    throw error;
  }
}

/** See the header of this file. */
export class HostFile implements OpenFile {
  readonly #descriptor: number;
  readonly #attributesOf: (stats: BigIntStats) => FileAttributes;

  /** Takes over an open file. */
  constructor(descriptor: number, attributesOf: (stats: BigIntStats) => FileAttributes) {
    this.#descriptor = descriptor;
    this.#attributesOf = attributesOf;
  }

  /** See `OpenFile`. */
  read(position: number, into: Uint8Array): number {
    let done = 0;
    while (done < into.length) {
      const length = readSync(this.#descriptor, into, done, into.length - done, position + done);
      if (length === 0) break;
      done += length;
    }
    return done;
  }

  /** See `OpenFile`. */
  write(position: number, from: Uint8Array): void {
    for (let done = 0; done < from.length;) {
      done += writeSync(this.#descriptor, from, done, from.length - done, position + done);
    }
  }

  /** See `OpenFile`. */
  sync(): void {
    fdatasyncSync(this.#descriptor);
  }

  /** See `OpenFile`. */
  attributes(): FileAttributes {
    return this.#attributesOf(fstatSync(this.#descriptor, { bigint: true }));
  }

  /** See `OpenFile`. */
  resize(size: number): void {
    ftruncateSync(this.#descriptor, size);
  }

  /** See `OpenFile`. */
  close(): void {
    closeSync(this.#descriptor);
  }
}
