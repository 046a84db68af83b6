/**
 * The S-boxes of AES and SM4, on all eight bytes of a word at once, without a table.
 *
 * Both are an inverse in a field of 256 elements between two affine maps. The inverse is taken in the tower
 * of `tower_field.ts`, whose isomorphism is merged into the maps. The circuit works on bit planes: plane k is
 * the word shifted right by k, so that its bits 0, 8, 16... are the bits k of the bytes; its other bits are
 * never looked at. A table lookup would take a branch for each byte, and time that depends on the data.
 *
 * Source: FIPS 197, "SubBytes()" and "InvSubBytes()"; GB/T 32907-2016, "S-box"; for the algebraic form of the
 * second one, Liu et al., "Analysis of the SMS4 Block Cipher".
 */
import { type Builder, buildFunction } from "../../../ir/builder.ts";
import type { FunctionSignature, Region, Value } from "../../../ir/region.ts";
import {
  type ByteMap,
  inverseMap,
  invertNibble,
  linearMap,
  multiplyNibbles,
  SHIFT,
  towerMap,
} from "./tower_field.ts";

function substitution(name: string): FunctionSignature {
  return { name, parameters: ["i64"], result: "i64" };
}

/** AES encryption's S-box on each byte. */
export const AES_SUBSTITUTE: FunctionSignature = substitution("aes_substitute");
/** AES decryption's S-box on each byte. */
export const AES_RESTORE: FunctionSignature = substitution("aes_restore");
/** SM4's S-box on each byte. */
export const SM4_SUBSTITUTE: FunctionSignature = substitution("sm4_substitute");

const BYTE_BITS = 8;
const NIBBLE_BITS = 4;
/** The lowest bit of each byte. */
const LOWEST_BITS = 0x0101_0101_0101_0101n;
/** Reduction of the field of 16: y^4 = y + 1. */
const REDUCED_POWERS = [0, 1] as const;

/** Four or eight bit planes, the lowest bit first. */
type Planes = readonly Value[];

function xorAll(b: Builder, values: Planes): Value {
  return values.length === 0 ? b.i64(0) : values.reduce((x, y) => b.xor(x, y));
}

function addPlanes(b: Builder, x: Planes, y: Planes): Planes {
  return x.map((plane, bit) => b.xor(plane, y[bit]));
}

/** A linear map of as many bits as there are planes. */
function applyLinear(b: Builder, planes: Planes, map: (bits: number) => number): Planes {
  const columns = planes.map((_, bit) => map(1 << bit));
  return planes.map((_, row) => xorAll(b, planes.filter((_, bit) => (columns[bit] >> row) & 1)));
}

function multiply(b: Builder, x: Planes, y: Planes): Planes {
  const powers = Array.from({ length: 2 * NIBBLE_BITS - 1 }, (): Value[] => []);
  x.forEach((p, i) => y.forEach((q, j) => powers[i + j].push(b.and(p, q))));
  const sums = powers.map((terms) => xorAll(b, terms));
  const planes = sums.slice(0, NIBBLE_BITS);
  sums.slice(NIBBLE_BITS).forEach((sum, excess) => {
    for (const power of REDUCED_POWERS) {
      planes[excess + power] = b.xor(planes[excess + power], sum);
    }
  });
  return planes;
}

/** Of which products of variables the sum is, for bit `row` of a function of four bits: its normal form. */
function monomials(map: (bits: number) => number, row: number): number[] {
  const values = Array.from({ length: 1 << NIBBLE_BITS }, (_, bits) => (map(bits) >> row) & 1);
  for (let variable = 1; variable < values.length; variable <<= 1) {
    values.forEach((_, bits) => {
      if (bits & variable) values[bits] ^= values[bits ^ variable];
    });
  }
  return values.flatMap((isPart, bits) => isPart ? [bits] : []);
}

/** A map of four bits that takes 0 to 0. */
function applyNibbleMap(b: Builder, planes: Planes, map: (bits: number) => number): Planes {
  const products = new Map(planes.map((plane, bit) => [1 << bit, plane]));
  const productOf = (variables: number): Value => {
    const known = products.get(variables);
    if (known !== undefined) return known;
    const lowest = variables & -variables;
    const product = b.and(productOf(variables ^ lowest), productOf(lowest));
    products.set(variables, product);
    return product;
  };
  return planes.map((_, row) => xorAll(b, monomials(map, row).map(productOf)));
}

/** The inverse of `high * z + low`: both times the inverse of its norm, after conjugation. */
function invertInTower(b: Builder, planes: Planes): Planes {
  const [low, high] = [planes.slice(0, NIBBLE_BITS), planes.slice(NIBBLE_BITS)];
  const conjugate = addPlanes(b, high, low);
  const shiftedSquare = applyLinear(
    b,
    high,
    (bits) => multiplyNibbles(multiplyNibbles(bits, bits), SHIFT),
  );
  const norm = addPlanes(b, shiftedSquare, multiply(b, low, conjugate));
  const inverse = applyNibbleMap(b, norm, invertNibble);
  return [...multiply(b, conjugate, inverse), ...multiply(b, high, inverse)];
}

/** A byte in every byte. */
function everywhere(byte: number): bigint {
  return LOWEST_BITS * BigInt(byte);
}

/** An affine map to the tower, an inverse there, and an affine map back. */
interface SubstitutionBox {
  readonly toTower: ByteMap;
  readonly fromTower: ByteMap;
}

function substitute(b: Builder, word: Value, { toTower, fromTower }: SubstitutionBox): Value {
  const toZero = inverseMap(toTower)(0);
  const fromZero = fromTower(0);
  const shifted = b.xor(word, b.i64(everywhere(toZero)));
  const planes = Array.from({ length: BYTE_BITS }, (_, bit) => b.shrU(shifted, b.i64(bit)));
  const entered = applyLinear(b, planes, (bits) => toTower(bits ^ toZero));
  const inverse = invertInTower(b, entered);
  const left = applyLinear(b, inverse, (bits) => fromTower(bits) ^ fromZero);
  const bits = left.map((plane, bit) => b.shl(b.and(plane, b.i64(LOWEST_BITS)), b.i64(bit)));
  return b.xor(bits.reduce((x, y) => b.or(x, y)), b.i64(everywhere(fromZero)));
}

/** The linear map whose matrix has this column for bit 0, and each next one rotated by one bit more. */
function circulant(column: number): ByteMap {
  return linearMap(
    Array.from(
      { length: BYTE_BITS },
      (_, bit) => ((column << bit) | (column >> (BYTE_BITS - bit))) & 0xff,
    ),
  );
}

const AES_POLYNOMIAL = 0x11b;
const AES_COLUMN = 0x1f;
const AES_CONSTANT = 0x63;
const SM4_POLYNOMIAL = 0x1f5;
const SM4_COLUMN = 0xcb;
const SM4_CONSTANT = 0xd3;

function aesBoxes(): { encryption: SubstitutionBox; decryption: SubstitutionBox } {
  const enter = towerMap(AES_POLYNOMIAL);
  const leave = inverseMap(enter);
  const matrix = circulant(AES_COLUMN);
  const affine: ByteMap = (byte) => matrix(byte) ^ AES_CONSTANT;
  const inverseAffine = inverseMap(affine);
  return {
    encryption: { toTower: enter, fromTower: (byte) => affine(leave(byte)) },
    decryption: { toTower: (byte) => enter(inverseAffine(byte)), fromTower: leave },
  };
}

function sm4Box(): SubstitutionBox {
  const enter = towerMap(SM4_POLYNOMIAL);
  const leave = inverseMap(enter);
  const matrix = circulant(SM4_COLUMN);
  const affine: ByteMap = (byte) => matrix(byte) ^ SM4_CONSTANT;
  return { toTower: (byte) => enter(affine(byte)), fromTower: (byte) => affine(leave(byte)) };
}

/** Builds the functions. */
export function substitutionFunctions(): Region[] {
  const { encryption, decryption } = aesBoxes();
  const boxes: [FunctionSignature, SubstitutionBox][] = [
    [AES_SUBSTITUTE, encryption],
    [AES_RESTORE, decryption],
    [SM4_SUBSTITUTE, sm4Box()],
  ];
  return boxes.map(([signature, box]) =>
    buildFunction(signature, (b) => b.return(substitute(b, b.parameter(0), box)))
  );
}
