/**
 * The machine-mode trap handler of differential tests: writes down exceptions and goes on behind the
 * instruction, which must be 4 bytes long; lowers interrupts. It uses the registers x29 to x31 alone, which
 * programs leave to it.
 */
import { csrNumber } from "./csr_numbers.ts";
import { assembleProgram, instruction, type Line } from "./guest_program.ts";
import { Device, Page, physical } from "./guest_layout.ts";

/** First register of the handler. */
export const HANDLER_REGISTERS = 29;

const A = 29;
const B = 30;
const C = 31;
const INTERRUPT = 0;
const ENTRY_BYTES = 32;
/** The log is a ring of entries behind its first word pair. */
const LOG_MASK = 0x7e0;

/** Reads a CSR into a register. */
export function readCsr(rd: number, name: string): Line {
  return instruction("csrrs", { rd, rs1: 0, imm: csrNumber(name) });
}

/** Writes a CSR from a register. */
export function writeCsr(name: string, rs1: number): Line {
  return instruction("csrrw", { rd: 0, rs1, imm: csrNumber(name) });
}

const LINES: readonly Line[] = [
  readCsr(A, "mcause"),
  { kind: "constant", rd: C, value: Device.BASE },
  instruction("blt", { rs1: A, rs2: 0 }, INTERRUPT),
  { kind: "place", rd: B, offset: physical(Page.TRAP_LOG) - physical(Page.HANDLER) },
  instruction("ld", { rd: C, rs1: B, imm: 0 }),
  instruction("add", { rd: B, rs1: B, rs2: C }),
  instruction("sd", { rs1: B, rs2: A, imm: 8 }),
  readCsr(A, "mepc"),
  instruction("sd", { rs1: B, rs2: A, imm: 16 }),
  instruction("addi", { rd: A, rs1: A, imm: 4 }),
  writeCsr("mepc", A),
  readCsr(A, "mtval"),
  instruction("sd", { rs1: B, rs2: A, imm: 24 }),
  instruction("addi", { rd: C, rs1: C, imm: ENTRY_BYTES }),
  instruction("andi", { rd: C, rs1: C, imm: LOG_MASK }),
  { kind: "place", rd: B, offset: physical(Page.TRAP_LOG) - physical(Page.HANDLER) },
  instruction("sd", { rs1: B, rs2: C, imm: 0 }),
  instruction("mret"),
  { kind: "label", label: INTERRUPT },
  instruction("sw", { rs1: C, rs2: 0, imm: Device.LOWER }),
  instruction("mret"),
];

/** The handler's code, for the start of its page. */
export function trapHandler(): Uint8Array {
  return assembleProgram(LINES).bytes;
}
