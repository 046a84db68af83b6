/**
 * Threads of a protocol model as lists of explicit steps over shared bytes.
 *
 * A step is one shared access, one wait, or one observation; the explorer interleaves steps. Local
 * computation rides on the step before it (`local`, `goto`, the `then` callbacks), which loses no behaviour:
 * nobody else can see it. Addresses and values are bytes. Callbacks must be pure functions of registers and
 * the value given: the explorer runs them once per state.
 */

/** The private variables of one thread. */
export type Registers = Uint8Array;

/** A place in a program, to be jumped to; bound by `Program.at`. */
export interface Label {
  /** For traces. */
  readonly name: string;
  /** Index of the step it names, once bound. */
  position: number;
}

/** Where to go on: a label, or nothing for the next step. */
export type Next = Label | void;

/** What observations and commit hooks may see beside the registers. */
export interface World {
  /** Committed shared memory. */
  readonly memory: Uint8Array;
  /** History variables of the model: no thread reads them. */
  readonly ghost: Uint8Array;
  /** Reports a broken invariant. */
  fail(reason: string): void;
}

/** A constant or a function of the registers. */
export type Operand = number | ((r: Registers) => number);
/** Continuation of a step that yields a value. */
export type Then = (r: Registers, value: number) => Next;

/** How a store is ordered: `plain` may be delayed, `sc` is sequentially consistent. */
export type StoreOrder = "plain" | "sc";

/** Result of a read-modify-write that leaves memory alone. */
export const KEEP = -1;

/** One step. */
export type Step =
  | { kind: "load"; name: string; address: Operand; then: Then }
  | { kind: "store"; name: string; address: Operand; value: Operand; order: StoreOrder }
  | {
    kind: "rmw";
    name: string;
    address: Operand;
    update: (r: Registers, old: number) => number;
    then: Then;
  }
  | { kind: "wait"; name: string; address: Operand; expected: Operand; timeout: boolean }
  | { kind: "notify"; name: string; address: Operand }
  | { kind: "observe"; name: string; look: (r: Registers, world: World) => Next }
  | { kind: "choose"; name: string; ways: number; then: Then }
  | { kind: "local"; name: string; then: (r: Registers) => Next }
  | { kind: "end"; name: string };

const goOn = (): void => {};

/** Builder of one thread's steps. */
export class Program {
  /** The steps, in program order. */
  readonly steps: Step[] = [];

  /** A new, unbound label. */
  label(name: string): Label {
    return { name, position: -1 };
  }

  /** Binds a label here. */
  at(label: Label): void {
    label.position = this.steps.length;
  }

  /** Sequentially consistent load. */
  load(name: string, address: Operand, then: Then = goOn): void {
    this.steps.push({ kind: "load", name, address, then });
  }

  /** Store. */
  store(name: string, address: Operand, value: Operand, order: StoreOrder = "sc"): void {
    this.steps.push({ kind: "store", name, address, value, order });
  }

  /** Sequentially consistent read-modify-write; `then` gets the old value. */
  rmw(
    name: string,
    address: Operand,
    update: (r: Registers, old: number) => number,
    then: Then = goOn,
  ): void {
    this.steps.push({ kind: "rmw", name, address, update, then });
  }

  /** rmw.add of a constant, modulo 256. */
  add(name: string, address: Operand, delta: number, then: Then = goOn): void {
    this.rmw(name, address, (_r, old) => (old + delta) & 0xff, then);
  }

  /** rmw.or of a constant. */
  or(name: string, address: Operand, bits: number, then: Then = goOn): void {
    this.rmw(name, address, (_r, old) => old | bits, then);
  }

  /** Sleeps while the word has the expected value; with `timeout` it may also wake by itself. */
  wait(name: string, address: Operand, expected: Operand, timeout = false): void {
    this.steps.push({ kind: "wait", name, address, expected, timeout });
  }

  /** Wakes all who sleep on a word. */
  notify(name: string, address: Operand): void {
    this.steps.push({ kind: "notify", name, address });
  }

  /** A scheduled step that looks at memory and history without being a memory access. */
  observe(name: string, look: (r: Registers, world: World) => Next): void {
    this.steps.push({ kind: "observe", name, look });
  }

  /** Any of several ways, all explored. */
  choose(name: string, ways: number, then: Then): void {
    this.steps.push({ kind: "choose", name, ways, then });
  }

  /** Private computation and branches. */
  local(then: (r: Registers) => Next): void {
    this.steps.push({ kind: "local", name: "local", then });
  }

  /** Unconditional jump. */
  goto(label: Label): void {
    this.local(() => label);
  }

  /** End of the thread. */
  end(): void {
    this.steps.push({ kind: "end", name: "end" });
  }
}
