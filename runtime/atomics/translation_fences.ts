/**
 * What a fence of address translations covers, on its way to another hart: a few slots per target.
 *
 * REQUIREMENT. A target that serves a request (`remote_work.ts`) drops at least what the fence covers. No requester
 * waits for another one to do so.
 *
 * SOLUTION. A requester claims a slot of the target by setting its bit in FENCE_CLAIMS, writes the fence into it, and
 * asks for work with the slot's own bit. The target takes the bits, reads their slots, and then clears the claims.
 * So a slot has one writer at a time, who is done before it is read, and it is read before the next writer comes.
 * A requester that finds all slots claimed asks for everything to be dropped, which covers any fence.
 *
 * LIMITATION. A target that does not serve for long, because it sleeps, collects so many fences and then drops all.
 */

import { RemoteWork, type SharedWord, Vcpu, vcpuWord } from "./shared_layout.ts";

/** Slots that each target has. */
export const FENCE_SLOTS = 7;
/** Pages that a fence covers one by one at most. */
export const MOST_FENCED_PAGES = 64;
/** In place of a space's number: all spaces, and what they share. */
export const ALL_SPACES = -1;

const SLOT_WORDS = 4;
/** Words of a slot. */
const SlotWord = { ADDRESS_LOW: 0, ADDRESS_HIGH: 1, PAGES: 2, SPACE: 3 } as const;
const ALL_CLAIMED = (1 << FENCE_SLOTS) - 1;
const NO_SLOT = -1;
const HIGHEST_BIT = 31;

/** What a fence covers. */
export interface TranslationFence {
  /** Address of the first page, low half. */
  addressLow: number;
  /** Its high half. */
  addressHigh: number;
  /** Number of pages; 0: all addresses. */
  pages: number;
  /** Number of the address space, or {@linkcode ALL_SPACES}. */
  space: number;
}

/** A fence that covers everything. */
export function fenceOfAll(): TranslationFence {
  return { addressLow: 0, addressHigh: 0, pages: 0, space: ALL_SPACES };
}

/** Does a fence cover everything? */
export function coversAll({ pages, space }: Readonly<TranslationFence>): boolean {
  return pages === 0 && space === ALL_SPACES;
}

/** Leaves a fence with a target. @returns the work to ask for: bits of {@linkcode RemoteWork} */
export function leaveFence(
  words: Int32Array,
  target: number,
  fence: Readonly<TranslationFence>,
): number {
  const slot = coversAll(fence) ? NO_SLOT : claimSlot(words, target);
  if (slot === NO_SLOT) return RemoteWork.FLUSH_TRANSLATIONS;
  const at = slotIndex(target, slot);
  // ORDER: before the slot's bit in REMOTE_WORK; partner: the loads in takeFences(), after they took the bit.
  Atomics.store(words, at + SlotWord.ADDRESS_LOW, fence.addressLow);
  Atomics.store(words, at + SlotWord.ADDRESS_HIGH, fence.addressHigh);
  Atomics.store(words, at + SlotWord.PAGES, fence.pages);
  Atomics.store(words, at + SlotWord.SPACE, fence.space);
  return 1 << (RemoteWork.FENCE_SHIFT + slot);
}

/**
 * Takes the fences whose bits were taken. All are freed; they are handed on unless everything is dropped anyway.
 * @param scratch holds a fence for the time of a call of `apply`
 */
export function takeFences(
  words: Int32Array,
  hart: number,
  bits: number,
  scratch: TranslationFence,
  apply: (fence: Readonly<TranslationFence>) => void,
): void {
  const slots = (bits & RemoteWork.FENCES) >>> RemoteWork.FENCE_SHIFT;
  if (slots === 0) return;
  const isCovered = (bits & RemoteWork.FLUSH_TRANSLATIONS) !== 0;
  for (let slot = 0; slot < FENCE_SLOTS && !isCovered; slot++) {
    if ((slots >>> slot & 1) === 0) continue;
    readSlot(words, slotIndex(hart, slot), scratch);
    apply(scratch);
  }
  // ORDER: sc and after the slots were read; partner: the or in claimSlot(), before they are written.
  Atomics.and(words, indexOf(hart, Vcpu.FENCE_CLAIMS), ~slots);
}

function claimSlot(words: Int32Array, target: number): number {
  const claims = indexOf(target, Vcpu.FENCE_CLAIMS);
  for (;;) {
    // ORDER: a guess, which the or confirms.
    const free = ~Atomics.load(words, claims) & ALL_CLAIMED;
    if (free === 0) return NO_SLOT;
    const bit = free & -free;
    // ORDER: sc or before the slot is written; partners: the same or of others, the and in takeFences().
    if ((Atomics.or(words, claims, bit) & bit) === 0) return HIGHEST_BIT - Math.clz32(bit);
  }
}

function readSlot(words: Int32Array, at: number, fence: TranslationFence): void {
  // ORDER: after the slot's bit was taken, before it is freed; partner: the stores in leaveFence().
  fence.addressLow = Atomics.load(words, at + SlotWord.ADDRESS_LOW);
  fence.addressHigh = Atomics.load(words, at + SlotWord.ADDRESS_HIGH);
  fence.pages = Atomics.load(words, at + SlotWord.PAGES);
  fence.space = Atomics.load(words, at + SlotWord.SPACE);
}

function slotIndex(hart: number, slot: number): number {
  return indexOf(hart, Vcpu.FENCES) + slot * SLOT_WORDS;
}

function indexOf(hart: number, word: SharedWord): number {
  return vcpuWord(hart, word) >> 2;
}
