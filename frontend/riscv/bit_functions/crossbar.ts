/** The crossbar permutations: every group of bits of the result is one that an index chooses. */
import { type Builder, buildFunction } from "../../../ir/builder.ts";
import type { FunctionSignature, Region, Value } from "../../../ir/region.ts";

function crossbar(name: string): FunctionSignature {
  return { name, parameters: ["i64", "i64"], result: "i64" };
}

/** `(groups, indices)`: permutes groups of four bits. */
export const CROSSBAR_4: FunctionSignature = crossbar("crossbar_4");
/** `(groups, indices)`: permutes bytes; an index that names none gives 0. */
export const CROSSBAR_8: FunctionSignature = crossbar("crossbar_8");

const REGISTER_BITS = 64;
/** Logarithm of the bits of a group. */
const GROUP_BITS_LOG2 = { nibble: 2, byte: 3 } as const;

function permute(b: Builder, widthLog2: number): Value {
  const [groups, indices] = [b.parameter(0), b.parameter(1)];
  const width = 1 << widthLog2;
  const mask = b.i64((1n << BigInt(width)) - 1n);
  const count = REGISTER_BITS / width;
  const chosen = Array.from({ length: count }, (_, place) => {
    const position = b.i64(place * width);
    const index = b.and(b.shrU(indices, position), mask);
    const group = b.and(b.shrU(groups, b.shl(index, b.i64(widthLog2))), mask);
    const exists = count > 1 << (width - 1) ? group : onlyBelow(b, index, count, group);
    return b.shl(exists, position);
  });
  return chosen.reduce((x, y) => b.or(x, y));
}

function onlyBelow(b: Builder, index: Value, count: number, group: Value): Value {
  return b.select(b.ltU(index, b.i64(count)), group, b.i64(0));
}

/** Builds the functions. */
export function crossbarFunctions(): Region[] {
  return [
    buildFunction(CROSSBAR_4, (b) => b.return(permute(b, GROUP_BITS_LOG2.nibble))),
    buildFunction(CROSSBAR_8, (b) => b.return(permute(b, GROUP_BITS_LOG2.byte))),
  ];
}
