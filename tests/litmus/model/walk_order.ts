/**
 * Which walks of page tables keep program order. A hart may keep entries for as long as it likes, and read them
 * long before it needs them; so a walk may come anywhere before the access that it is for, except behind an
 * `sfence.vma`.
 *
 * Source: RISC-V Privileged ISA, "Supervisor Memory-Management Fence Instruction": earlier stores that are
 * visible to the hart come before later walks. Those are its own ones, and those that a load has seen; a load
 * counts only when a fence or its acquire bit makes it come before the `sfence.vma`. "Virtual Address Translation
 * Process": an update of an entry comes before the access that it is for. Faults are precise: no later store
 * comes before a walk.
 */
import { Order } from "../../../ir/memory_order.ts";
import type { Event } from "./execution.ts";
import type { Pair, Rule } from "./preserved_order.ts";
import type { Fence, TranslationSet } from "./trace.ts";
import { ADDRESS_SPACE, EntryBit, entryFlags } from "../syntax/page_entry.ts";

const FROM_LOAD = Order.READ_READ | Order.READ_WRITE;

/** Is the operation a walk? */
export function isWalk({ operation: { source } }: Event): boolean {
  return source === "walk";
}

/** Is the walk one that the fence is about? */
function concerns({ entry, space }: TranslationSet, { operation }: Event): boolean {
  if (entry !== null && entry !== operation.address) return false;
  if (space === null) return true;
  const isGlobal = (entryFlags(operation.read ?? 0n) & EntryBit.GLOBAL) !== 0;
  return !isGlobal && space === BigInt(ADDRESS_SPACE);
}

/** Is what the operation did sure to be visible when the fence is reached? */
function isVisibleAt(
  fence: Fence,
  { operation, position }: Event,
  fences: readonly Fence[],
): boolean {
  if (operation.written !== null || operation.annotation.acquire) return true;
  return fences.slice(0, fences.indexOf(fence)).some((other) =>
    other.position > position && (other.order & FROM_LOAD) !== 0
  );
}

function isFencedWalk({ execution, a, b }: Pair): boolean {
  const { fences } = execution.traces[a.thread];
  return isWalk(b) && (!isWalk(a) || a.operation.written !== null) &&
    fences.some((fence) =>
      fence.translations !== undefined && concerns(fence.translations, b) &&
      fence.position > a.position && fence.position <= b.position &&
      isVisibleAt(fence, a, fences)
    );
}

/** Rules for pairs of operations of which one is a walk. */
export const WALK_RULES: readonly Rule[] = [
  ["sfence.vma", isFencedWalk],
  ["walk", ({ a, b }) => isWalk(a) && (b.operation.addressFrom >> a.position & 1) === 1],
  ["walk before store", ({ a, b }) => isWalk(a) && !isWalk(b) && b.operation.written !== null],
];
