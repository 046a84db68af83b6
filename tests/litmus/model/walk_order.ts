/**
 * Which walks of page tables keep program order. A hart may keep entries for as long as it likes, and read them
 * long before it needs them; so a walk may come anywhere before the access that it is for, except behind an
 * invalidation.
 *
 * Source: RISC-V Privileged ISA, "Supervisor Memory-Management Fence Instruction": earlier stores that are
 * visible to the hart come before later walks. Those are its own ones, and those that a load has seen; a load
 * counts only when a fence or its acquire bit makes it come before the `sfence.vma`. "Svinval" Extension for
 * Fine-Grained Address-Translation Cache Invalidation: the same of a `sinval.vma` between its two fences, in
 * this order, with others between them or not. "Virtual Address Translation Process": an update of an entry
 * comes before the access that it is for. Faults are precise: no later store comes before a walk.
 */
import { Order } from "../../../ir/memory_order.ts";
import type { Event } from "./execution.ts";
import type { Pair, Rule } from "./preserved_order.ts";
import type { Fence, Invalidation, TranslationSet } from "./trace.ts";
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

/** Does an invalidation of the walk come between both, fenced on either side? */
function isFencedWalk({ execution, a, b }: Pair): boolean {
  const { fences } = execution.traces[a.thread];
  if (!isWalk(b) || (isWalk(a) && a.operation.written === null)) return false;
  return fences.some((fence, at) => {
    const { invalidation } = fence;
    if (invalidation === undefined || !("translations" in invalidation)) return false;
    if (!concerns(invalidation.translations, b)) return false;
    const isWhole = invalidation.kind === "sfence.vma";
    const begins = isWhole ? [fence] : ofKind(fences.slice(0, at), "sfence.w.inval");
    const ends = isWhole ? [fence] : ofKind(fences.slice(at), "sfence.inval.ir");
    return ends.some(({ position }) => position <= b.position) &&
      begins.some((begin) => begin.position > a.position && isVisibleAt(begin, a, fences));
  });
}

function ofKind(fences: readonly Fence[], kind: Invalidation["kind"]): Fence[] {
  return fences.filter(({ invalidation }) => invalidation?.kind === kind);
}

/** Rules for pairs of operations of which one is a walk. */
export const WALK_RULES: readonly Rule[] = [
  ["sfence.vma", isFencedWalk],
  ["walk", ({ a, b }) => isWalk(a) && (b.operation.addressFrom >> a.position & 1) === 1],
  ["walk before store", ({ a, b }) => isWalk(a) && !isWalk(b) && b.operation.written !== null],
];
