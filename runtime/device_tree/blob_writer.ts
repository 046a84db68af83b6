/** Writes a device tree as a version 17 blob: header, reservation map, structure, strings. */

import {
  FDT_COMPATIBLE_VERSION,
  FDT_MAGIC,
  FDT_VERSION,
  FdtHeader,
  FdtToken,
  RESERVATION_BYTES,
  TOKEN_BYTES,
} from "./blob_format.ts";
import type { DeviceTreeNode } from "./node.ts";

/** The reservation map must start at a multiple of 8. */
const RESERVATIONS_OFFSET = FdtHeader.BYTES;
const NO_RESERVATIONS = new Uint8Array(0);

/**
 * The flattened form of a tree.
 * @param root root node
 * @param bootHart physical id of the processor that boots
 * @param reservations memory reservation map without its end mark
 * @param slack bytes that a later boot stage may use to add to the tree in place
 */
export function writeDeviceTreeBlob(
  root: DeviceTreeNode,
  bootHart = 0,
  reservations: Uint8Array = NO_RESERVATIONS,
  slack = 0,
): Uint8Array {
  const strings = new StringBlock();
  const structure = new WordStream();
  writeNode(structure, strings, root);
  structure.word(FdtToken.END);
  return assemble(reservations, structure.bytes(), strings.bytes(), bootHart, slack);
}

function writeNode(out: WordStream, strings: StringBlock, node: DeviceTreeNode): void {
  out.word(FdtToken.BEGIN_NODE);
  out.padded(new TextEncoder().encode(`${node.name}\0`));
  for (const [name, value] of node.properties) {
    out.word(FdtToken.PROPERTY);
    out.word(value.length);
    out.word(strings.offsetOf(name));
    out.padded(value);
  }
  for (const child of node.children) writeNode(out, strings, child);
  out.word(FdtToken.END_NODE);
}

function assemble(
  reservations: Uint8Array,
  structure: Uint8Array,
  strings: Uint8Array,
  bootHart: number,
  slack: number,
): Uint8Array {
  const structureOffset = RESERVATIONS_OFFSET + reservations.length + RESERVATION_BYTES;
  const stringsOffset = structureOffset + structure.length;
  const totalBytes = roundUp(stringsOffset + strings.length + slack);
  const blob = new Uint8Array(totalBytes);
  const header = new DataView(blob.buffer);
  header.setUint32(FdtHeader.MAGIC, FDT_MAGIC);
  header.setUint32(FdtHeader.TOTAL_BYTES, totalBytes);
  header.setUint32(FdtHeader.STRUCTURE_OFFSET, structureOffset);
  header.setUint32(FdtHeader.STRINGS_OFFSET, stringsOffset);
  header.setUint32(FdtHeader.RESERVATIONS_OFFSET, RESERVATIONS_OFFSET);
  header.setUint32(FdtHeader.VERSION, FDT_VERSION);
  header.setUint32(FdtHeader.COMPATIBLE_VERSION, FDT_COMPATIBLE_VERSION);
  header.setUint32(FdtHeader.BOOT_CPU, bootHart);
  header.setUint32(FdtHeader.STRINGS_BYTES, strings.length);
  header.setUint32(FdtHeader.STRUCTURE_BYTES, structure.length);
  blob.set(reservations, RESERVATIONS_OFFSET);
  blob.set(structure, structureOffset);
  blob.set(strings, stringsOffset);
  return blob;
}

function roundUp(length: number): number {
  return Math.ceil(length / TOKEN_BYTES) * TOKEN_BYTES;
}

/** Property names, each stored once. */
class StringBlock {
  readonly #offsets = new Map<string, number>();
  #text = "";

  offsetOf(name: string): number {
    const known = this.#offsets.get(name);
    if (known !== undefined) return known;
    const offset = this.#text.length;
    this.#offsets.set(name, offset);
    this.#text += `${name}\0`;
    return offset;
  }

  bytes(): Uint8Array {
    return new TextEncoder().encode(this.#text);
  }
}

/** A growing sequence of big-endian words and padded byte strings. */
class WordStream {
  readonly #pieces: Uint8Array[] = [];
  #length = 0;

  word(value: number): void {
    const bytes = new Uint8Array(TOKEN_BYTES);
    new DataView(bytes.buffer).setUint32(0, value);
    this.#push(bytes);
  }

  padded(value: Uint8Array): void {
    const bytes = new Uint8Array(roundUp(value.length));
    bytes.set(value);
    this.#push(bytes);
  }

  bytes(): Uint8Array {
    const all = new Uint8Array(this.#length);
    let offset = 0;
    for (const piece of this.#pieces) {
      all.set(piece, offset);
      offset += piece.length;
    }
    return all;
  }

  #push(bytes: Uint8Array): void {
    this.#pieces.push(bytes);
    this.#length += bytes.length;
  }
}
