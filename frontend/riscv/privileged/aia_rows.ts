/**
 * Rows of the registers that Smaia and Ssaia add: the indirect access to a hart's interrupt files, the most urgent
 * interrupt, and the claim of the most urgent one of a file.
 *
 * Not there, as the specification allows: priorities of the major interrupts (their registers are zero, and each
 * interrupt has priority 1 where it is reported), and virtual interrupts (`mvien` is zero, so that `mvip` is another
 * name for bits of `mip`).
 *
 * Source: RISC-V Advanced Interrupt Architecture, "Control and Status Registers (CSRs) Added to Harts", "Incoming MSI
 * Controller (IMSIC)", "Interrupts for Machine and Supervisor Levels".
 */
import type { Value } from "../../../ir/region.ts";
import { FILE_CLAIM, FILE_READ, FILE_TOP, FILE_UPDATE } from "../host_functions.ts";
import { slot } from "../registers.ts";
import { Interrupt, Privilege } from "./causes.ts";
import { writeMachinePending } from "./csr_interrupts.ts";
import type { CsrRow } from "./csr_table.ts";
import type { CsrUpdate } from "./csr_update.ts";
import { Feature, hasFeature } from "./features.ts";
import { locallyEnabled, mostUrgent } from "./interrupt.ts";

/** Registers behind `mireg` and `sireg`. Those of 64 bits have even numbers; their upper halves are the odd ones. */
const Indirect = {
  /** Priorities of major interrupts: 0x30 to 0x3f. */
  PRIORITIES: 0x30,
  PRIORITIES_COUNT: 0x10,
  DELIVERY: 0x70,
  THRESHOLD: 0x72,
  /** Pending and enable bits: 0x80 to 0xff. */
  ARRAYS: 0x80,
  ARRAYS_COUNT: 0x80,
} as const;

/** Bits of `miselect` and `siselect`. */
const SELECT_BITS = 0x1ffn;
const HALF_BITS = 32n;
const NUMBER_SHIFT = 16;
const NUMBER_ONES = 0xffff;
/** Priority of every major interrupt where none has a priority of its own. */
const ONLY_PRIORITY = 1;
/** Bits of `mip` that software pends beside the lines. */
const SOFTWARE_LINE = 1 << Interrupt.SUPERVISOR_SOFTWARE;

const hasArchitecture = ({ b }: CsrUpdate): Value => hasFeature(b, Feature.AIA);

/** A privilege with registers of its own for the same things. */
interface Level {
  /** What a file of the hart is asked for by. */
  readonly privilege: number;
  /** Slot of the number of the chosen register. */
  readonly select: string;
}

const MACHINE: Level = { privilege: Privilege.MACHINE, select: "miselect" };
const SUPERVISOR: Level = { privilege: Privilege.SUPERVISOR, select: "siselect" };

function selectRow(number: number, { select }: Level): CsrRow {
  return {
    number,
    name: select,
    section: "Machine-Level CSRs",
    isAccessible: hasArchitecture,
    read: ({ b }) => b.getState(slot(select)),
    write: ({ b }, value) => b.setState(slot(select), b.and(value, b.i64(SELECT_BITS))),
  };
}

/** Is there a register of the chosen number? */
function isRegisterChosen(update: CsrUpdate, level: Level): Value {
  const { b } = update;
  const chosen = b.wrap(b.getState(slot(level.select)));
  const isEven = b.eqz(b.and(chosen, b.i32(1)));
  const isAmong = (first: number, count: number): Value =>
    b.ltU(b.sub(chosen, b.i32(first)), b.i32(count));
  const isSingle = b.or(
    b.eq(chosen, b.i32(Indirect.DELIVERY)),
    b.eq(chosen, b.i32(Indirect.THRESHOLD)),
  );
  const isListed = b.or(
    isAmong(Indirect.PRIORITIES, Indirect.PRIORITIES_COUNT),
    isAmong(Indirect.ARRAYS, Indirect.ARRAYS_COUNT),
  );
  return b.and(hasArchitecture(update), b.and(isEven, b.or(isSingle, isListed)));
}

function readChosen({ b }: CsrUpdate, { privilege, select }: Level): Value {
  const chosen = b.wrap(b.getState(slot(select)));
  const low = b.call(FILE_READ, b.i32(privilege), chosen);
  const high = b.call(FILE_READ, b.i32(privilege), b.add(chosen, b.i32(1)));
  return b.or(b.zeroExtend(low), b.shl(b.zeroExtend(high), b.i64(HALF_BITS)));
}

/** Messages change pending bits at any time: only the bits that the instruction names are changed. */
function writeChosen(update: CsrUpdate, { privilege, select }: Level): void {
  const { b } = update;
  const chosen = b.wrap(b.getState(slot(select)));
  const [set, cleared] = [update.bitsToSet(), update.bitsToClear()];
  const upper = (bits: Value): Value => b.wrap(b.shrU(bits, b.i64(HALF_BITS)));
  b.call(FILE_UPDATE, b.i32(privilege), chosen, b.wrap(set), b.wrap(cleared));
  b.call(FILE_UPDATE, b.i32(privilege), b.add(chosen, b.i32(1)), upper(set), upper(cleared));
  update.leaveIfInterrupted();
}

function indirectRow(number: number, name: string, level: Level): CsrRow {
  return {
    number,
    name,
    section: "Indirect Access to Interrupt File Registers",
    isAccessible: (update) => isRegisterChosen(update, level),
    read: (update) => readChosen(update, level),
    write: (update) => writeChosen(update, level),
  };
}

/** Its identity, and its priority, which is the same number. */
function readTopOfFile({ b }: CsrUpdate, { privilege }: Level): Value {
  const identity = b.call(FILE_TOP, b.i32(privilege));
  return b.zeroExtend(b.or(identity, b.shl(identity, b.i32(NUMBER_SHIFT))));
}

/** A write, whatever is written, claims what was read. */
function claimTopOfFile(update: CsrUpdate, { privilege }: Level): void {
  const { b } = update;
  const identity = b.and(b.wrap(b.getState(slot("csr_result"))), b.i32(NUMBER_ONES));
  b.when(identity, () => {
    b.call(FILE_CLAIM, b.i32(privilege), identity);
  });
  update.leaveIfInterrupted();
}

function topOfFileRow(number: number, name: string, level: Level): CsrRow {
  return {
    number,
    name,
    section: "Top External Interrupt CSRs (mtopei, stopei, vstopei)",
    isAccessible: hasArchitecture,
    read: (update) => readTopOfFile(update, level),
    write: (update) => claimTopOfFile(update, level),
  };
}

/** The most urgent of those that are pending, enabled by themselves and this level's, whatever it masks as a whole. */
function readTop({ b }: CsrUpdate, isDelegated: boolean): Value {
  const delegated = b.getState(slot("mideleg"));
  const own = isDelegated ? delegated : b.xor(delegated, b.i64(-1));
  const cause = mostUrgent(b, b.and(locallyEnabled(b), own));
  const shown = b.or(b.shl(cause, b.i32(NUMBER_SHIFT)), b.i32(ONLY_PRIORITY));
  return b.zeroExtend(b.select(b.geS(cause, b.i32(0)), shown, b.i32(0)));
}

function topRow(number: number, name: string, isDelegated: boolean): CsrRow {
  return {
    number,
    name,
    section: "Top Interrupt CSRs (mtopi, stopi, vstopi)",
    isAccessible: hasArchitecture,
    read: (update) => readTop(update, isDelegated),
  };
}

/** What of `mip` software has pended. */
function readVirtualPending({ b }: CsrUpdate): Value {
  const line = b.and(b.op("lines.get"), b.i32(SOFTWARE_LINE));
  return b.zeroExtend(b.or(line, b.getState(slot("mip_software"))));
}

const VIRTUAL_SECTION = "Virtual Interrupts for Supervisor Level";

/** All of them. */
export const AIA_ROWS: readonly CsrRow[] = [
  selectRow(0x150, SUPERVISOR),
  indirectRow(0x151, "sireg", SUPERVISOR),
  topOfFileRow(0x15c, "stopei", SUPERVISOR),
  topRow(0xdb0, "stopi", true),
  {
    number: 0x308,
    name: "mvien",
    section: VIRTUAL_SECTION,
    isAccessible: hasArchitecture,
    read: ({ b }) => b.i64(0),
  },
  {
    number: 0x309,
    name: "mvip",
    section: VIRTUAL_SECTION,
    isAccessible: hasArchitecture,
    read: readVirtualPending,
    write: writeMachinePending,
  },
  selectRow(0x350, MACHINE),
  indirectRow(0x351, "mireg", MACHINE),
  topOfFileRow(0x35c, "mtopei", MACHINE),
  topRow(0xfb0, "mtopi", false),
];
