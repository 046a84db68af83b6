/**
 * Reads a flattened device tree that a user gives, so that the boot arguments can be put into it. The file
 * is not trusted: every offset is checked before it is followed.
 */

import {
  FDT_COMPATIBLE_VERSION,
  FDT_MAGIC,
  FdtHeader,
  FdtToken,
  RESERVATION_BYTES,
  TOKEN_BYTES,
} from "./blob_format.ts";
import { DeviceTreeNode } from "./node.ts";

/** Deepest nesting of nodes that is read. */
const DEEPEST_NODE = 64;
/** Longest name that is read: the specification has 31, and names in the field are longer. */
const LONGEST_NAME = 255;
const PRINTABLE = /^[\x20-\x7e]*$/;
/** What Linux maps of a device tree before it has memory management. */
const MOST_BYTES = 0x20_0000;

/** A blob that is not a readable flattened device tree. */
export class DeviceTreeFormatError extends Error {
  /** Name of the error class. */
  override readonly name = "DeviceTreeFormatError";

  /**
   * Says what is wrong with the blob.
   * @param reason what is wrong with it
   */
  constructor(reason: string) {
    super(`Cannot read device tree: ${reason}`);
  }
}

/**
 * Reads a blob.
 * @returns the root node
 * @throws {DeviceTreeFormatError} when the bytes are no device tree
 */
export function readDeviceTreeBlob(bytes: Uint8Array): DeviceTreeNode {
  return new BlobReader(bytes).readRoot();
}

/**
 * The memory reservation map, as it is in the blob, without its end mark.
 * @throws {DeviceTreeFormatError} when it has no end
 */
export function readReservations(bytes: Uint8Array): Uint8Array {
  return new BlobReader(bytes).readReservations();
}

class BlobReader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #stringsOffset: number;
  readonly #end: number;
  #position: number;

  constructor(bytes: Uint8Array) {
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#bytes = bytes;
    if (bytes.length < FdtHeader.BYTES || this.#view.getUint32(FdtHeader.MAGIC) !== FDT_MAGIC) {
      throw new DeviceTreeFormatError("it does not start with the magic number of a blob");
    }
    if (this.#view.getUint32(FdtHeader.COMPATIBLE_VERSION) > FDT_COMPATIBLE_VERSION) {
      throw new DeviceTreeFormatError("its format version is too new");
    }
    this.#end = this.#view.getUint32(FdtHeader.TOTAL_BYTES);
    if (this.#end > bytes.length) throw new DeviceTreeFormatError("it is cut off");
    if (this.#end > MOST_BYTES) throw new DeviceTreeFormatError("it has more than 2 MiB");
    this.#stringsOffset = this.#view.getUint32(FdtHeader.STRINGS_OFFSET);
    this.#position = this.#view.getUint32(FdtHeader.STRUCTURE_OFFSET);
  }

  readRoot(): DeviceTreeNode {
    if (this.#token() !== FdtToken.BEGIN_NODE) {
      throw new DeviceTreeFormatError("its structure does not start with a node");
    }
    const root = this.#node(0);
    if (this.#token() === FdtToken.END) return root;
    throw new DeviceTreeFormatError("its structure goes on behind the root");
  }

  readReservations(): Uint8Array {
    const start = this.#view.getUint32(FdtHeader.RESERVATIONS_OFFSET);
    this.#position = start;
    for (;;) {
      const entry = this.#position;
      let bits = 0;
      for (let word = 0; word < RESERVATION_BYTES / TOKEN_BYTES; word++) bits |= this.#word();
      if (bits === 0) return this.#bytes.slice(start, entry);
    }
  }

  /** Reads a node whose begin token was taken. */
  #node(depth: number): DeviceTreeNode {
    if (depth > DEEPEST_NODE) throw new DeviceTreeFormatError("its nodes nest too deep");
    const name = this.#text(this.#position);
    this.#advance(name.length + 1);
    const node = new DeviceTreeNode(name);
    for (;;) {
      const token = this.#token();
      if (token === FdtToken.END_NODE) return node;
      if (token === FdtToken.BEGIN_NODE) node.children.push(this.#node(depth + 1));
      else if (token === FdtToken.PROPERTY) this.#property(node);
      else throw new DeviceTreeFormatError(`it has an unknown token ${token}`);
    }
  }

  #property(node: DeviceTreeNode): void {
    const length = this.#word();
    const name = this.#text(this.#stringsOffset + this.#word());
    const start = this.#position;
    this.#advance(length);
    node.setBytes(name, this.#bytes.slice(start, start + length));
  }

  #token(): number {
    let token: number = FdtToken.NOP;
    while (token === FdtToken.NOP) token = this.#word();
    return token;
  }

  #word(): number {
    const start = this.#position;
    this.#advance(TOKEN_BYTES);
    return this.#view.getUint32(start);
  }

  #advance(length: number): void {
    if (this.#position + length > this.#end) {
      throw new DeviceTreeFormatError("an entry reaches beyond its end");
    }
    this.#position += Math.ceil(length / TOKEN_BYTES) * TOKEN_BYTES;
  }

  #text(start: number): string {
    const room = this.#bytes.subarray(start, Math.min(this.#end, start + LONGEST_NAME + 1));
    const length = room.indexOf(0);
    if (length < 0) throw new DeviceTreeFormatError("a name has no end");
    const name = String.fromCharCode(...room.subarray(0, length));
    if (!PRINTABLE.test(name)) throw new DeviceTreeFormatError("a name is not printable");
    return name;
  }
}
