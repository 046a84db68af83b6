/** Control registers, traps and trap handlers of random programs. */
import { csrNumber } from "./csr_numbers.ts";
import type { Label } from "./guest_program.ts";
import { addAccess } from "./program_accesses.ts";
import { Register } from "./program_registers.ts";
import type { ProgramText } from "./program_text.ts";
import { readCsr, writeCsr } from "./trap_handler.ts";

const ILLEGAL_BITS = 0xffff_ffff;
const FLOAT_STATUS = 0x6000;
const SUM = 1 << 18;
const MXR = 1 << 19;
const PREVIOUS_SUPERVISOR = 1 << 8;

/** An instruction that raises an exception. */
export function addTrap(text: ProgramText): void {
  const { random } = text;
  const roll = random.below(10);
  if (roll < 7) return addAccess(text, true);
  if (roll < 8) return text.add("ecall");
  if (roll < 9) return text.push({ kind: "raw", bits: ILLEGAL_BITS });
  text.add("ebreak");
}

function addScratchAccess(text: ProgramText, scratch: string): void {
  const { random } = text;
  const name = random.pick(["csrrw", "csrrw", "csrrs", "csrrc", "csrrwi", "csrrsi", "csrrci"]);
  const isSwap = random.chance(50);
  const rd = isSwap ? Register.TP : text.destination();
  const rs1 = name.endsWith("i") ? random.below(32) : isSwap ? rd : text.source();
  text.add(name, { rd, rs1, imm: csrNumber(scratch) });
}

function addStatusAccess(text: ProgramText, status: string): void {
  const { random, features: { floats, interrupts } } = text;
  const mask = random.pick([SUM, MXR, SUM | MXR, floats ? FLOAT_STATUS : SUM]);
  const rs1 = random.pick(text.common);
  const rd = interrupts ? 0 : text.destination();
  text.constant(rs1, mask);
  text.add(random.pick(["csrrs", "csrrc"]), { rd, rs1, imm: csrNumber(status) });
}

function addFloatStatusAccess(text: ProgramText): void {
  const { random } = text;
  const name = random.pick(["csrrw", "csrrs", "csrrc", "csrrwi"]);
  const rs1 = name.endsWith("i") ? random.below(8) : text.source();
  const imm = csrNumber(random.pick(["fflags", "frm", "fcsr"]));
  text.add(name, { rd: text.destination(), rs1, imm });
}

/** An access to a control register that the program's mode has. */
export function addCsrAccess(text: ProgramText, run: (count: number) => void): void {
  const { random, features: { mode, delegation, counters } } = text;
  const scratch = mode === "machine" ? "mscratch" : "sscratch";
  const roll = random.below(10);
  if (mode !== "user" && roll < 4 && !(delegation && scratch === "sscratch")) {
    return addScratchAccess(text, scratch);
  }
  if (mode !== "user" && roll < 7) {
    return addStatusAccess(text, mode === "machine" ? "mstatus" : "sstatus");
  }
  if (roll < 8 && counters) {
    return text.push(readCsr(text.destination(), random.pick(["instret", "cycle"])));
  }
  if (mode === "supervisor" && roll < 9) return addSupervisorOnly(text, run);
  addFloatStatusAccess(text);
}

function addSupervisorOnly(text: ProgramText, run: (count: number) => void): void {
  const { random } = text;
  if (random.chance(50)) {
    return text.add("sfence.vma", { rs1: random.pick([0, Register.DATA, Register.SP]), rs2: 0 });
  }
  if (text.features.delegation && random.chance(50)) return;
  const rd = random.pick(text.common);
  const target = text.newLabel();
  text.constant(rd, PREVIOUS_SUPERVISOR);
  text.add("csrrs", { rd: 0, rs1: rd, imm: csrNumber("sstatus") });
  text.address(rd, target);
  text.push(writeCsr("sepc", rd));
  text.add("sret");
  run(1);
  text.place(target);
}

/** As Linux enters its handler from the kernel: the scratch register holds 0, `tp` passes through it. */
export function addSupervisorHandler(text: ProgramText): Label {
  const [handler, save] = [text.newLabel(), text.newLabel()];
  const scratch = csrNumber("sscratch");
  const [a, b, c] = [29, 30, 31];
  text.place(handler);
  text.add("csrrw", { rd: Register.TP, rs1: Register.TP, imm: scratch });
  text.add("bne", { rs1: Register.TP, rs2: 0 }, save);
  text.push(readCsr(Register.TP, "sscratch"));
  text.place(save);
  text.push(readCsr(a, "scause"), readCsr(b, "sepc"), readCsr(c, "stval"));
  [a, b, c].forEach((rs2, index) =>
    text.add("sd", { rs1: Register.SP, rs2, imm: -64 - 8 * index })
  );
  text.push(readCsr(a, "sstatus"));
  text.add("sd", { rs1: Register.SP, rs2: a, imm: -96 });
  text.add("addi", { rd: b, rs1: b, imm: 4 });
  text.push(writeCsr("sepc", b), writeCsr("sscratch", 0));
  text.add("sret");
  return handler;
}
