/**
 * A device tree in memory: named nodes with byte-string properties, as in the Devicetree Specification,
 * "Device Tree Structure". Multi-byte values are big-endian.
 */

const CELL_BYTES = 4;
const HALF_RANGE = 0x1_0000_0000;

/** One node; the root has an empty name. */
export class DeviceTreeNode {
  /** Node name with its unit address, such as `serial@10000000`. */
  readonly name: string;
  /** Property values by name, in insertion order. */
  readonly properties: Map<string, Uint8Array> = new Map();
  /** Child nodes in order. */
  readonly children: DeviceTreeNode[] = [];

  /**
   * Makes a node without properties and children.
   * @param name node name with its unit address; empty for the root
   */
  constructor(name = "") {
    this.name = name;
  }

  /** Adds and returns a child node. */
  addChild(name: string): DeviceTreeNode {
    const child = new DeviceTreeNode(name);
    this.children.push(child);
    return child;
  }

  /** Sets a property to raw bytes. */
  setBytes(name: string, value: Uint8Array): this {
    this.properties.set(name, value);
    return this;
  }

  /** Sets a property without a value: its presence is the information. */
  setFlag(name: string): this {
    return this.setBytes(name, new Uint8Array(0));
  }

  /** Sets a property to 32-bit cells. */
  setCells(name: string, ...cells: readonly number[]): this {
    return this.setBytes(name, encodeCells(cells));
  }

  /** Sets a property to 64-bit values of two cells each. */
  setWideCells(name: string, ...values: readonly number[]): this {
    const cells = values.flatMap((value) => [Math.floor(value / HALF_RANGE), value % HALF_RANGE]);
    return this.setBytes(name, encodeCells(cells));
  }

  /** Sets a property to a list of strings. */
  setStrings(name: string, ...values: readonly string[]): this {
    const text = values.map((value) => `${value}\0`).join("");
    return this.setBytes(name, new TextEncoder().encode(text));
  }

  /** The child with this name, or with this name before its unit address. */
  child(name: string): DeviceTreeNode | undefined {
    return this.children.find((node) => node.name === name) ??
      this.children.find((node) => node.name.split("@", 1)[0] === name);
  }

  /** The cells of a property. @throws {RangeError} when it is missing or not made of cells. */
  cells(name: string): number[] {
    const value = this.properties.get(name);
    if (value === undefined || value.length % CELL_BYTES !== 0) {
      throw new RangeError(`Cannot read cells of property "${name}" of node "${this.name}"`);
    }
    const view = new DataView(value.buffer, value.byteOffset, value.byteLength);
    const count = value.length / CELL_BYTES;
    return Array.from({ length: count }, (_, index) => view.getUint32(index * CELL_BYTES));
  }

  /** The strings of a property; none when it is missing. */
  strings(name: string): string[] {
    const value = this.properties.get(name);
    if (value === undefined || value.length === 0) return [];
    return new TextDecoder().decode(value).replace(/\0$/, "").split("\0");
  }
}

function encodeCells(cells: readonly number[]): Uint8Array {
  const bytes = new Uint8Array(cells.length * CELL_BYTES);
  const view = new DataView(bytes.buffer);
  cells.forEach((cell, index) => view.setUint32(index * CELL_BYTES, cell));
  return bytes;
}
