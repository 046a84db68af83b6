import { signed, testRegisterModels, unsigned } from "./register_model_fixture.ts";

/** The low bits as text, most significant first. */
function digits(value: bigint, bits: number): string {
  return unsigned(value, bits).toString(2).padStart(bits, "0");
}

function fromDigits(text: string): bigint {
  return BigInt(`0b${text}`);
}

function zerosBefore(text: string): bigint {
  return BigInt(text.replace(/1.*/, "").length);
}

function leadingZeros(value: bigint, bits: number): bigint {
  return zerosBefore(digits(value, bits));
}

function trailingZeros(value: bigint, bits: number): bigint {
  return zerosBefore([...digits(value, bits)].reverse().join(""));
}

function ones(value: bigint, bits: number): bigint {
  return BigInt(digits(value, bits).replaceAll("0", "").length);
}

function rotateLeft(value: bigint, amount: bigint, bits: number): bigint {
  const text = digits(value, bits);
  const distance = Number(unsigned(amount) % BigInt(bits));
  return signed(fromDigits(text.slice(distance) + text.slice(0, distance)), bits);
}

function rotateRight(value: bigint, amount: bigint, bits: number): bigint {
  return rotateLeft(value, BigInt(bits) - unsigned(amount) % BigInt(bits), bits);
}

function mapBytes(value: bigint, map: (bytes: string[]) => string[]): bigint {
  const bytes = unsigned(value).toString(16).padStart(16, "0").match(/../g) ?? [];
  return BigInt(`0x${map([...bytes]).join("")}`);
}

testRegisterModels({
  "andn": (a, b) => a & ~b,
  "orn": (a, b) => a | ~b,
  "xnor": (a, b) => ~(a ^ b),
  "clz": (a) => leadingZeros(a, 64),
  "clzw": (a) => leadingZeros(a, 32),
  "ctz": (a) => trailingZeros(a, 64),
  "ctzw": (a) => trailingZeros(a, 32),
  "cpop": (a) => ones(a, 64),
  "cpopw": (a) => ones(a, 32),
  "max": (a, b) => a > b ? a : b,
  "maxu": (a, b) => unsigned(a) > unsigned(b) ? a : b,
  "min": (a, b) => a < b ? a : b,
  "minu": (a, b) => unsigned(a) < unsigned(b) ? a : b,
  "sext.b": (a) => signed(a, 8),
  "sext.h": (a) => signed(a, 16),
  "zext.h": (a) => unsigned(a, 16),
  "rol": (a, b) => rotateLeft(a, b, 64),
  "rolw": (a, b) => rotateLeft(a, b, 32),
  "ror": (a, b) => rotateRight(a, b, 64),
  "rori": (a, _b, i) => rotateRight(a, i, 64),
  "roriw": (a, _b, i) => rotateRight(a, i, 32),
  "rorw": (a, b) => rotateRight(a, b, 32),
  "orc.b": (a) => mapBytes(a, (bytes) => bytes.map((byte) => byte === "00" ? "00" : "ff")),
  "rev8": (a) => mapBytes(a, (bytes) => bytes.reverse()),
});
