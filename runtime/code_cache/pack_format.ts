/**
 * The file format of the code cache: regions and helper functions under one key, with a checksum over all of it.
 *
 * A pack is used as a whole or not at all: its SHA-256 sum is compared before anything of it is looked at, so a
 * file that was cut short or changed gives nothing. Files of another format or key are no damage, only foreign.
 */
import { ByteWriter } from "../../wasm_backend/byte_writer.ts";
import type {
  CalledFunction,
  CutOperand,
  FunctionObject,
} from "../../wasm_backend/link/function_object.ts";
import { typeBytes, typeText } from "../../wasm_backend/link/function_object.ts";
import type { CachedCall, CachedRegion, CodeRange } from "./cached_region.ts";
import { PackDamage, PackReader } from "./pack_reader.ts";

/** What a pack begins with; the number at its end is that of the format. */
const MAGIC = new TextEncoder().encode("weft code cache 1\n");
const CHECKSUM_BYTES = 32;
const HEADER_BYTES = MAGIC.length + CHECKSUM_BYTES;
const KIND_BITS = 2;
const KIND_MASK = (1 << KIND_BITS) - 1;

/** Contents of a pack. */
export interface Pack {
  /** All that the translations depend on besides the code, see `cache_key.ts`. */
  readonly key: string;
  /** Helper functions by name. */
  readonly helpers: ReadonlyMap<string, FunctionObject>;
  /** Regions, each with the time in seconds since the epoch when a machine last used it. */
  readonly regions: ReadonlyMap<CachedRegion, number>;
}

/** Encodes a pack. */
export async function encodePack({ key, helpers, regions }: Pack): Promise<Uint8Array> {
  const w = new ByteWriter();
  w.name(key);
  w.unsigned(helpers.size);
  for (const [name, object] of helpers) {
    w.name(name);
    writeObject(w, object);
  }
  const numbers = new Map([...regions.keys()].map((region, index) => [region, index]));
  w.unsigned(regions.size);
  for (const [region, lastUse] of regions) {
    w.unsigned(lastUse);
    writeRegion(w, region, numbers);
  }
  const payload = w.take();
  const file = new Uint8Array(HEADER_BYTES + payload.length);
  file.set(MAGIC);
  file.set(await checksum(payload), MAGIC.length);
  file.set(payload, HEADER_BYTES);
  return file;
}

/** Decodes a pack; "damaged" when its bytes are not those that were written, null when it is not for this key. */
export async function decodePack(
  file: Uint8Array<ArrayBuffer>,
  key: string,
): Promise<Pack | "damaged" | null> {
  const isPack = MAGIC.every((byte, index) => file[index] === byte);
  if (!isPack || file.length < HEADER_BYTES) return "damaged";
  const payload = file.subarray(HEADER_BYTES);
  const sum = await checksum(payload);
  if (sum.some((byte, index) => file[MAGIC.length + index] !== byte)) return "damaged";
  try {
    return readPayload(new PackReader(payload), key);
  } catch (error) {
    if (error instanceof PackDamage) return "damaged";
    throw error;
  }
}

async function checksum(payload: Uint8Array<ArrayBuffer>): Promise<Uint8Array> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", payload));
}

function readPayload(r: PackReader, key: string): Pack | null {
  if (r.name() !== key) return null;
  const helpers = new Map(r.list(() => [r.name(), readObject(r)] as const));
  const regions = r.list(() => ({ lastUse: r.unsigned(), region: readRegion(r) }));
  for (const { region } of regions) {
    for (const call of region.calls) {
      call.region = call.number === 0 ? null : r.oneOf(regions, call.number - 1).region;
    }
  }
  return {
    key,
    helpers,
    regions: new Map(regions.map(({ region, lastUse }) => [region, lastUse])),
  };
}

// --- functions --------------------------------------------------------------------------------------

function writeObject(w: ByteWriter, { type, code, operands, calls, types }: FunctionObject): void {
  w.counted(typeBytes(type));
  w.counted(code);
  w.unsigned(operands.length);
  let before = 0;
  for (const { at, kind, index } of operands) {
    w.unsigned(at - before);
    w.unsigned((index << KIND_BITS) | kind);
    before = at;
  }
  w.unsigned(calls.length);
  for (const { name, importType } of calls) {
    w.name(name);
    w.counted(typeBytes(importType ?? ""));
  }
  w.unsigned(types.length);
  for (const text of types) w.counted(typeBytes(text));
}

function readObject(r: PackReader): FunctionObject {
  const type = typeText(r.counted());
  const code = r.counted();
  let at = 0;
  const operands = r.list((): CutOperand => {
    at += r.unsigned();
    const packed = r.unsigned();
    return { at, kind: packed & KIND_MASK, index: packed >>> KIND_BITS };
  });
  const calls = r.list((): CalledFunction => {
    const name = r.name();
    const importType = typeText(r.counted());
    return { name, importType: importType === "" ? null : importType };
  });
  return { type, code, operands, calls, types: r.list(() => typeText(r.counted())) };
}

// --- regions ----------------------------------------------------------------------------------------

function writeRegion(
  w: ByteWriter,
  region: CachedRegion,
  numbers: ReadonlyMap<CachedRegion, number>,
): void {
  w.unsigned(region.modeKey);
  w.unsigned(region.hotOffset);
  w.unsigned(region.ramBytes);
  for (const list of [region.entryOffsets, region.starts, region.pages]) {
    w.unsigned(list.length);
    for (const value of list) w.signed(value);
  }
  w.unsigned(region.code.length);
  for (const { offset, bytes } of region.code) {
    w.signed(offset);
    w.counted(bytes);
  }
  writeObject(w, region.object);
  w.unsigned(region.calls.length);
  for (const { name, region: callee, distance, entryOffset } of region.calls) {
    w.name(name);
    w.unsigned(callee === null ? 0 : 1 + (numbers.get(callee) ?? -1));
    w.signed(distance);
    w.signed(entryOffset);
  }
}

/** A call whose callee is known once all regions were read. */
interface ReadCall extends CachedCall {
  region: CachedRegion | null;
  readonly number: number;
}

interface ReadRegion extends CachedRegion {
  readonly calls: readonly ReadCall[];
}

function readRegion(r: PackReader): ReadRegion {
  const numbers = (): number[] => r.list(() => r.signed());
  return {
    modeKey: r.unsigned(),
    hotOffset: r.unsigned(),
    ramBytes: r.unsigned(),
    entryOffsets: numbers(),
    starts: numbers(),
    pages: numbers(),
    code: r.list((): CodeRange => ({ offset: r.signed(), bytes: r.counted() })),
    object: readObject(r),
    calls: r.list((): ReadCall => ({
      name: r.name(),
      region: null,
      number: r.unsigned(),
      distance: r.signed(),
      entryOffset: r.signed(),
    })),
  };
}
