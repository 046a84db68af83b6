/**
 * Random guest programs that end by themselves: blocks of random instructions inside loops, branches, calls and
 * jumps of every kind, with whatever else a seed chooses: faults, control registers, atomics, floats, code that
 * changes itself, interrupts.
 *
 * Loops count down in registers of their own, and jumps that may form loops burn fuel, so that no program runs
 * for long.
 */
import { assemble, encode, type OperandFields } from "../../frontend/riscv/encoder.ts";
import { extensionsOf } from "../../frontend/riscv/extension_condition.ts";
import type { InstructionRow } from "../../frontend/riscv/instruction.ts";
import { extractField, parsePattern } from "../../frontend/riscv/pattern.ts";
import { destinationFile, ROWS } from "../../frontend/riscv/rows.ts";
import { csrNumber } from "./csr_numbers.ts";
import { Device, type ProgramMode, REMAP_BITS, VIRTUAL } from "./guest_layout.ts";
import { instruction, type Label, type Line } from "./guest_program.ts";
import { SeededRandom } from "./seeded_random.ts";
import { readCsr, writeCsr } from "./trap_handler.ts";

/** What a program may contain beside arithmetic, loads and stores. */
export interface ProgramFeatures {
  /** Mode the program runs in. */
  readonly mode: ProgramMode;
  /** Accesses that fault, illegal instructions, environment calls. */
  readonly traps: boolean;
  /** Control registers. */
  readonly csrs: boolean;
  /** Counters of cycles and instructions: differ when windows of reservations are repeated. */
  readonly counters: boolean;
  /** Atomic updates. */
  readonly atomics: boolean;
  /** Load-reserved and store-conditional, repeated until they succeed. */
  readonly reservations: boolean;
  /** Float instructions. */
  readonly floats: boolean;
  /** Compressed instructions. */
  readonly compressed: boolean;
  /** Functions and calls. */
  readonly calls: boolean;
  /** Jumps to places that make the graph irreducible. */
  readonly wildJumps: boolean;
  /** Code that changes itself. */
  readonly selfModifying: boolean;
  /** Interrupts come at random points. */
  readonly interrupts: boolean;
  /** Exceptions of supervisor mode go to a handler in supervisor mode. */
  readonly delegation: boolean;
  /** Pages of code and data are mapped elsewhere meanwhile. */
  readonly remaps: boolean;
  /** Loads and stores in a hundred instructions: they look at all registers and hide what went wrong. */
  readonly accessPercent: number;
  /** Registers that random instructions use. */
  readonly registers: number;
}

/** A generated program. */
export interface GeneratedProgram {
  /** What it was made from. */
  readonly seed: number;
  /** What it contains. */
  readonly features: ProgramFeatures;
  /** Its code; starts at the first line. */
  readonly lines: readonly Line[];
  /** Distance of its first line from the first code page. */
  readonly start: number;
  /** Label of the supervisor's trap handler, or null. */
  readonly supervisorHandler: Label | null;
}

/** Registers with a purpose; the others are random. */
export const Register = {
  RA: 1,
  SP: 2,
  TP: 4,
  T0: 5,
  /** In the middle of ordinary data. */
  DATA: 8,
  /** Near the end of a page. */
  PAGE_END: 9,
  /** Nothing is mapped here. */
  NOWHERE: 18,
  /** Not writable, or nothing. */
  READ_ONLY: 19,
  /** Data beside code. */
  BESIDE_CODE: 20,
  /** A page of the other privilege, or nothing. */
  OTHER_PRIVILEGE: 21,
  FIRST_COUNTER: 22,
  /** Depth of recursions. */
  DEPTH: 26,
  FUEL: 27,
  /** The device. */
  DEVICE: 28,
} as const;

/** Registers that any instruction may write inside of functions; programs may use the first ones only. */
const WORK: readonly number[] = [6, 7, 4, 10, 11, 12, 3, 13, 14, 15, 16, 17];
/** Registers that random instructions read besides. */
const OTHER_SOURCES: readonly number[] = [0, 0, 8, 2, 22, 27];
/** What a reservation's window writes and reads: the same at each repetition. */
const WINDOW_WORK: readonly number[] = [11, 12, 13];
const WINDOW_SOURCES: readonly number[] = [0, 3, 4, 7, 15, 16, 17];
const ORDINARY_DATA = [Register.DATA, Register.PAGE_END, Register.BESIDE_CODE];
const FAULTING_DATA = [Register.NOWHERE, Register.READ_ONLY, Register.OTHER_PRIVILEGE];

const LOADS = ["lb", "lh", "lw", "ld", "lbu", "lhu", "lwu"];
const STORES = ["sb", "sh", "sw", "sd"];
const BRANCHES = ["beq", "bne", "blt", "bge", "bltu", "bgeu"];
const ARITHMETIC_EXTENSIONS: ReadonlySet<string> = new Set([
  "i",
  "m",
  "zba",
  "zbb",
  "zbc",
  "zbkb",
  "zbkx",
  "zbs",
  "zicond",
  "zknd",
  "zkne",
  "zknh",
  "zksed",
  "zksh",
]);
const ARITHMETIC: readonly InstructionRow[] = ROWS.filter(({ name, extension, syntax }) =>
  extensionsOf(extension).some((each) => ARITHMETIC_EXTENSIONS.has(each)) &&
  /^rd, (rs1|upper)/.test(syntax) && name !== "jalr"
);
const FLOAT_EXTENSIONS: ReadonlySet<string> = new Set(["f", "d", "zfhmin", "zfh", "zfa"]);
const FLOAT_ROWS: readonly InstructionRow[] = ROWS.filter(({ extension, syntax }) =>
  extensionsOf(extension).some((each) => FLOAT_EXTENSIONS.has(each)) && !syntax.includes("(")
);
const FLOAT_LOADS = ["flh", "flw", "fld"];
const FLOAT_STORES = ["fsh", "fsw", "fsd"];
const UPDATES: readonly string[] = ROWS.filter(({ name }) => name.startsWith("amo")).map((row) =>
  row.name
);
const ORDERS = ["", ".aq", ".rl", ".aqrl"];
const FENCES: readonly InstructionRow[] = ROWS.filter(({ name }) => name.startsWith("fence"));
const ILLEGAL_BITS = 0xffff_ffff;

const FLOAT_STATUS = 0x6000;
const SUM = 1 << 18;
const MXR = 1 << 19;
const PREVIOUS_SUPERVISOR = 1 << 8;

/** Makes one program. */
class ProgramGenerator {
  readonly #random: SeededRandom;
  readonly #features: ProgramFeatures;
  readonly #lines: Line[] = [];
  readonly #functions: { label: Label; level: number; link: number; skips: boolean }[] = [];
  readonly #sites: PatchSite[] = [];
  #nextLabel = 0;
  #placed: Label[] = [];
  #promised: Label[] = [];
  #level = 0;
  #loopDepth = 0;
  readonly #common: readonly number[];
  #work: readonly number[];
  #sources: readonly number[];
  readonly #end: Label;
  readonly #start: number;

  constructor(random: SeededRandom, features: ProgramFeatures, start: number) {
    this.#random = random;
    this.#start = start;
    this.#features = features;
    this.#common = WORK.slice(0, features.registers);
    // Outside of functions links need not be kept.
    this.#work = [Register.RA, Register.T0, ...this.#common];
    this.#sources = this.#commonSources();
    this.#end = this.#newLabel();
  }

  generate(): { lines: Line[]; supervisorHandler: Label | null } {
    const functionCount = this.#features.calls ? this.#random.between(1, 4) : 0;
    for (let i = 0; i < functionCount; i++) {
      const level = this.#random.between(1, 2);
      const link = level === 2 && this.#random.chance(30) ? Register.T0 : Register.RA;
      const skips = this.#random.chance(15);
      this.#functions.push({ label: this.#newLabel(), level, link, skips });
    }
    for (let i = 0; i < PATCH_SITES; i++) {
      const rd = this.#random.pick(this.#common);
      this.#sites.push({ label: this.#newLabel(), rd, isPlaced: false });
    }
    this.#section(() => this.#statements(this.#random.between(2, 9)));
    this.#place(this.#end);
    this.#add("sw", { rs1: Register.DEVICE, rs2: 0, imm: Device.END });
    this.#jump(this.#end);
    for (const each of this.#functions) this.#function(each);
    for (const site of this.#sites) if (!site.isPlaced) this.#placeSite(site);
    const supervisorHandler = this.#features.delegation ? this.#supervisorHandler() : null;
    return { lines: this.#lines, supervisorHandler };
  }

  // --- small pieces ---------------------------------------------------------------------------------

  #commonSources(): readonly number[] {
    return [...OTHER_SOURCES, ...this.#common, ...this.#common, ...this.#common];
  }

  #newLabel(): Label {
    return this.#nextLabel++;
  }

  #place(label: Label): void {
    this.#lines.push({ kind: "label", label });
    this.#placed.push(label);
  }

  #add(name: string, fields: OperandFields = {}, target: Label | null = null): void {
    this.#lines.push(instruction(name, fields, target));
  }

  #jump(target: Label): void {
    this.#add("jal", { rd: 0 }, target);
  }

  #constant(rd: number, value: number): void {
    this.#lines.push({ kind: "constant", rd, value });
  }

  #destination(): number {
    return this.#random.chance(3) ? 0 : this.#random.pick(this.#work);
  }

  #source(): number {
    return this.#random.pick(this.#sources);
  }

  /** A part whose labels can be jumped to from within it alone. */
  #section(body: () => void): void {
    this.#placed = [];
    this.#promised = [];
    body();
    for (const label of this.#promised) this.#place(label);
    this.#promised = [];
  }

  #branch(target: Label): void {
    const name = this.#random.pick(BRANCHES);
    this.#add(name, { rs1: this.#source(), rs2: this.#source() }, target);
  }

  // --- structure ------------------------------------------------------------------------------------

  #statements(count: number): void {
    for (let i = 0; i < count; i++) {
      this.#statement();
      if (this.#promised.length > 0 && this.#random.chance(25)) {
        const [label] = this.#promised.splice(this.#random.below(this.#promised.length), 1);
        this.#place(label);
      }
    }
  }

  #statement(): void {
    const { wildJumps, calls } = this.#features;
    const random = this.#random;
    const roll = random.below(100);
    if (roll < 45) this.#run(random.between(1, 8));
    else if (roll < 62 && this.#loopDepth < 2) this.#loop();
    else if (roll < 78) this.#choice();
    else if (roll < 88 && calls) this.#call();
    else if (roll < 97 && wildJumps) this.#wildJump();
    else this.#run(2);
  }

  #choice(): void {
    const [otherwise, end] = [this.#newLabel(), this.#newLabel()];
    this.#branch(otherwise);
    this.#statements(this.#random.between(1, 2));
    if (this.#random.chance(50)) {
      this.#jump(end);
      this.#place(otherwise);
      this.#statements(1);
      this.#place(end);
    } else {
      this.#place(otherwise);
    }
  }

  #loop(): void {
    const random = this.#random;
    const counter = Register.FIRST_COUNTER + Math.min(this.#level, 1) * 2 + this.#loopDepth;
    const [head, test, out] = [this.#newLabel(), this.#newLabel(), this.#newLabel()];
    this.#add("addi", { rd: counter, rs1: 0, imm: random.between(1, 7) });
    const isTestedFirst = random.chance(30);
    if (!isTestedFirst && random.chance(40)) this.#jump(test);
    this.#place(head);
    if (isTestedFirst) this.#add("bge", { rs1: 0, rs2: counter }, out);
    this.#loopDepth++;
    this.#statements(random.between(1, 3));
    if (random.chance(25)) this.#branch(random.chance(50) ? out : test);
    if (random.chance(30)) this.#statements(1);
    this.#loopDepth--;
    this.#place(test);
    this.#add("addi", { rd: counter, rs1: counter, imm: -1 });
    if (isTestedFirst) this.#jump(head);
    else this.#add("blt", { rs1: 0, rs2: counter }, head);
    this.#place(out);
  }

  /** A jump to any place of the section: backwards ones burn fuel. */
  #wildJump(): void {
    const random = this.#random;
    const after = this.#newLabel();
    let target: Label;
    if (this.#placed.length > 0 && random.chance(60)) {
      target = random.pick(this.#placed);
      this.#add("addi", { rd: Register.FUEL, rs1: Register.FUEL, imm: -1 });
      this.#add("bge", { rs1: 0, rs2: Register.FUEL }, after);
    } else {
      target = this.#newLabel();
      this.#promised.push(target);
    }
    if (random.chance(65)) this.#branch(target);
    else this.#indirectJump(target);
    this.#place(after);
  }

  #indirectJump(target: Label): void {
    const rd = this.#random.pick(this.#common);
    this.#lines.push({ kind: "address", rd, label: target });
    this.#add("jalr", { rd: 0, rs1: rd, imm: 0 });
  }

  #function(
    { label, level, link, skips }: { label: Label; level: number; link: number; skips: boolean },
  ): void {
    const isLeaf = level === 2 && this.#random.chance(50);
    this.#level = level;
    this.#work = this.#common;
    this.#section(() => {
      this.#place(label);
      if (!isLeaf) {
        this.#add("addi", { rd: Register.SP, rs1: Register.SP, imm: -16 });
        this.#add("sd", { rs1: Register.SP, rs2: link, imm: 8 });
      }
      this.#statements(this.#random.between(1, 3));
      if (!isLeaf && level === 2 && link === Register.RA) this.#recursion(label);
    });
    if (!isLeaf) {
      this.#add("ld", { rd: link, rs1: Register.SP, imm: 8 });
      this.#add("addi", { rd: Register.SP, rs1: Register.SP, imm: 16 });
    }
    this.#add("jalr", { rd: 0, rs1: link, imm: skips ? 4 : 0 });
    this.#level = 0;
  }

  #recursion(label: Label): void {
    const after = this.#newLabel();
    this.#add("addi", { rd: Register.DEPTH, rs1: Register.DEPTH, imm: -1 });
    this.#add("bge", { rs1: 0, rs2: Register.DEPTH }, after);
    this.#add("jal", { rd: Register.RA }, label);
    this.#add("addi", { rd: 6, rs1: 6, imm: 1 });
    this.#place(after);
  }

  #call(): void {
    const random = this.#random;
    const callees = this.#functions.filter(({ level }) => level > this.#level);
    if (callees.length === 0) return this.#run(2);
    const { label, link, skips } = random.pick(callees);
    if (this.#level > 0 && link === Register.T0 && random.chance(50)) return this.#run(2);
    const depth = random.chance(10) ? random.between(190, 260) : random.between(0, 6);
    this.#add("addi", { rd: Register.DEPTH, rs1: 0, imm: depth });
    if (random.chance(60)) {
      this.#add("jal", { rd: link }, label);
    } else {
      const rd = random.chance(50) ? link : random.pick(this.#common);
      this.#lines.push({ kind: "address", rd, label });
      this.#add("jalr", { rd: link, rs1: rd, imm: 0 });
    }
    if (skips) this.#add("addi", { rd: this.#random.pick(this.#common), rs1: 0, imm: 99 });
  }

  /** As Linux enters its handler from the kernel: the scratch register holds 0, `tp` passes through it. */
  #supervisorHandler(): Label {
    const [handler, save] = [this.#newLabel(), this.#newLabel()];
    const scratch = csrNumber("sscratch");
    const [a, b, c] = [29, 30, 31];
    this.#place(handler);
    this.#add("csrrw", { rd: Register.TP, rs1: Register.TP, imm: scratch });
    this.#add("bne", { rs1: Register.TP, rs2: 0 }, save);
    this.#lines.push(readCsr(Register.TP, "sscratch"));
    this.#place(save);
    this.#lines.push(readCsr(a, "scause"), readCsr(b, "sepc"), readCsr(c, "stval"));
    [a, b, c].forEach((rs2, index) =>
      this.#add("sd", { rs1: Register.SP, rs2, imm: -64 - 8 * index })
    );
    this.#lines.push(readCsr(a, "sstatus"));
    this.#add("sd", { rs1: Register.SP, rs2: a, imm: -96 });
    this.#add("addi", { rd: b, rs1: b, imm: 4 });
    this.#lines.push(writeCsr("sepc", b), writeCsr("sscratch", 0));
    this.#add("sret");
    return handler;
  }

  // --- runs of instructions -------------------------------------------------------------------------

  #run(count: number): void {
    for (let i = 0; i < count; i++) this.#one();
  }

  #one(): void {
    const features = this.#features;
    const random = this.#random;
    if (random.chance(features.accessPercent)) return this.#access(false);
    const roll = random.below(100);
    if (roll < 55) return this.#arithmetic();
    if (features.selfModifying && random.chance(10)) return this.#patch();
    if (features.remaps && random.chance(10)) return this.#variant();
    if (features.remaps && random.chance(8)) return this.#remap();
    if (roll < 65 && features.traps) return this.#trap();
    if (roll < 76 && features.csrs) return this.#csr();
    if (roll < 80 && features.atomics) return this.#update();
    if (roll < 82 && features.reservations) return this.#reservation();
    if (roll < 90 && features.floats) return this.#float();
    if (roll < 96 && features.compressed) return this.#compressed();
    if (roll < 98) return this.#row(random.pick(FENCES));
    this.#arithmetic();
  }

  /** An instruction of the row with random operands. */
  #row(row: InstructionRow, fixed: OperandFields = {}): void {
    const random = this.#random;
    const pattern = random.pick(parsePattern(row.pattern));
    const fields: OperandFields = {};
    for (const field of pattern.fields) {
      if (field.name === "rd") {
        fields.rd = destinationFile(row) === "f" ? random.below(8) : this.#destination();
      } else if (field.name === "imm") fields.imm = extractField(field, random.word());
      else if (field.name === "rm") fields.rm = random.pick([0, 1, 2, 3, 4, 7, 7, 7]);
      else if (/fs/.test(row.syntax) && row.syntax.includes(field.name.replace("r", "f"))) {
        fields[field.name] = random.below(8);
      } else fields[field.name] = this.#source();
    }
    this.#lines.push({ kind: "raw", bits: encode(pattern, { ...fields, ...fixed }) });
  }

  #arithmetic(): void {
    const random = this.#random;
    if (random.chance(10)) {
      return this.#constant(this.#destination() || 6, random.word() | 0);
    }
    if (random.chance(20)) {
      const imm = random.between(-2048, 2047);
      return this.#add("addi", { rd: this.#destination(), rs1: this.#source(), imm });
    }
    this.#row(random.pick(ARITHMETIC));
  }

  #base(faults: boolean): number {
    const random = this.#random;
    if (faults) return random.pick(FAULTING_DATA);
    if (random.chance(25)) return this.#computedBase();
    return random.chance(70) ? Register.DATA : random.pick(ORDINARY_DATA);
  }

  /** A base in a random register: data plus a masked value. */
  #computedBase(): number {
    const random = this.#random;
    const rd = random.pick(this.#common);
    const mask = random.pick([0x7f8, 0x7f8, 0x7ff, 0x7fc]);
    this.#add("andi", { rd, rs1: this.#source(), imm: mask });
    this.#add("add", { rd, rs1: rd, rs2: Register.DATA });
    return rd;
  }

  #distance(base: number): number {
    const random = this.#random;
    if (base === Register.PAGE_END || base === Register.READ_ONLY) return random.between(0, 24);
    if (base === Register.BESIDE_CODE) return 8 * random.below(6);
    return random.chance(75) ? 8 * random.between(-12, 12) : random.between(-256, 256);
  }

  #access(faults: boolean): void {
    const random = this.#random;
    const base = this.#base(faults);
    const imm = this.#distance(base);
    if (random.chance(55)) {
      this.#add(random.pick(LOADS), { rd: this.#destination(), rs1: base, imm });
    } else {
      this.#add(random.pick(STORES), { rs1: base, rs2: this.#source(), imm });
    }
  }

  #trap(): void {
    const random = this.#random;
    const roll = random.below(10);
    if (roll < 7) return this.#access(true);
    if (roll < 8) return this.#add("ecall");
    if (roll < 9) {
      this.#lines.push({ kind: "raw", bits: ILLEGAL_BITS });
      return;
    }
    this.#add("ebreak");
  }

  #csr(): void {
    const random = this.#random;
    const { mode, floats, interrupts, delegation } = this.#features;
    const scratch = mode === "machine" ? "mscratch" : "sscratch";
    const status = mode === "machine" ? "mstatus" : "sstatus";
    const roll = random.below(10);
    if (mode !== "user" && roll < 4 && !(delegation && scratch === "sscratch")) {
      const name = random.pick(["csrrw", "csrrw", "csrrs", "csrrc", "csrrwi", "csrrsi", "csrrci"]);
      const isSwap = random.chance(50);
      const rd = isSwap ? Register.TP : this.#destination();
      const rs1 = name.endsWith("i") ? random.below(32) : isSwap ? rd : this.#source();
      return this.#add(name, { rd, rs1, imm: csrNumber(scratch) });
    }
    if (mode !== "user" && roll < 7) {
      const mask = random.pick([SUM, MXR, SUM | MXR, floats ? FLOAT_STATUS : SUM]);
      const rs1 = random.pick(this.#common);
      const rd = interrupts ? 0 : this.#destination();
      this.#constant(rs1, mask);
      return this.#add(random.pick(["csrrs", "csrrc"]), { rd, rs1, imm: csrNumber(status) });
    }
    if (roll < 8 && this.#features.counters) {
      return void this.#lines.push(
        readCsr(this.#destination(), random.pick(["instret", "cycle"])),
      );
    }
    if (mode === "supervisor" && roll < 9) return this.#supervisorOnly();
    const name = random.pick(["csrrw", "csrrs", "csrrc", "csrrwi"]);
    const rs1 = name.endsWith("i") ? random.below(8) : this.#source();
    const imm = csrNumber(random.pick(["fflags", "frm", "fcsr"]));
    this.#add(name, { rd: this.#destination(), rs1, imm });
  }

  #supervisorOnly(): void {
    const random = this.#random;
    if (random.chance(50)) {
      return this.#add("sfence.vma", {
        rs1: random.pick([0, Register.DATA, Register.SP]),
        rs2: 0,
      });
    }
    if (this.#features.delegation && random.chance(50)) return;
    const rd = random.pick(this.#common);
    const target = this.#newLabel();
    this.#constant(rd, PREVIOUS_SUPERVISOR);
    this.#add("csrrs", { rd: 0, rs1: rd, imm: csrNumber("sstatus") });
    this.#lines.push({ kind: "address", rd, label: target }, writeCsr("sepc", rd));
    this.#add("sret");
    this.#run(1);
    this.#place(target);
  }

  /** Puts an address that is good for an atomic access into a register. */
  #atomicBase(): number {
    const random = this.#random;
    const rd = random.pick(this.#common);
    const isAligned = !this.#features.traps || random.chance(85);
    const imm = isAligned ? 8 * random.between(-6, 6) : random.between(-40, 40);
    const rs1 = this.#features.traps && random.chance(15)
      ? random.pick(FAULTING_DATA)
      : Register.DATA;
    this.#add("addi", { rd, rs1, imm });
    return rd;
  }

  #update(): void {
    const rs1 = this.#atomicBase();
    this.#add(this.#random.pick(UPDATES), { rd: this.#destination(), rs1, rs2: this.#source() });
  }

  /** A store-conditional to another place than was reserved: it fails. */
  #brokenReservation(): void {
    const distance = 8 * this.#random.between(1, 4);
    this.#add("addi", { rd: 6, rs1: Register.DATA, imm: 0 });
    this.#add("lr.d", { rd: 7, rs1: 6 });
    if (this.#random.chance(50)) this.#arithmetic();
    this.#add("addi", { rd: 6, rs1: Register.DATA, imm: distance });
    this.#add("sc.d", { rd: this.#destination(), rs1: 6, rs2: this.#source() });
  }

  /** Repeats until the store is made; the window is pure, or not, or has a way out. */
  #reservation(): void {
    const random = this.#random;
    if (random.chance(25)) return this.#brokenReservation();
    const [again, out] = [this.#newLabel(), this.#newLabel()];
    const [address, value, result] = [6, 7, 10];
    const width = random.pick([".w", ".d"]);
    this.#add("addi", { rd: address, rs1: Register.DATA, imm: 8 * random.between(-4, 4) });
    // No other jump goes there: it would reserve whatever the register holds.
    this.#lines.push({ kind: "label", label: again });
    this.#add(`lr${width}${random.pick(ORDERS)}`, { rd: value, rs1: address });
    const work = this.#work;
    this.#work = WINDOW_WORK;
    this.#sources = WINDOW_SOURCES;
    if (random.chance(30)) this.#add("beq", { rs1: value, rs2: this.#source() }, out);
    for (let i = random.below(4); i > 0; i--) this.#row(random.pick(ARITHMETIC));
    if (random.chance(20)) this.#add("ld", { rd: 14, rs1: Register.DATA, imm: 0 });
    this.#work = work;
    this.#sources = this.#commonSources();
    this.#add(`sc${width}${random.pick(ORDERS)}`, {
      rd: result,
      rs1: address,
      rs2: random.pick([value, 11, 12]),
    });
    this.#add("bne", { rs1: result, rs2: 0 }, again);
    this.#place(out);
  }

  #float(): void {
    const random = this.#random;
    if (random.chance(70)) return this.#row(random.pick(FLOAT_ROWS));
    const imm = 4 * random.between(-12, 12);
    if (random.chance(60)) {
      this.#add(random.pick(FLOAT_LOADS), { rd: random.below(8), rs1: Register.DATA, imm });
    } else {
      this.#add(random.pick(FLOAT_STORES), { rs1: Register.DATA, rs2: random.below(8), imm });
    }
  }

  #compressed(): void {
    const random = this.#random;
    const near = random.pick([10, 11, 12, 13, 14, 15]);
    const other = random.pick([10, 11, 12, 13, 14, 15]);
    const imm = random.between(-32, 31) || 1;
    const distance = 8 * random.below(16);
    switch (random.below(9)) {
      case 0:
        return this.#add("c.addi", { rd: near, rs1: near, imm });
      case 1:
        return this.#add("c.li", { rd: near, imm });
      case 2:
        return this.#add("c.mv", { rd: near, rs2: random.pick(this.#common) });
      case 3:
        return this.#add("c.add", { rd: near, rs1: near, rs2: random.pick(this.#common) });
      case 4:
        return this.#add(random.pick(["c.ld", "c.lw"]), {
          rd: near,
          rs1: Register.DATA,
          imm: random.chance(50) ? 0 : 8,
        });
      case 5:
        return this.#add("c.sd", { rs1: Register.DATA, rs2: near, imm: distance });
      case 6:
        return this.#add("c.addiw", { rd: near, rs1: near, imm });
      case 7:
        return this.#add(random.pick(["c.subw", "c.addw", "c.and", "c.xor"]), {
          rd: near,
          rs1: near,
          rs2: other,
        });
      default:
        return this.#add("c.slli", { rd: near, rs1: near, imm: random.between(1, 63) });
    }
  }

  /** An instruction that stores may replace, or a store that replaces one anywhere in the program. */
  #patch(): void {
    const random = this.#random;
    const unplaced = this.#sites.filter(({ isPlaced }) => !isPlaced);
    if (unplaced.length > 0 && random.chance(60)) return this.#placeSite(unplaced[0]);
    const { label, rd } = random.pick(this.#sites);
    this.#lines.push({ kind: "address", rd: 6, label });
    this.#constant(7, assemble("addi", { rd, rs1: rd, imm: random.between(-2048, 2047) }) | 0);
    this.#add("sw", { rs1: 6, rs2: 7, imm: 0 });
    this.#add("fence.i");
  }

  /** An instruction that is not the same in the copy of the code. */
  #variant(): void {
    const rd = this.#random.pick(this.#common);
    const [bits, copyBits] = [3, 5].map((imm) => assemble("addi", { rd, rs1: rd, imm }));
    this.#lines.push({ kind: "variant", bits, copyBits });
  }

  /** Maps a page's copy in its stead, or the page again. */
  #remap(): void {
    const random = this.#random;
    const page = random.pick([VIRTUAL.CODE, VIRTUAL.CODE + 1, VIRTUAL.DATA + 1]);
    const at = (distance: number): Line => {
      return { kind: "place", rd: 6, offset: distance - this.#start };
    };
    this.#lines.push(at(VIRTUAL.TABLE * PAGE_BYTES + page * ENTRY_BYTES));
    this.#add("ld", { rd: 7, rs1: 6, imm: 0 });
    this.#constant(10, REMAP_BITS);
    this.#add("xor", { rd: 7, rs1: 7, rs2: 10 });
    this.#add("sd", { rs1: 6, rs2: 7, imm: 0 });
    this.#lines.push(at(page * PAGE_BYTES));
    this.#add("sfence.vma", { rs1: random.pick([0, 6]), rs2: 0 });
  }

  #placeSite(site: PatchSite): void {
    site.isPlaced = true;
    this.#place(site.label);
    this.#add("addi", { rd: site.rd, rs1: site.rd, imm: 1 });
  }
}

/** An instruction that stores may replace. */
interface PatchSite {
  readonly label: Label;
  readonly rd: number;
  isPlaced: boolean;
}

const PATCH_SITES = 3;
const PAGE_BYTES = 4096;
/** Bytes of a page table entry. */
const ENTRY_BYTES = 8;

/** Features that a seed chooses. */
export function randomFeatures(random: SeededRandom): ProgramFeatures {
  const mode = random.pick<ProgramMode>(["machine", "machine", "supervisor", "supervisor", "user"]);
  const reservations = random.chance(25);
  const interrupts = random.chance(20);
  const delegation = mode === "supervisor" && !interrupts && random.chance(50);
  return {
    mode,
    traps: random.chance(50),
    csrs: random.chance(60),
    counters: !reservations && !interrupts && random.chance(40),
    atomics: random.chance(40),
    reservations,
    floats: random.chance(30),
    compressed: random.chance(60),
    calls: random.chance(60),
    wildJumps: random.chance(40),
    selfModifying: random.chance(15),
    interrupts,
    delegation,
    remaps: mode === "supervisor" && random.chance(40),
    accessPercent: random.pick([0, 3, 10, 30]),
    registers: random.pick([3, 5, WORK.length]),
  };
}

const LARGEST_DISTANCE_FROM_PAGE_END = 400;

/** The program of a seed. */
export function generateProgram(seed: number): GeneratedProgram {
  const random = new SeededRandom(seed);
  const features = randomFeatures(random);
  const start = random.chance(50)
    ? 2 * random.below(32)
    : PAGE_BYTES - 2 * random.between(1, LARGEST_DISTANCE_FROM_PAGE_END / 2);
  const { lines, supervisorHandler } = new ProgramGenerator(random, features, start).generate();
  return { seed, features, lines, start, supervisorHandler };
}
