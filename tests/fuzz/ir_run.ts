/**
 * Runs a region on the reference interpreter and records all that others can see of it.
 */
import type { Block, MemoryAttribute, Region } from "../../ir/region.ts";
import { Interpreter, type Outcome } from "../../ir/interpreter/interpreter.ts";
import { FlatMemory } from "../../ir/interpreter/memory.ts";
import { InterpreterState } from "../../ir/interpreter/state.ts";
import type { MemoryWidth } from "../../ir/types.ts";
import {
  FUZZ_CALLEE,
  FUZZ_FIELDS,
  FUZZ_LAYOUT,
  FUZZ_MEMORY_BASE,
  FUZZ_MEMORY_BYTES,
} from "./ir_generator.ts";

/** All that is seen of a run. */
export interface Observation {
  /** How it ended. */
  readonly outcome: Outcome;
  /** Memory accesses, calls and edges that were watched, with all they saw, in order. */
  readonly trace: readonly string[];
  /** State at the end; empty when the run was cut off, where nobody looks. */
  readonly state: readonly bigint[];
  /** RAM at the end. */
  readonly memory: Uint8Array;
  /** Interrupt lines at the end. */
  readonly lines: number;
}

/** How to run. */
export interface RunOptions {
  /** Initial state elements, in layout order, repeated as needed. */
  readonly inputs: readonly bigint[];
  /** Block to start in; the first when absent. */
  readonly start?: Block;
  /** Is the state looked at on this edge? Nowhere when absent. */
  readonly isWatched?: (from: Block, to: Block) => boolean;
  /** Blocks after which the run is cut off; {@linkcode BLOCK_LIMIT} when absent. */
  readonly blockLimit?: number;
}

/** Blocks of a usual run. */
export const BLOCK_LIMIT = 40;
const ORIGIN = 0x7f00_0000_1000n;
const HANDLER = { length: 2, encoding: 0x8082n };

/** Memory that writes down every access: passes may not drop, add, move or change one. */
class TracedMemory extends FlatMemory {
  readonly #trace: string[];

  constructor(trace: string[]) {
    super(FUZZ_MEMORY_BYTES, FUZZ_MEMORY_BASE);
    this.#trace = trace;
  }

  #record(what: string, values: bigint[], { width, order, rmw }: MemoryAttribute): void {
    this.#trace.push(`${what} ${rmw ?? ""} ${width} ${order} ${values.join(" ")}`);
  }

  override load(address: bigint, attribute: MemoryAttribute): bigint {
    this.#record("load", [address], attribute);
    return super.load(address, attribute);
  }

  override store(address: bigint, value: bigint, attribute: MemoryAttribute): void {
    this.#record("store", [address, BigInt.asUintN(attribute.width, value)], attribute);
    super.store(address, value, attribute);
  }

  override rmw(address: bigint, value: bigint, attribute: MemoryAttribute): bigint {
    this.#record("rmw", [address, value], attribute);
    return super.rmw(address, value, attribute);
  }

  override compareExchange(
    address: bigint,
    expected: bigint,
    replacement: bigint,
    attribute: MemoryAttribute,
  ): bigint {
    this.#record("cmpxchg", [address, expected, replacement], attribute);
    return super.compareExchange(address, expected, replacement, attribute);
  }

  override loadReserved(address: bigint, attribute: MemoryAttribute): bigint {
    this.#record("lr", [address], attribute);
    return super.loadReserved(address, attribute);
  }

  override storeConditional(address: bigint, value: bigint, attribute: MemoryAttribute): boolean {
    this.#record("sc", [address, value], attribute);
    return super.storeConditional(address, value, attribute);
  }

  /** Fences side by side are as good as one with the pairs of all. */
  override fence(order: number): void {
    const last = /^fence (\d+)$/.exec(this.#trace.at(-1) ?? "");
    if (last !== null) this.#trace.pop();
    this.#trace.push(`fence ${order | Number(last?.[1] ?? 0)}`);
  }

  override physicalLoad(physical: bigint, width: MemoryWidth): bigint {
    this.#record("phys load", [physical], { width, order: 0, signed: false });
    return super.physicalLoad(physical, width);
  }

  override physicalCompareExchange(
    physical: bigint,
    expected: bigint,
    replacement: bigint,
    width: MemoryWidth,
  ): bigint {
    this.#record("phys cmpxchg", [physical, expected, replacement], {
      width,
      order: 0,
      signed: false,
    });
    return super.physicalCompareExchange(physical, expected, replacement, width);
  }
}

/** Runs a generated region. */
export function observe(
  region: Region,
  { inputs, start, isWatched, blockLimit = BLOCK_LIMIT }: RunOptions,
): Observation {
  const trace: string[] = [];
  const state = new InterpreterState(FUZZ_LAYOUT);
  fillState(state, inputs);
  const memory = new TracedMemory(trace);
  memory.bytes.forEach((_, index) => memory.bytes[index] = index * index);
  const interpreter = new Interpreter({
    state,
    memory,
    pc: ORIGIN,
    ...HANDLER,
    fields: FUZZ_FIELDS,
    host: new Map([[FUZZ_CALLEE.name, (operands) => callHost(state, trace, operands)]]),
    callGuest: (pc, link) => callGuest(state, trace, pc, link),
    onEdge: (from, to) => {
      if (isWatched?.(from, to)) trace.push(`edge ${from.id} ${to.id} ${state.snapshot()}`);
    },
    blockLimit,
  });
  const args = [BigInt.asIntN(32, inputs[0]), inputs[1 % inputs.length]];
  const outcome = interpreter.run(region, args, start);
  return {
    outcome,
    trace,
    state: outcome.kind === "unfinished" ? [] : [...state.snapshot()],
    memory: memory.bytes,
    lines: memory.lines,
  };
}

/** May the region be entered there with that initial state? */
export function isEntered({ entries }: Region, start: Block, inputs: readonly bigint[]): boolean {
  const state = new InterpreterState(FUZZ_LAYOUT);
  fillState(state, inputs);
  const conditions = entries.find(({ block }) => block === start)?.conditions ?? [];
  return conditions.every(({ slot, index, range }) => {
    const value = state.get(slot, index);
    return BigInt.asIntN(32, value) === value && (range === "s32" || value >= 0n);
  });
}

function fillState(state: InterpreterState, inputs: readonly bigint[]): void {
  let next = 0;
  for (const slot of FUZZ_LAYOUT.slots()) {
    for (let index = 0; index < slot.count; index++) {
      state.set(slot, inputs[next++ % inputs.length], index);
    }
  }
}

/** A host function that sees and changes state that is not promotable. */
function callHost(state: InterpreterState, trace: string[], operands: bigint[]): bigint {
  const seen = [state.read("control", 0), state.read("control", 1), state.read("mode")];
  trace.push(`call ${operands} ${seen}`);
  state.write("control", BigInt.asIntN(64, seen[0] + operands[0]), 0);
  state.write("mode", operands[1]);
  return BigInt.asIntN(64, operands[0] ^ seen[1]);
}

/** Guest code that sees and changes all state; comes back unless the address is odd. */
function callGuest(state: InterpreterState, trace: string[], pc: bigint, link: bigint): bigint {
  trace.push(`guest ${pc} ${link} ${state.snapshot()}`);
  state.write("x", BigInt.asIntN(64, pc * 3n), 2);
  state.write("flag", 1n - state.read("flag"));
  return (pc & 1n) === 0n ? link : pc;
}
