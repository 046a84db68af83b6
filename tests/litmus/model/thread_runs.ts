/**
 * All runs of one thread, given which values loads may return and that a store-conditional may fail.
 *
 * Dependencies are syntactic, as "RVWMO", "Syntactic Dependencies" defines them: a register carries the
 * operations its value was computed from, whatever the computation. A backward branch is followed at most
 * {@linkcode REPEAT_LIMIT} times; runs with more repetitions are left out.
 */
import type { Instruction } from "../syntax/instruction.ts";
import type { LitmusTest } from "../syntax/litmus_test_file.ts";
import { entryName, FAULT_REGISTER } from "../syntax/page_entry.ts";
import { alu, amo } from "./arithmetic.ts";
import type { MemoryLayout } from "./memory_layout.ts";
import type { ReadableValues } from "./readable_values.ts";
import { type AccessDirection, type Translation, translations } from "./translation.ts";
import {
  type Fence,
  type Invalidation,
  type Operation,
  type OperationSet,
  PLAIN,
  type Trace,
  type TranslationSet,
} from "./trace.ts";

/** Times that a thread's backward branches are followed. */
export const REPEAT_LIMIT = 2;
const REGISTERS = 32;
const WORD = 64;
const BITS_PER_BYTE = 8;
const SC_FAILED = 1n;
const NO_PAIR = -1;

type TranslationFence = Extract<Instruction, { kind: "sfence.vma" | "sinval.vma" }>;

/** What all operations have in common before it is known what they do. */
const NO_OPERATION = {
  source: "load",
  read: null,
  written: null,
  annotation: PLAIN,
  addressFrom: 0,
  dataFrom: 0,
  controlFrom: 0,
  pairedWith: NO_PAIR,
} as const;

/** A thread in the middle of a run. */
interface State {
  readonly next: number;
  readonly repeats: number;
  readonly registers: readonly bigint[];
  /** What each register depends on. */
  readonly carried: readonly OperationSet[];
  readonly control: OperationSet;
  readonly operations: readonly Operation[];
  readonly fences: readonly Fence[];
  /** Position of the load-reserved whose reservation is held. */
  readonly reservation: number;
}

/** Finds the runs of one thread. */
export class ThreadRuns {
  readonly #test: LitmusTest;
  readonly #thread: number;
  readonly #layout: MemoryLayout;
  readonly #values: ReadableValues;

  constructor(test: LitmusTest, thread: number, layout: MemoryLayout, values: ReadableValues) {
    this.#test = test;
    this.#thread = thread;
    this.#layout = layout;
    this.#values = values;
  }

  /** All runs. */
  all(): Trace[] {
    const registers = new Array<bigint>(REGISTERS).fill(0n);
    for (const [number, value] of this.#test.registers[this.#thread]) {
      registers[number] = BigInt.asIntN(WORD, this.#layout.value(value));
    }
    const finished: Trace[] = [];
    const pending: State[] = [{
      next: 0,
      repeats: 0,
      registers,
      carried: new Array<OperationSet>(REGISTERS).fill(0),
      control: 0,
      operations: [],
      fences: [],
      reservation: NO_PAIR,
    }];
    for (let state = pending.pop(); state !== undefined; state = pending.pop()) {
      if (state.next >= this.#test.threads[this.#thread].instructions.length) finished.push(state);
      else pending.push(...this.#step(state));
    }
    return finished;
  }

  #step(state: State): State[] {
    const { instruction } = this.#test.threads[this.#thread].instructions[state.next];
    const after = { ...state, next: state.next + 1 };
    switch (instruction.kind) {
      case "li":
        return [this.#write(after, instruction.rd, instruction.value, 0)];
      case "alu":
        return [this.#arithmetic(after, instruction)];
      case "branch":
      case "jump":
        return this.#jump(after, instruction);
      case "fence":
        return [this.#fence(after, instruction.order)];
      case "sfence.vma":
      case "sinval.vma": {
        const translations = this.#translationsOf(after, instruction);
        return [this.#invalidation(after, { kind: instruction.kind, translations })];
      }
      case "sfence.w.inval":
      case "sfence.inval.ir":
        return [this.#invalidation(after, { kind: instruction.kind })];
      case "fence.i":
      case "nop":
        return [after];
      case "load":
        return this.#load(after, instruction);
      case "lr":
        return this.#loadReserved(after, instruction);
      case "store":
        return this.#store(after, instruction);
      case "sc":
        return this.#storeConditional(after, instruction);
      case "amo":
        return this.#update(after, instruction);
    }
  }

  #write(state: State, register: number, value: bigint, from: OperationSet): State {
    if (register === 0) return state;
    return {
      ...state,
      registers: state.registers.with(register, BigInt.asIntN(WORD, value)),
      carried: state.carried.with(register, from),
    };
  }

  #arithmetic(state: State, { operation, rd, left, right }: Extract<Instruction, { kind: "alu" }>) {
    const isRegister = typeof right === "number";
    const operand = isRegister ? state.registers[right] : right;
    const from = state.carried[left] | (isRegister ? state.carried[right] : 0);
    return this.#write(state, rd, alu(operation, state.registers[left], operand), from);
  }

  #jump(after: State, instruction: Extract<Instruction, { kind: "branch" | "jump" }>): State[] {
    const target = this.#test.threads[this.#thread].labels.get(instruction.label) ?? after.next;
    const isBackward = target < after.next;
    const there = { ...after, next: target, repeats: after.repeats + (isBackward ? 1 : 0) };
    const taken = there.repeats > REPEAT_LIMIT ? [] : [there];
    if (instruction.kind === "jump") return taken;
    const { left, right, isEqual } = instruction;
    const control = after.control | after.carried[left] | after.carried[right];
    const isTaken = (after.registers[left] === after.registers[right]) === isEqual;
    return isTaken ? taken.map((state) => ({ ...state, control })) : [{ ...after, control }];
  }

  #fence(state: State, order: number): State {
    const fence = { position: state.operations.length, order, text: this.#place(state).text };
    return { ...state, fences: [...state.fences, fence] };
  }

  #invalidation(state: State, invalidation: Invalidation): State {
    const fence = {
      position: state.operations.length,
      order: 0,
      text: this.#place(state).text,
      invalidation,
    };
    return { ...state, fences: [...state.fences, fence] };
  }

  #translationsOf(state: State, { address, space }: TranslationFence): TranslationSet {
    const page = this.#layout.pageOf(Number(state.registers[address]));
    const entry = page === null ? null : this.#layout.address(entryName(page.name));
    return {
      entry: address === 0 ? null : entry,
      space: space === 0 ? null : state.registers[space],
    };
  }

  /** The instruction that was just stepped over. */
  #place(after: State): { text: string; line: number } {
    const { text, line } = this.#test.threads[this.#thread].instructions[after.next - 1];
    return { text, line };
  }

  /** Ways to reach memory: those that end in a page fault are finished, the others are gone on with. */
  #reach(
    state: State,
    { bytes, base, direction, offset = 0n }: {
      readonly bytes: number;
      readonly base: number;
      readonly direction: AccessDirection;
      readonly offset?: bigint;
    },
    use: (state: State, operation: Operation) => State[],
  ): State[] {
    const address = Number(BigInt.asUintN(WORD, state.registers[base] + offset));
    return translations(address, direction, this.#layout, this.#values).flatMap((translation) => {
      const walked = this.#walk(state, translation);
      const walk = walked === state ? 0 : 1 << state.operations.length;
      if (translation.address === null) {
        return [this.#write(walked, FAULT_REGISTER, BigInt(translation.cause), walk)];
      }
      this.#check(state, translation.address, bytes);
      return use(walked, {
        ...NO_OPERATION,
        address: translation.address,
        bytes,
        addressFrom: state.carried[base] | walk,
        controlFrom: state.control,
        ...this.#place(state),
      });
    });
  }

  #walk(state: State, { walk }: Translation): State {
    if (walk === null) return state;
    const { entry: address, ...rest } = walk;
    return this.#with(state, {
      ...NO_OPERATION,
      source: "walk",
      address,
      ...rest,
      ...this.#place(state),
    });
  }

  #check(state: State, address: number, bytes: number): void {
    const { text, line } = this.#place(state);
    if (address % bytes !== 0) {
      throw new RangeError(`Cannot run line ${line}, "${text}": the access is misaligned`);
    }
    if (!this.#layout.isInside(address, bytes)) {
      throw new RangeError(`Cannot run line ${line}, "${text}": it is in no location`);
    }
  }

  #with(state: State, operation: Operation): State {
    return { ...state, operations: [...state.operations, operation] };
  }

  #load(before: State, instruction: Extract<Instruction, { kind: "load" }>): State[] {
    const { bytes, rd, signed } = instruction;
    return this.#reach(before, { ...instruction, direction: "load" }, (state, operation) => {
      const own = 1 << state.operations.length;
      return this.#values.values(operation.address, bytes).map((read) => {
        const value = signed ? BigInt.asIntN(bytes * BITS_PER_BYTE, read) : read;
        return this.#write(this.#with(state, { ...operation, read }), rd, value, own);
      });
    });
  }

  #loadReserved(before: State, instruction: Extract<Instruction, { kind: "lr" }>): State[] {
    const { bytes, rd, annotation } = instruction;
    return this.#reach(before, { ...instruction, direction: "load" }, (state, operation) => {
      const position = state.operations.length;
      return this.#values.values(operation.address, bytes).map((read) => {
        const loaded = this.#with(state, { ...operation, source: "lr", annotation, read });
        const value = BigInt.asIntN(bytes * BITS_PER_BYTE, read);
        return this.#write({ ...loaded, reservation: position }, rd, value, 1 << position);
      });
    });
  }

  #store(before: State, instruction: Extract<Instruction, { kind: "store" }>): State[] {
    const { bytes, source } = instruction;
    return this.#reach(before, { ...instruction, direction: "store" }, (state, operation) => [
      this.#with(state, {
        ...operation,
        source: "store",
        written: BigInt.asUintN(bytes * BITS_PER_BYTE, state.registers[source]),
        dataFrom: state.carried[source],
      }),
    ]);
  }

  /** It may always fail; it may succeed on the address and width that are reserved. */
  #storeConditional(before: State, instruction: Extract<Instruction, { kind: "sc" }>): State[] {
    const { bytes, rd, source, annotation } = instruction;
    const { reservation } = before;
    const reserved = before.operations[reservation];
    return this.#reach(before, { ...instruction, direction: "store" }, (state, operation) => {
      const unreserved = { ...state, reservation: NO_PAIR };
      const failed = this.#write(unreserved, rd, SC_FAILED, 0);
      if (reserved?.address !== operation.address || reserved.bytes !== bytes) return [failed];
      const stored = this.#with(unreserved, {
        ...operation,
        source: "sc",
        annotation,
        written: BigInt.asUintN(bytes * BITS_PER_BYTE, state.registers[source]),
        dataFrom: state.carried[source],
        pairedWith: reservation,
      });
      return [failed, this.#write(stored, rd, 0n, 1 << state.operations.length)];
    });
  }

  #update(before: State, instruction: Extract<Instruction, { kind: "amo" }>): State[] {
    const { bytes, rd, source, annotation } = instruction;
    const bits = bytes * BITS_PER_BYTE;
    return this.#reach(before, { ...instruction, direction: "store" }, (state, operation) => {
      const own = 1 << state.operations.length;
      return this.#values.values(operation.address, bytes).map((read) => {
        const old = BigInt.asIntN(bits, read);
        const updated = amo(instruction.operation, old, state.registers[source], bits);
        const made = this.#with(state, {
          ...operation,
          source: "amo",
          annotation,
          read,
          written: BigInt.asUintN(bits, updated),
          dataFrom: state.carried[source],
        });
        return this.#write(made, rd, old, own);
      });
    });
  }
}
