import { assertEquals } from "@std/assert";
import fc from "fast-check";
import {
  addWide,
  nanosecondsOf,
  signedWideToNumber,
  subtractWide,
  type WideInteger,
} from "./wide_integer.ts";

const HALF_BITS = 32n;
const toBigInt = (value: WideInteger): bigint =>
  BigInt.asUintN(64, (BigInt(value.high) << HALF_BITS) | BigInt(value.low >>> 0));
const fromBigInt = (value: bigint): WideInteger => ({
  low: Number(BigInt.asIntN(32, value)),
  high: Number(BigInt.asIntN(32, value >> HALF_BITS)),
});
const anyWide = fc.bigInt({ min: 0n, max: (1n << 64n) - 1n });

Deno.test("addWide() and subtractWide() wrap like 64-bit integers", () => {
  fc.assert(fc.property(anyWide, anyWide, (a, b) => {
    assertEquals(toBigInt(addWide(fromBigInt(a), fromBigInt(b))), BigInt.asUintN(64, a + b));
    assertEquals(toBigInt(subtractWide(fromBigInt(a), fromBigInt(b))), BigInt.asUintN(64, a - b));
  }));
});

Deno.test("nanosecondsOf() is exact for every date", () => {
  fc.assert(fc.property(fc.integer({ min: 0, max: 9_000_000_000_000 }), (ms) => {
    assertEquals(toBigInt(nanosecondsOf(ms)), BigInt(ms) * 1_000_000n);
  }));
});

Deno.test("signedWideToNumber() reads the sign from the high half", () => {
  assertEquals(signedWideToNumber(fromBigInt(-5_000_000_000n)), -5_000_000_000);
  assertEquals(signedWideToNumber({ low: -1, high: 0 }), 4294967295);
});
