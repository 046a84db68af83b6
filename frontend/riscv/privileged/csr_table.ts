/**
 * THE table of control and status registers. The lowest privilege that may access a CSR and whether it can be
 * written stand in its number and are checked before its row is looked at. A number without a row does not
 * exist: access is illegal, which firmware and kernels use to find out what a hart has.
 *
 * Source: RISC-V Privileged ISA, "CSR Address Mapping Conventions" and the sections named in the rows.
 */
import type { Value } from "../../../ir/region.ts";
import { rangeOf } from "../../softfloat/nearest_in_place.ts";
import { slot } from "../registers.ts";
import { AIA_ROWS } from "./aia_rows.ts";
import { anySet, field } from "./bit_fields.ts";
import { Cause, Privilege } from "./causes.ts";
import * as counters from "./csr_counters.ts";
import * as environment from "./csr_environment.ts";
import * as interrupts from "./csr_interrupts.ts";
import * as status from "./csr_status.ts";
import type { CsrUpdate } from "./csr_update.ts";
import { Feature, hasFeature } from "./features.ts";
import { hasLetter } from "./machine_isa.ts";
import {
  PMP_ENTRIES,
  readPmpAddress,
  writePmpAddress,
  writePmpConfig,
} from "./physical_protection.ts";
import { Status } from "./status_bits.ts";
import { Satp, TranslationMode } from "./translation_mode.ts";

/** One CSR, or a run of CSRs with consecutive numbers. */
export interface CsrRow {
  /** Number, the first of a run. */
  readonly number: number;
  /** Length of a run; 1 when absent. */
  readonly count?: number;
  /** Name; of a run with `n` for the position. */
  readonly name: string;
  /** Section of the manual, by title. */
  readonly section: string;
  /** Condition of access beyond privilege, as an i32 flag; none when absent. */
  readonly isAccessible?: (update: CsrUpdate) => Value;
  /** Its value. */
  readonly read: (update: CsrUpdate) => Value;
  /** Takes a written value; writes are ignored when absent. */
  readonly write?: (update: CsrUpdate, value: Value) => void;
}

const ALL_BITS = -1n;
const COUNTER_ENABLE_BITS = 0xffff_ffffn;
const EVEN = ~1n;
const MULTIPLE_OF_FOUR = ~3n;
/** Bit of a trap vector that only reserved modes have. */
const RESERVED_VECTOR_MODE = 2n;
const FLAGS_ONES = 0x1f;
const ROUNDING_SHIFT = 5;
const ROUNDING_ONES = 7;
const PMP_ENTRY_ONES = PMP_ENTRIES - 1;

/** Exceptions that may be delegated: all but a call from machine mode. */
export const DELEGABLE_EXCEPTIONS: bigint = Object.values(Cause)
  .filter((cause) => cause !== Cause.MACHINE_ENVIRONMENT_CALL)
  .reduce((mask, cause) => mask | 1n << BigInt(cause), 0n);

const zero = ({ b }: CsrUpdate): Value => b.i64(0);

/** A register of its own slot whose bits under the mask can be written. */
function stored(number: number, name: string, section: string, mask = ALL_BITS): CsrRow {
  return {
    number,
    name,
    section,
    read: ({ b }) => b.getState(slot(name)),
    write: ({ b }, value) => b.setState(slot(name), b.and(value, b.i64(mask))),
  };
}

/** Where a trap came from: an address that an instruction can have. */
function trapPc(number: number, name: string, section: string): CsrRow {
  return {
    number,
    name,
    section,
    read: ({ b }) => b.getState(slot(name)),
    write: ({ b }, value) => {
      const mask = b.select(hasLetter(b, "c"), b.i64(EVEN), b.i64(MULTIPLE_OF_FOUR));
      b.setState(slot(name), b.and(value, mask));
    },
  };
}

/** A register, or a run of them, that is always zero. */
function constantZero(number: number, name: string, section: string, count = 1): CsrRow {
  return { number, name, section, count, read: zero };
}

/** A trap vector; a reserved mode changes nothing. */
function trapVector(number: number, name: string, section: string): CsrRow {
  return {
    number,
    name,
    section,
    read: ({ b }) => b.getState(slot(name)),
    write: ({ b }, value) => {
      const isReserved = anySet(b, value, RESERVED_VECTOR_MODE);
      b.when(b.not(isReserved), () => b.setState(slot(name), value));
    },
  };
}

const isFloatOn = ({ b }: CsrUpdate): Value => anySet(b, b.getState(slot("mstatus")), Status.FS);

function setFlags({ b }: CsrUpdate, value: Value): void {
  const flags = b.and(b.wrap(value), b.i32(FLAGS_ONES));
  b.setState(slot("fflags"), flags);
  b.setState(slot("float_range"), rangeOf(b, flags));
  b.setState(slot("fs_dirty"), b.i32(1));
}

function setRounding(update: CsrUpdate, value: Value, shift: number): void {
  const { b } = update;
  update.leaveIfModeChanges(() => {
    b.setState(slot("frm"), field(b, value, BigInt(shift), ROUNDING_ONES));
  });
  b.setState(slot("fs_dirty"), b.i32(1));
}

function readFloatControl({ b }: CsrUpdate): Value {
  const rounding = b.shl(b.getState(slot("frm")), b.i32(ROUNDING_SHIFT));
  return b.zeroExtend(b.or(rounding, b.getState(slot("fflags"))));
}

const FLOAT_SECTION = "Floating-Point Control and Status Register";

const FLOAT_ROWS: readonly CsrRow[] = [
  {
    number: 0x001,
    name: "fflags",
    section: FLOAT_SECTION,
    isAccessible: isFloatOn,
    read: ({ b }) => b.zeroExtend(b.getState(slot("fflags"))),
    write: setFlags,
  },
  {
    number: 0x002,
    name: "frm",
    section: FLOAT_SECTION,
    isAccessible: isFloatOn,
    read: ({ b }) => b.zeroExtend(b.getState(slot("frm"))),
    write: (update, value) => setRounding(update, value, 0),
  },
  {
    number: 0x003,
    name: "fcsr",
    section: FLOAT_SECTION,
    isAccessible: isFloatOn,
    read: readFloatControl,
    write: (update, value) => {
      setFlags(update, value);
      setRounding(update, value, ROUNDING_SHIFT);
    },
  },
];

function isSupportedMode({ b }: CsrUpdate, mode: Value): Value {
  const is = (value: number): Value => b.eq(mode, b.i32(value));
  const isSv57 = b.and(is(TranslationMode.SV57), hasFeature(b, Feature.SV57));
  const isSmaller = b.or(is(TranslationMode.SV39), is(TranslationMode.SV48));
  return b.or(is(TranslationMode.BARE), b.or(isSmaller, isSv57));
}

/**
 * Writes `satp`; a scheme the hart lacks changes nothing at all. All bits of the address space number are kept; the
 * trampoline sees that another one is chosen.
 */
function writeTranslation(update: CsrUpdate, value: Value): void {
  const { b } = update;
  const mode = b.wrap(b.shrU(value, b.i64(Satp.MODE_SHIFT)));
  b.when(isSupportedMode(update, mode), () => {
    update.leaveIf(b.ne(value, b.getState(slot("satp"))));
    b.setState(slot("satp"), value);
  });
}

/** Supervisor mode may be kept from its address translation register. */
function isTranslationAccessible(update: CsrUpdate): Value {
  const { b } = update;
  const isTrapped = anySet(b, b.getState(slot("mstatus")), Status.TVM);
  return b.not(b.and(isTrapped, update.isPrivilege(Privilege.SUPERVISOR)));
}

const SUPERVISOR_ROWS: readonly CsrRow[] = [
  {
    number: 0x100,
    name: "sstatus",
    section: "Supervisor Status (sstatus) Register",
    read: status.readSupervisorStatus,
    write: status.writeSupervisorStatus,
  },
  {
    number: 0x104,
    name: "sie",
    section: "Supervisor Interrupt (sip and sie) Registers",
    read: interrupts.readSupervisorEnable,
    write: interrupts.writeSupervisorEnable,
  },
  trapVector(0x105, "stvec", "Supervisor Trap Vector Base Address (stvec) Register"),
  stored(
    0x106,
    "scounteren",
    "Counter-Enable (scounteren) Register",
    COUNTER_ENABLE_BITS,
  ),
  {
    number: 0x10a,
    name: "senvcfg",
    section: "Supervisor Environment Configuration (senvcfg) Register",
    read: ({ b }) => b.getState(slot("senvcfg")),
    write: environment.writeSupervisorEnvironment,
  },
  stored(0x140, "sscratch", "Supervisor Scratch (sscratch) Register"),
  trapPc(0x141, "sepc", "Supervisor Exception Program Counter (sepc) Register"),
  stored(0x142, "scause", "Supervisor Cause (scause) Register"),
  stored(0x143, "stval", "Supervisor Trap Value (stval) Register"),
  {
    number: 0x144,
    name: "sip",
    section: "Supervisor Interrupt (sip and sie) Registers",
    read: interrupts.readSupervisorPending,
    write: interrupts.writeSupervisorPending,
  },
  {
    number: 0x14d,
    name: "stimecmp",
    section: "Supervisor Timer (stimecmp) Register",
    isAccessible: counters.isCompareAccessible,
    read: ({ b }) => b.getState(slot("stimecmp")),
    write: counters.writeCompare,
  },
  {
    number: 0x180,
    name: "satp",
    section: "Supervisor Address Translation and Protection (satp) Register",
    isAccessible: isTranslationAccessible,
    read: ({ b }) => b.getState(slot("satp")),
    write: writeTranslation,
  },
];

const MACHINE_ROWS: readonly CsrRow[] = [
  {
    number: 0x300,
    name: "mstatus",
    section: "Machine Status (mstatus and mstatush) Registers",
    read: status.readMachineStatus,
    write: status.writeMachineStatus,
  },
  {
    number: 0x301,
    name: "misa",
    section: "Machine ISA (misa) Register",
    read: ({ b }) => b.getState(slot("misa")),
  },
  stored(
    0x302,
    "medeleg",
    "Machine Trap Delegation (medeleg and mideleg) Registers",
    DELEGABLE_EXCEPTIONS,
  ),
  {
    number: 0x303,
    name: "mideleg",
    section: "Machine Trap Delegation (medeleg and mideleg) Registers",
    read: ({ b }) => b.getState(slot("mideleg")),
    write: interrupts.writeInterruptDelegation,
  },
  {
    number: 0x304,
    name: "mie",
    section: "Machine Interrupt (mip and mie) Registers",
    read: ({ b }) => b.getState(slot("mie")),
    write: interrupts.writeMachineEnable,
  },
  trapVector(0x305, "mtvec", "Machine Trap-Vector Base-Address (mtvec) Register"),
  stored(
    0x306,
    "mcounteren",
    "Machine Counter-Enable (mcounteren) Register",
    COUNTER_ENABLE_BITS,
  ),
  {
    number: 0x30a,
    name: "menvcfg",
    section: "Machine Environment Configuration (menvcfg) Register",
    read: ({ b }) => b.getState(slot("menvcfg")),
    write: environment.writeMachineEnvironment,
  },
  stored(0x340, "mscratch", "Machine Scratch (mscratch) Register"),
  trapPc(0x341, "mepc", "Machine Exception Program Counter (mepc) Register"),
  stored(0x342, "mcause", "Machine Cause (mcause) Register"),
  stored(0x343, "mtval", "Machine Trap Value (mtval) Register"),
  {
    number: 0x344,
    name: "mip",
    section: "Machine Interrupt (mip and mie) Registers",
    read: interrupts.readMachinePending,
    write: interrupts.writeMachinePending,
  },
  constantZero(0xf11, "mvendorid", "Machine Vendor ID (mvendorid) Register"),
  constantZero(0xf12, "marchid", "Machine Architecture ID (marchid) Register"),
  constantZero(0xf13, "mimpid", "Machine Implementation ID (mimpid) Register"),
  {
    number: 0xf14,
    name: "mhartid",
    section: "Hart ID (mhartid) Register",
    read: ({ b }) => b.getState(slot("hart_id")),
  },
  constantZero(0xf15, "mconfigptr", "Machine Configuration Pointer (mconfigptr) Register"),
];

const TRIGGER_SECTION = "Trigger Module Registers";

/** `tinfo` where there is no trigger. */
const NO_TRIGGER = 1n;

/** No triggers: the index is always 0, and what it selects is of the type that does not exist. */
const TRIGGER_ROWS: readonly CsrRow[] = [
  constantZero(0x7a0, "tselect", TRIGGER_SECTION),
  constantZero(0x7a1, "tdatan", TRIGGER_SECTION, 3),
  {
    number: 0x7a4,
    name: "tinfo",
    section: TRIGGER_SECTION,
    read: ({ b }) => b.i64(NO_TRIGGER),
  },
];

const PMP_SECTION = "Physical Memory Protection CSRs";

const hasProtection = ({ b }: CsrUpdate): Value => hasFeature(b, Feature.PMP);

function pmpConfig(number: number, name: string, register: number): CsrRow {
  return {
    number,
    name,
    section: PMP_SECTION,
    isAccessible: hasProtection,
    read: ({ b }) => b.getState(slot("pmpcfg"), register),
    write: (update, value) => {
      const { b } = update;
      const old = b.getState(slot("pmpcfg"), register);
      writePmpConfig(b, register, value);
      update.dropTranslationsIf(b.ne(b.getState(slot("pmpcfg"), register), old));
    },
  };
}

const pmpEntry = ({ b, number }: CsrUpdate): Value => b.and(number, b.i32(PMP_ENTRY_ONES));

const PROTECTION_ROWS: readonly CsrRow[] = [
  pmpConfig(0x3a0, "pmpcfg0", 0),
  pmpConfig(0x3a2, "pmpcfg2", 1),
  {
    number: 0x3b0,
    count: PMP_ENTRIES,
    name: "pmpaddrn",
    section: PMP_SECTION,
    isAccessible: hasProtection,
    read: (update) => readPmpAddress(update.b, pmpEntry(update)),
    write: (update, value) => {
      const { b } = update;
      const entry = pmpEntry(update);
      const old = b.getStateAt(slot("pmpaddr"), entry);
      writePmpAddress(b, entry, value);
      update.dropTranslationsIf(b.ne(b.getStateAt(slot("pmpaddr"), entry), old));
    },
  },
];

const MONITOR_SECTION = "Hardware Performance Monitor";
/** Counters 3 to 31. */
const MONITOR_COUNT = 29;

function machineCounter(number: number, name: string, counter: counters.Counter): CsrRow {
  return {
    number,
    name,
    section: MONITOR_SECTION,
    read: (update) => counters.readCounter(update, counter),
    write: (update, value) => counters.writeCounter(update, counter, value),
  };
}

function userCounter(
  number: number,
  name: string,
  read: (update: CsrUpdate) => Value,
  count = 1,
): CsrRow {
  const section = "Base Counters and Timers";
  return { number, count, name, section, isAccessible: counters.isCounterAccessible, read };
}

const COUNTER_ROWS: readonly CsrRow[] = [
  {
    number: 0x320,
    name: "mcountinhibit",
    section: "Machine Counter-Inhibit (mcountinhibit) Register",
    read: ({ b }) => b.getState(slot("mcountinhibit")),
    write: counters.writeCounterInhibit,
  },
  constantZero(0x323, "mhpmeventn", MONITOR_SECTION, MONITOR_COUNT),
  machineCounter(0xb00, "mcycle", counters.CYCLE),
  machineCounter(0xb02, "minstret", counters.INSTRET),
  constantZero(0xb03, "mhpmcountern", MONITOR_SECTION, MONITOR_COUNT),
  userCounter(0xc00, "cycle", (update) => counters.readCounter(update, counters.CYCLE)),
  userCounter(0xc01, "time", counters.readTime),
  userCounter(0xc02, "instret", (update) => counters.readCounter(update, counters.INSTRET)),
  userCounter(0xc03, "hpmcountern", zero, MONITOR_COUNT),
];

/** All CSRs of the hart. */
export const CSR_ROWS: readonly CsrRow[] = [
  ...FLOAT_ROWS,
  ...SUPERVISOR_ROWS,
  ...MACHINE_ROWS,
  ...PROTECTION_ROWS,
  ...TRIGGER_ROWS,
  ...COUNTER_ROWS,
  ...AIA_ROWS,
];
