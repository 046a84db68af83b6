/** Regions for tests of the code cache: the code of real ones does not matter there. */
import fc from "fast-check";
import type { FunctionObject } from "../../wasm_backend/link/function_object.ts";
import type { CachedRegion } from "./cached_region.ts";

const MODE = 3;
const TYPE = "\x60\x02\x7e\x7f\x01\x7e";

/** A function that does nothing of note. */
export const FUNCTION: FunctionObject = {
  type: TYPE,
  code: Uint8Array.of(0, 0x42, 0x0b),
  operands: [],
  calls: [],
  types: [],
};

/** A region for some code at an offset of its page. */
export function cachedRegion(
  offset: number,
  bytes: readonly number[],
  more: Partial<CachedRegion> = {},
): CachedRegion {
  return {
    modeKey: MODE,
    hotOffset: offset,
    ramBytes: 0,
    entryOffsets: [offset],
    starts: [offset],
    pages: [0],
    code: [{ offset, bytes: Uint8Array.from(bytes) }],
    object: FUNCTION,
    calls: [],
    ...more,
  };
}

const BYTES = fc.uint8Array({ maxLength: 40 });

/** Any function object. */
export function anyFunction(): fc.Arbitrary<FunctionObject> {
  const operand = fc.record({ at: fc.nat(99), kind: fc.nat(2), index: fc.nat(999) });
  return fc.record({
    type: fc.constantFrom(TYPE, "\x60\x00\x00"),
    code: BYTES,
    operands: fc.array(operand).map((all) => all.toSorted((a, b) => a.at - b.at)),
    calls: fc.array(fc.record({ name: fc.string(), importType: fc.constantFrom(null, TYPE) })),
    types: fc.array(fc.constant(TYPE)),
  });
}

/** Any region that calls no other. */
export function anyCachedRegion(): fc.Arbitrary<CachedRegion> {
  const distances = fc.array(fc.integer({ min: -0x4000, max: 0x4000 }));
  return fc.record({
    modeKey: fc.nat(0xfff),
    hotOffset: fc.nat(0xfff),
    ramBytes: fc.constantFrom(0, 0x800_0000, 0xfe00_0000),
    entryOffsets: distances,
    starts: distances,
    pages: distances,
    code: fc.array(fc.record({ offset: fc.integer({ min: -0x4000, max: 0x4000 }), bytes: BYTES })),
    object: anyFunction(),
    calls: fc.constant([]),
  });
}
