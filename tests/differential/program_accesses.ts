/** Memory accesses of random programs: plain ones, atomic ones, reservations. */
import {
  FAULTING_DATA,
  ORDINARY_DATA,
  Register,
  WINDOW_SOURCES,
  WINDOW_WORK,
} from "./program_registers.ts";
import type { ProgramText } from "./program_text.ts";
import { ARITHMETIC, UPDATES } from "./random_rows.ts";

const LOADS = ["lb", "lh", "lw", "ld", "lbu", "lhu", "lwu"];
const STORES = ["sb", "sh", "sw", "sd"];
/** Registers that loops count in, and the largest number they count from. */
const LOOP_COUNTERS = 4;
const COUNTED = 7;
const ORDERS = ["", ".aq", ".rl", ".aqrl"];

/** A base in a random register: data plus a masked value. */
function computedBase(text: ProgramText): number {
  const { random } = text;
  const rd = random.pick(text.common);
  const mask = random.pick([0x7f8, 0x7f8, 0x7ff, 0x7fc]);
  text.add("andi", { rd, rs1: text.source(), imm: mask });
  text.add("add", { rd, rs1: rd, rs2: Register.DATA });
  return rd;
}

/** A base in a random register: the end of a page, where some accesses go on behind it. */
function straddlingBase(text: ProgramText): number {
  const { random } = text;
  const rd = random.pick(text.common);
  if (random.chance(60)) {
    // Counters go down: from aligned addresses to those that reach behind the page.
    const counter = Register.FIRST_COUNTER + random.below(LOOP_COUNTERS);
    text.add("xori", { rd, rs1: counter, imm: COUNTED });
    text.add("andi", { rd, rs1: rd, imm: COUNTED });
  } else {
    text.add("andi", { rd, rs1: text.source(), imm: random.pick([7, 8, 15]) });
  }
  text.add("add", { rd, rs1: rd, rs2: Register.PAGE_END });
  return rd;
}

/** A loop of its own that walks over a page's end with one access: what it found of the first page stays known. */
function addPageWalk(text: ProgramText): void {
  const { random } = text;
  const again = text.newLabel();
  const counter = Register.FIRST_COUNTER + LOOP_COUNTERS - 1;
  const [address, value] = [random.pick(text.common), random.pick(text.common)];
  text.add("addi", { rd: counter, rs1: 0, imm: COUNTED });
  text.push({ kind: "label", label: again });
  text.add("xori", { rd: address, rs1: counter, imm: COUNTED });
  text.add("add", { rd: address, rs1: address, rs2: Register.PAGE_END });
  text.add(random.pick(LOADS), { rd: address, rs1: address, imm: 8 });
  text.add("add", { rd: value, rs1: value, rs2: address });
  text.add("addi", { rd: counter, rs1: counter, imm: -1 });
  text.add("blt", { rs1: 0, rs2: counter }, again);
}

/** One to three accesses close to each other around a page's end. */
function addStraddlingAccesses(text: ProgramText): void {
  const { random } = text;
  if (random.chance(30)) return addPageWalk(text);
  const rs1 = straddlingBase(text);
  for (let i = random.pick([1, 1, 2, 3]); i > 0; i--) {
    const imm = random.pick([0, 4, 8, 8]);
    if (random.chance(75)) text.add(random.pick(LOADS), { rd: text.destination(), rs1, imm });
    else text.add(random.pick(STORES), { rs1, rs2: text.source(), imm });
  }
}

function base(text: ProgramText, faults: boolean): number {
  const { random } = text;
  if (faults) return random.pick(FAULTING_DATA);
  if (random.chance(25)) return computedBase(text);
  return random.chance(70) ? Register.DATA : random.pick(ORDINARY_DATA);
}

function distance({ random }: ProgramText, register: number): number {
  if (register === Register.PAGE_END || register === Register.READ_ONLY) {
    return random.between(0, 24);
  }
  if (register === Register.BESIDE_CODE) return 8 * random.below(6);
  return random.chance(75) ? 8 * random.between(-12, 12) : random.between(-256, 256);
}

/** A load or store, perhaps to where accesses fail. */
export function addAccess(text: ProgramText, faults: boolean): void {
  const { random } = text;
  if (!faults && random.chance(15)) return addStraddlingAccesses(text);
  const rs1 = base(text, faults);
  const imm = distance(text, rs1);
  if (random.chance(55)) text.add(random.pick(LOADS), { rd: text.destination(), rs1, imm });
  else text.add(random.pick(STORES), { rs1, rs2: text.source(), imm });
}

/** Puts an address that is good for an atomic access into a register. */
function atomicBase(text: ProgramText): number {
  const { random, features } = text;
  const rd = random.pick(text.common);
  const isAligned = !features.traps || random.chance(85);
  const imm = isAligned ? 8 * random.between(-6, 6) : random.between(-40, 40);
  const rs1 = features.traps && random.chance(15) ? random.pick(FAULTING_DATA) : Register.DATA;
  text.add("addi", { rd, rs1, imm });
  return rd;
}

/** An atomic update. */
export function addUpdate(text: ProgramText): void {
  const rs1 = atomicBase(text);
  text.add(text.random.pick(UPDATES), { rd: text.destination(), rs1, rs2: text.source() });
}

/** A store-conditional to another place than was reserved: it fails. */
function addBrokenReservation(text: ProgramText): void {
  const { random } = text;
  text.add("addi", { rd: 6, rs1: Register.DATA, imm: 0 });
  text.add("lr.d", { rd: 7, rs1: 6 });
  if (random.chance(50)) text.addRow(random.pick(ARITHMETIC));
  text.add("addi", { rd: 6, rs1: Register.DATA, imm: 8 * random.between(1, 4) });
  text.add("sc.d", { rd: text.destination(), rs1: 6, rs2: text.source() });
}

/** Repeats until the store is made; the window is pure, or not, or has a way out. */
export function addReservation(text: ProgramText): void {
  const { random } = text;
  if (random.chance(25)) return addBrokenReservation(text);
  const [again, out] = [text.newLabel(), text.newLabel()];
  const [address, value, result] = [6, 7, 10];
  const width = random.pick([".w", ".d"]);
  text.add("addi", { rd: address, rs1: Register.DATA, imm: 8 * random.between(-4, 4) });
  // No other jump goes there: it would reserve whatever the register holds.
  text.push({ kind: "label", label: again });
  text.add(`lr${width}${random.pick(ORDERS)}`, { rd: value, rs1: address });
  text.withRegisters(WINDOW_WORK, WINDOW_SOURCES, () => {
    if (random.chance(30)) text.add("beq", { rs1: value, rs2: text.source() }, out);
    for (let i = random.below(4); i > 0; i--) text.addRow(random.pick(ARITHMETIC));
    if (random.chance(20)) text.add("ld", { rd: 14, rs1: Register.DATA, imm: 0 });
  });
  text.add(`sc${width}${random.pick(ORDERS)}`, {
    rd: result,
    rs1: address,
    rs2: random.pick([value, 11, 12]),
  });
  text.add("bne", { rs1: result, rs2: 0 }, again);
  text.place(out);
}
