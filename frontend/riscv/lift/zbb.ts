/**
 * Meaning of the basic bit manipulation instructions.
 *
 * Source: Unprivileged ISA, "B" Extension for Bit Manipulation, "Zbb: Basic bit-manipulation".
 */
import type { Value } from "../../../ir/region.ts";
import { reverseBytes } from "../bit_functions/neighbour_swap.ts";
import type { LiftContext } from "./lift_context.ts";

const ALL_ONES = -1;
const HALFWORD_MASK = 0xffff;
const BYTE_MASK = 0xff;
const BYTE_TOP_BIT = 7;
/** Every byte 0x7f. */
const LOW_SEVEN_BITS = 0x7f7f_7f7f_7f7f_7f7fn;

function complement(c: LiftContext, value: Value): Value {
  return c.b.xor(value, c.b.i64(ALL_ONES));
}

/** `andn` */
export function andn(c: LiftContext): void {
  c.setX(c.b.and(c.x("rs1"), complement(c, c.x("rs2"))));
}

/** `orn` */
export function orn(c: LiftContext): void {
  c.setX(c.b.or(c.x("rs1"), complement(c, c.x("rs2"))));
}

/** `xnor` */
export function xnor(c: LiftContext): void {
  c.setX(complement(c, c.b.xor(c.x("rs1"), c.x("rs2"))));
}

/** `clz` */
export function clz(c: LiftContext): void {
  c.setX(c.b.op("i64.clz", c.x("rs1")));
}

/** `clzw` */
export function clzw(c: LiftContext): void {
  c.setW(c.b.op("i32.clz", c.w("rs1")));
}

/** `ctz` */
export function ctz(c: LiftContext): void {
  c.setX(c.b.op("i64.ctz", c.x("rs1")));
}

/** `ctzw` */
export function ctzw(c: LiftContext): void {
  c.setW(c.b.op("i32.ctz", c.w("rs1")));
}

/** `cpop` */
export function cpop(c: LiftContext): void {
  c.setX(c.b.op("i64.popcnt", c.x("rs1")));
}

/** `cpopw` */
export function cpopw(c: LiftContext): void {
  c.setW(c.b.op("i32.popcnt", c.w("rs1")));
}

function larger(c: LiftContext, isLess: (a: Value, b: Value) => Value): void {
  const first = c.x("rs1");
  const second = c.x("rs2");
  c.setX(c.b.select(isLess(first, second), second, first));
}

function smaller(c: LiftContext, isLess: (a: Value, b: Value) => Value): void {
  const first = c.x("rs1");
  const second = c.x("rs2");
  c.setX(c.b.select(isLess(first, second), first, second));
}

/** `max` */
export function max(c: LiftContext): void {
  larger(c, (a, b) => c.b.ltS(a, b));
}

/** `maxu` */
export function maxu(c: LiftContext): void {
  larger(c, (a, b) => c.b.ltU(a, b));
}

/** `min` */
export function min(c: LiftContext): void {
  smaller(c, (a, b) => c.b.ltS(a, b));
}

/** `minu` */
export function minu(c: LiftContext): void {
  smaller(c, (a, b) => c.b.ltU(a, b));
}

/** `sext.b` */
export function sextB(c: LiftContext): void {
  c.setX(c.b.op("i64.extend8_s", c.x("rs1")));
}

/** `sext.h` */
export function sextH(c: LiftContext): void {
  c.setX(c.b.op("i64.extend16_s", c.x("rs1")));
}

/** `zext.h` */
export function zextH(c: LiftContext): void {
  c.setX(c.b.and(c.x("rs1"), c.b.i64(HALFWORD_MASK)));
}

/** `rol` */
export function rol(c: LiftContext): void {
  c.setX(c.b.rotl(c.x("rs1"), c.x("rs2")));
}

/** `rolw` */
export function rolw(c: LiftContext): void {
  c.setW(c.b.rotl(c.w("rs1"), c.w("rs2")));
}

/** `ror` */
export function ror(c: LiftContext): void {
  c.setX(c.b.rotr(c.x("rs1"), c.x("rs2")));
}

/** `rorw` */
export function rorw(c: LiftContext): void {
  c.setW(c.b.rotr(c.w("rs1"), c.w("rs2")));
}

/** `rori` */
export function rori(c: LiftContext): void {
  c.setX(c.b.rotr(c.x("rs1"), c.immediate()));
}

/** `roriw` */
export function roriw(c: LiftContext): void {
  c.setW(c.b.rotr(c.w("rs1"), c.field("imm")));
}

/**
 * `orc.b`: adding 0x7f to a byte's low seven bits carries into its top bit unless they are zero; never
 * beyond it.
 */
export function orcB(c: LiftContext): void {
  const value = c.x("rs1");
  const lowSeven = c.b.i64(LOW_SEVEN_BITS);
  const carried = c.b.or(c.b.add(c.b.and(value, lowSeven), lowSeven), value);
  const flags = c.b.shrU(c.b.and(carried, complement(c, lowSeven)), c.b.i64(BYTE_TOP_BIT));
  c.setX(c.b.mul(flags, c.b.i64(BYTE_MASK)));
}

/** `rev8` */
export function rev8(c: LiftContext): void {
  c.setX(reverseBytes(c.b, c.x("rs1")));
}
