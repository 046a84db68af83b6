/** The values that instructions of litmus tests compute. */
import type { AluOperation, AmoOperation } from "../syntax/instruction.ts";

const WORD = 64;
const SHIFT_MASK = 63n;

/** Register arithmetic, of which the low 64 bits count. */
export function alu(operation: AluOperation, left: bigint, right: bigint): bigint {
  switch (operation) {
    case "add":
      return left + right;
    case "sub":
      return left - right;
    case "and":
      return left & right;
    case "or":
      return left | right;
    case "xor":
      return left ^ right;
    case "sll":
      return left << (right & SHIFT_MASK);
    case "srl":
      return BigInt.asUintN(WORD, left) >> (right & SHIFT_MASK);
  }
}

/** What an AMO writes, given what it read. */
export function amo(operation: AmoOperation, old: bigint, operand: bigint, bits: number): bigint {
  const [a, b] = [BigInt.asIntN(bits, old), BigInt.asIntN(bits, operand)];
  const [ua, ub] = [BigInt.asUintN(bits, old), BigInt.asUintN(bits, operand)];
  switch (operation) {
    case "swap":
      return operand;
    case "add":
      return old + operand;
    case "and":
      return old & operand;
    case "or":
      return old | operand;
    case "xor":
      return old ^ operand;
    case "min":
      return a < b ? a : b;
    case "max":
      return a > b ? a : b;
    case "minu":
      return ua < ub ? ua : ub;
    case "maxu":
      return ua > ub ? ua : ub;
  }
}
