/**
 * Physical memory protection: 16 entries whose granularity is one page, so that one check covers a page and
 * a translation that passed it needs no other. The four-byte region does not exist at that granularity.
 *
 * Source: RISC-V Privileged ISA, "Physical Memory Protection CSRs" and "Address Matching".
 */
import { type Builder, buildFunction } from "../../../ir/builder.ts";
import type { Region, Value, Variable } from "../../../ir/region.ts";
import { slot } from "../registers.ts";
import { replaceBits } from "./bit_fields.ts";
import { Feature, hasFeature } from "./features.ts";
import { PMP_PERMISSIONS } from "./signatures.ts";

/** Number of entries. */
export const PMP_ENTRIES = 16;
/** Read, write and execute together, as in a configuration byte and in a walk's result. */
export const ALL_PERMISSIONS = 7;

/** One configuration byte; the read, write and execute bits are those of a walk's result. */
const Config = { MATCH_SHIFT: 3, MATCH_ONES: 3, LOCK: 0x80 } as const;
/** Values of a configuration's matching field. */
const Match = { TOP_OF_RANGE: 1, POWER_OF_TWO: 3 } as const;

const CONFIG_BITS = 8;
const CONFIGS_PER_REGISTER_SHIFT = 3;
const CONFIG_INDEX_ONES = 7;

/** The same byte in all eight configurations of one register. */
const inEach = (byte: bigint): bigint => byte * 0x0101_0101_0101_0101n;
const EACH_READ = inEach(0x01n);
const EACH_WRITE = inEach(0x02n);
const EACH_MATCH_LOW = inEach(0x08n);
const EACH_MATCH_HIGH = inEach(0x10n);
const EACH_LOCK = inEach(0x80n);
const EACH_DEFINED = inEach(0x9fn);
const LOCK_TO_BIT_0 = 7n;
const WHOLE_BYTE = 0xffn;

/** Address registers hold bits 55..2 of a physical address. */
const ADDRESS_SHIFT = 2n;
const ADDRESS_MASK = (1n << 54n) - 1n;
/** log2 of the granularity in units of four bytes, as the specification's G + 2 = 12. */
const GRAIN = 10n;
const GRAIN_MASK = (1n << GRAIN) - 1n;
/** Bits that read as ones below a power-of-two region of the smallest size. */
const SMALLEST_REGION_ONES = (1n << (GRAIN - 1n)) - 1n;

/** Configuration byte of an entry (an i32), as an i32. */
function configOf(b: Builder, entry: Value): Value {
  const register = b.shrU(entry, b.i32(CONFIGS_PER_REGISTER_SHIFT));
  const byte = b.and(entry, b.i32(CONFIG_INDEX_ONES));
  const shift = b.zeroExtend(b.mul(byte, b.i32(CONFIG_BITS)));
  const bits = b.shrU(b.getStateAt(slot("pmpcfg"), register), shift);
  return b.and(b.wrap(bits), b.i32(Number(WHOLE_BYTE)));
}

function matchOf(b: Builder, config: Value): Value {
  return b.and(b.shrU(config, b.i32(Config.MATCH_SHIFT)), b.i32(Config.MATCH_ONES));
}

function isLocked(b: Builder, config: Value): Value {
  return b.ne(b.and(config, b.i32(Config.LOCK)), b.i32(0));
}

/** An entry's address as software reads it: what lies below the granularity depends on the matching. */
export function readPmpAddress(b: Builder, entry: Value): Value {
  const stored = b.getStateAt(slot("pmpaddr"), entry);
  const isPowerOfTwo = b.eq(matchOf(b, configOf(b, entry)), b.i32(Match.POWER_OF_TWO));
  const ones = b.or(stored, b.i64(SMALLEST_REGION_ONES));
  return b.select(isPowerOfTwo, ones, b.and(stored, b.i64(~GRAIN_MASK)));
}

/** Writes an entry's address unless it is locked, or bounds a locked range from below. */
export function writePmpAddress(b: Builder, entry: Value, value: Value): void {
  const isLast = b.eq(entry, b.i32(PMP_ENTRIES - 1));
  const next = configOf(b, b.select(isLast, entry, b.add(entry, b.i32(1))));
  const nextIsRange = b.eq(matchOf(b, next), b.i32(Match.TOP_OF_RANGE));
  const boundsLocked = b.and(b.and(isLocked(b, next), nextIsRange), b.not(isLast));
  const isFixed = b.or(isLocked(b, configOf(b, entry)), boundsLocked);
  b.when(b.not(isFixed), () => {
    b.setStateAt(slot("pmpaddr"), entry, b.and(value, b.i64(ADDRESS_MASK)));
  });
}

/** Legal configurations nearest to eight written ones: no write without read, no four-byte region. */
function legalConfigs(b: Builder, value: Value): Value {
  const defined = b.and(value, b.i64(EACH_DEFINED));
  const readable = b.shl(b.and(defined, b.i64(EACH_READ)), b.i64(1));
  const hasLow = b.shl(b.and(defined, b.i64(EACH_MATCH_LOW)), b.i64(1));
  const keptWrite = b.or(readable, b.i64(~EACH_WRITE));
  const keptHigh = b.or(hasLow, b.i64(~EACH_MATCH_HIGH));
  return b.and(defined, b.and(keptWrite, keptHigh));
}

/** Writes eight configurations; locked ones stay. */
export function writePmpConfig(b: Builder, register: number, value: Value): void {
  const old = b.getState(slot("pmpcfg"), register);
  const locks = b.shrU(b.and(old, b.i64(EACH_LOCK)), b.i64(LOCK_TO_BIT_0));
  const open = b.xor(b.mul(locks, b.i64(WHOLE_BYTE)), b.i64(-1));
  const written = replaceBits(b, old, legalConfigs(b, value), open);
  b.setState(slot("pmpcfg"), written, register);
}

/** Is no entry locked, so that machine mode is bound by none? An i32 flag. */
export function isMachineUnbound(b: Builder): Value {
  const [low, high] = [0, 1].map((register) => b.getState(slot("pmpcfg"), register));
  return b.eqz(b.and(b.or(low, high), b.i64(EACH_LOCK)));
}

/** Does a range that ends at the entry's address and starts at the one before hold the address? */
function matchesRange(b: Builder, entry: Value, address: Value): Value {
  const isFirst = b.eqz(entry);
  const before = b.select(isFirst, entry, b.sub(entry, b.i32(1)));
  const aligned = (index: Value): Value =>
    b.and(b.getStateAt(slot("pmpaddr"), index), b.i64(~GRAIN_MASK));
  const start = b.select(isFirst, b.i64(0), aligned(before));
  return b.and(b.geU(address, start), b.ltU(address, aligned(entry)));
}

/** Does a naturally aligned power-of-two region hold the address? Its size is in its trailing ones. */
function matchesPowerOfTwo(b: Builder, entry: Value, address: Value): Value {
  const region = b.or(b.getStateAt(slot("pmpaddr"), entry), b.i64(SMALLEST_REGION_ONES));
  const inside = b.xor(region, b.add(region, b.i64(1)));
  const difference = b.xor(address, region);
  return b.eqz(b.and(difference, b.xor(inside, b.i64(-1))));
}

/** Returns the permissions of the entry when it matches. */
function returnIfMatching(b: Builder, entry: Value, address: Value): void {
  const config = configOf(b, entry);
  const match = matchOf(b, config);
  const isRange = b.eq(match, b.i32(Match.TOP_OF_RANGE));
  const isPowerOfTwo = b.eq(match, b.i32(Match.POWER_OF_TWO));
  const inRange = b.and(isRange, matchesRange(b, entry, address));
  const inRegion = b.and(isPowerOfTwo, matchesPowerOfTwo(b, entry, address));
  b.when(b.or(inRange, inRegion), () => {
    const isUnbound = b.and(b.parameter(1), b.not(isLocked(b, config)));
    const given = b.and(config, b.i32(ALL_PERMISSIONS));
    b.return(b.select(isUnbound, b.i32(ALL_PERMISSIONS), given));
  });
}

function advance(b: Builder, variable: Variable): void {
  b.setVariable(variable, b.add(b.getVariable(variable), b.i32(1)));
}

/** Body of {@linkcode PMP_PERMISSIONS}: the first entry that matches decides. */
export function pmpPermissions(): Region {
  return buildFunction(PMP_PERMISSIONS, (b) => {
    b.when(b.not(hasFeature(b, Feature.PMP)), () => b.return(b.i32(ALL_PERMISSIONS)));
    const page = b.shrU(b.parameter(0), b.i64(ADDRESS_SHIFT + GRAIN));
    const address = b.shl(page, b.i64(GRAIN));
    const entry = b.variable("entry", "i32");
    b.setVariable(entry, b.i32(0));
    b.while(() => b.ltU(b.getVariable(entry), b.i32(PMP_ENTRIES)), () => {
      returnIfMatching(b, b.getVariable(entry), address);
      advance(b, entry);
    });
    b.return(b.select(b.parameter(1), b.i32(ALL_PERMISSIONS), b.i32(0)));
  });
}
