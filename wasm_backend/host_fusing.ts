/**
 * Does the host fuse multiplication and addition?
 *
 * Wasm's relaxed multiply-add may round once or twice, but a host does always the same. So it is tried on
 * operands where rounding twice gives something else, among them products that only fused are in range; where
 * all results are right, it is the operation that IEEE 754 calls fusedMultiplyAdd.
 */

/** Exports `d` and `s`: relaxed multiply-add of three doubles, and of three singles, in the first lane. */
const PROBE = "0061736d01000000" + // header
  "010f" + "02" + "60037c7c7c017c" + "60037d7d7d017d" + // types
  "0303" + "020001" + // functions
  "0709" + "02" + "01640000" + "01730001" + // exports
  "0a2b" + "02" + // code
  "1400" + "2000fd14" + "2001fd14" + "2002fd14" + "fd8702" + "fd2100" + "0b" +
  "1400" + "2000fd13" + "2001fd13" + "2002fd13" + "fd8502" + "fd1f00" + "0b";

/** Product of two plus the third. */
export type MultiplyAdd = (a: number, b: number, c: number) => number;

/** What numbers of a format look like. */
export interface NumberRange {
  /** Distance of 1 from the next number. */
  readonly unit: number;
  /** Smallest normal number. */
  readonly lowest: number;
  /** A power of two near the root of it. */
  readonly root: number;
  /** Largest number. */
  readonly largest: number;
}

const DOUBLE: NumberRange = {
  unit: 2 ** -52,
  lowest: 2 ** -1022,
  root: 2 ** -511,
  largest: Number.MAX_VALUE,
};
const SINGLE: NumberRange = {
  unit: 2 ** -23,
  lowest: 2 ** -126,
  root: 2 ** -63,
  largest: (2 - 2 ** -23) * 2 ** 127,
};

/** Operands, and their product and sum rounded once; rounded twice, all would be something else. */
function cases({ unit, lowest, root, largest }: NumberRange): number[][] {
  const half = lowest / 2;
  const least = lowest * unit;
  return [
    [1 + unit, 1 - unit, -1, -(unit ** 2)],
    [1 + unit, 1 + unit, -(1 + 2 * unit), unit ** 2],
    [largest, 2, -largest, largest],
    [largest, -2, largest, -largest],
    [root * (1 + unit), half / root, least, half + 2 * least],
    [1 + 2 * unit, 0.5 + unit, unit / 4, 0.5 + 2 * unit + unit / 2],
  ];
}

/** The module that is tried. */
export function probeBytes(): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(PROBE.match(/../g) ?? [], (pair) => parseInt(pair, 16));
}

/** Tries it. */
export function hostFuses(): boolean {
  const bytes = probeBytes();
  // A host without the instruction refuses the module.
  if (!WebAssembly.validate(bytes)) return false;
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(bytes));
  return isFused(exports.d as MultiplyAdd, DOUBLE) &&
    isFused(exports.s as MultiplyAdd, SINGLE);
}

/** Does the function round once? */
export function isFused(multiplyAdd: MultiplyAdd, range: NumberRange = DOUBLE): boolean {
  return cases(range).every(([a, b, c, result]) => Object.is(multiplyAdd(a, b, c), result));
}
