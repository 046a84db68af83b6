/**
 * `-device loader,...`: QEMU's generic loader. Which
 * properties go together follows QEMU's documentation, "Generic Loader".
 */

import type { StartLoad, ValueLoad } from "../machine/options.ts";
import { SLOT_DRIVERS } from "./device_flags.ts";
import { suggestion } from "./nearest_name.ts";
import { parsePropertyList, parseSwitch, rejectUnknownProperties } from "./property_list.ts";
import { UsageError } from "./usage_error.ts";

/** A file to load; it is still a path. */
export interface FileLoadRequest {
  /** Path of the file. */
  readonly path: string;
  /** Where a file without addresses of its own goes. */
  readonly address: number;
  /** Take an ELF file as plain bytes. */
  readonly raw: boolean;
  /** Hart that starts there. */
  readonly hart?: number;
}

/** What one flag asks for. */
export type LoadRequest = FileLoadRequest | ValueLoad | StartLoad;

const DEVICE = "loader";
const PROPERTIES = [
  "file",
  "addr",
  "force-raw",
  "cpu-num",
  "data",
  "data-len",
  "data-be",
  "id",
] as const;
type Property = typeof PROPERTIES[number];

const VALUE_PROPERTIES = ["data", "data-len", "data-be"] as const;
const FORMS = "file=FILE,addr=A or addr=A,data=V,data-len=N or addr=A,cpu-num=N";
const LARGEST_VALUE_BYTES = 8;
const BYTE_BITS = 8;

/** Understands the value of `-device`. Throws UsageError. */
export function parseLoaderDevice(text: string): LoadRequest {
  const { head, properties } = parsePropertyList("device", text);
  if ((head ?? properties.get("driver")) !== DEVICE) throw unknownDevice(text, head ?? "");
  const known = head === undefined ? [...PROPERTIES, "driver"] : PROPERTIES;
  rejectUnknownProperties("device", properties, known);
  return new LoaderProperties(text, properties).request();
}

class LoaderProperties {
  readonly #text: string;
  readonly #properties: ReadonlyMap<string, string>;

  constructor(text: string, properties: ReadonlyMap<string, string>) {
    this.#text = text;
    this.#properties = properties;
  }

  request(): LoadRequest {
    if (this.#has("file")) return this.#fileRequest();
    if (this.#has("force-raw")) throw this.#fault("force-raw= says how file= is read", "add file=");
    const address = this.#number("addr");
    // With a value, cpu-num names whose memory it goes to: it is the same memory for all.
    if (VALUE_PROPERTIES.some((name) => this.#has(name))) return { address, bytes: this.#value() };
    if (this.#has("cpu-num")) return { address, hart: this.#number("cpu-num") };
    throw this.#fault("it loads nothing and starts nothing", `write ${FORMS}`);
  }

  #fileRequest(): FileLoadRequest {
    for (const name of VALUE_PROPERTIES) {
      if (!this.#has(name)) continue;
      throw this.#fault(`file= and ${name}= exclude each other`, "write two -device flags");
    }
    const path = this.#word("file");
    if (path === "") throw this.#fault("its file= is empty", "write file=FILE");
    return {
      path,
      address: this.#has("addr") ? this.#number("addr") : 0,
      raw: this.#has("force-raw") && parseSwitch("device", "force-raw", this.#word("force-raw")),
      ...(this.#has("cpu-num") ? { hart: this.#number("cpu-num") } : {}),
    };
  }

  /** The value's low bytes, in the order that `data-be` says. */
  #value(): Uint8Array {
    const length = this.#has("data-len") ? this.#number("data-len") : 0;
    if (!this.#has("data") || length < 1 || length > LARGEST_VALUE_BYTES) {
      const cause = "data= and data-len= belong together, with 1 to 8 bytes";
      throw this.#fault(cause, `write ${FORMS}`);
    }
    const value = this.#wide("data");
    const bytes = Uint8Array.from(
      { length },
      (_, index) => Number(BigInt.asUintN(BYTE_BITS, value >> BigInt(index * BYTE_BITS))),
    );
    const isBigEndian = this.#has("data-be") &&
      parseSwitch("device", "data-be", this.#word("data-be"));
    return isBigEndian ? bytes.reverse() : bytes;
  }

  #has(name: Property): boolean {
    return this.#properties.has(name);
  }

  #word(name: Property): string {
    return this.#properties.get(name) ?? "";
  }

  #number(name: Property): number {
    const value = this.#wide(name);
    if (value <= Number.MAX_SAFE_INTEGER) return Number(value);
    throw this.#fault(`${name}= is too large`, "use an address in RAM");
  }

  #wide(name: Property): bigint {
    const digits = this.#word(name);
    const value = parseInteger(digits);
    if (value !== undefined) return value;
    if (!this.#has(name)) throw this.#fault(`${name}= is missing`, `write ${FORMS}`);
    const cause = `${name}="${digits}" is not a number of 64 bits`;
    throw this.#fault(cause, `write ${name}= with a number such as 0x84000000`);
  }

  #fault(cause: string, fix: string): UsageError {
    return new UsageError({ what: `-device ${this.#text}`, cause, fix });
  }
}

/** An integer as C writes it: `0x84000000`, `2214592512`, `0750`. */
function parseInteger(digits: string): bigint | undefined {
  if (/^0[0-7]+$/.test(digits)) return within64Bits(BigInt(`0o${digits.slice(1)}`));
  if (/^([1-9][0-9]*|0)$/.test(digits) || /^0x[0-9a-f]+$/i.test(digits)) {
    return within64Bits(BigInt(digits));
  }
  return undefined;
}

function within64Bits(value: bigint): bigint | undefined {
  return value === BigInt.asUintN(64, value) ? value : undefined;
}

function unknownDevice(text: string, name: string): UsageError {
  return new UsageError({
    what: `-device ${text}`,
    cause: name === "" ? "it names no device" : `there is no device "${name}" to add`,
    fix: `${suggestion(name, [DEVICE, ...SLOT_DRIVERS])}; the other devices belong to the board`,
  });
}
