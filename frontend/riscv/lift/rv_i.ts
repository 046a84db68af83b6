/**
 * Meaning of the base integer instructions, with the memory-ordering instructions.
 *
 * Source: Unprivileged ISA, "RV32I Base Integer Instruction Set" and "RV64I Base Integer Instruction Set".
 */
import { ExitReason } from "../../../ir/exit_reason.ts";
import { Order, type OrderSet } from "../../../ir/memory_order.ts";
import type { Value } from "../../../ir/region.ts";
import type { MemoryWidth } from "../../../ir/types.ts";
import type { Lifter } from "../instruction.ts";
import { Cause } from "../privileged/causes.ts";
import type { LiftContext } from "./lift_context.ts";

/** Clears bit 0 of a jump target. */
const TARGET_MASK = -2;

/** `lui`: the immediate already stands in bits 12 and up. */
export function lui(c: LiftContext): void {
  c.setX(c.immediate());
}

/** `auipc` */
export function auipc(c: LiftContext): void {
  c.setX(c.pcPlusImmediate());
}

/** `addi` */
export function addi(c: LiftContext): void {
  c.setX(c.b.add(c.x("rs1"), c.immediate()));
}

/** `slti` */
export function slti(c: LiftContext): void {
  c.setX(c.b.zeroExtend(c.b.ltS(c.x("rs1"), c.immediate())));
}

/** `sltiu` */
export function sltiu(c: LiftContext): void {
  c.setX(c.b.zeroExtend(c.b.ltU(c.x("rs1"), c.immediate())));
}

/** `xori` */
export function xori(c: LiftContext): void {
  c.setX(c.b.xor(c.x("rs1"), c.immediate()));
}

/** `ori` */
export function ori(c: LiftContext): void {
  c.setX(c.b.or(c.x("rs1"), c.immediate()));
}

/** `andi` */
export function andi(c: LiftContext): void {
  c.setX(c.b.and(c.x("rs1"), c.immediate()));
}

/** `slli` */
export function slli(c: LiftContext): void {
  c.setX(c.b.shl(c.x("rs1"), c.immediate()));
}

/** `srli` */
export function srli(c: LiftContext): void {
  c.setX(c.b.shrU(c.x("rs1"), c.immediate()));
}

/** `srai` */
export function srai(c: LiftContext): void {
  c.setX(c.b.shrS(c.x("rs1"), c.immediate()));
}

/** `addiw` */
export function addiw(c: LiftContext): void {
  c.setW(c.b.add(c.w("rs1"), c.field("imm")));
}

/** `slliw` */
export function slliw(c: LiftContext): void {
  c.setW(c.b.shl(c.w("rs1"), c.field("imm")));
}

/** `srliw` */
export function srliw(c: LiftContext): void {
  c.setW(c.b.shrU(c.w("rs1"), c.field("imm")));
}

/** `sraiw` */
export function sraiw(c: LiftContext): void {
  c.setW(c.b.shrS(c.w("rs1"), c.field("imm")));
}

/** `add` */
export function add(c: LiftContext): void {
  c.setX(c.b.add(c.x("rs1"), c.x("rs2")));
}

/** `sub` */
export function sub(c: LiftContext): void {
  c.setX(c.b.sub(c.x("rs1"), c.x("rs2")));
}

/** `sll` */
export function sll(c: LiftContext): void {
  c.setX(c.b.shl(c.x("rs1"), c.x("rs2")));
}

/** `slt` */
export function slt(c: LiftContext): void {
  c.setX(c.b.zeroExtend(c.b.ltS(c.x("rs1"), c.x("rs2"))));
}

/** `sltu` */
export function sltu(c: LiftContext): void {
  c.setX(c.b.zeroExtend(c.b.ltU(c.x("rs1"), c.x("rs2"))));
}

/** `xor` */
export function xor(c: LiftContext): void {
  c.setX(c.b.xor(c.x("rs1"), c.x("rs2")));
}

/** `srl` */
export function srl(c: LiftContext): void {
  c.setX(c.b.shrU(c.x("rs1"), c.x("rs2")));
}

/** `sra` */
export function sra(c: LiftContext): void {
  c.setX(c.b.shrS(c.x("rs1"), c.x("rs2")));
}

/** `or` */
export function or(c: LiftContext): void {
  c.setX(c.b.or(c.x("rs1"), c.x("rs2")));
}

/** `and` */
export function and(c: LiftContext): void {
  c.setX(c.b.and(c.x("rs1"), c.x("rs2")));
}

/** `addw` */
export function addw(c: LiftContext): void {
  c.setW(c.b.add(c.w("rs1"), c.w("rs2")));
}

/** `subw` */
export function subw(c: LiftContext): void {
  c.setW(c.b.sub(c.w("rs1"), c.w("rs2")));
}

/** `sllw` */
export function sllw(c: LiftContext): void {
  c.setW(c.b.shl(c.w("rs1"), c.w("rs2")));
}

/** `srlw` */
export function srlw(c: LiftContext): void {
  c.setW(c.b.shrU(c.w("rs1"), c.w("rs2")));
}

/** `sraw` */
export function sraw(c: LiftContext): void {
  c.setW(c.b.shrS(c.w("rs1"), c.w("rs2")));
}

/** `jal` */
export function jal(c: LiftContext): void {
  const target = c.pcPlusImmediate();
  c.requireAligned(target, c.b.i32(1));
  c.setX(c.nextPc());
  c.transferTo(target, "jump");
}

/** `jalr`: the target is computed before the link register, which may be the same, is written. */
export function jalr(c: LiftContext): void {
  const target = c.b.and(c.b.add(c.x("rs1"), c.immediate()), c.b.i64(TARGET_MASK));
  c.requireAligned(target, c.b.i32(1));
  c.setX(c.nextPc());
  c.transferTo(target, "indirect");
}

function branchIf(c: LiftContext, condition: Value): void {
  const target = c.pcPlusImmediate();
  c.requireAligned(target, condition);
  c.b.gotoIf(condition, target, c.nextPc());
}

/** `beq` */
export function beq(c: LiftContext): void {
  branchIf(c, c.b.eq(c.x("rs1"), c.x("rs2")));
}

/** `bne` */
export function bne(c: LiftContext): void {
  branchIf(c, c.b.ne(c.x("rs1"), c.x("rs2")));
}

/** `blt` */
export function blt(c: LiftContext): void {
  branchIf(c, c.b.ltS(c.x("rs1"), c.x("rs2")));
}

/** `bge` */
export function bge(c: LiftContext): void {
  branchIf(c, c.b.geS(c.x("rs1"), c.x("rs2")));
}

/** `bltu` */
export function bltu(c: LiftContext): void {
  branchIf(c, c.b.ltU(c.x("rs1"), c.x("rs2")));
}

/** `bgeu` */
export function bgeu(c: LiftContext): void {
  branchIf(c, c.b.geU(c.x("rs1"), c.x("rs2")));
}

function dataAddress(c: LiftContext): Value {
  return c.b.add(c.x("rs1"), c.immediate());
}

function load(c: LiftContext, width: MemoryWidth, signed: boolean): void {
  c.setX(c.b.load(dataAddress(c), { width, signed }));
}

function store(c: LiftContext, width: MemoryWidth): void {
  c.b.store(dataAddress(c), c.x("rs2"), { width });
}

/** `lb` */
export function lb(c: LiftContext): void {
  load(c, 8, true);
}

/** `lh` */
export function lh(c: LiftContext): void {
  load(c, 16, true);
}

/** `lw` */
export function lw(c: LiftContext): void {
  load(c, 32, true);
}

/** `ld` */
export function ld(c: LiftContext): void {
  load(c, 64, false);
}

/** `lbu` */
export function lbu(c: LiftContext): void {
  load(c, 8, false);
}

/** `lhu` */
export function lhu(c: LiftContext): void {
  load(c, 16, false);
}

/** `lwu` */
export function lwu(c: LiftContext): void {
  load(c, 32, false);
}

/** `sb` */
export function sb(c: LiftContext): void {
  store(c, 8);
}

/** `sh` */
export function sh(c: LiftContext): void {
  store(c, 16);
}

/** `sw` */
export function sw(c: LiftContext): void {
  store(c, 32);
}

/** `sd` */
export function sd(c: LiftContext): void {
  store(c, 64);
}

/** `fence` with predecessor and successor sets that give this order. */
export function fenceOf(order: OrderSet): Lifter {
  return (c) => {
    if (order !== Order.NONE) c.b.fence(order);
  };
}

/** `fence.tso`: all but earlier stores before later loads. */
export function fenceTso(c: LiftContext): void {
  c.b.fence(Order.ALL & ~Order.WRITE_READ);
}

/** `ecall` */
export function ecall(c: LiftContext): void {
  c.b.exit(ExitReason.ENVIRONMENT_CALL, c.pc());
}

/** `ebreak` */
export function ebreak(c: LiftContext): void {
  c.b.trap(c.b.i32(Cause.BREAKPOINT), c.pc());
}

/** `pause`: this hart spins. */
export function pause(c: LiftContext): void {
  c.b.exit(ExitReason.YIELD, c.nextPc());
}

/** What is no instruction, or none of an enabled extension. */
export function illegal(c: LiftContext): void {
  c.b.trap(c.b.i32(Cause.ILLEGAL_INSTRUCTION), c.encoding());
}
