/**
 * The RISC-V hart's state as slots: integer and float registers, program counter, control and status
 * registers in the form the lifters and the privileged functions use them.
 *
 * Source: RISC-V Unprivileged ISA, "Programmers' Model for Base Integer ISA"; Privileged ISA, "Machine-Level
 * ISA" and "Supervisor-Level ISA".
 */
import { StateLayout, type StateSlot } from "../../ir/guest_state.ts";
import type { FloatState } from "../softfloat/float_builder.ts";

/** Elements of the integer register file: 32 registers and the sink that writes to x0 go to. */
export const INTEGER_FILE_SIZE = 33;
/** Index of the sink: what a decoded record holds as destination instead of x0. */
export const ZERO_SINK = 32;

/** Layout of all state of one hart. */
export const RISCV_STATE = new StateLayout([
  { name: "pc", type: "i64" },
  { name: "x", type: "i64", count: INTEGER_FILE_SIZE, promotable: true },
  { name: "f", type: "i64", count: 32, promotable: true },
  /** Accrued float exceptions, `fcsr` bits 0..4. */
  { name: "fflags", type: "i32" },
  /** Bound that follows from `fflags`: see `softfloat/nearest_in_place.ts`. */
  { name: "float_range", type: "i32" },
  /** Dynamic rounding mode, `fcsr` bits 5..7. */
  { name: "frm", type: "i32" },
  /** 1 once a float register or flag was written since FS was last set by software. */
  { name: "fs_dirty", type: "i32" },
  /** Privilege: 0 user, 1 supervisor, 3 machine. */
  { name: "privilege", type: "i32" },
  { name: "hart_id", type: "i64" },
  { name: "mstatus", type: "i64" },
  { name: "misa", type: "i64" },
  { name: "medeleg", type: "i64" },
  { name: "mideleg", type: "i64" },
  { name: "mie", type: "i64" },
  { name: "mtvec", type: "i64" },
  { name: "mcounteren", type: "i64" },
  { name: "menvcfg", type: "i64" },
  { name: "mcountinhibit", type: "i64" },
  { name: "mscratch", type: "i64" },
  { name: "mepc", type: "i64" },
  { name: "mcause", type: "i64" },
  { name: "mtval", type: "i64" },
  { name: "stvec", type: "i64" },
  { name: "scounteren", type: "i64" },
  { name: "senvcfg", type: "i64" },
  { name: "sscratch", type: "i64" },
  { name: "sepc", type: "i64" },
  { name: "scause", type: "i64" },
  { name: "stval", type: "i64" },
  { name: "satp", type: "i64" },
  { name: "stimecmp", type: "i64" },
  /** When the supervisor timer line rises: `stimecmp`, or the last tick of all while `menvcfg.STCE` is 0. */
  { name: "supervisor_deadline", type: "i64" },
  /** Supervisor timer and external interrupts that machine mode pends through `mip`, beside the lines. */
  { name: "mip_software", type: "i32" },
  /** Which register `mireg` and `sireg` are. */
  { name: "miselect", type: "i64" },
  { name: "siselect", type: "i64" },
  { name: "pmpcfg", type: "i64", count: 2 },
  { name: "pmpaddr", type: "i64", count: 16 },
  /** Counts the changes of what translations depend on beside `satp`: protection, environment. */
  { name: "translation_version", type: "i64" },
  /** Old value that `csr_access` hands back to the lifter. */
  { name: "csr_result", type: "i64" },
  /** Operands of the last FLUSH_TRANSLATIONS exit: address, address space. */
  { name: "flush_address", type: "i64" },
  { name: "flush_space", type: "i64" },
  /** Bit 0: one address only; bit 1: one address space only. */
  { name: "flush_scope", type: "i32" },
  /** Added to the retired-instruction count and to the cycle count by writes to the counters. */
  { name: "instret_offset", type: "i64" },
  { name: "cycle_offset", type: "i64" },
  /** Enabled extensions and other choices made at machine start, one bit each. */
  { name: "features", type: "i64" },
]);

/** Slot of the state by name. */
export function slot(name: string): StateSlot {
  return RISCV_STATE.slot(name);
}

/** Where float arithmetic keeps its flags. */
export const FLOAT_STATE: FloatState = {
  flags: slot("fflags"),
  dirty: slot("fs_dirty"),
  range: slot("float_range"),
};

/** ABI names of the integer registers, for the disassembler and dumps. */
export const INTEGER_NAMES: readonly string[] = [
  "zero",
  "ra",
  "sp",
  "gp",
  "tp",
  "t0",
  "t1",
  "t2",
  "s0",
  "s1",
  "a0",
  "a1",
  "a2",
  "a3",
  "a4",
  "a5",
  "a6",
  "a7",
  "s2",
  "s3",
  "s4",
  "s5",
  "s6",
  "s7",
  "s8",
  "s9",
  "s10",
  "s11",
  "t3",
  "t4",
  "t5",
  "t6",
];

/** ABI names of the float registers. */
export const FLOAT_NAMES: readonly string[] = [
  "ft0",
  "ft1",
  "ft2",
  "ft3",
  "ft4",
  "ft5",
  "ft6",
  "ft7",
  "fs0",
  "fs1",
  "fa0",
  "fa1",
  "fa2",
  "fa3",
  "fa4",
  "fa5",
  "fa6",
  "fa7",
  "fs2",
  "fs3",
  "fs4",
  "fs5",
  "fs6",
  "fs7",
  "fs8",
  "fs9",
  "fs10",
  "fs11",
  "ft8",
  "ft9",
  "ft10",
  "ft11",
];
