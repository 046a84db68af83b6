import { assertEquals } from "@std/assert";
import { buildFunction } from "../../ir/builder.ts";
import { StateLayout } from "../../ir/guest_state.ts";
import { Interpreter } from "../../ir/interpreter/interpreter.ts";
import { InterpreterState } from "../../ir/interpreter/state.ts";
import type { FunctionSignature, Region } from "../../ir/region.ts";
import { verify } from "../../ir/verifier.ts";
import {
  BINARY16,
  BINARY32,
  BINARY64,
  FloatFlag,
  type FloatFormat,
  RoundingMode,
} from "./format.ts";
import { rangeBeside } from "./float_range_fixture.ts";
import { roundToNearest } from "./nearest_in_place.ts";
import { OperandSource } from "./operand_source.ts";
import { RationalReference, type ReferenceResult } from "./rational_reference.ts";
import {
  F16,
  F16_TO_F32,
  F16_TO_F64,
  F32,
  F32_TO_F16,
  F32_TO_F64,
  F64,
  F64_TO_F16,
  F64_TO_F32,
  F64_TO_INTEGER,
  type IntegerName,
  type ModalOperation,
  type RoundedOperation,
} from "./signatures.ts";
import { softfloatFunctions } from "./softfloat.ts";
import { truncate } from "./truncation_in_place.ts";

/** Operand sets per operation; each is tried in every mode and shape. */
const CASES = 250;

const LAYOUT = new StateLayout([
  { name: "flags", type: "i32" },
  { name: "dirty", type: "i32" },
  { name: "range", type: "i32" },
]);
const STATE = {
  flags: LAYOUT.slot("flags"),
  dirty: LAYOUT.slot("dirty"),
  range: LAYOUT.slot("range"),
};
const TRUNCATIONS = ["i32", "u32", "i64", "u64"] as const;
const OPERATIONS = [...Object.values(F32), ...Object.values(F64), F64_TO_F32];
const FUNCTIONS = new Map(
  [
    ...softfloatFunctions(STATE),
    ...OPERATIONS.map(buildInPlace),
    ...TRUNCATIONS.map(buildTruncation),
  ]
    .map((region) => [region.name, region]),
);
const MODES = Object.values(RoundingMode);

const CONVERSION_TO_INTEGER = /_to_[iu]/;

/** What regions do in place, as a function. */
function inPlace({ nearest }: RoundedOperation): FunctionSignature {
  return { ...nearest, name: `${nearest.name}_in_place` };
}

function buildInPlace(operation: RoundedOperation): Region {
  return buildFunction(inPlace(operation), (b) => {
    const numbers = operation.nearest.parameters.map((_, index) => b.parameter(index));
    b.return(roundToNearest(b, operation, numbers, { state: STATE, hostFuses: true }));
  });
}

function truncation(name: IntegerName): FunctionSignature {
  return { name: `f64_to_${name}_in_place`, parameters: ["f64"], result: "i64" };
}

function buildTruncation(name: IntegerName): Region {
  return buildFunction(
    truncation(name),
    (b) => b.return(truncate(b, name, b.parameter(0), STATE)),
  );
}

/** Runs float functions in the reference interpreter. */
class FloatMachine {
  readonly #state = new InterpreterState(LAYOUT);
  readonly #interpreter = new Interpreter({ state: this.#state, functions: FUNCTIONS });

  /** Result and flags afterwards, from the flags before. */
  call(signature: FunctionSignature, operands: bigint[], flagsBefore = 0): ReferenceResult {
    this.#state.write("flags", BigInt(flagsBefore));
    this.#state.write("range", rangeBeside(flagsBefore));
    this.#state.write("dirty", 0n);
    const region = FUNCTIONS.get(signature.name);
    if (region === undefined) throw new TypeError(`Cannot test ${signature.name}: not built`);
    const values = operands.map((operand, index) =>
      BigInt.asIntN(widthOf(signature.parameters[index]), operand)
    );
    const outcome = this.#interpreter.run(region, values);
    if (outcome.kind !== "return") throw new TypeError(`${signature.name} ended: ${outcome.kind}`);
    const flags = Number(this.#state.read("flags"));
    const marks = flags !== flagsBefore && CONVERSION_TO_INTEGER.test(signature.name);
    assertEquals(this.#state.read("dirty"), marks ? 1n : 0n, "dirty");
    assertEquals(this.#state.read("range"), rangeBeside(flags), "range");
    return { bits: BigInt.asUintN(widthOf(signature.result), outcome.value), flags };
  }
}

function widthOf(type: FunctionSignature["result"]): number {
  return type === "i32" || type === "f32" ? 32 : 64;
}

const machine = new FloatMachine();

function describe(name: string, operands: readonly bigint[], mode: number): string {
  return `${name}(${operands.map((bits) => "0x" + bits.toString(16)).join(", ")}) mode ${mode}`;
}

function isHostOperation(operation: ModalOperation): operation is RoundedOperation {
  return "nearest" in operation;
}

/** Checks all shapes of an operation in all modes. */
function checkRounded(
  operation: ModalOperation,
  operands: bigint[],
  reference: (mode: number) => ReferenceResult,
): void {
  for (const mode of MODES) {
    const expected = reference(mode);
    const { rounded } = operation;
    const text = describe(rounded.name, operands, mode);
    assertEquals(machine.call(rounded, [...operands, BigInt(mode)]), expected, text);
    if (!isHostOperation(operation)) continue;
    const { exact, nearest } = operation;
    assertEquals(machine.call(exact, [...operands, BigInt(mode)]), expected, `exact ${text}`);
    if (mode !== RoundingMode.NEAREST_EVEN) continue;
    const { INEXACT, INVALID } = FloatFlag;
    for (const shape of [nearest, inPlace(operation)]) {
      for (const before of [0, INEXACT, INVALID, INVALID | INEXACT]) {
        assertEquals(
          machine.call(shape, operands, before),
          { ...expected, flags: expected.flags | before },
          `${shape.name} ${text} after flags ${before}`,
        );
      }
    }
  }
}

function checkFormat(
  format: FloatFormat,
  count: 1 | 2 | 3,
  operation: ModalOperation,
  compute: (reference: RationalReference, operands: bigint[], mode: number) => ReferenceResult,
): void {
  const source = new OperandSource(format, BigInt(count));
  const reference = new RationalReference(format);
  for (let i = 0; i < CASES; i++) {
    const operands = [source.operand()];
    for (let index = 1; index < count; index++) {
      operands.push(source.below(2) === 0 ? source.operand() : source.related(operands[0]));
    }
    checkRounded(operation, operands, (mode) => compute(reference, operands, mode));
  }
}

for (
  const [format, operations] of [[BINARY16, F16], [BINARY32, F32], [BINARY64, F64]] as const
) {
  Deno.test(`${format.name} add and subtract are exact in every mode, with exact flags`, () => {
    checkFormat(format, 2, operations.add, (r, [a, b], mode) => r.add(a, b, mode));
    checkFormat(format, 2, operations.subtract, (r, [a, b], mode) => r.subtract(a, b, mode));
  });

  Deno.test(`${format.name} multiply is exact in every mode, with exact flags`, () => {
    checkFormat(format, 2, operations.multiply, (r, [a, b], mode) => r.multiply(a, b, mode));
  });

  Deno.test(`${format.name} divide is exact in every mode, with exact flags`, () => {
    checkFormat(format, 2, operations.divide, (r, [a, b], mode) => r.divide(a, b, mode));
  });

  Deno.test(`${format.name} square root is exact in every mode, with exact flags`, () => {
    checkFormat(format, 1, operations.squareRoot, (r, [a], mode) => r.squareRoot(a, mode));
  });

  Deno.test(`${format.name} products give back exact quotients and roots`, () => {
    const source = new OperandSource(format, 7n);
    const reference = new RationalReference(format);
    for (let i = 0; i < CASES; i++) {
      const mask = -1n << BigInt((format.precision >> 1) + 1);
      const [a, b] = [source.operand() & mask, source.operand() & mask];
      const product = reference.multiply(a, b, 0).bits;
      const square = reference.multiply(a, a, 0).bits;
      checkRounded(operations.divide, [product, b], (mode) => reference.divide(product, b, mode));
      checkRounded(operations.squareRoot, [square], (mode) => reference.squareRoot(square, mode));
    }
  });

  Deno.test(`${format.name} fused multiply-add is exact in every mode, with exact flags`, () => {
    checkFormat(
      format,
      3,
      operations.multiplyAdd,
      (r, [a, b, c], mode) => r.multiplyAdd(a, b, c, mode),
    );
  });

  Deno.test(`${format.name} fused multiply-add keeps what cancellation leaves of the product`, () => {
    const source = new OperandSource(format, 11n);
    const reference = new RationalReference(format);
    for (let i = 0; i < CASES; i++) {
      const [a, b] = [source.operand(), source.operand()];
      const nearProduct = reference.multiply(a, b, source.below(MODES.length)).bits;
      const step = BigInt(source.below(3) - 1);
      const c = BigInt.asUintN(format.signPosition + 1, nearProduct + step) ^ format.signBit;
      checkRounded(
        operations.multiplyAdd,
        [a, b, c],
        (mode) => reference.multiplyAdd(a, b, c, mode),
      );
    }
  });

  Deno.test(`${format.name} operations on every combination of natures are exact`, () => {
    const reference = new RationalReference(format);
    const natures = new OperandSource(format, 0n).natures();
    const deciding = natures.slice(0, 10);
    for (const a of natures) {
      checkRounded(operations.squareRoot, [a], (mode) => reference.squareRoot(a, mode));
      for (const b of natures) {
        checkRounded(operations.add, [a, b], (mode) => reference.add(a, b, mode));
        checkRounded(operations.subtract, [a, b], (mode) => reference.subtract(a, b, mode));
        checkRounded(operations.multiply, [a, b], (mode) => reference.multiply(a, b, mode));
        checkRounded(operations.divide, [a, b], (mode) => reference.divide(a, b, mode));
      }
    }
    for (const a of deciding) {
      for (const b of deciding) {
        for (const c of deciding) {
          checkRounded(
            operations.multiplyAdd,
            [a, b, c],
            (mode) => reference.multiplyAdd(a, b, c, mode),
          );
        }
      }
    }
  });

  Deno.test(`${format.name} fused multiply-add is exact at every distance of the terms`, () => {
    const source = new OperandSource(format, 13n);
    const reference = new RationalReference(format);
    const reach = 3 * format.precision;
    for (let i = 0; i < 4 * CASES; i++) {
      const [a, b] = [source.sparse(0), source.sparse(0)];
      const sign = source.operand() & format.signBit;
      const distance = source.below(Math.min(2 * reach, format.bias)) - (reach >> 1);
      const fraction = source.below(2) === 0 ? 0n : source.sparse(0) & (format.hiddenBit - 1n);
      const power = source.sparse(-distance) & ~(format.hiddenBit - 1n);
      const c = source.below(8) === 0 ? sign : sign | power | fraction;
      checkRounded(
        operations.multiplyAdd,
        [a, b, c],
        (mode) => reference.multiplyAdd(a, b, c, mode),
      );
    }
  });

  Deno.test(`${format.name} results around the smallest normal number have exact flags`, () => {
    const source = new OperandSource(format, 17n);
    const reference = new RationalReference(format);
    for (let i = 0; i < CASES; i++) {
      const target = format.hiddenBit - 2n + BigInt(source.below(4));
      const b = source.sparse(source.below(format.bias >> 1) - 4) ^
        (source.operand() & format.signBit);
      const quotient = reference.divide(target, b, source.below(MODES.length)).bits;
      const product = reference.multiply(target, b, source.below(MODES.length)).bits;
      const c = BigInt(source.below(2));
      checkRounded(
        operations.multiply,
        [quotient, b],
        (mode) => reference.multiply(quotient, b, mode),
      );
      checkRounded(operations.divide, [product, b], (mode) => reference.divide(product, b, mode));
      checkRounded(
        operations.multiplyAdd,
        [quotient, b, c],
        (mode) => reference.multiplyAdd(quotient, b, c, mode),
      );
    }
  });

  Deno.test(`${format.name} fused multiply-add at the ends of the normal range is exact`, () => {
    const source = new OperandSource(format, 19n);
    const reference = new RationalReference(format);
    const { hiddenBit, infinity, signBit, precision } = format;
    for (let i = 0; i < CASES; i++) {
      const b = source.sparse(source.below(20));
      const noise = BigInt(source.below(5) - 2);
      const isHigh = source.below(2) === 0;
      const target = isHigh ? infinity - 1n - BigInt(source.below(2)) : 2n * hiddenBit + noise;
      const a = reference.divide(target, b, source.below(MODES.length)).bits;
      const halfUnit = infinity - BigInt(precision + 1) * hiddenBit;
      const addend = isHigh ? halfUnit + noise + 2n : (hiddenBit + noise + 2n) | signBit;
      checkRounded(
        operations.multiplyAdd,
        [a, b, addend],
        (mode) => reference.multiplyAdd(a, b, addend, mode),
      );
    }
  });

  Deno.test(`${format.name} fused multiply-add rounds once when the product is a tie`, () => {
    const source = new OperandSource(format, 23n);
    const reference = new RationalReference(format);
    const { bias, hiddenBit, precision, fractionBits, signBit } = format;
    for (let i = 0; i < CASES; i++) {
      const position = 1 + source.below(precision - 1);
      const onePlus = (bit: number): bigint =>
        BigInt(bias) * hiddenBit | (1n << BigInt(fractionBits - bit));
      const [a, b] = [onePlus(position), onePlus(precision - position)];
      const c = source.sparse(-precision - source.below(2 * precision)) |
        (source.operand() & signBit);
      checkRounded(
        operations.multiplyAdd,
        [a, b, c],
        (mode) => reference.multiplyAdd(a, b, c, mode),
      );
    }
  });

  Deno.test(`${format.name} conversion from integers is exact in every mode, with exact flags`, () => {
    const source = new OperandSource(format, 3n);
    const reference = new RationalReference(format);
    for (let i = 0; i < CASES; i++) {
      const value = source.integer();
      const signed = BigInt.asIntN(64, value);
      checkRounded(operations.fromSigned, [value], (mode) => reference.fromInteger(signed, mode));
      checkRounded(operations.fromUnsigned, [value], (mode) => reference.fromInteger(value, mode));
    }
  });
}

const NARROWINGS = [
  [BINARY64, BINARY32, F64_TO_F32],
  [BINARY64, BINARY16, F64_TO_F16],
  [BINARY32, BINARY16, F32_TO_F16],
] as const;
for (const [from, to, operation] of NARROWINGS) {
  Deno.test(`${from.name} to ${to.name} is exact in every mode, with exact flags`, () => {
    const source = new OperandSource(from, 5n);
    const narrow = new OperandSource(to, 5n);
    const reference = new RationalReference(to);
    const widened = new RationalReference(from);
    for (let i = 0; i < 2 * CASES; i++) {
      const near = widened.convert(to, narrow.operand(), 0).bits;
      const noise = source.word() >> BigInt(source.below(64));
      const operands = [source.operand(), near, BigInt.asUintN(from.width, near + noise)];
      const bits = operands[i % operands.length];
      checkRounded(operation, [bits], (mode) => reference.convert(from, bits, mode));
    }
  });
}

for (const { source: from, target, signature } of [F32_TO_F64, F16_TO_F32, F16_TO_F64]) {
  Deno.test(`${from.name} to ${target.name} is exact and keeps no NaN payload`, () => {
    const source = new OperandSource(from, 6n);
    const reference = new RationalReference(target);
    for (let i = 0; i < 4 * CASES; i++) {
      const bits = source.operand();
      assertEquals(machine.call(signature, [bits]), reference.convert(from, bits, 0));
    }
  });
}

const INTEGER_BOUNDS: Record<IntegerName, readonly [bigint, bigint]> = {
  i32: [-(2n ** 31n), 2n ** 31n - 1n],
  u32: [0n, 2n ** 32n - 1n],
  i64: [-(2n ** 63n), 2n ** 63n - 1n],
  u64: [0n, 2n ** 64n - 1n],
};

for (const name of ["i32", "u32", "i64", "u64"] as const) {
  Deno.test(`f64 to ${name} rounds in every mode, saturates and raises exact flags`, () => {
    const [minimum, maximum] = INTEGER_BOUNDS[name];
    const source = new OperandSource(BINARY64, 8n);
    const reference = new RationalReference(BINARY64);
    const width = name.endsWith("32") ? 32 : 64;
    for (let i = 0; i < 2 * CASES; i++) {
      const exponent = BigInt(BINARY64.bias - 2 + source.below(68)) * BINARY64.hiddenBit;
      const integer = BigInt.asIntN(width + 1, source.integer());
      const near = reference.fromInteger(2n * integer + BigInt(source.below(3)), 0).bits;
      const half = near - BINARY64.hiddenBit;
      const candidates = [source.operand(), exponent | (source.operand() >> 12n), half];
      const bits = BigInt.asUintN(64, candidates[i % candidates.length]);
      for (const mode of MODES) {
        const expected = reference.toInteger(bits, minimum, maximum, mode);
        const register = BigInt.asUintN(64, BigInt.asIntN(width, expected.bits));
        assertEquals(
          machine.call(F64_TO_INTEGER[name], [bits, BigInt(mode)]),
          { bits: register, flags: expected.flags },
          describe(F64_TO_INTEGER[name].name, [bits], mode),
        );
        if (mode !== RoundingMode.TOWARD_ZERO) continue;
        for (const before of [0, FloatFlag.INEXACT]) {
          assertEquals(
            machine.call(truncation(name), [bits], before),
            { bits: register, flags: expected.flags | before },
            describe(truncation(name).name, [bits], mode),
          );
        }
      }
    }
  });
}

Deno.test("Float functions satisfy the invariants of the IR and have distinct names", () => {
  const regions = softfloatFunctions(STATE);
  for (const region of regions) verify(region);
  assertEquals(new Set(regions.map(({ name }) => name)).size, regions.length);
});
