/**
 * Removes conversions between 32 and 64 bits that change nothing, and computes in 32 bits what is only used
 * as such.
 *
 * ```text
 * %1 = i64.extend_i32_s %0
 * %2 = i32.wrap_i64 %1
 * %3 = i32.add %2, %2       =>   %3 = i32.add %0, %0
 * %4 = i64.extend_i32_s %3       %4 = i64.extend_i32_s %3
 * %5 = i64.extend32_s %4         state.set x[5] %4
 * state.set x[5] %5
 *
 * %2 = i64.shl %1, 32
 * %3 = i64.shr_u %2, 32     =>   %3 = i64.extend_i32_u (i32.wrap_i64 %1)
 * ```
 *
 * What is left without a user is for dead-code removal. Rules that make a 32-bit copy of a 64-bit operation
 * apply only where that operation has no other user.
 */
import { analyzeControlFlow, terminatorOperands } from "../../ir/control_flow.ts";
import type { Opcode } from "../../ir/opcodes.ts";
import type { MemoryAttribute, Operation, Region, Value } from "../../ir/region.ts";
import { constantOf, isConstant } from "../constants.ts";
import { ExtensionFact, ExtensionFacts } from "../extension_facts.ts";
import type { Pass } from "../pass.ts";
import { Rewriter } from "../rewriter.ts";
import { StateFacts } from "../state_facts.ts";

const LOW_WORD = 0xffff_ffffn;
const WORD_BITS = 32n;
const DOUBLE_WORD_BITS = 64n;

/** See the header of this file. */
export const extensionNarrowing: Pass = {
  name: "extension_narrowing",
  run: (region) => new ExtensionNarrowing(region).run(),
};

/** 64-bit operations whose low half depends on the low halves of their operands alone. */
const NARROWED: ReadonlyMap<Opcode, Opcode> = new Map<Opcode, Opcode>([
  ["i64.add", "i32.add"],
  ["i64.sub", "i32.sub"],
  ["i64.mul", "i32.mul"],
  ["i64.and", "i32.and"],
  ["i64.or", "i32.or"],
  ["i64.xor", "i32.xor"],
]);

/** Comparisons: what they are on the low halves of two sign-extended and of two zero-extended operands. */
const COMPARISONS: ReadonlyMap<Opcode, readonly [signed: Opcode, unsigned: Opcode]> = new Map<
  Opcode,
  readonly [Opcode, Opcode]
>([
  ["i64.eq", ["i32.eq", "i32.eq"]],
  ["i64.ne", ["i32.ne", "i32.ne"]],
  ["i64.lt_s", ["i32.lt_s", "i32.lt_u"]],
  ["i64.lt_u", ["i32.lt_u", "i32.lt_u"]],
  ["i64.ge_s", ["i32.ge_s", "i32.ge_u"]],
  ["i64.ge_u", ["i32.ge_u", "i32.ge_u"]],
]);

/** Sign extensions within 64 bits, by the number of bits extended. */
const SIGN_EXTENSIONS: ReadonlyMap<bigint, Opcode> = new Map<bigint, Opcode>([
  [8n, "i64.extend8_s"],
  [16n, "i64.extend16_s"],
  [32n, "i64.extend32_s"],
]);

class ExtensionNarrowing {
  readonly #rewriter: Rewriter;
  readonly #facts: ExtensionFacts;
  readonly #uses: Uint32Array;

  constructor(region: Region) {
    this.#rewriter = new Rewriter(region);
    this.#uses = countUses(region);
    const state = new StateFacts(region, analyzeControlFlow(region));
    this.#facts = new ExtensionFacts(region.operationCount, (read) => state.ofRead(read));
  }

  run(): number {
    return this.#rewriter.run({ visit: (operation) => this.#visit(operation) ?? operation });
  }

  /** The value to use instead, or null to keep the operation. */
  #visit(operation: Operation): Value | null {
    const { opcode, operands } = operation;
    if (operands.length === 0) return null;
    switch (opcode) {
      case "i32.wrap_i64":
        return this.#wrapped(operands[0]);
      case "i64.extend32_s":
        return this.#signExtended(operands[0]);
      case "i64.extend_i32_s":
        return this.#signExtendedWord(operands[0]);
      case "i64.extend_i32_u":
        return this.#zeroExtendedWord(operands[0]);
      case "i64.and":
        return this.#masked(operands[0], operands[1]) ?? this.#masked(operands[1], operands[0]) ??
          this.#bitwise(operation);
      case "i64.or":
      case "i64.xor":
        return this.#bitwise(operation);
      case "i64.shr_s":
      case "i64.shr_u":
        return this.#shiftedBothWays(opcode, operands[0], operands[1]);
      case "i64.eqz":
        return isWordExtension(operands[0])
          ? this.#rewriter.emit("i32.eqz", "i32", [operands[0].operands[0]], null)
          : null;
      case "guest.store":
        this.#narrowStored(operation);
        return null;
      default:
        // Comparisons are what makes an i32 of two values of 64 bits.
        return operation.type === "i32" && operands.length === 2 && operands[0].type === "i64"
          ? this.#compared(operation)
          : null;
    }
  }

  // --- low halves -----------------------------------------------------------------------------------

  /** The low half of a value without a conversion, or null where one is needed. */
  #wrapped(value: Value): Value | null {
    if (isWordExtension(value)) return value.operands[0];
    const constant = constantOf(value);
    if (constant !== null) return this.#rewriter.constant("i32", BigInt.asIntN(32, constant));
    const source = withSameLowWord(value);
    if (source !== null) return this.#low(source);
    return this.#narrowed(value);
  }

  /** The low half of a value, by a conversion if need be. */
  #low(value: Value): Value {
    return this.#wrapped(value) ?? this.#rewriter.emit("i32.wrap_i64", "i32", [value], null);
  }

  /** A 32-bit copy of an operation that has no other user and whose operands need no conversion. */
  #narrowed(value: Value): Value | null {
    if (this.#uses[value.id] !== 1) return null;
    const [a, b] = value.operands;
    const opcode = NARROWED.get(value.opcode);
    if (opcode !== undefined) {
      if (!isFree(a) || !isFree(b)) return null;
      return this.#rewriter.emit(opcode, "i32", [this.#low(a), this.#low(b)], null);
    }
    if (value.opcode !== "i64.shl" || !isFree(a)) return null;
    const amount = constantOf(b);
    if (amount === null || amount < 0n || amount >= WORD_BITS) return null;
    return this.#rewriter.emit("i32.shl", "i32", [this.#low(a), this.#low(b)], null);
  }

  // --- extensions -----------------------------------------------------------------------------------

  #signExtended(value: Value): Value | null {
    if (this.#facts.has(value, ExtensionFact.SIGN)) return value;
    const source = withSameLowWord(value);
    if (source !== null) return this.#signExtended(source) ?? this.#extend32(source);
    const word = value.opcode === "i64.extend_i32_u" ? value.operands[0] : this.#narrowed(value);
    return word === null ? null : this.#rewriter.emit("i64.extend_i32_s", "i64", [word], null);
  }

  #extend32(value: Value): Value {
    return this.#rewriter.emit("i64.extend32_s", "i64", [value], null);
  }

  #signExtendedWord(word: Value): Value | null {
    if (word.opcode !== "i32.wrap_i64") return null;
    const [value] = word.operands;
    return this.#facts.has(value, ExtensionFact.SIGN) ? value : this.#extend32(value);
  }

  #zeroExtendedWord(word: Value): Value | null {
    if (word.opcode !== "i32.wrap_i64") return null;
    const [value] = word.operands;
    return this.#facts.has(value, ExtensionFact.ZERO) ? value : null;
  }

  /**
   * A bitwise operation of two extended words is the extension of the operation on the words: so rotations,
   * which guests write as two shifts and an or, stay in 32 bits, where the host finds them.
   */
  #bitwise({ opcode, operands: [a, b] }: Operation): Value | null {
    const narrow = NARROWED.get(opcode);
    if (narrow === undefined || !isWordExtension(a) && !isWordExtension(b)) return null;
    const extension =
      this.#facts.has(a, ExtensionFact.SIGN) && this.#facts.has(b, ExtensionFact.SIGN)
        ? "i64.extend_i32_s"
        : this.#facts.has(a, ExtensionFact.ZERO) && this.#facts.has(b, ExtensionFact.ZERO)
        ? "i64.extend_i32_u"
        : null;
    if (extension === null) return null;
    const word = this.#rewriter.emit(narrow, "i32", [this.#low(a), this.#low(b)], null);
    return this.#rewriter.emit(extension, "i64", [word], null);
  }

  /** `value & mask` where the mask is within the low word. */
  #masked(value: Value, mask: Value): Value | null {
    const constant = constantOf(mask);
    if (constant === null || constant < 0n || constant > LOW_WORD) return null;
    if (value.opcode === "i64.extend32_s") {
      return this.#rewriter.emit("i64.and", "i64", [value.operands[0], mask], null);
    }
    if (constant !== LOW_WORD) return null;
    if (this.#facts.has(value, ExtensionFact.ZERO)) return value;
    if (value.opcode !== "i64.extend_i32_s") return null;
    return this.#rewriter.emit("i64.extend_i32_u", "i64", [value.operands[0]], null);
  }

  /** A left shift and a right shift by the same amount: an extension of the bits that survive. */
  #shiftedBothWays(opcode: "i64.shr_s" | "i64.shr_u", shifted: Value, by: Value): Value | null {
    const amount = constantOf(by);
    if (amount === null || shifted.opcode !== "i64.shl") return null;
    if (constantOf(shifted.operands[1]) !== amount) return null;
    const [value] = shifted.operands;
    if (opcode === "i64.shr_s") return this.#signExtendedBits(value, DOUBLE_WORD_BITS - amount);
    if (amount > WORD_BITS && amount < DOUBLE_WORD_BITS) {
      const mask = this.#rewriter.constant("i64", (1n << (DOUBLE_WORD_BITS - amount)) - 1n);
      return this.#rewriter.emit("i64.and", "i64", [value, mask], null);
    }
    if (amount !== WORD_BITS) return null;
    if (this.#facts.has(value, ExtensionFact.ZERO)) return value;
    return this.#rewriter.emit("i64.extend_i32_u", "i64", [this.#low(value)], null);
  }

  #signExtendedBits(value: Value, bits: bigint): Value | null {
    if (bits === WORD_BITS && this.#facts.has(value, ExtensionFact.SIGN)) return value;
    const opcode = SIGN_EXTENSIONS.get(bits);
    return opcode === undefined ? null : this.#rewriter.emit(opcode, "i64", [value], null);
  }

  // --- users ----------------------------------------------------------------------------------------

  #compared({ opcode, operands: [a, b] }: Operation): Value | null {
    const narrow = COMPARISONS.get(opcode);
    if (narrow === undefined || (!isWordExtension(a) && !isWordExtension(b))) return null;
    if (isLowWordOf("i64.extend_i32_s", ExtensionFact.SIGN, a, b, this.#facts)) {
      return this.#rewriter.emit(narrow[0], "i32", [this.#low(a), this.#low(b)], null);
    }
    if (isLowWordOf("i64.extend_i32_u", ExtensionFact.ZERO, a, b, this.#facts)) {
      return this.#rewriter.emit(narrow[1], "i32", [this.#low(a), this.#low(b)], null);
    }
    return null;
  }

  /** A store takes low bits only, so what changes none of them is skipped. */
  #narrowStored({ operands, attribute }: Operation): void {
    const { width } = attribute as MemoryAttribute;
    for (let source = withSameLowBits(operands[1], BigInt(width)); source !== null;) {
      operands[1] = source;
      this.#rewriter.countChange();
      source = withSameLowBits(source, BigInt(width));
    }
  }
}

function countUses(region: Region): Uint32Array {
  const uses = new Uint32Array(region.operationCount);
  for (const { operations, terminator } of region.blocks) {
    for (const { operands } of operations) {
      for (const operand of operands) uses[operand.id]++;
    }
    if (terminator === null) continue;
    for (const operand of terminatorOperands(terminator)) uses[operand.id]++;
  }
  return uses;
}

function isWordExtension({ opcode }: Value): boolean {
  return opcode === "i64.extend_i32_s" || opcode === "i64.extend_i32_u";
}

/** Does taking the low half cost nothing? */
function isFree(value: Value): boolean {
  return isConstant(value) || isWordExtension(value);
}

/** Are both operands that extension or constants it gives? */
function isLowWordOf(
  extension: Opcode,
  fact: number,
  a: Value,
  b: Value,
  facts: ExtensionFacts,
): boolean {
  return [a, b].every((value) =>
    value.opcode === extension || (isConstant(value) && facts.has(value, fact))
  );
}

function withSameLowWord(value: Value): Value | null {
  return withSameLowBits(value, WORD_BITS);
}

/** The operand of an extension or mask that keeps the low bits. */
function withSameLowBits({ opcode, operands }: Value, bits: bigint): Value | null {
  switch (opcode) {
    case "i64.extend32_s":
      return bits <= 32n ? operands[0] : null;
    case "i64.extend16_s":
      return bits <= 16n ? operands[0] : null;
    case "i64.extend8_s":
      return bits <= 8n ? operands[0] : null;
    case "i64.and": {
      const mask = constantOf(operands[1]);
      return mask !== null && BigInt.asIntN(Number(bits), mask) === -1n ? operands[0] : null;
    }
    default:
      return null;
  }
}
