/**
 * The machine-mode program that executes a script: a loop over commands in memory. An access ends in the trap
 * handler, which writes down what happened beside the command.
 */
import { assembleProgram, instruction, type Line } from "../../differential/guest_program.ts";
import { Device } from "../../differential/guest_layout.ts";
import { readCsr, writeCsr } from "../../differential/trap_handler.ts";
import { Frame, frameAddress, PAGE_BYTES } from "./mmu_layout.ts";
import { RESULTS, StubRegister } from "./stubs.ts";

/** Number of each command. */
export const Command = {
  END: 0,
  WRITE: 1,
  FENCE_ALL: 2,
  FENCE_ADDRESS: 3,
  FENCE_SPACE: 4,
  FENCE_BOTH: 5,
  SATP: 6,
  PMP_CONFIGURATION: 7,
  PMP_ADDRESS_0: 8,
  PMP_ADDRESS_1: 9,
  PMP_ADDRESS_2: 10,
  ENVIRONMENT: 11,
  ACCESS: 12,
  MODIFIED_ACCESS: 13,
} as const;

/** Byte offsets in a command, and its size. */
export const CommandField = {
  NUMBER: 0,
  /** First and second operand; of an access, value and address. */
  FIRST: 8,
  SECOND: 16,
  STATUS: 24,
  PC: 32,
  CAUSE: 40,
  TRAP_VALUE: 48,
  TRAP_PC: 56,
  RESULTS: 64,
  BYTES: 64 + 8 * RESULTS,
} as const;

/** Most commands of a script. */
export const MOST_COMMANDS: number = Math.floor(
  (Frame.STUBS - Frame.SCRIPT) * PAGE_BYTES / CommandField.BYTES,
);

/** Where the driver starts, and its trap handler. */
export const DRIVER_START: bigint = frameAddress(Frame.DRIVER);
export const DRIVER_HANDLER: bigint = DRIVER_START + 0x800n;

const [T0, T1, T2, S0, S1] = [5, 6, 7, 8, 9];
const LOOP = 100;
const DONE = 101;

/** Commands that write a control register. */
const REGISTER_COMMANDS: readonly (readonly [command: number, csr: string])[] = [
  [Command.SATP, "satp"],
  [Command.PMP_CONFIGURATION, "pmpcfg0"],
  [Command.PMP_ADDRESS_0, "pmpaddr0"],
  [Command.PMP_ADDRESS_1, "pmpaddr1"],
  [Command.PMP_ADDRESS_2, "pmpaddr2"],
  [Command.ENVIRONMENT, "menvcfg"],
];

/** Lines that a command runs; all but the accesses go on with the next command. */
function commandLines(): readonly (readonly [command: number, lines: readonly Line[]])[] {
  const fence = (rs1: number, rs2: number): Line => instruction("sfence.vma", { rs1, rs2 });
  const load = (rd: number, imm: number): Line => instruction("ld", { rd, rs1: S0, imm });
  const access: readonly Line[] = [
    { kind: "place", rd: T2, offset: Frame.GLOBALS * PAGE_BYTES },
    instruction("sd", { rs1: T2, rs2: S0, imm: 0 }),
    load(StubRegister.VALUE, CommandField.FIRST),
    load(StubRegister.ADDRESS, CommandField.SECOND),
    load(T0, CommandField.STATUS),
    load(T1, CommandField.PC),
    ...Array.from(
      { length: RESULTS },
      (_, index) => instruction("addi", { rd: StubRegister.FIRST_RESULT + index, rs1: 0, imm: 0 }),
    ),
    writeCsr("mstatus", T0),
  ];
  return [
    [Command.WRITE, [instruction("sd", { rs1: T0, rs2: T1, imm: 0 })]],
    [Command.FENCE_ALL, [fence(0, 0)]],
    [Command.FENCE_ADDRESS, [fence(T0, 0)]],
    [Command.FENCE_SPACE, [fence(0, T1)]],
    [Command.FENCE_BOTH, [fence(T0, T1)]],
    ...REGISTER_COMMANDS.map(([command, csr]) => [command, [writeCsr(csr, T0)]] as const),
    [Command.ACCESS, [...access, writeCsr("mepc", T1), instruction("mret")]],
    [Command.MODIFIED_ACCESS, [...access, instruction("jalr", { rd: 0, rs1: T1 })]],
  ];
}

function driverLines(): Line[] {
  const bodies = commandLines();
  const lines: Line[] = [
    { kind: "place", rd: S0, offset: Frame.SCRIPT * PAGE_BYTES },
    { kind: "label", label: LOOP },
    instruction("ld", { rd: S1, rs1: S0, imm: CommandField.NUMBER }),
    instruction("ld", { rd: T0, rs1: S0, imm: CommandField.FIRST }),
    instruction("ld", { rd: T1, rs1: S0, imm: CommandField.SECOND }),
    instruction("beq", { rs1: S1, rs2: 0 }, DONE),
  ];
  for (const [command, body] of bodies) {
    lines.push(
      instruction("addi", { rd: T2, rs1: 0, imm: command }),
      instruction("bne", { rs1: S1, rs2: T2 }, command),
      ...body,
      instruction("addi", { rd: S0, rs1: S0, imm: CommandField.BYTES }),
      instruction("jal", { rd: 0 }, LOOP),
      { kind: "label", label: command },
    );
  }
  return [
    ...lines,
    { kind: "label", label: DONE },
    { kind: "constant", rd: T0, value: Device.BASE },
    instruction("sw", { rs1: T0, rs2: 0, imm: Device.END }),
    instruction("jal", { rd: 0 }, DONE),
  ];
}

function handlerLines(): Line[] {
  const handler = Number(DRIVER_HANDLER - DRIVER_START);
  const put = (rs2: number, imm: number): Line => instruction("sd", { rs1: S0, rs2, imm });
  const loop = assembleProgram(driverLines()).labels.get(LOOP) ?? 0;
  return [
    { kind: "place", rd: S0, offset: Frame.GLOBALS * PAGE_BYTES - handler },
    instruction("ld", { rd: S0, rs1: S0, imm: 0 }),
    readCsr(T0, "mcause"),
    put(T0, CommandField.CAUSE),
    readCsr(T0, "mtval"),
    put(T0, CommandField.TRAP_VALUE),
    readCsr(T0, "mepc"),
    put(T0, CommandField.TRAP_PC),
    ...Array.from(
      { length: RESULTS },
      (_, index) => put(StubRegister.FIRST_RESULT + index, CommandField.RESULTS + 8 * index),
    ),
    instruction("addi", { rd: S0, rs1: S0, imm: CommandField.BYTES }),
    { kind: "place", rd: T0, offset: loop - handler },
    instruction("jalr", { rd: 0, rs1: T0 }),
  ];
}

/** Code of driver and handler, for the driver's frame. */
export function driverCode(): Uint8Array {
  const code = new Uint8Array(PAGE_BYTES);
  code.set(assembleProgram(driverLines()).bytes);
  code.set(assembleProgram(handlerLines()).bytes, Number(DRIVER_HANDLER - DRIVER_START));
  return code;
}
