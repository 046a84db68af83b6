/**
 * Drops writes of promotable state that are overwritten before anything can see them, across the blocks of a
 * region.
 *
 * ```text
 * state.set x[5] %1
 * %2 = i64.shl %1, %0       =>   %2 = i64.shl %1, %0
 * state.set x[5] %2              state.set x[5] %2
 * ```
 *
 * What sees all state: memory accesses and conditional departures, the end of an instruction that a
 * `leave_if` may end, every terminator that leaves the region, and the start of every loop header, where the
 * backend puts a safepoint. Which blocks are headers depends on the order of visiting if the region is
 * irreducible; there the start of every block counts. With that no fact flows around a loop, and one walk
 * backwards over the blocks is exact.
 */
import {
  analyzeControlFlow,
  type ControlFlow,
  loopHeaders,
  successors,
} from "../../ir/control_flow.ts";
import { DominatorTree, isReducible } from "../../ir/dominators.ts";
import { elementOffset } from "../../ir/guest_state.ts";
import type { Block, Operation, Region, SlotAttribute } from "../../ir/region.ts";
import type { Pass } from "../pass.ts";

/** See the header of this file. */
export const deadStateWrites: Pass = {
  name: "dead_state_writes",
  run: (region) => new DeadStateWrites(region).run(),
};

/**
 * Elements that are overwritten before they can be seen; all others are live. Few are known dead at any
 * point, so a set of offsets is cheaper than a bit for each element.
 */
type DeadElements = Set<number>;

class DeadStateWrites {
  readonly #region: Region;
  readonly #flow: ControlFlow;
  readonly #headers: ReadonlySet<Block>;
  /** Dead elements by block id at the starts where state is not seen. */
  readonly #deadAtStart: (DeadElements | undefined)[] = [];
  #changes = 0;

  constructor(region: Region) {
    this.#region = region;
    this.#flow = analyzeControlFlow(region);
    this.#headers = loopHeaders(this.#flow);
  }

  run(): number {
    if (this.#region.kind === "function") return 0;
    const { reversePostorder } = this.#flow;
    const isEveryStartSeen = this.#headers.size > 0 &&
      !isReducible(this.#flow, new DominatorTree(this.#flow));
    for (let at = reversePostorder.length - 1; at >= 0; at--) {
      const block = reversePostorder[at];
      const dead = this.#sweep(block);
      if (!isEveryStartSeen && !this.#headers.has(block)) this.#deadAtStart[block.id] = dead;
    }
    return this.#changes;
  }

  /** Drops the dead writes of a block; gives what is dead at its start. */
  #sweep(block: Block): DeadElements {
    const observing = observingBoundaries(block);
    const dead = observing.isEndObserved ? new Set<number>() : this.#deadAtEnd(block);
    const { operations } = block;
    let kept = operations.length;
    for (let at = operations.length - 1; at >= 0; at--) {
      const operation = operations[at];
      if (observing !== NO_BOUNDARIES && observing.boundaries.has(operation)) dead.clear();
      if (step(operation, dead)) operations[--kept] = operation;
    }
    this.#changes += kept;
    if (kept > 0) operations.splice(0, kept);
    return dead;
  }

  /** What all successors overwrite unseen. */
  #deadAtEnd(block: Block): DeadElements {
    const next = successors(block);
    const kind = block.terminator?.kind;
    if (next.length === 0 || kind === "call" || kind === "dispatch") return new Set();
    const [first, ...others] = next.map((target) =>
      this.#deadAtStart[target.id] ?? new Set<number>()
    );
    return new Set([...first].filter((element) => others.every((dead) => dead.has(element))));
  }
}

/** Moves back over an operation; false when it is a dead write. */
function step(operation: Operation, dead: DeadElements): boolean {
  switch (operation.effect) {
    case "write":
      return stepOverWrite(operation, dead);
    case "read":
      if (dead.size > 0) stepOverRead(operation, dead);
      return true;
    case "access":
    case "leave":
      if (dead.size > 0) dead.clear();
      return true;
    default:
      return true;
  }
}

function stepOverWrite({ opcode, attribute }: Operation, dead: DeadElements): boolean {
  if (opcode !== "state.set") return true;
  const { slot, index } = attribute as SlotAttribute;
  if (!slot.promotable) return true;
  const element = elementOffset(slot, index);
  if (dead.has(element)) return false;
  dead.add(element);
  return true;
}

function stepOverRead({ opcode, attribute }: Operation, dead: DeadElements): void {
  if (opcode !== "state.get" && opcode !== "state.get_at") return;
  const { slot, index } = attribute as SlotAttribute;
  const count = opcode === "state.get" ? 1 : slot.count;
  for (let at = index; at < index + count; at++) dead.delete(elementOffset(slot, at));
}

interface ObservingBoundaries {
  readonly boundaries: ReadonlySet<Operation>;
  readonly isEndObserved: boolean;
}

const NO_BOUNDARIES: ObservingBoundaries = { boundaries: new Set(), isEndObserved: false };

/** Boundaries at which a `leave_if` of the instruction before takes effect. */
function observingBoundaries(block: Block): ObservingBoundaries {
  if (!block.operations.some(({ effect, opcode }) => effect === "leave" && opcode === "leave_if")) {
    return NO_BOUNDARIES;
  }
  const boundaries = new Set<Operation>();
  let isLeaving = false;
  for (const operation of block.operations) {
    if (operation.opcode === "leave_if") isLeaving = true;
    if (operation.opcode !== "guest.boundary") continue;
    if (isLeaving) boundaries.add(operation);
    isLeaving = false;
  }
  return { boundaries, isEndObserved: isLeaving };
}
