/**
 * Meaning of integer multiplication and division. Division by zero and the one overflow have results of
 * their own, no exception; the divisor given to the operation is made harmless first.
 *
 * Source: Unprivileged ISA, "M" Extension for Integer Multiplication and Division.
 */
import type { Value } from "../../../ir/region.ts";
import type { LiftContext } from "./lift_context.ts";

const INT32_MIN = -(2 ** 31);
const INT64_MIN = -(2n ** 63n);

/** `mul` */
export function mul(c: LiftContext): void {
  c.setX(c.b.mul(c.x("rs1"), c.x("rs2")));
}

/** `mulh` */
export function mulh(c: LiftContext): void {
  c.setX(c.b.op("i64.mulh_s", c.x("rs1"), c.x("rs2")));
}

/** `mulhsu`: the first factor is signed. */
export function mulhsu(c: LiftContext): void {
  c.setX(c.b.op("i64.mulh_su", c.x("rs1"), c.x("rs2")));
}

/** `mulhu` */
export function mulhu(c: LiftContext): void {
  c.setX(c.b.op("i64.mulh_u", c.x("rs1"), c.x("rs2")));
}

/** `mulw` */
export function mulw(c: LiftContext): void {
  c.setW(c.b.mul(c.w("rs1"), c.w("rs2")));
}

function constantLike(c: LiftContext, like: Value, value: number): Value {
  return like.type === "i32" ? c.b.i32(value) : c.b.i64(value);
}

function mostNegativeLike(c: LiftContext, like: Value): Value {
  return like.type === "i32" ? c.b.i32(INT32_MIN) : c.b.i64(INT64_MIN);
}

/** The divisor, or 1 in its place when it is zero or the signed quotient would overflow. */
function signedDivisor(c: LiftContext, dividend: Value, divisor: Value): Value {
  const overflows = c.b.and(
    c.b.eq(dividend, mostNegativeLike(c, dividend)),
    c.b.eq(divisor, constantLike(c, divisor, -1)),
  );
  const isUnsafe = c.b.or(c.b.eqz(divisor), overflows);
  return c.b.select(isUnsafe, constantLike(c, divisor, 1), divisor);
}

/** The divisor, or 1 in its place when it is zero. */
function unsignedDivisor(c: LiftContext, divisor: Value): Value {
  return c.b.select(c.b.eqz(divisor), constantLike(c, divisor, 1), divisor);
}

/** Overflow gives the dividend, which is what dividing it by 1 gives. */
function signedQuotient(c: LiftContext, dividend: Value, divisor: Value): Value {
  const quotient = c.b.divS(dividend, signedDivisor(c, dividend, divisor));
  return c.b.select(c.b.eqz(divisor), constantLike(c, divisor, -1), quotient);
}

function unsignedQuotient(c: LiftContext, dividend: Value, divisor: Value): Value {
  const quotient = c.b.divU(dividend, unsignedDivisor(c, divisor));
  return c.b.select(c.b.eqz(divisor), constantLike(c, divisor, -1), quotient);
}

/** Overflow gives 0, which is the remainder of a division by 1. */
function signedRemainder(c: LiftContext, dividend: Value, divisor: Value): Value {
  const remainder = c.b.remS(dividend, signedDivisor(c, dividend, divisor));
  return c.b.select(c.b.eqz(divisor), dividend, remainder);
}

function unsignedRemainder(c: LiftContext, dividend: Value, divisor: Value): Value {
  const remainder = c.b.remU(dividend, unsignedDivisor(c, divisor));
  return c.b.select(c.b.eqz(divisor), dividend, remainder);
}

/** `div` */
export function div(c: LiftContext): void {
  c.setX(signedQuotient(c, c.x("rs1"), c.x("rs2")));
}

/** `divu` */
export function divu(c: LiftContext): void {
  c.setX(unsignedQuotient(c, c.x("rs1"), c.x("rs2")));
}

/** `rem` */
export function rem(c: LiftContext): void {
  c.setX(signedRemainder(c, c.x("rs1"), c.x("rs2")));
}

/** `remu` */
export function remu(c: LiftContext): void {
  c.setX(unsignedRemainder(c, c.x("rs1"), c.x("rs2")));
}

/** `divw` */
export function divw(c: LiftContext): void {
  c.setW(signedQuotient(c, c.w("rs1"), c.w("rs2")));
}

/** `divuw` */
export function divuw(c: LiftContext): void {
  c.setW(unsignedQuotient(c, c.w("rs1"), c.w("rs2")));
}

/** `remw` */
export function remw(c: LiftContext): void {
  c.setW(signedRemainder(c, c.w("rs1"), c.w("rs2")));
}

/** `remuw` */
export function remuw(c: LiftContext): void {
  c.setW(unsignedRemainder(c, c.w("rs1"), c.w("rs2")));
}
