import { signed, testRegisterModels, unsigned } from "./register_model_fixture.ts";

/** The low bits rotated to the right, as text. */
function rotated(value: bigint, distance: number, bits: number): bigint {
  const text = unsigned(value, bits).toString(2).padStart(bits, "0");
  return BigInt(`0b${text.slice(bits - distance) + text.slice(0, bits - distance)}`);
}

function sum(value: bigint, bits: 32 | 64, ...distances: number[]): bigint {
  const words = distances.map((distance) => rotated(value, distance, bits));
  return signed(words.reduce((x, y) => x ^ y), bits);
}

function schedule(
  value: bigint,
  bits: 32 | 64,
  first: number,
  second: number,
  shift: bigint,
): bigint {
  return sum(value, bits, first, second) ^ (unsigned(value, bits) >> shift);
}

testRegisterModels({
  "sha256sum0": (a) => sum(a, 32, 2, 13, 22),
  "sha256sum1": (a) => sum(a, 32, 6, 11, 25),
  "sha256sig0": (a) => schedule(a, 32, 7, 18, 3n),
  "sha256sig1": (a) => schedule(a, 32, 17, 19, 10n),
  "sha512sum0": (a) => sum(a, 64, 28, 34, 39),
  "sha512sum1": (a) => sum(a, 64, 14, 18, 41),
  "sha512sig0": (a) => schedule(a, 64, 1, 8, 7n),
  "sha512sig1": (a) => schedule(a, 64, 19, 61, 6n),
  "sm3p0": (a) => sum(a, 32, 0, 32 - 9, 32 - 17),
  "sm3p1": (a) => sum(a, 32, 0, 32 - 15, 32 - 23),
});
