/**
 * How addresses move from one turn of a loop to the next: in steps, in strides, or all over the place.
 *
 * A page cache pays where the next address is on the same page most of the time: it stays, or moves on by
 * steps. Strides are steps so long that it is on another page every few turns (down a column of a matrix).
 * Where it depends on data (a table, a chain of pointers, a hash) the cache misses now and then, which no branch
 * predictor foresees. This is a guess for speed only; any answer is sound.
 *
 * An element of guest state that a loop does not write stays. Elements that are only copied among each other
 * and moved by amounts that stay make steps, and so does arithmetic over these that keeps near what is near.
 */
import { elementOffset } from "../../ir/guest_state.ts";
import type { Block, Operation, SlotAttribute } from "../../ir/region.ts";

/** Steps of so many bytes and more are strides: a page has some ten of them. */
const LEAST_STRIDE = 384n;

/** How the addresses of an access move. */
export type AddressPattern = "steps" | "strides" | "scattered";

/** What a loop does to the elements of guest state that it writes. */
class LoopSteps {
  /** Values written, by element. */
  readonly #writes = new Map<number, Operation[]>();
  /** What a read gives that comes behind a write in its block. */
  readonly #written = new Map<Operation, Operation>();
  /** Elements that move by steps. */
  readonly #stepping: Set<number>;

  constructor(blocks: Iterable<Block>) {
    for (const block of blocks) this.#collect(block);
    this.#stepping = new Set(this.#writes.keys());
    this.#settle((element) => !this.#writesAll(element, (value) => this.#isMoved(value)), "delete");
    this.#settle((element) => this.#writesAll(element, (value) => this.isStepping(value)), "add");
  }

  /** Values that an element is given. */
  writesOf(element: number): readonly Operation[] {
    return this.#writes.get(element) ?? [];
  }

  /** What a read gives that comes behind a write in its block. */
  writtenBefore(read: Operation): Operation | undefined {
    return this.#written.get(read);
  }

  #collect({ operations }: Block): void {
    const latest = new Map<number, Operation>();
    for (const operation of operations) {
      if (operation.opcode !== "state.get" && operation.opcode !== "state.set") continue;
      const element = elementOf(operation);
      const value = latest.get(element);
      if (operation.opcode === "state.get") {
        if (value !== undefined) this.#written.set(operation, value);
        continue;
      }
      const [stored] = operation.operands;
      latest.set(element, stored);
      const writes = this.#writes.get(element);
      if (writes === undefined) this.#writes.set(element, [stored]);
      else writes.push(stored);
    }
  }

  /** Adds or takes away elements for which the test holds, until there is none. */
  #settle(test: (element: number) => boolean, change: "add" | "delete"): void {
    for (let changed = true; changed;) {
      changed = false;
      for (const element of this.#writes.keys()) {
        if (this.#stepping.has(element) === (change === "add") || !test(element)) continue;
        this.#stepping[change](element);
        changed = true;
      }
    }
  }

  #writesAll(element: number, test: (value: Operation) => boolean): boolean {
    return this.#writes.get(element)?.every(test) ?? true;
  }

  #stays(value: Operation): boolean {
    switch (value.opcode) {
      case "state.get":
        return !this.#writes.has(elementOf(value));
      case "guest.pc_relative":
        return true;
      default:
        return value.effect === "pure" && value.operands.every((operand) => this.#stays(operand));
    }
  }

  /** Is the value an element that makes steps, moved by an amount that stays? */
  #isMoved(value: Operation): boolean {
    const [left, right] = value.operands;
    switch (value.opcode) {
      case "state.get": {
        const written = this.#written.get(value);
        return written === undefined ? this.#isSteppingElement(value) : this.#isMoved(written);
      }
      case "i32.add":
      case "i64.add":
        return this.#isMoved(left) && this.#stays(right) ||
          this.#stays(left) && this.#isMoved(right);
      case "i32.sub":
      case "i64.sub":
        return this.#isMoved(left) && this.#stays(right);
      default:
        return isExtension(value) ? this.#isMoved(left) : this.#stays(value);
    }
  }

  #isSteppingElement(read: Operation): boolean {
    const element = elementOf(read);
    return !this.#writes.has(element) || this.#stepping.has(element);
  }

  /** Does the value stay or make steps? */
  isStepping(value: Operation): boolean {
    const [left, right] = value.operands;
    switch (value.opcode) {
      case "state.get": {
        const written = this.#written.get(value);
        return written === undefined ? this.#isSteppingElement(value) : this.isStepping(written);
      }
      case "i32.add":
      case "i64.add":
      case "i32.sub":
      case "i64.sub":
        return this.isStepping(left) && this.isStepping(right);
      case "i32.mul":
      case "i64.mul":
        return this.isStepping(left) && this.#stays(right) ||
          this.#stays(left) && this.isStepping(right);
      case "i32.shl":
      case "i64.shl":
      case "i32.shr_u":
      case "i64.shr_u":
      case "i32.shr_s":
      case "i64.shr_s":
      case "i32.and":
      case "i64.and":
        return this.isStepping(left) && this.#stays(right);
      default:
        return isExtension(value) ? this.isStepping(left) : this.#stays(value);
    }
  }
}

/** How far a value moves from turn to turn at least; 0 when it stays or when that is not known. */
class StepLengths {
  readonly #steps: LoopSteps;

  constructor(steps: LoopSteps) {
    this.#steps = steps;
  }

  of(value: Operation): bigint {
    const [left, right] = value.operands;
    switch (value.opcode) {
      case "state.get": {
        const written = this.#steps.writtenBefore(value);
        return written === undefined ? this.#ofElement(value) : this.of(written);
      }
      case "i32.add":
      case "i64.add":
      case "i32.sub":
      case "i64.sub":
        return longest([this.of(left), this.of(right)]);
      case "i32.shl":
      case "i64.shl":
        return this.of(left) << (constantOf(right) ?? 0n);
      case "i32.mul":
      case "i64.mul":
        return this.of(left) * magnitude(constantOf(right) ?? 1n);
      default:
        return isExtension(value) ? this.of(left) : 0n;
    }
  }

  #ofElement(read: Operation): bigint {
    const element = elementOf(read);
    return longest(this.#steps.writesOf(element).map((value) => this.#moved(value, element) ?? 0n));
  }

  /** The distance of a value from the element as the turn found it; null when it is none. */
  #moved(value: Operation, element: number): bigint | null {
    if (isExtension(value)) return this.#moved(value.operands[0], element);
    if (value.opcode === "state.get") {
      if (elementOf(value) !== element) return null;
      const written = this.#steps.writtenBefore(value);
      return written === undefined ? 0n : this.#moved(written, element);
    }
    const sign = STEP_SIGNS.get(value.opcode);
    const [left, right] = value.operands;
    if (sign === undefined) return null;
    const step = constantOf(right);
    const moved = this.#moved(left, element);
    return step === null || moved === null ? null : moved + sign * step;
  }
}

const STEP_SIGNS: ReadonlyMap<string, bigint> = new Map([
  ["i32.add", 1n],
  ["i64.add", 1n],
  ["i32.sub", -1n],
  ["i64.sub", -1n],
]);

function magnitude(value: bigint): bigint {
  return value < 0n ? -value : value;
}

function longest(steps: readonly bigint[]): bigint {
  return steps.map(magnitude).reduce((most, step) => step > most ? step : most, 0n);
}

function constantOf({ opcode, attribute }: Operation): bigint | null {
  if (opcode !== "i32.const" && opcode !== "i64.const") return null;
  return BigInt((attribute as { readonly constant: bigint | number }).constant);
}

function isExtension({ opcode }: Operation): boolean {
  return opcode.includes(".extend") || opcode === "i32.wrap_i64";
}

/** Offset of the element that is read or written. */
function elementOf({ attribute }: Operation): number {
  const { slot, index } = attribute as SlotAttribute;
  return elementOffset(slot, index);
}

/** See the header of this file. */
export class AddressPatterns {
  readonly #loopAround: (block: Block) => ReadonlySet<Block> | null;
  readonly #loops = new Map<ReadonlySet<Block>, LoopSteps>();

  /** `loopAround` gives the blocks of the innermost loop around a block. */
  constructor(loopAround: (block: Block) => ReadonlySet<Block> | null) {
    this.#loopAround = loopAround;
  }

  /** How an address, computed in a block, moves in the innermost loop around it. */
  of(address: Operation, block: Block): AddressPattern {
    const blocks = this.#loopAround(block);
    if (blocks === null) return "steps";
    let steps = this.#loops.get(blocks);
    if (steps === undefined) this.#loops.set(blocks, steps = new LoopSteps(blocks));
    if (!steps.isStepping(address)) return "scattered";
    return new StepLengths(steps).of(address) < LEAST_STRIDE ? "steps" : "strides";
  }
}
