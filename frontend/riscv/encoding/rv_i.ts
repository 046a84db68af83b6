/**
 * Rows of the base integer instruction set, RV64I, with the memory-ordering instructions.
 *
 * Source: Unprivileged ISA, "RV32I Base Integer Instruction Set" and "RV64I Base Integer Instruction Set".
 */
import { fenceOrder, Order, type OrderSet } from "../../../ir/memory_order.ts";
import type { InstructionRow } from "../instruction.ts";
import * as lift from "../lift/rv_i.ts";
import { type RowEntry, rowTable } from "./row_table.ts";

const REGISTER_IMMEDIATE = rowTable("i", "Integer Register-Immediate Instructions", [
  ["lui", "imm[31:12] rd 0110111", "rd, upper", lift.lui],
  ["auipc", "imm[31:12] rd 0010111", "rd, upper", lift.auipc],
  ["addi", "imm[11:0] rs1 000 rd 0010011", "rd, rs1, imm", lift.addi],
  ["slti", "imm[11:0] rs1 010 rd 0010011", "rd, rs1, imm", lift.slti],
  ["sltiu", "imm[11:0] rs1 011 rd 0010011", "rd, rs1, imm", lift.sltiu],
  ["xori", "imm[11:0] rs1 100 rd 0010011", "rd, rs1, imm", lift.xori],
  ["ori", "imm[11:0] rs1 110 rd 0010011", "rd, rs1, imm", lift.ori],
  ["andi", "imm[11:0] rs1 111 rd 0010011", "rd, rs1, imm", lift.andi],
  ["slli", "000000 shamt[5:0] rs1 001 rd 0010011", "rd, rs1, shamt", lift.slli],
  ["srli", "000000 shamt[5:0] rs1 101 rd 0010011", "rd, rs1, shamt", lift.srli],
  ["srai", "010000 shamt[5:0] rs1 101 rd 0010011", "rd, rs1, shamt", lift.srai],
  ["addiw", "imm[11:0] rs1 000 rd 0011011", "rd, rs1, imm", lift.addiw],
  ["slliw", "0000000 shamt[4:0] rs1 001 rd 0011011", "rd, rs1, shamt", lift.slliw],
  ["srliw", "0000000 shamt[4:0] rs1 101 rd 0011011", "rd, rs1, shamt", lift.srliw],
  ["sraiw", "0100000 shamt[4:0] rs1 101 rd 0011011", "rd, rs1, shamt", lift.sraiw],
]);

const REGISTER_REGISTER = rowTable("i", "Integer Register-Register Operations", [
  ["add", "0000000 rs2 rs1 000 rd 0110011", "rd, rs1, rs2", lift.add],
  ["sub", "0100000 rs2 rs1 000 rd 0110011", "rd, rs1, rs2", lift.sub],
  ["sll", "0000000 rs2 rs1 001 rd 0110011", "rd, rs1, rs2", lift.sll],
  ["slt", "0000000 rs2 rs1 010 rd 0110011", "rd, rs1, rs2", lift.slt],
  ["sltu", "0000000 rs2 rs1 011 rd 0110011", "rd, rs1, rs2", lift.sltu],
  ["xor", "0000000 rs2 rs1 100 rd 0110011", "rd, rs1, rs2", lift.xor],
  ["srl", "0000000 rs2 rs1 101 rd 0110011", "rd, rs1, rs2", lift.srl],
  ["sra", "0100000 rs2 rs1 101 rd 0110011", "rd, rs1, rs2", lift.sra],
  ["or", "0000000 rs2 rs1 110 rd 0110011", "rd, rs1, rs2", lift.or],
  ["and", "0000000 rs2 rs1 111 rd 0110011", "rd, rs1, rs2", lift.and],
  ["addw", "0000000 rs2 rs1 000 rd 0111011", "rd, rs1, rs2", lift.addw],
  ["subw", "0100000 rs2 rs1 000 rd 0111011", "rd, rs1, rs2", lift.subw],
  ["sllw", "0000000 rs2 rs1 001 rd 0111011", "rd, rs1, rs2", lift.sllw],
  ["srlw", "0000000 rs2 rs1 101 rd 0111011", "rd, rs1, rs2", lift.srlw],
  ["sraw", "0100000 rs2 rs1 101 rd 0111011", "rd, rs1, rs2", lift.sraw],
]);

const JUMPS = rowTable("i", "Unconditional Jumps", [
  ["jal", "imm[20|10:1|11|19:12] rd 1101111", "rd, target", lift.jal],
  ["jalr", "imm[11:0] rs1 000 rd 1100111", "rd, imm(rs1)", lift.jalr],
]);

const BRANCHES = rowTable("i", "Conditional Branches", [
  ["beq", "imm[12|10:5] rs2 rs1 000 imm[4:1|11] 1100011", "rs1, rs2, target", lift.beq],
  ["bne", "imm[12|10:5] rs2 rs1 001 imm[4:1|11] 1100011", "rs1, rs2, target", lift.bne],
  ["blt", "imm[12|10:5] rs2 rs1 100 imm[4:1|11] 1100011", "rs1, rs2, target", lift.blt],
  ["bge", "imm[12|10:5] rs2 rs1 101 imm[4:1|11] 1100011", "rs1, rs2, target", lift.bge],
  ["bltu", "imm[12|10:5] rs2 rs1 110 imm[4:1|11] 1100011", "rs1, rs2, target", lift.bltu],
  ["bgeu", "imm[12|10:5] rs2 rs1 111 imm[4:1|11] 1100011", "rs1, rs2, target", lift.bgeu],
]);

const LOADS_AND_STORES = rowTable("i", "Load and Store Instructions", [
  ["lb", "imm[11:0] rs1 000 rd 0000011", "rd, imm(rs1)", lift.lb],
  ["lh", "imm[11:0] rs1 001 rd 0000011", "rd, imm(rs1)", lift.lh],
  ["lw", "imm[11:0] rs1 010 rd 0000011", "rd, imm(rs1)", lift.lw],
  ["ld", "imm[11:0] rs1 011 rd 0000011", "rd, imm(rs1)", lift.ld],
  ["lbu", "imm[11:0] rs1 100 rd 0000011", "rd, imm(rs1)", lift.lbu],
  ["lhu", "imm[11:0] rs1 101 rd 0000011", "rd, imm(rs1)", lift.lhu],
  ["lwu", "imm[11:0] rs1 110 rd 0000011", "rd, imm(rs1)", lift.lwu],
  ["sb", "imm[11:5] rs2 rs1 000 imm[4:0] 0100011", "rs2, imm(rs1)", lift.sb],
  ["sh", "imm[11:5] rs2 rs1 001 imm[4:0] 0100011", "rs2, imm(rs1)", lift.sh],
  ["sw", "imm[11:5] rs2 rs1 010 imm[4:0] 0100011", "rs2, imm(rs1)", lift.sw],
  ["sd", "imm[11:5] rs2 rs1 011 imm[4:0] 0100011", "rs2, imm(rs1)", lift.sd],
]);

/**
 * A set of accesses that a fence names. The four bits are device input, device output, memory reads, memory
 * writes; input orders like reads and output like writes.
 */
interface FenceSet {
  readonly read: boolean;
  readonly write: boolean;
  /** Bit patterns of the sets that order alike, the plain one without devices first. */
  readonly bits: readonly string[];
}

const FENCE_SETS: readonly FenceSet[] = [
  { read: false, write: false, bits: ["0000"] },
  { read: true, write: false, bits: ["0010", "10-0"] },
  { read: false, write: true, bits: ["0001", "010-"] },
  { read: true, write: true, bits: ["0011", "11--", "10-1", "011-"] },
];

/** Names of the fence rows by the pairs that they order; the mnemonic is the part before the space. */
const FENCE_NAMES: ReadonlyMap<OrderSet, string> = new Map([
  [Order.ALL, "fence"],
  [Order.NONE, "fence none"],
  [Order.READ_READ, "fence r,r"],
  [Order.READ_WRITE, "fence r,w"],
  [Order.WRITE_READ, "fence w,r"],
  [Order.WRITE_WRITE, "fence w,w"],
  [Order.READ_READ | Order.READ_WRITE, "fence r,rw"],
  [Order.WRITE_READ | Order.WRITE_WRITE, "fence w,rw"],
  [Order.READ_READ | Order.WRITE_READ, "fence rw,r"],
  [Order.READ_WRITE | Order.WRITE_WRITE, "fence rw,w"],
]);

/**
 * What a fence orders must not depend on field values, so there is one row for each order that the two sets
 * can give. The mode, `rd` and `rs1` are free: reserved values act as an ordinary fence.
 */
function fenceRows(): RowEntry[] {
  const alternatives = new Map<OrderSet, string[]>();
  for (const before of FENCE_SETS) {
    for (const after of FENCE_SETS) {
      const order = fenceOrder(before, after);
      const patterns = alternatives.get(order) ?? [];
      alternatives.set(order, patterns);
      for (const predecessor of before.bits) {
        for (const successor of after.bits) {
          patterns.push(`---- ${predecessor} ${successor} ----- 000 ----- 0001111`);
        }
      }
    }
  }
  return [...FENCE_NAMES].map(([order, name]) => {
    const pattern = (alternatives.get(order) ?? []).join(" or ");
    return [name, pattern, "pred, succ", lift.fenceOf(order)] as const;
  });
}

const MEMORY_ORDERING = rowTable("i", "Memory Ordering Instructions", [
  ...fenceRows(),
  ["fence.tso", "1000 0011 0011 ----- 000 ----- 0001111", "", lift.fenceTso],
]);

const ENVIRONMENT = rowTable("i", "Environment Call and Breakpoints", [
  ["ecall", "000000000000 00000 000 00000 1110011", "", lift.ecall],
  ["ebreak", "000000000001 00000 000 00000 1110011", "", lift.ebreak],
]);

const PAUSE = rowTable("zihintpause", "Pause Hint", [
  ["pause", "0000 0001 0000 00000 000 00000 0001111", "", lift.pause],
]);

/** All rows of this file. */
export const RV_I: readonly InstructionRow[] = [
  ...REGISTER_IMMEDIATE,
  ...REGISTER_REGISTER,
  ...JUMPS,
  ...BRANCHES,
  ...LOADS_AND_STORES,
  ...MEMORY_ORDERING,
  ...ENVIRONMENT,
  ...PAUSE,
];
