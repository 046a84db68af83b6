/**
 * Trap entry and return.
 *
 * Source: RISC-V Privileged ISA, "Machine Trap-Vector Base-Address (mtvec) Register", "Machine Trap
 * Delegation (medeleg and mideleg) Registers", "Privilege and Global Interrupt-Enable Stack in mstatus
 * register", "Trap-Return Instructions".
 */
import { type Builder, buildFunction } from "../../../ir/builder.ts";
import type { Region, Value } from "../../../ir/region.ts";
import { slot } from "../registers.ts";
import { anySet, bitAt, field, maskIf } from "./bit_fields.ts";
import { CAUSE_IS_INTERRUPT, Privilege } from "./causes.ts";
import { AccessStatus, INTERRUPT_ENTER, MRET, SRET, TAKE_TRAP, TRAP_ENTER } from "./signatures.ts";
import { Status } from "./status_bits.ts";

const VECTOR_MODE_MASK = 3n;
const VECTOR_ENTRY_SHIFT = 2n;
const PRIVILEGE_ONES = 3;

/** Where a privilege level keeps what belongs to its traps. */
interface TrapRegisters {
  readonly privilege: number;
  readonly pc: string;
  readonly cause: string;
  readonly value: string;
  readonly vector: string;
  readonly enable: bigint;
  readonly previousEnable: bigint;
  readonly previousPrivilege: bigint;
  readonly previousPrivilegeShift: bigint;
}

const SUPERVISOR: TrapRegisters = {
  privilege: Privilege.SUPERVISOR,
  pc: "sepc",
  cause: "scause",
  value: "stval",
  vector: "stvec",
  enable: Status.SIE,
  previousEnable: Status.SPIE,
  previousPrivilege: Status.SPP,
  previousPrivilegeShift: Status.SPP_SHIFT,
};

const MACHINE: TrapRegisters = {
  privilege: Privilege.MACHINE,
  pc: "mepc",
  cause: "mcause",
  value: "mtval",
  vector: "mtvec",
  enable: Status.MIE,
  previousEnable: Status.MPIE,
  previousPrivilege: Status.MPP,
  previousPrivilegeShift: Status.MPP_SHIFT,
};

function isDelegated(b: Builder, delegation: string, cause: Value): Value {
  const isBelow = b.ne(b.getState(slot("privilege")), b.i32(Privilege.MACHINE));
  return b.and(isBelow, bitAt(b, b.getState(slot(delegation)), cause));
}

/** Body of {@linkcode TRAP_ENTER}. */
export function trapEnter(): Region {
  return buildFunction(TRAP_ENTER, (b) => {
    const cause = b.parameter(0);
    const toSupervisor = isDelegated(b, "medeleg", cause);
    b.call(TAKE_TRAP, b.zeroExtend(cause), b.parameter(1), toSupervisor, b.i64(0));
    b.return();
  });
}

/** Body of {@linkcode INTERRUPT_ENTER}. */
export function interruptEnter(): Region {
  return buildFunction(INTERRUPT_ENTER, (b) => {
    const cause = b.parameter(0);
    const number = b.zeroExtend(cause);
    const toSupervisor = isDelegated(b, "mideleg", cause);
    const vectorEntry = b.shl(number, b.i64(VECTOR_ENTRY_SHIFT));
    b.call(
      TAKE_TRAP,
      b.or(number, b.i64(CAUSE_IS_INTERRUPT)),
      b.i64(0),
      toSupervisor,
      vectorEntry,
    );
    b.return();
  });
}

/** The enable and privilege stack of `status` with one entry pushed. */
function pushed(b: Builder, registers: TrapRegisters, status: Value): Value {
  const { enable, previousEnable, previousPrivilege, previousPrivilegeShift } = registers;
  const cleared = b.and(status, b.i64(~(enable | previousEnable | previousPrivilege)));
  const previous = b.shl(
    b.zeroExtend(b.getState(slot("privilege"))),
    b.i64(previousPrivilegeShift),
  );
  const wasEnabled = maskIf(b, anySet(b, status, enable), previousEnable);
  return b.or(cleared, b.or(previous, wasEnabled));
}

function enterAt(b: Builder, registers: TrapRegisters): void {
  b.setState(slot(registers.pc), b.getState(slot("pc")));
  b.setState(slot(registers.cause), b.parameter(0));
  b.setState(slot(registers.value), b.parameter(1));
  b.setState(slot("mstatus"), pushed(b, registers, b.getState(slot("mstatus"))));
  b.setState(slot("privilege"), b.i32(registers.privilege));
  const vector = b.getState(slot(registers.vector));
  const base = b.and(vector, b.i64(~VECTOR_MODE_MASK));
  const isVectored = anySet(b, vector, VECTOR_MODE_MASK);
  const distance = b.select(isVectored, b.parameter(3), b.i64(0));
  b.setState(slot("pc"), b.add(base, distance));
  b.return();
}

/** Body of {@linkcode TAKE_TRAP}. */
export function takeTrap(): Region {
  return buildFunction(TAKE_TRAP, (b) => {
    b.when(b.parameter(2), () => enterAt(b, SUPERVISOR));
    enterAt(b, MACHINE);
  });
}

/** `status` with the newest entry popped, on the way to `privilege`. */
function popped(b: Builder, registers: TrapRegisters, status: Value, privilege: Value): Value {
  const { enable, previousEnable, previousPrivilege } = registers;
  const cleared = b.and(status, b.i64(~(enable | previousPrivilege)));
  const restored = maskIf(b, anySet(b, status, previousEnable), enable);
  const staysMachine = b.eq(privilege, b.i32(Privilege.MACHINE));
  const result = b.or(cleared, b.or(restored, b.i64(previousEnable)));
  return b.and(result, b.select(staysMachine, b.i64(-1), b.i64(~Status.MPRV)));
}

function leaveFrom(b: Builder, registers: TrapRegisters): void {
  const status = b.getState(slot("mstatus"));
  const ones = registers.previousPrivilege === Status.SPP ? 1 : PRIVILEGE_ONES;
  const privilege = field(b, status, registers.previousPrivilegeShift, ones);
  b.setState(slot("mstatus"), popped(b, registers, status, privilege));
  b.setState(slot("privilege"), privilege);
  b.setState(slot("pc"), b.getState(slot(registers.pc)));
  b.return(b.i32(AccessStatus.LEAVE));
}

function illegalIf(b: Builder, condition: Value): void {
  b.when(condition, () => b.return(b.i32(AccessStatus.ILLEGAL)));
}

/** Body of {@linkcode MRET}. */
export function machineReturn(): Region {
  return buildFunction(MRET, (b) => {
    illegalIf(b, b.ne(b.getState(slot("privilege")), b.i32(Privilege.MACHINE)));
    leaveFrom(b, MACHINE);
  });
}

/** Body of {@linkcode SRET}. */
export function supervisorReturn(): Region {
  return buildFunction(SRET, (b) => {
    const privilege = b.getState(slot("privilege"));
    const isTrapped = b.and(
      b.eq(privilege, b.i32(Privilege.SUPERVISOR)),
      anySet(b, b.getState(slot("mstatus")), Status.TSR),
    );
    illegalIf(b, b.or(b.eq(privilege, b.i32(Privilege.USER)), isTrapped));
    leaveFrom(b, SUPERVISOR);
  });
}
