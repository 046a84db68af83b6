/**
 * The machine that a protocol model runs on: shared bytes, threads with registers and store buffers, and
 * the successors of a state.
 *
 * Two memory models, both multi-copy atomic:
 * - `tso` (x86): every thread has a FIFO store buffer; loads see the own buffer first; sequentially
 *   consistent stores, read-modify-writes, waits and notifies need an empty buffer and act on memory.
 * - `weak` (arm64-like): plain stores may become visible in any order (not past an earlier one to the same
 *   address). An sc store becomes visible after all earlier stores of its thread, but a later plain store
 *   may overtake it; so may one overtake the write of a read-modify-write (store-exclusive), whose address
 *   nobody else may write in between. Later loads, waits and notifies stay behind both.
 *
 * Loads happen in program order: the protocols use sequentially consistent loads only.
 */

import {
  KEEP,
  type Operand,
  type Program,
  type Registers,
  type Step,
  type World,
} from "./program.ts";

/** Memory model of the machine. */
export type MemoryModel = "tso" | "weak";

/** A closed system to explore. */
export interface Model {
  /** One program per thread. */
  readonly threads: readonly Program[];
  /** Number of shared bytes. */
  readonly memoryBytes: number;
  /** Number of history bytes. */
  readonly ghostBytes: number;
  /** Number of registers per thread. */
  readonly registers: number;
  /** Sets up the first state. */
  init?(memory: Uint8Array, ghost: Uint8Array, registers: readonly Registers[]): void;
  /** Called when a store reaches memory. */
  onCommit?(world: World, thread: number, address: number, value: number): void;
  /** Threads that may sleep for ever at the end. */
  readonly mayEndAsleep?: readonly number[];
  /** Verdict on a final state: a reason why it is wrong, or nothing. */
  checkFinal?(
    memory: Uint8Array,
    ghost: Uint8Array,
    registers: readonly Registers[],
  ): string | void;
  /** Also require that a final state can be reached from every state. */
  readonly live?: boolean;
}

/** Receives each successor: who moved, by which step, and the word and value it is about. */
export type Visit = (thread: number, name: string, address?: number, value?: number) => void;

const BUFFER_ENTRIES = 3;
const ENTRY_BYTES = 3;
const PLAIN = 1;
const ORDERED = 2;
const EXCLUSIVE_WRITE = 3;
/** Fixed bytes at the start of a thread's record: step, sleeping address + 1, buffered stores. */
const PC = 0;
const SLEEP = 1;
const BUFFERED = 2;
const REGISTERS = 3;
/** A step number is one byte. */
const MAX_STEPS = 256;
const LOCAL_STEP_LIMIT = 200;

/** What can be said about a state without successors. */
export type Ending = "final" | "deadlock" | "pruned";

/** A machine in one state (`current`); successors are built in `scratch`. */
export class Machine implements World {
  /** Committed memory of the state under construction. */
  readonly memory: Uint8Array;
  /** History of the state under construction. */
  readonly ghost: Uint8Array;
  /** The state under construction; `memory`, `ghost` and the registers are views of it. */
  readonly scratch: Uint8Array;
  /** The state whose successors are asked for. */
  readonly current: Uint8Array;
  /** The first broken invariant, or "". */
  failure = "";
  readonly #model: Model;
  readonly #weak: boolean;
  readonly #registers: Registers[] = [];
  readonly #bases: number[] = [];

  constructor(model: Model, memoryModel: MemoryModel) {
    const longest = Math.max(...model.threads.map((program) => program.steps.length));
    if (longest > MAX_STEPS) throw new Error(`Program too long: ${longest} steps`);
    this.#model = model;
    this.#weak = memoryModel === "weak";
    const threadBytes = REGISTERS + model.registers + BUFFER_ENTRIES * ENTRY_BYTES;
    const shared = model.memoryBytes + model.ghostBytes;
    const bytes = (shared + model.threads.length * threadBytes + 3) & ~3;
    this.scratch = new Uint8Array(bytes);
    this.current = new Uint8Array(bytes);
    this.memory = this.scratch.subarray(0, model.memoryBytes);
    this.ghost = this.scratch.subarray(model.memoryBytes, shared);
    for (let thread = 0; thread < model.threads.length; thread++) {
      const base = shared + thread * threadBytes;
      this.#bases.push(base);
      const first = base + REGISTERS;
      this.#registers.push(this.scratch.subarray(first, first + model.registers));
    }
  }

  /** Records a broken invariant. */
  fail(reason: string): void {
    if (this.failure === "") this.failure = reason;
  }

  /** Builds the first state in `scratch`. */
  start(): void {
    this.#model.init?.(this.memory, this.ghost, this.#registers);
    for (let thread = 0; thread < this.#bases.length; thread++) this.#runLocal(thread);
  }

  /** What kind of ending `current` is, given that it has no successors; checks the final verdict. */
  ending(): Ending {
    this.scratch.set(this.current);
    if (this.#isPruned()) return "pruned";
    for (let thread = 0; thread < this.#bases.length; thread++) {
      const mayRest = this.scratch[this.#bases[thread] + SLEEP] !== 0 &&
        this.#model.mayEndAsleep?.includes(thread) === true;
      if (this.#stepAt(thread).kind !== "end" && !mayRest) return "deadlock";
    }
    const reason = this.#model.checkFinal?.(this.memory, this.ghost, this.#registers);
    if (reason) this.fail(reason);
    return "final";
  }

  /** The weak machine cannot go on when two store-exclusives exclude each other: no real behaviour. */
  #isPruned(): boolean {
    return this.#bases.some((base, thread) => {
      for (let k = 0; k < this.current[base + BUFFERED]; k++) {
        if (this.current[this.#entryAt(thread, k) + 2] === EXCLUSIVE_WRITE) return true;
      }
      return false;
    });
  }

  #entryAt(thread: number, k: number): number {
    return this.#bases[thread] + REGISTERS + this.#model.registers + k * ENTRY_BYTES;
  }

  #stepAt(thread: number): Step {
    return this.#model.threads[thread].steps[this.scratch[this.#bases[thread] + PC]];
  }

  /** Calls `visit` once per successor of `current`, each built in `scratch`. */
  successors(visit: Visit): void {
    for (let thread = 0; thread < this.#bases.length; thread++) {
      this.#commits(thread, visit);
      this.scratch.set(this.current);
      this.#step(thread, visit);
    }
  }

  #commits(thread: number, visit: Visit): void {
    const base = this.#bases[thread];
    const count = this.current[base + BUFFERED];
    for (let k = 0; k < count; k++) {
      if (!this.#canCommit(thread, k)) continue;
      this.scratch.set(this.current);
      const at = this.#entryAt(thread, k);
      const address = this.scratch[at];
      const value = this.scratch[at + 1];
      const end = this.#entryAt(thread, count);
      this.scratch.copyWithin(at, at + ENTRY_BYTES, end);
      this.scratch.fill(0, end - ENTRY_BYTES, end);
      this.scratch[base + BUFFERED] = count - 1;
      this.#commit(thread, address, value);
      visit(thread, "  (store becomes visible)", address, value);
    }
  }

  #canCommit(thread: number, k: number): boolean {
    if (!this.#weak) return k === 0;
    const at = this.#entryAt(thread, k);
    if (this.current[at + 2] !== PLAIN && k > 0) return false;
    for (let j = 0; j < k; j++) {
      if (this.current[this.#entryAt(thread, j)] === this.current[at]) return false;
    }
    return !this.#isReservedByOther(thread, this.current[at]);
  }

  #isReservedByOther(thread: number, address: number): boolean {
    for (let other = 0; other < this.#bases.length; other++) {
      if (other === thread) continue;
      const count = this.current[this.#bases[other] + BUFFERED];
      for (let k = 0; k < count; k++) {
        const at = this.#entryAt(other, k);
        if (this.current[at + 2] === EXCLUSIVE_WRITE && this.current[at] === address) return true;
      }
    }
    return false;
  }

  #commit(thread: number, address: number, value: number): void {
    this.memory[address] = value;
    this.#model.onCommit?.(this, thread, address, value);
  }

  /** One program step of a thread from `current` (already in `scratch`), if it is enabled. */
  #step(thread: number, visit: Visit): void {
    const step = this.#stepAt(thread);
    if (this.current[this.#bases[thread] + SLEEP] !== 0) {
      if (step.kind === "wait" && step.timeout) {
        this.#wake(thread);
        visit(thread, step.name);
      }
      return;
    }
    switch (step.kind) {
      case "load":
        return this.#load(thread, step, visit);
      case "store":
        return this.#storeStep(thread, step, visit);
      case "rmw":
        return this.#rmw(thread, step, visit);
      case "wait":
        return this.#wait(thread, step, visit);
      case "notify":
        return this.#notify(thread, step, visit);
      case "observe":
        this.#advance(thread, step.look(this.#registers[thread], this)?.position);
        return visit(thread, step.name);
      case "choose":
        return this.#choose(thread, step, visit);
      case "local":
      case "end":
        return;
    }
  }

  /** Whether the buffer lets a sequentially consistent access through. */
  #isOrdered(thread: number): boolean {
    const count = this.current[this.#bases[thread] + BUFFERED];
    if (!this.#weak) return count === 0;
    for (let k = 0; k < count; k++) {
      if (this.current[this.#entryAt(thread, k) + 2] !== PLAIN) return false;
    }
    return true;
  }

  #load(thread: number, step: Step & { kind: "load" }, visit: Visit): void {
    if (this.#weak && !this.#isOrdered(thread)) return;
    const r = this.#registers[thread];
    const address = valueOf(step.address, r);
    const value = this.#read(thread, address);
    this.#advance(thread, step.then(r, value)?.position);
    visit(thread, step.name, address, value);
  }

  #read(thread: number, address: number): number {
    let value = this.memory[address];
    const count = this.current[this.#bases[thread] + BUFFERED];
    for (let k = 0; k < count; k++) {
      const at = this.#entryAt(thread, k);
      if (this.current[at] === address) value = this.current[at + 1];
    }
    return value;
  }

  #storeStep(thread: number, step: Step & { kind: "store" }, visit: Visit): void {
    const r = this.#registers[thread];
    const address = valueOf(step.address, r);
    const value = valueOf(step.value, r);
    if (!this.#weak && step.order === "sc") {
      if (!this.#isOrdered(thread)) return;
      this.#commit(thread, address, value);
    } else if (!this.#enqueue(thread, address, value, step.order === "sc" ? ORDERED : PLAIN)) {
      return;
    }
    this.#advance(thread, undefined);
    visit(thread, step.name, address, value);
  }

  #enqueue(thread: number, address: number, value: number, kind: number): boolean {
    const base = this.#bases[thread];
    const count = this.scratch[base + BUFFERED];
    if (count === BUFFER_ENTRIES) return false;
    const at = this.#entryAt(thread, count);
    this.scratch[at] = address;
    this.scratch[at + 1] = value;
    this.scratch[at + 2] = kind;
    this.scratch[base + BUFFERED] = count + 1;
    return true;
  }

  #rmw(thread: number, step: Step & { kind: "rmw" }, visit: Visit): void {
    if (!this.#isOrdered(thread)) return;
    const r = this.#registers[thread];
    const address = valueOf(step.address, r);
    if (this.#weak && !this.#mayReserve(thread, address)) return;
    const old = this.memory[address];
    const value = step.update(r, old);
    if (value !== KEEP) {
      if (!this.#weak) this.#commit(thread, address, value);
      else if (!this.#enqueue(thread, address, value, EXCLUSIVE_WRITE)) return;
    }
    this.#advance(thread, step.then(r, old)?.position);
    visit(thread, step.name, address, value === KEEP ? old : value);
  }

  #mayReserve(thread: number, address: number): boolean {
    if (this.#isReservedByOther(thread, address)) return false;
    const count = this.current[this.#bases[thread] + BUFFERED];
    for (let k = 0; k < count; k++) {
      if (this.current[this.#entryAt(thread, k)] === address) return false;
    }
    return true;
  }

  #wait(thread: number, step: Step & { kind: "wait" }, visit: Visit): void {
    if (!this.#isOrdered(thread)) return;
    const r = this.#registers[thread];
    const address = valueOf(step.address, r);
    const value = this.#read(thread, address);
    if (value === valueOf(step.expected, r)) {
      this.scratch[this.#bases[thread] + SLEEP] = address + 1;
      visit(thread, `${step.name} (sleeps)`, address, value);
    } else {
      this.#advance(thread, undefined);
      visit(thread, step.name, address, value);
    }
  }

  #wake(thread: number): void {
    this.scratch[this.#bases[thread] + SLEEP] = 0;
    this.#advance(thread, undefined);
  }

  #notify(thread: number, step: Step & { kind: "notify" }, visit: Visit): void {
    if (!this.#isOrdered(thread)) return;
    const address = valueOf(step.address, this.#registers[thread]);
    for (let other = 0; other < this.#bases.length; other++) {
      if (this.scratch[this.#bases[other] + SLEEP] === address + 1) this.#wake(other);
    }
    this.#advance(thread, undefined);
    visit(thread, step.name, address);
  }

  #choose(thread: number, step: Step & { kind: "choose" }, visit: Visit): void {
    for (let way = 0; way < step.ways; way++) {
      this.scratch.set(this.current);
      this.#advance(thread, step.then(this.#registers[thread], way)?.position);
      visit(thread, step.name, undefined, way);
    }
  }

  #advance(thread: number, target: number | undefined): void {
    const base = this.#bases[thread];
    this.scratch[base + PC] = target ?? this.scratch[base + PC] + 1;
    this.#runLocal(thread);
  }

  #runLocal(thread: number): void {
    const base = this.#bases[thread];
    const { steps } = this.#model.threads[thread];
    for (let count = 0; count < LOCAL_STEP_LIMIT; count++) {
      const step = steps[this.scratch[base + PC]];
      if (step.kind !== "local") return;
      const next = step.then(this.#registers[thread]);
      this.scratch[base + PC] = next?.position ?? this.scratch[base + PC] + 1;
    }
    throw new Error(`Endless local loop in thread ${thread}`);
  }
}

function valueOf(operand: Operand, r: Registers): number {
  return typeof operand === "number" ? operand : operand(r);
}
