/**
 * Accesses of a block that share one translation check: the same base value, the same kind, constant distances
 * within a small window. The first member checks that the whole window lies on one page and is aligned; the
 * others need no check. Two reads of a register are the same base as long as nothing wrote it in between.
 *
 * Only windows whose lowest member has the alignment of the widest one form a group, so that one test of one
 * address decides for all.
 */
import { elementOffset } from "../../ir/guest_state.ts";
import type { Block, MemoryAttribute, Operation, SlotAttribute } from "../../ir/region.ts";
import { baseOf } from "./page_caches.ts";

/** Widest window of a group in bytes. */
const WINDOW_BYTES = 1024;
const BITS_PER_BYTE = 8;
const LEAST_MEMBERS = 2;

/** One group; locals are the lowering's own. */
export interface AccessGroup {
  /** The value that all distances are from. */
  readonly base: Operation;
  /** The member that checks. */
  readonly first: Operation;
  /** Lowest distance. */
  readonly low: number;
  /** Bytes from the lowest to behind the highest member. */
  readonly span: number;
  /** Bytes of the widest member. */
  readonly alignment: number;
}

interface Member {
  readonly operation: Operation;
  readonly distance: number;
  readonly bytes: number;
}

/** The groups of a block by member; accesses without a group are absent. */
export function accessGroups(block: Block): Map<Operation, AccessGroup> {
  const byBase = new Map<number, Member[]>();
  const reads = new StateReads();
  for (const operation of block.operations) {
    reads.visit(operation);
    if (operation.opcode !== "guest.load" && operation.opcode !== "guest.store") continue;
    const [address] = operation.operands;
    const key = 2 * reads.firstOf(baseOf(address)).id +
      (operation.opcode === "guest.store" ? 1 : 0);
    const bytes = (operation.attribute as MemoryAttribute).width / BITS_PER_BYTE;
    const member = { operation, distance: distanceOf(address), bytes };
    const members = byBase.get(key);
    if (members === undefined) byBase.set(key, [member]);
    else members.push(member);
  }
  const groups = new Map<Operation, AccessGroup>();
  for (const members of byBase.values()) {
    const group = formGroup(members);
    if (group !== null) members.forEach(({ operation }) => groups.set(operation, group));
  }
  return groups;
}

/** Which values of a block are the same although read from a register several times. */
class StateReads {
  /** The first read of an element since it was written, by its offset. */
  readonly #first = new Map<number, Operation>();
  /** The same for later reads. */
  readonly #same = new Map<Operation, Operation>();

  visit(operation: Operation): void {
    const { opcode, attribute } = operation;
    if (opcode !== "state.get" && opcode !== "state.set") return;
    const { slot, index } = attribute as SlotAttribute;
    const element = elementOffset(slot, index);
    const first = this.#first.get(element);
    if (opcode === "state.set") this.#first.delete(element);
    else if (first === undefined) this.#first.set(element, operation);
    else this.#same.set(operation, first);
  }

  /** The first of the reads that give the same value; others are their own. */
  firstOf(value: Operation): Operation {
    return this.#same.get(value) ?? value;
  }
}

function formGroup(members: readonly Member[]): AccessGroup | null {
  if (members.length < LEAST_MEMBERS) return null;
  const low = Math.min(...members.map(({ distance }) => distance));
  const end = Math.max(...members.map(({ distance, bytes }) => distance + bytes));
  const alignment = Math.max(...members.map(({ bytes }) => bytes));
  const isAligned = members.every(({ distance, bytes }) => (distance - low) % bytes === 0);
  if (!isAligned || end - low > WINDOW_BYTES) return null;
  const [{ operation: first }] = members;
  return { base: baseOf(first.operands[0]), first, low, span: end - low, alignment };
}

/** Constant distance of an address from its base. */
export function distanceOf(address: Operation): number {
  if (baseOf(address) === address) return 0;
  const constant = address.operands.find(({ opcode }) => opcode === "i64.const");
  return Number((constant?.attribute as { constant: bigint }).constant);
}
