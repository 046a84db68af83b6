/**
 * The laboratory's guest program: all harts wait for a job, run its batches in step, and say when it is done.
 *
 * A batch: every hart resets its share of the slots, waits at the barrier, delays for a moment, runs its
 * thread of the test through all slots, waits at the barrier, and collects the final values of its share.
 * Barriers are made of the guest's own atomic operations. The last hart of a job writes a byte to the serial
 * line, which is what the laboratory waits for.
 *
 * For tests with pages the whole program runs in supervisor mode with translation on.
 *
 * The test's code may use all registers but those of {@linkcode Reserved}.
 */
import { VirtMap } from "../../../runtime/machine/boards/riscv_virt/memory_map.ts";
import { FAULT_REGISTER, PageFault } from "../syntax/page_entry.ts";
import { Assembler } from "./assembler.ts";
import { addressOf, Area, HartBlock, Mailbox } from "./guest_layout.ts";
import { TRANSLATION_ON, writeTables } from "./translation_tables.ts";

/** Registers that belong to the driver while a test's code runs. */
export const Reserved = {
  /** Return address. */
  LINK: 1,
  /** Next entry of the order table. */
  ORDER: 2,
  /** Where the next results go. */
  RESULTS: 3,
  /** End of the order table. */
  ORDER_END: 4,
  /** Times that the hart may still give way while it waits for other threads in this batch. */
  PATIENCE: 28,
  /** Times that the hart has come to a meeting point. */
  MEETING: 29,
  /** The hart's block. */
  BLOCK: 30,
  /** Address of the slot. */
  SLOT: 31,
} as const;

/** Bytes that the driver writes to the serial line. */
export const Signal = { DONE: 0x44, TRAP: 0x54 } as const;

const { LINK, ORDER, RESULTS, ORDER_END, BLOCK } = Reserved;
const [T0, T1, T2, T3] = [5, 6, 7, 8];
/** Return address of the driver's own functions. */
const INNER_LINK = 27;
/** Looks at a word before the hart gives way to others: at once, since threads may outnumber processors. */
const SPINS = 8;
const MHARTID = 0xf14;
const MTVEC = 0x305;
const MCAUSE = 0x342;
const MEPC = 0x341;
const MSCRATCH = 0x340;
const MSTATUS = 0x300;
const SATP = 0x180;
const PMPCFG0 = 0x3a0;
const PMPADDR0 = 0x3b0;
/** A protection region of all memory, with every permission. */
const PMP_OPEN = 0x1f;
const PREVIOUS_SUPERVISOR = 1n << 11n;
const INSTRUCTION_BYTES = 4;
const BLOCK_SHIFT = Math.log2(HartBlock.BYTES);

/** The fence of everything: no row's first pattern has other sets. */
function fullFence(a: Assembler): void {
  a.emitBits(0x0330_000f);
}

function loadMailbox(a: Assembler, rd: number): void {
  a.constant(rd, addressOf(Area.MAILBOX));
}

function start(a: Assembler, isTranslated: boolean): void {
  a.emit("csrrs", { rd: T0, rs1: 0, imm: MHARTID });
  a.emit("slli", { rd: T0, rs1: T0, imm: BLOCK_SHIFT });
  a.constant(BLOCK, addressOf(Area.HARTS));
  a.emit("add", { rd: BLOCK, rs1: BLOCK, rs2: T0 });
  a.jump("jal", "set trap", { rd: 0 });
  a.label("trap");
  if (isTranslated) skipFaultingInstruction(a);
  trap(a);
  a.label("set trap");
  a.constant(T0, addressOf(Area.DRIVER + a.offsetOf("trap")));
  a.emit("csrrw", { rd: 0, rs1: T0, imm: MTVEC });
  if (isTranslated) enterSupervisorMode(a);
}

/** Supervisor mode with translation on; traps go on coming to machine mode. */
function enterSupervisorMode(a: Assembler): void {
  a.constant(T0, -1n);
  a.emit("csrrw", { rd: 0, rs1: T0, imm: PMPADDR0 });
  a.constant(T0, BigInt(PMP_OPEN));
  a.emit("csrrw", { rd: 0, rs1: T0, imm: PMPCFG0 });
  a.constant(T0, TRANSLATION_ON);
  a.emit("csrrw", { rd: 0, rs1: T0, imm: SATP });
  a.emit("sfence.vma", { rs1: 0, rs2: 0 });
  a.constant(T0, PREVIOUS_SUPERVISOR);
  a.emit("csrrs", { rd: 0, rs1: T0, imm: MSTATUS });
  a.jump("jal", "return to idle", { rd: T0 });
  a.jump("jal", "idle", { rd: 0 });
  a.label("return to idle");
  a.emit("csrrw", { rd: 0, rs1: T0, imm: MEPC });
  a.emit("mret");
}

/** Page faults of a test's loads and stores: the cause is noted and the instruction skipped. */
function skipFaultingInstruction(a: Assembler): void {
  a.emit("csrrw", { rd: 0, rs1: T0, imm: MSCRATCH });
  a.emit("csrrs", { rd: FAULT_REGISTER, rs1: 0, imm: MCAUSE });
  a.emit("addi", { rd: FAULT_REGISTER, rs1: FAULT_REGISTER, imm: -PageFault.LOAD });
  a.emit("andi", {
    rd: FAULT_REGISTER,
    rs1: FAULT_REGISTER,
    imm: ~(PageFault.STORE - PageFault.LOAD),
  });
  a.jump("bne", "unexpected", { rs1: FAULT_REGISTER, rs2: 0 });
  a.emit("csrrs", { rd: T0, rs1: 0, imm: MEPC });
  a.constant(FAULT_REGISTER, addressOf(Area.CODE));
  a.jump("bltu", "unexpected", { rs1: T0, rs2: FAULT_REGISTER });
  a.emit("addi", { rd: T0, rs1: T0, imm: INSTRUCTION_BYTES });
  a.emit("csrrw", { rd: 0, rs1: T0, imm: MEPC });
  a.emit("csrrs", { rd: FAULT_REGISTER, rs1: 0, imm: MCAUSE });
  a.emit("csrrs", { rd: T0, rs1: 0, imm: MSCRATCH });
  a.emit("mret");
  a.label("unexpected");
}

/** Nothing else may trap: the place is left for the laboratory, and the hart stays. */
function trap(a: Assembler): void {
  loadMailbox(a, T0);
  a.emit("csrrs", { rd: T1, rs1: 0, imm: MCAUSE });
  a.emit("sd", { rs1: T0, rs2: T1, imm: Mailbox.TRAP_CAUSE });
  a.emit("csrrs", { rd: T1, rs1: 0, imm: MEPC });
  a.emit("sd", { rs1: T0, rs2: T1, imm: Mailbox.TRAP_PC });
  signal(a, Signal.TRAP);
  a.label("trapped");
  a.emit("wfi");
  a.jump("jal", "trapped", { rd: 0 });
}

function signal(a: Assembler, byte: number): void {
  fullFence(a);
  a.constant(T0, BigInt(VirtMap.UART.base));
  a.constant(T1, BigInt(byte));
  a.emit("sb", { rs1: T0, rs2: T1, imm: 0 });
}

function waitForJob(a: Assembler): void {
  a.label("idle");
  loadMailbox(a, T0);
  a.emit("ld", { rd: T2, rs1: BLOCK, imm: HartBlock.GENERATION });
  a.label("look");
  a.emit("pause");
  a.emit("lw", { rd: T1, rs1: T0, imm: Mailbox.GENERATION });
  a.jump("beq", "look", { rs1: T1, rs2: T2 });
  fullFence(a);
  a.emit("sd", { rs1: BLOCK, rs2: T1, imm: HartBlock.GENERATION });
  a.emit("ld", { rd: T1, rs1: BLOCK, imm: HartBlock.ACTIVE });
  a.jump("beq", "idle", { rs1: T1, rs2: 0 });
}

/** Calls the code whose address is in the hart's block, with the hart's share or the whole order table. */
function callWith(a: Assembler, field: number, isShare: boolean): void {
  if (isShare) {
    a.emit("ld", { rd: ORDER, rs1: BLOCK, imm: HartBlock.SHARE_START });
    a.emit("ld", { rd: ORDER_END, rs1: BLOCK, imm: HartBlock.SHARE_END });
  }
  a.emit("ld", { rd: T0, rs1: BLOCK, imm: field });
  a.emit("jalr", { rd: LINK, rs1: T0, imm: 0 });
}

function callBarrier(a: Assembler): void {
  a.jump("jal", "barrier", { rd: INNER_LINK });
}

/** A busy loop of as many rounds as the next row of the table says. */
function delay(a: Assembler): void {
  a.emit("ld", { rd: T0, rs1: BLOCK, imm: HartBlock.SKEW });
  a.emit("lw", { rd: T1, rs1: T0, imm: 0 });
  a.emit("addi", { rd: T0, rs1: T0, imm: 4 });
  a.emit("sd", { rs1: BLOCK, rs2: T0, imm: HartBlock.SKEW });
  a.label("delay");
  a.jump("beq", "delayed", { rs1: T1, rs2: 0 });
  a.emit("addi", { rd: T1, rs1: T1, imm: -1 });
  a.jump("jal", "delay", { rd: 0 });
  a.label("delayed");
}

function runBatch(a: Assembler, orderBytes: number): void {
  a.label("batch");
  callWith(a, HartBlock.RESET, true);
  callBarrier(a);
  delay(a);
  a.constant(ORDER, addressOf(Area.ORDER));
  a.constant(ORDER_END, addressOf(Area.ORDER + orderBytes));
  a.emit("ld", { rd: RESULTS, rs1: BLOCK, imm: HartBlock.RESULTS });
  a.emit("ld", { rd: Reserved.MEETING, rs1: BLOCK, imm: HartBlock.MEETING });
  a.emit("ld", { rd: Reserved.PATIENCE, rs1: BLOCK, imm: HartBlock.PATIENCE });
  callWith(a, HartBlock.RUN, false);
  a.emit("sd", { rs1: BLOCK, rs2: RESULTS, imm: HartBlock.RESULTS });
  a.emit("sd", { rs1: BLOCK, rs2: Reserved.MEETING, imm: HartBlock.MEETING });
  callBarrier(a);
  a.emit("ld", { rd: RESULTS, rs1: BLOCK, imm: HartBlock.FINALS });
  callWith(a, HartBlock.COLLECT, true);
  a.emit("ld", { rd: RESULTS, rs1: BLOCK, imm: HartBlock.FINALS });
  a.emit("ld", { rd: T0, rs1: BLOCK, imm: HartBlock.FINALS_STEP });
  a.emit("add", { rd: RESULTS, rs1: RESULTS, rs2: T0 });
  a.emit("sd", { rs1: BLOCK, rs2: RESULTS, imm: HartBlock.FINALS });
  callBarrier(a);
  a.emit("ld", { rd: T0, rs1: BLOCK, imm: HartBlock.BATCHES });
  a.emit("addi", { rd: T0, rs1: T0, imm: -1 });
  a.emit("sd", { rs1: BLOCK, rs2: T0, imm: HartBlock.BATCHES });
  a.jump("bne", "batch", { rs1: T0, rs2: 0 });
}

/** The last one to finish tells the laboratory. */
function finishJob(a: Assembler): void {
  loadMailbox(a, T0);
  a.emit("addi", { rd: T1, rs1: 0, imm: 1 });
  a.emit("addi", { rd: T2, rs1: T0, imm: Mailbox.FINISHED });
  a.emit("amoadd.w.aqrl", { rd: T1, rs1: T2, rs2: T1 });
  a.emit("addi", { rd: T1, rs1: T1, imm: 1 });
  a.emit("lw", { rd: T2, rs1: T0, imm: Mailbox.PARTIES });
  a.jump("bne", "idle", { rs1: T1, rs2: T2 });
  signal(a, Signal.DONE);
  a.jump("jal", "idle", { rd: 0 });
}

/** A barrier whose phase turns with each use. */
function barrier(a: Assembler): void {
  a.label("barrier");
  fullFence(a);
  loadMailbox(a, T0);
  a.emit("ld", { rd: T1, rs1: BLOCK, imm: HartBlock.PHASE });
  a.emit("xori", { rd: T1, rs1: T1, imm: 1 });
  a.emit("sd", { rs1: BLOCK, rs2: T1, imm: HartBlock.PHASE });
  a.emit("addi", { rd: T2, rs1: 0, imm: 1 });
  a.emit("addi", { rd: T3, rs1: T0, imm: Mailbox.ARRIVED });
  a.emit("amoadd.w.aqrl", { rd: T2, rs1: T3, rs2: T2 });
  a.emit("addi", { rd: T2, rs1: T2, imm: 1 });
  a.emit("lw", { rd: T3, rs1: T0, imm: Mailbox.PARTIES });
  a.jump("bne", "wait", { rs1: T2, rs2: T3 });
  a.emit("sw", { rs1: T0, rs2: 0, imm: Mailbox.ARRIVED });
  fullFence(a);
  a.emit("sw", { rs1: T0, rs2: T1, imm: Mailbox.PHASE });
  a.emit("jalr", { rd: 0, rs1: INNER_LINK, imm: 0 });
  a.label("wait");
  a.emit("addi", { rd: T3, rs1: 0, imm: SPINS });
  a.label("spin");
  a.emit("lw", { rd: T2, rs1: T0, imm: Mailbox.PHASE });
  a.jump("beq", "passed", { rs1: T1, rs2: T2 });
  a.emit("addi", { rd: T3, rs1: T3, imm: -1 });
  a.jump("bne", "spin", { rs1: T3, rs2: 0 });
  a.emit("pause");
  a.jump("jal", "wait", { rd: 0 });
  a.label("passed");
  fullFence(a);
  a.emit("jalr", { rd: 0, rs1: INNER_LINK, imm: 0 });
}

/**
 * RAM from its start on: the program, and page tables when it runs with translation.
 *
 * @param orderBytes length of the order table
 */
export function driverImage(orderBytes: number, isTranslated: boolean): Uint8Array {
  const a = new Assembler();
  start(a, isTranslated);
  waitForJob(a);
  runBatch(a, orderBytes);
  finishJob(a);
  barrier(a);
  const program = new Uint8Array(a.finish().buffer);
  if (!isTranslated) return program;
  const image = new Uint8Array(Area.MAILBOX);
  image.set(program);
  writeTables(new DataView(image.buffer));
  return image;
}
