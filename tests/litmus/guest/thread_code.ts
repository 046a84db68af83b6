/**
 * A test's threads as guest code: for each thread a loop over all slots, and for all of them the loops that
 * reset slots and collect final values.
 *
 * An iteration of a thread's loop takes the next slot's address, sets the registers that the test initializes,
 * runs the thread's instructions, and stores the registers that final states show. Iteration `n` of every
 * thread is the same slot: together they are one run of the test.
 */
import type { Instruction, PlacedInstruction } from "../syntax/instruction.ts";
import type { Location } from "../syntax/initial_state.ts";
import type { LitmusTest } from "../syntax/litmus_test_file.ts";
import { ENTRY_FLAG_BITS, FAULT_REGISTER, isEntryName } from "../syntax/page_entry.ts";
import { Assembler } from "./assembler.ts";
import { Reserved } from "./driver.ts";
import { Meeting } from "./meeting_point.ts";
import { type Placement, RESULT_LIMIT, THREAD_LIMIT } from "./guest_layout.ts";
import { SlotAddresses } from "./slot_addresses.ts";
import { PAGE_LIMIT } from "./translation_tables.ts";

const ENTRY_BYTES = 8;
const VALUE_BYTES = 8;
const SCRATCH = 5;
const LOAD_BY_BYTES: Readonly<Record<number, string>> = { 1: "lb", 2: "lh", 4: "lw", 8: "ld" };
const STORE_BY_BYTES: Readonly<Record<number, string>> = { 1: "sb", 2: "sh", 4: "sw", 8: "sd" };
const SET_BITS: Readonly<Record<string, number>> = { i: 8, o: 4, r: 2, w: 1 };
const BEFORE_SHIFT = 24;
const AFTER_SHIFT = 20;
const FENCE_OPCODE = 0x0f;

/** A test that the machine cannot run, though the checker can. */
export class UnrunnableTestError extends Error {
  override readonly name = "UnrunnableTestError";
}

/** What a final state shows, and where it comes from. */
export interface ObservedValue {
  readonly name: string;
  /** Thread whose results hold it; null for a location. */
  readonly thread: number | null;
  /** Place among the values of an iteration. */
  readonly index: number;
  /** Bytes of a location; 8 for a register. */
  readonly bytes: number;
}

/** A test's code. */
export interface TestCode {
  /** The code of thread 0, 1, ..., then reset, then collect. */
  readonly parts: readonly Uint32Array[];
  /** Values that each thread stores in an iteration. */
  readonly resultCounts: readonly number[];
  /** Locations that are collected in an iteration. */
  readonly finalCount: number;
  readonly observed: readonly ObservedValue[];
}

/** Where the parts of {@linkcode TestCode.parts} after the threads are, counted from the number of threads. */
export const PartAfterThreads = { RESET: 0, COLLECT: 1 } as const;

/** Makes the code of one test in one placement. */
export class ThreadCode {
  readonly #test: LitmusTest;
  readonly #addresses: SlotAddresses;

  constructor(test: LitmusTest, placement: Placement) {
    this.#test = test;
    this.#addresses = new SlotAddresses(test, placement);
    this.#check();
  }

  #check(): void {
    const { name, threads, pages } = this.#test;
    if (pages.length > PAGE_LIMIT) {
      throw new UnrunnableTestError(`${name}: a test has at most ${PAGE_LIMIT} pages`);
    }
    if (threads.length > THREAD_LIMIT) {
      throw new UnrunnableTestError(`${name}: at most ${THREAD_LIMIT} threads run at once`);
    }
    const reserved = new Set<number>(Object.values(Reserved));
    for (const { instructions } of threads) {
      for (const { instruction, text } of instructions) {
        const taken = registersOf(instruction).find((register) => reserved.has(register));
        if (taken === undefined) continue;
        throw new UnrunnableTestError(`${name}: "${text}" uses x${taken}, which the driver needs`);
      }
    }
  }

  /** The code. */
  generate(): TestCode {
    const observed = this.#observed();
    const resultCounts = this.#test.threads.map((_, thread) =>
      observed.filter((value) => value.thread === thread).length
    );
    const finals = observed.filter(({ thread }) => thread === null);
    if (Math.max(...resultCounts) > RESULT_LIMIT) {
      throw new UnrunnableTestError(`${this.#test.name}: too many registers are observed`);
    }
    const parts = [
      ...this.#test.threads.map((_, thread) => this.#thread(thread, observed)),
      this.#reset(),
      this.#collect(finals),
    ];
    return { parts, resultCounts, finalCount: finals.length, observed };
  }

  #observed(): ObservedValue[] {
    const counts = new Map<number | null, number>();
    return this.#test.observed.map((name) => {
      const register = /^(\d+):x\d+$/.exec(name);
      const thread = register === null ? null : Number(register[1]);
      const index = counts.get(thread) ?? 0;
      counts.set(thread, index + 1);
      const bytes = thread === null ? this.#location(name).bytes : VALUE_BYTES;
      return { name, thread, index, bytes };
    });
  }

  #location(name: string): Location {
    const found = this.#test.locations.find((location) => location.name === name);
    if (found === undefined) throw new RangeError(`Cannot find location "${name}"`);
    return found;
  }

  // --- loops ----------------------------------------------------------------------------------------

  #loop(body: (a: Assembler) => void, resultBytes: number, meet?: Meeting): Uint32Array {
    const a = new Assembler();
    // Entries were reset by others: what the hart kept of them in the last batch is forgotten.
    if (this.#test.pages.length !== 0) a.emit("sfence.vma", { rs1: 0, rs2: 0 });
    a.label("iteration");
    a.emit("ld", { rd: Reserved.SLOT, rs1: Reserved.ORDER, imm: 0 });
    meet?.emit(a);
    body(a);
    a.emit("addi", { rd: Reserved.ORDER, rs1: Reserved.ORDER, imm: ENTRY_BYTES });
    if (resultBytes !== 0) {
      a.emit("addi", { rd: Reserved.RESULTS, rs1: Reserved.RESULTS, imm: resultBytes });
    }
    a.jump("bne", "iteration", { rs1: Reserved.ORDER, rs2: Reserved.ORDER_END });
    a.emit("jalr", { rd: 0, rs1: Reserved.LINK, imm: 0 });
    return a.finish();
  }

  #thread(thread: number, observed: readonly ObservedValue[]): Uint32Array {
    const own = observed.filter((value) => value.thread === thread);
    return this.#loop(
      (a) => {
        this.#initialize(a, thread, own);
        this.#instructions(a, thread);
        own.forEach(({ name, index }) => {
          const rs2 = Number(name.split(":x")[1]);
          a.emit("sd", { rs1: Reserved.RESULTS, rs2, imm: index * VALUE_BYTES });
        });
      },
      own.length * VALUE_BYTES,
      this.#meeting(thread),
    );
  }

  #meeting(thread: number): Meeting {
    const { length } = this.#test.threads;
    return new Meeting(thread, length);
  }

  #initialize(a: Assembler, thread: number, own: readonly ObservedValue[]): void {
    const initial = this.#test.registers[thread];
    const mentioned = new Set([
      ...initial.keys(),
      ...own.map(({ name }) => Number(name.split(":x")[1])),
      ...this.#test.threads[thread].instructions.flatMap(({ instruction }) =>
        registersOf(instruction)
      ),
    ]);
    mentioned.delete(0);
    for (const register of [...mentioned].sort((x, y) => x - y)) {
      this.#addresses.emitValue(a, register, initial.get(register) ?? 0n);
    }
    if (this.#test.pages.length !== 0) a.constant(FAULT_REGISTER, 0n);
  }

  #reset(): Uint32Array {
    return this.#loop((a) => {
      for (const { name, bytes, initial } of this.#test.locations) {
        this.#addresses.emitAddress(a, SCRATCH, name);
        this.#addresses.emitValue(a, SCRATCH + 1, initial);
        a.emit(STORE_BY_BYTES[bytes], { rs1: SCRATCH, rs2: SCRATCH + 1, imm: 0 });
      }
    }, 0);
  }

  #collect(finals: readonly ObservedValue[]): Uint32Array {
    return this.#loop((a) => {
      for (const { name, bytes, index } of finals) {
        this.#addresses.emitAddress(a, SCRATCH, name);
        const load = bytes === VALUE_BYTES ? "ld" : `${LOAD_BY_BYTES[bytes]}u`;
        a.emit(load, { rd: SCRATCH, rs1: SCRATCH, imm: 0 });
        if (isEntryName(name)) {
          a.emit("andi", { rd: SCRATCH, rs1: SCRATCH, imm: (1 << ENTRY_FLAG_BITS) - 1 });
        }
        a.emit("sd", { rs1: Reserved.RESULTS, rs2: SCRATCH, imm: index * VALUE_BYTES });
      }
    }, finals.length * VALUE_BYTES);
  }

  // --- the test's own instructions ------------------------------------------------------------------

  #instructions(a: Assembler, thread: number): void {
    const { instructions, labels } = this.#test.threads[thread];
    const placeLabels = (index: number): void => {
      for (const [label, at] of labels) if (at === index) a.label(`test ${label}`);
    };
    instructions.forEach((placed, index) => {
      placeLabels(index);
      emitInstruction(a, placed);
    });
    placeLabels(instructions.length);
  }
}

/** Registers that an instruction names. */
export function registersOf(instruction: Instruction): number[] {
  switch (instruction.kind) {
    case "li":
      return [instruction.rd];
    case "alu":
      return [
        instruction.rd,
        instruction.left,
        ...(typeof instruction.right === "number" ? [instruction.right] : []),
      ];
    case "load":
    case "lr":
      return [instruction.rd, instruction.base];
    case "store":
      return [instruction.source, instruction.base];
    case "sc":
    case "amo":
      return [instruction.rd, instruction.source, instruction.base];
    case "branch":
      return [instruction.left, instruction.right];
    case "sfence.vma":
    case "sinval.vma":
      return [instruction.address, instruction.space];
    default:
      return [];
  }
}

function annotated(
  name: string,
  { bytes, annotation }: Extract<Instruction, { kind: "lr" | "sc" | "amo" }>,
): string {
  const { acquire, release } = annotation;
  const order = `${acquire ? "aq" : ""}${release ? "rl" : ""}`;
  return `${name}.${bytes === 4 ? "w" : "d"}${order === "" ? "" : `.${order}`}`;
}

function setBits(set: string): number {
  return [...set].reduce((bits, letter) => bits | SET_BITS[letter], 0);
}

function emitInstruction(a: Assembler, { instruction }: PlacedInstruction): void {
  switch (instruction.kind) {
    case "li":
      return a.constant(instruction.rd, instruction.value);
    case "alu":
      return emitArithmetic(a, instruction);
    case "load": {
      const { bytes, signed, rd, base, offset } = instruction;
      const name = LOAD_BY_BYTES[bytes] + (signed || bytes === VALUE_BYTES ? "" : "u");
      return a.emit(name, { rd, rs1: base, imm: Number(offset) });
    }
    case "store": {
      const { bytes, source, base, offset } = instruction;
      return a.emit(STORE_BY_BYTES[bytes], { rs1: base, rs2: source, imm: Number(offset) });
    }
    case "lr":
      return a.emit(annotated("lr", instruction), { rd: instruction.rd, rs1: instruction.base });
    case "sc":
    case "amo": {
      const name = instruction.kind === "sc" ? "sc" : `amo${instruction.operation}`;
      const { rd, source, base } = instruction;
      return a.emit(annotated(name, instruction), { rd, rs1: base, rs2: source });
    }
    case "branch": {
      const { left, right, isEqual, label } = instruction;
      return a.jump(isEqual ? "beq" : "bne", `test ${label}`, { rs1: left, rs2: right });
    }
    case "jump":
      return a.jump("jal", `test ${instruction.label}`, { rd: 0 });
    case "fence":
      return emitFence(a, instruction);
    case "fence.i":
    case "sfence.w.inval":
    case "sfence.inval.ir":
      return a.emit(instruction.kind);
    case "sfence.vma":
    case "sinval.vma":
      return a.emit(instruction.kind, { rs1: instruction.address, rs2: instruction.space });
    case "nop":
      return a.emit("addi", { rd: 0, rs1: 0, imm: 0 });
  }
}

function emitArithmetic(a: Assembler, instruction: Extract<Instruction, { kind: "alu" }>): void {
  const { operation, rd, left, right } = instruction;
  if (typeof right === "number") return a.emit(operation, { rd, rs1: left, rs2: right });
  a.emit(`${operation}i`, { rd, rs1: left, imm: Number(right) });
}

function emitFence(a: Assembler, { sets }: Extract<Instruction, { kind: "fence" }>): void {
  if (sets === null) return a.emit("fence.tso");
  const before = setBits(sets.before) << BEFORE_SHIFT;
  const after = setBits(sets.after) << AFTER_SHIFT;
  a.emitBits((before | after | FENCE_OPCODE) >>> 0);
}
