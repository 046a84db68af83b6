/**
 * A batch as a process under QEMU's user mode emulation: a static ELF program with the batch's memory as its only
 * segment, and support code of our own that runs all sites, handles signals as the trap handler does, and
 * writes the records to its output.
 *
 * Source: RISC-V ELF psABI; Linux system call numbers and signal frame of riscv64.
 */
import { assembleProgram, instruction, type Line } from "../../differential/guest_program.ts";
import type { QemuUser } from "../../tools/qemu_user.ts";
import { Address, Field, MEMORY_BYTES, recordAddress } from "./case_record.ts";
import { type Batch, recordBytes, Signal } from "./oracle.ts";

const SystemCall = { WRITE: 64, EXIT: 93, SIGALTSTACK: 132, SIGACTION: 134 } as const;
/** `SA_SIGINFO | SA_ONSTACK | SA_NODEFER` */
const ACTION_FLAGS = 0x4800_0004;
const SIGNAL_SET_BYTES = 8;
const SIGNAL_STACK_BYTES = 0x4000;
/** Offsets in what a signal handler is given. */
const SIGINFO_ADDRESS = 16;
const UCONTEXT_PC = 176;
const WORD_BYTES = 8;
const [A0, A1, A2, A3, A7, SP, RA, T0, T1] = [10, 11, 12, 13, 17, 2, 1, 5, 6];
const [AGAIN, EXIT] = [0, 1];

function place(rd: number, address: number, origin: number): Line {
  return { kind: "place", rd, offset: address - origin };
}

function set(rd: number, value: number): Line {
  return { kind: "constant", rd, value };
}

function systemCall(number: number): Line[] {
  return [set(A7, number), instruction("ecall")];
}

/** Registers the signal stack and the handler, then runs the first site. */
function startLines(first: number): Line[] {
  const origin = Address.SUPPORT;
  const stack: Line[] = [
    place(A0, Address.SAVED, origin),
    place(T0, Address.SIGNAL_STACK, origin),
    set(T1, SIGNAL_STACK_BYTES),
    instruction("sd", { rs1: A0, rs2: T0, imm: 0 }),
    instruction("sd", { rs1: A0, rs2: 0, imm: WORD_BYTES }),
    instruction("sd", { rs1: A0, rs2: T1, imm: 2 * WORD_BYTES }),
    set(A1, 0),
    ...systemCall(SystemCall.SIGALTSTACK),
  ];
  const handlers = Object.values(Signal).flatMap((signal): Line[] => [
    place(A1, Address.SAVED, origin),
    place(T0, Address.HANDLER, origin),
    set(T1, ACTION_FLAGS),
    instruction("sd", { rs1: A1, rs2: T0, imm: 0 }),
    instruction("sd", { rs1: A1, rs2: T1, imm: WORD_BYTES }),
    instruction("sd", { rs1: A1, rs2: 0, imm: 2 * WORD_BYTES }),
    set(A0, signal),
    set(A2, 0),
    set(A3, SIGNAL_SET_BYTES),
    ...systemCall(SystemCall.SIGACTION),
  ]);
  return [...stack, ...handlers, place(T0, first, origin), instruction("jalr", { rd: 0, rs1: T0 })];
}

/** Writes signal and address into the current record and goes on where that says. */
function handlerLines(): Line[] {
  const skip = 0;
  return [
    place(T0, Address.CURRENT, Address.HANDLER),
    instruction("ld", { rd: T0, rs1: T0, imm: 0 }),
    instruction("sd", { rs1: T0, rs2: A0, imm: Field.TRAP }),
    instruction("addi", { rd: T1, rs1: 0, imm: Signal.SEGMENT }),
    instruction("bne", { rs1: A0, rs2: T1 }, skip),
    instruction("ld", { rd: T1, rs1: A1, imm: SIGINFO_ADDRESS }),
    instruction("sd", { rs1: T0, rs2: T1, imm: Field.TRAP_VALUE }),
    { kind: "label", label: skip },
    instruction("ld", { rd: T1, rs1: T0, imm: Field.RESUME }),
    instruction("sd", { rs1: A2, rs2: T1, imm: UCONTEXT_PC }),
    instruction("jalr", { rd: 0, rs1: RA }),
  ];
}

/** Writes all records out. */
function endLines(bytes: number): Line[] {
  return [
    place(SP, recordAddress(0), Address.END),
    set(T0, bytes),
    { kind: "label", label: AGAIN },
    instruction("bge", { rs1: 0, rs2: T0 }, EXIT),
    instruction("addi", { rd: A0, rs1: 0, imm: 1 }),
    instruction("addi", { rd: A1, rs1: SP, imm: 0 }),
    instruction("addi", { rd: A2, rs1: T0, imm: 0 }),
    ...systemCall(SystemCall.WRITE),
    instruction("bge", { rs1: 0, rs2: A0 }, EXIT),
    instruction("add", { rd: SP, rs1: SP, rs2: A0 }),
    instruction("sub", { rd: T0, rs1: T0, rs2: A0 }),
    instruction("jal", { rd: 0 }, AGAIN),
    { kind: "label", label: EXIT },
    set(A0, 0),
    ...systemCall(SystemCall.EXIT),
  ];
}

const ELF_HEADER_BYTES = 64;
const PROGRAM_HEADER_BYTES = 56;
const FILE_OFFSET = 4096;

/** A static executable with one segment that may be read, written and executed. */
function elfProgram(memory: Uint8Array, used: number): Uint8Array {
  const file = new Uint8Array(FILE_OFFSET + used);
  const view = new DataView(file.buffer);
  file.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]);
  view.setUint16(16, 2, true);
  view.setUint16(18, 243, true);
  view.setUint32(20, 1, true);
  view.setBigUint64(24, BigInt(Address.SUPPORT), true);
  view.setBigUint64(32, BigInt(ELF_HEADER_BYTES), true);
  // Double-precision float calling convention, compressed instructions.
  view.setUint32(48, 5, true);
  view.setUint16(52, ELF_HEADER_BYTES, true);
  view.setUint16(54, PROGRAM_HEADER_BYTES, true);
  view.setUint16(56, 1, true);
  const segment = ELF_HEADER_BYTES;
  view.setUint32(segment, 1, true);
  view.setUint32(segment + 4, 7, true);
  const numbers = [FILE_OFFSET, Address.SUPPORT, Address.SUPPORT, used, MEMORY_BYTES, FILE_OFFSET];
  numbers.forEach((value, i) => view.setBigUint64(segment + 8 + i * 8, BigInt(value), true));
  file.set(memory.subarray(0, used), FILE_OFFSET);
  return file;
}

/** See the header of this file. */
export class QemuOracle {
  readonly #qemu: QemuUser;
  readonly #folder: string;

  /** Runs programs from a folder of its own, which the caller removes. */
  constructor(qemu: QemuUser, folder: string) {
    this.#qemu = qemu;
    this.#folder = folder;
  }

  /** Executes the batch. */
  async run({ sites, image }: Batch): Promise<Uint8Array> {
    const memory = image.bytes.slice();
    const put = (address: number, lines: readonly Line[]): void =>
      memory.set(assembleProgram(lines).bytes, address - Address.SUPPORT);
    const bytes = recordBytes(sites);
    put(Address.SUPPORT, startLines(image.start));
    put(Address.HANDLER, handlerLines());
    put(Address.END, endLines(bytes));
    const path = `${this.#folder}/batch.elf`;
    const used = recordAddress(0) - Address.SUPPORT + bytes;
    await Deno.writeFile(path, elfProgram(memory, used), { mode: 0o755 });
    const { code, stdout, stderr } = await this.#qemu.run(path);
    if (code !== 0 || stdout.length !== bytes) {
      const text = new TextDecoder().decode(stderr);
      throw new Error(`QEMU ended with ${code} after ${stdout.length} of ${bytes} bytes: ${text}`);
    }
    return stdout;
  }
}
