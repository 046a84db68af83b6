/** Blocks of a log in a file: written and read one at a time, so that a log of any length takes no memory. */
import {
  BLOCK_HEAD_BYTES,
  DamagedLogError,
  FORMAT_VERSION,
  LONGEST_BLOCK,
  MAGIC,
  PREFIX_BYTES,
} from "./log_format.ts";
import type { Restore } from "../snapshot/state_keeper.ts";
import { hashBytes } from "./mixing_hash.ts";

/** The part of a file that blocks are written to. */
export interface ByteTarget {
  /** Writes some of the bytes and says how many. */
  writeSync(bytes: Uint8Array): number;
}

/** The part of a file that blocks are read from. */
export interface ByteSource {
  /** Moves to a distance from the start. */
  seekSync(offset: number, whence: Deno.SeekMode): number;
  /** Reads some bytes and says how many; null at the end. */
  readSync(bytes: Uint8Array): number | null;
}

const WORD_BYTES = 4;

/** Writes what a log begins with. */
export function writePrefix(target: ByteTarget): void {
  const prefix = new Uint8Array(PREFIX_BYTES);
  prefix.set(MAGIC);
  new DataView(prefix.buffer).setUint32(MAGIC.length, FORMAT_VERSION, true);
  writeAll(target, prefix);
}

/** Writes a block: head and content in one piece, as far as the system does that. */
export function writeBlock(target: ByteTarget, content: Uint8Array): void {
  const block = new Uint8Array(BLOCK_HEAD_BYTES + content.length);
  const head = new DataView(block.buffer);
  head.setUint32(0, content.length, true);
  head.setUint32(WORD_BYTES, hashBytes(content), true);
  block.set(content, BLOCK_HEAD_BYTES);
  writeAll(target, block);
}

function writeAll(target: ByteTarget, bytes: Uint8Array): void {
  for (let done = 0; done < bytes.length;) done += target.writeSync(bytes.subarray(done));
}

/** Reads the version behind the magic, or null when this is no log. */
export function readPrefix(source: ByteSource): number | null {
  const prefix = readAt(source, 0, PREFIX_BYTES);
  if (prefix.length < PREFIX_BYTES || MAGIC.some((byte, at) => prefix[at] !== byte)) return null;
  return new DataView(prefix.buffer).getUint32(MAGIC.length, true);
}

/** Reads blocks from an offset on. */
export class BlockReader {
  readonly #source: ByteSource;
  #offset: number;

  /** @param offset where a block begins */
  constructor(source: ByteSource, offset: number) {
    this.#source = source;
    this.#offset = offset;
  }

  /** Where the next block begins. */
  get offset(): number {
    return this.#offset;
  }

  /** Where it is. @returns goes back there */
  save(): Restore {
    const offset = this.#offset;
    return () => {
      this.#offset = offset;
    };
  }

  /** The next block, or null where no whole one follows. Throws {@linkcode DamagedLogError}. */
  next(): Uint8Array | null {
    const head = readAt(this.#source, this.#offset, BLOCK_HEAD_BYTES);
    if (head.length < BLOCK_HEAD_BYTES) return null;
    const view = new DataView(head.buffer);
    const length = view.getUint32(0, true);
    if (length > LONGEST_BLOCK) {
      throw new DamagedLogError(`the block at byte ${this.#offset} has ${length} bytes`);
    }
    const content = readAt(this.#source, this.#offset + BLOCK_HEAD_BYTES, length);
    if (content.length < length) return null;
    if (view.getUint32(WORD_BYTES, true) !== hashBytes(content)) {
      throw new DamagedLogError(`the block at byte ${this.#offset} is not what was written`);
    }
    this.#offset += BLOCK_HEAD_BYTES + length;
    return content;
  }
}

/** Bytes from an offset on: fewer where the file ends. */
function readAt(source: ByteSource, offset: number, length: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(length);
  source.seekSync(offset, Deno.SeekMode.Start);
  let done = 0;
  while (done < length) {
    const count = source.readSync(bytes.subarray(done));
    if (count === null) break;
    done += count;
  }
  return bytes.slice(0, done);
}
