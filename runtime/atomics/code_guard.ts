/**
 * Guarded code pages: who may still write a page unseen, and which decoded bytes are stale.
 *
 * REQUIREMENT. A hart that executed FENCE.I never executes bytes older than a store that was visible to it
 * at that moment (`"Zifencei" Extension for Instruction-Fetch Fence`). Without FENCE.I stale execution is
 * legal. A boot guards 1,500 pages and executes 43,000 FENCE.I: no hart may wait for another one, plain
 * stores to other pages must pay nothing, and data beside code must not thrash the code.
 *
 * SOLUTION, in five parts. `model/code_guard_model.ts` explores the first four, `model/code_release_model.ts` the
 * fifth with all others; their mutations remove one order each.
 *
 * 1. *Guard.* The arming hart sets CODE, then draws a ticket from GUARD_REQUEST, then enters the ticket in
 *    the attribute word, then posts FLUSH to those that are not IDLE. A TLB fill reads the attribute word and never makes a fast write
 *    entry when any attribute is set; in its trampoline a hart reads GUARD_REQUEST, drops all own write
 *    entries, acknowledges that value. So an acknowledgement of the ticket implies that every later fill
 *    sees CODE. (A ticket drawn before CODE is set fails: a hart can acknowledge the ticket and then still
 *    fill a fast entry.) The guard is complete when each vCPU, the arming one too, acknowledged or was seen
 *    IDLE after the request. One hart wins the or of CODE and draws the ticket; while it has not entered it
 *    (0), the others take the guard for incomplete.
 * 2. *Generations.* A store to a code line does begun += 1, stores the bytes atomically, done += 1. Records
 *    and regions carry the `begun` they were built from. No locks, no kill lists. (With plain bytes, the
 *    store overtakes `begun` on a weakly ordered host.)
 * 3. *Lines.* A store to a line that was not code does done -= 1, reads the line bits *again*, stores
 *    atomically, done += 1; if the bit appeared, begun += 1 comes first. A decoder sets the line bits, then
 *    reads done and begun, then whether the guard is complete, then the bytes. Either the decoder sees
 *    done != begun, or the store sees the bit. (Testing the bit without touching `done` fails: bit and bytes
 *    can be read between that test and the store. Counting every store beside code in `begun` would be right
 *    too, but throws away the page's code at each of them.)
 * 4. *Provisional code.* If the guard is incomplete or done != begun, what is built from the bytes is
 *    provisional: the next FENCE.I of its hart drops it, and the compiler does not compile it. Code that is
 *    not provisional is dropped when FENCE.I (or the test at region entry) finds another `begun`. No second
 *    look at the bytes is needed when the last acknowledgement arrives.
 * 5. *Release.* A page of code that is long over, and is stored to again and again, becomes an ordinary page:
 *    inside an exclusive section CODE and the ticket go first, then begun and done are raised, as by a store to
 *    its code. Only the compiler runs meanwhile: if it still finds CODE it has read an older begun, so what it
 *    builds is out of date; if it finds the page armed anew, all that a first arming promises holds. (CODE cleared
 *    last fails: the new begun with the old guard passes for guarded. So does reading the guard before begun,
 *    which only the release makes an error. A ticket that stays counts as complete while the next arming draws
 *    its own. Without the section a fast store comes between CODE and begun, or the release into the middle of an
 *    arming, which then enters its ticket in a page without CODE.) The line bits stay, because the compiler may
 *    have set some for the page's next life: too many cost time alone. Dropping all write entries afterwards
 *    is for speed alone too: a guarded store looks for CODE again, and may do without.
 *
 * The models find these orders superfluous: done before begun in the decoder, begun before done where the bit
 * appeared (a decoder misled by either meets a newer `begun` at its next test), and dropping the own write
 * entries when arming (the own acknowledgement does it); in the release, CODE before begun, as long as it goes
 * before the second of both counts, and begun before done. They are kept or allowed as what reads simplest.
 *
 * Tickets wrap: the attribute word keeps 24 bits. They are extended with the newest request to the
 * *youngest* ticket with these bits, which is the drawn one or a later one; acknowledging a later ticket
 * acknowledges the earlier too, so a wrapped ticket can only seem incomplete for one more grace period.
 *
 * LIMITATION. A record that is not tested during exactly 2^32 code stores to its page would pass for current.
 * Writers outside the vCPUs (loaders, devices, debuggers) make the same guarded stores; those that store while
 * vCPUs run are agents (`agents.ts`), whose acknowledgement counts as a vCPU's.
 */

import { nextAgent, NO_AGENT } from "./agents.ts";
import { isIdle, postUnlessIdle } from "./agent_state.ts";
import {
  CODE_LINE_SHIFT,
  Machine,
  PAGE_ATTRIBUTES,
  PAGE_BYTES,
  PAGE_CODE_LINES,
  PAGE_SHIFT,
  PAGE_STORES_BEGUN,
  PAGE_STORES_DONE,
  PageAttribute,
  Pending,
  Vcpu,
  vcpuWord,
} from "./shared_layout.ts";

const GUARD_REQUEST = Machine.GUARD_REQUEST.offset >> 2;
const GUARD_COMPLETED = Machine.GUARD_COMPLETED.offset >> 2;
const HART_COUNT = Machine.HART_COUNT.offset >> 2;
const ATTRIBUTES = PAGE_ATTRIBUTES >> 2;
const BEGUN = PAGE_STORES_BEGUN >> 2;
const DONE = PAGE_STORES_DONE >> 2;
const LINES = PAGE_CODE_LINES >> 2;
/** i32 words of the line bitmap per page, and lines per such word. */
const LINE_WORDS = 2;
const LINES_PER_WORD = 32;
/** Tickets as the attribute word keeps them. */
const TICKET_MASK = 0xff_ffff;
const LAST_BYTE_OF_PAGE = PAGE_BYTES - 1;

/** Not a generation: what is built from the bytes now is provisional. */
export const PROVISIONAL = -1;

/**
 * Asks every vCPU to drop its write TLB entries. The caller has set the page attribute before, sequentially
 * consistent, and serves too.
 * @returns the ticket for {@linkcode isGuardComplete}.
 */
export function requestGuard(words: Int32Array, hart: number): number {
  // ORDER: sc add after the attribute; partner: the GUARD_REQUEST load in serveGuard(), before its fills.
  let ticket = (Atomics.add(words, GUARD_REQUEST, 1) + 1) | 0;
  while ((ticket & TICKET_MASK) === 0) {
    // ORDER: as above; the attribute word needs 0 for "being drawn".
    ticket = (Atomics.add(words, GUARD_REQUEST, 1) + 1) | 0;
  }
  // ORDER: constant after start.
  const harts = Atomics.load(words, HART_COUNT);
  for (let other = 0; other < harts; other++) {
    if (other !== hart) postUnlessIdle(words, other, Pending.FLUSH);
  }
  return ticket;
}

/**
 * Makes a page a code page if it is none, without waiting for anybody. The caller is in its trampoline; its
 * own write entries go when it serves next, before which the guard is not complete.
 * @returns whether this call armed it; false: it was a code page already, perhaps not yet complete.
 */
export function armCodePage(words: Int32Array, hart: number, pageIndex: number): boolean {
  if (isCodePage(words, pageIndex)) return false;
  // ORDER: sc or before the request; partner: the attribute load of every TLB fill.
  const before = Atomics.or(words, ATTRIBUTES + pageIndex, PageAttribute.CODE);
  if ((before & PageAttribute.CODE) !== 0) return false;
  const ticket = requestGuard(words, hart) & TICKET_MASK;
  // ORDER: sc or after the request; partner: isPageGuarded(). Only the arming hart writes these bits.
  Atomics.or(words, ATTRIBUTES + pageIndex, ticket << PageAttribute.TICKET_SHIFT);
  return true;
}

/** Whether instructions were decoded from the page: its stores are or will be guarded. */
export function isCodePage(words: Int32Array, pageIndex: number): boolean {
  // ORDER: sc load; partner: the or in armCodePage().
  return (Atomics.load(words, ATTRIBUTES + pageIndex) & PageAttribute.CODE) !== 0;
}

/**
 * Makes a code page an ordinary page: what was built from it is out of date. Only in an exclusive section; the
 * caller makes all vCPUs drop their write entries afterwards, so that stores to it are fast again.
 */
export function releaseCodePage(words: Int32Array, pageIndex: number): void {
  const kept = (1 << PageAttribute.TICKET_SHIFT) - 1 & ~PageAttribute.CODE;
  // ORDER: sc and before done is raised; partner: isPageGuarded() of the compiler, after readStableGeneration().
  Atomics.and(words, ATTRIBUTES + pageIndex, kept);
  // ORDER: sc add; partner: the generation test of decoders and regions.
  Atomics.add(words, BEGUN + pageIndex, 1);
  // ORDER: sc add behind begun, so that the page never seems stable in between; partner: readStableGeneration().
  Atomics.add(words, DONE + pageIndex, 1);
}

/** Serves guard requests: only in the own trampoline, with no region frame alive. */
export function serveGuard(
  words: Int32Array,
  hart: number,
  dropWriteEntries: () => void,
): void {
  const acknowledged = vcpuWord(hart, Vcpu.GUARD_ACK) >> 2;
  // ORDER: sc load, after RUNNING when coming from IDLE; partner: the add in requestGuard().
  const request = Atomics.load(words, GUARD_REQUEST);
  // ORDER: own word, written by this vCPU alone.
  if (request === Atomics.load(words, acknowledged)) return;
  dropWriteEntries();
  // ORDER: sc store after the last fast store; partner: newestCompleteTicket().
  Atomics.store(words, acknowledged, request);
}

/** Whether every vCPU has dropped the write entries it had when `ticket` was drawn. */
export function isGuardComplete(words: Int32Array, ticket: number): boolean {
  // ORDER: sc load; partner: publishCompleted(). Only a cache: an old value costs one scan.
  if (((Atomics.load(words, GUARD_COMPLETED) - ticket) | 0) >= 0) return true;
  const newest = newestCompleteTicket(words);
  publishCompleted(words, newest);
  return ((newest - ticket) | 0) >= 0;
}

/** Whether all stores to a code page are guarded: code built from its bytes need not be provisional. */
export function isPageGuarded(words: Int32Array, pageIndex: number): boolean {
  // ORDER: sc load before the bytes are read; partner: both ors in armCodePage().
  const attribute = Atomics.load(words, ATTRIBUTES + pageIndex);
  const ticket = attribute >>> PageAttribute.TICKET_SHIFT;
  if ((attribute & PageAttribute.CODE) === 0 || ticket === 0) return false;
  return isGuardComplete(words, extendTicket(words, ticket));
}

/** The youngest drawn ticket with these 24 bits: never older than the one that was entered. */
function extendTicket(words: Int32Array, ticket: number): number {
  // ORDER: sc load after the attribute load, so not older than the ticket; partner: requestGuard().
  const newest = Atomics.load(words, GUARD_REQUEST);
  return (newest - ((newest - ticket) & TICKET_MASK)) | 0;
}

function newestCompleteTicket(words: Int32Array): number {
  // ORDER: sc load before every STATE: an IDLE seen below is later than all requests up to this one.
  let complete = Atomics.load(words, GUARD_REQUEST);
  let agent = nextAgent(words, NO_AGENT);
  for (; agent !== NO_AGENT; agent = nextAgent(words, agent)) {
    if (isIdle(words, agent)) continue;
    // ORDER: sc load; partner: the acknowledgement in serveGuard().
    const acknowledged = Atomics.load(words, vcpuWord(agent, Vcpu.GUARD_ACK) >> 2);
    if (((acknowledged - complete) | 0) < 0) complete = acknowledged;
  }
  return complete;
}

function publishCompleted(words: Int32Array, complete: number): void {
  for (;;) {
    // ORDER: sc load; partner: the cmpxchg below of other vCPUs.
    const known = Atomics.load(words, GUARD_COMPLETED);
    if (((known - complete) | 0) >= 0) return;
    // ORDER: sc cmpxchg after the scan: whoever reads it has everything the scan saw before it.
    if (Atomics.compareExchange(words, GUARD_COMPLETED, known, complete) === known) return;
  }
}

/** Begins a store to a code line: the generation changes before the bytes do. */
export function beginCodeStore(words: Int32Array, pageIndex: number): void {
  // ORDER: sc add before the atomic store of the bytes; partner: the generation test of decoders and regions.
  Atomics.add(words, BEGUN + pageIndex, 1);
}

/** Ends a store begun with {@linkcode beginCodeStore} or {@linkcode beginGuardedStore}. */
export function endCodeStore(words: Int32Array, pageIndex: number): void {
  // ORDER: sc add after the bytes; partner: readStableGeneration().
  Atomics.add(words, DONE + pageIndex, 1);
}

/**
 * Begins a store of `bytes` bytes, within one page, to a code page; {@linkcode endCodeStore} ends it. The
 * bytes are stored atomically. Between both calls nothing may wait or leave.
 */
export function beginGuardedStore(words: Int32Array, hostOffset: number, bytes: number): void {
  const pageIndex = hostOffset >>> PAGE_SHIFT;
  if (touchesCodeLine(words, hostOffset, bytes)) {
    beginCodeStore(words, pageIndex);
    return;
  }
  // ORDER: sc sub before the second test of the lines; partner: readStableGeneration() after markCodeLines().
  Atomics.sub(words, DONE + pageIndex, 1);
  if (!touchesCodeLine(words, hostOffset, bytes)) return;
  beginCodeStore(words, pageIndex);
  // ORDER: sc add after begun, so that the page never seems stable in between; undoes the sub.
  Atomics.add(words, DONE + pageIndex, 1);
}

/** Whether a byte range within one page touches a line that was decoded as code. */
export function touchesCodeLine(words: Int32Array, hostOffset: number, bytes: number): boolean {
  const first = lineOf(hostOffset);
  const last = lineOf(hostOffset + bytes - 1);
  for (let part = 0; part < LINE_WORDS; part++) {
    const mask = lineMask(first, last, part);
    if (mask === 0) continue;
    // ORDER: sc load after the sub of PAGE_STORES_DONE; partner: the or in markCodeLines().
    if ((Atomics.load(words, lineWord(hostOffset, part)) & mask) !== 0) return true;
  }
  return false;
}

/** Marks the lines of a byte range within one page as code. */
export function markCodeLines(words: Int32Array, hostOffset: number, bytes: number): void {
  const first = lineOf(hostOffset);
  const last = lineOf(hostOffset + bytes - 1);
  for (let part = 0; part < LINE_WORDS; part++) {
    const mask = lineMask(first, last, part);
    if (mask === 0) continue;
    // ORDER: sc load; bits are never cleared, so a set bit needs no or.
    if ((Atomics.load(words, lineWord(hostOffset, part)) & mask) === mask) continue;
    // ORDER: sc or before the generation is read; partner: the second line test in beginGuardedStore().
    Atomics.or(words, lineWord(hostOffset, part), mask);
  }
}

/**
 * The generation of a page with no store in flight, or {@linkcode PROVISIONAL}. `done` is read first: equal
 * to a later `begun`, nothing was in flight at the first read and no code store began up to the second.
 */
export function readStableGeneration(words: Int32Array, pageIndex: number): number {
  // ORDER: sc load after the line bits and before begun; partner: endCodeStore() and the sub beside code.
  const done = Atomics.load(words, DONE + pageIndex);
  // ORDER: sc load before the bytes are read; partner: beginCodeStore().
  const begun = Atomics.load(words, BEGUN + pageIndex);
  return done === begun ? begun : PROVISIONAL;
}

/** Whether code built from `generation` of the page still stands. Never true for {@linkcode PROVISIONAL}. */
export function isGenerationCurrent(
  words: Int32Array,
  pageIndex: number,
  generation: number,
): boolean {
  // ORDER: sc load after FENCE.I or at region entry; partner: beginCodeStore() before the bytes.
  return generation !== PROVISIONAL && Atomics.load(words, BEGUN + pageIndex) === generation;
}

/**
 * What a decoder or the compiler calls *before* it reads the bytes of a range within one code page.
 * @returns the generation that the code built from them carries, or {@linkcode PROVISIONAL}.
 */
export function openForDecode(words: Int32Array, hostOffset: number, bytes: number): number {
  const pageIndex = hostOffset >>> PAGE_SHIFT;
  markCodeLines(words, hostOffset, bytes);
  // Before the guard is looked at: a page that is released in between has the guard of its old generation.
  const generation = readStableGeneration(words, pageIndex);
  return isPageGuarded(words, pageIndex) ? generation : PROVISIONAL;
}

function lineOf(hostOffset: number): number {
  return (hostOffset & LAST_BYTE_OF_PAGE) >>> CODE_LINE_SHIFT;
}

function lineWord(hostOffset: number, part: number): number {
  return LINES + (hostOffset >>> PAGE_SHIFT) * LINE_WORDS + part;
}

/** Bits of the lines `first..last` that lie in word `part` of the bitmap. */
function lineMask(first: number, last: number, part: number): number {
  const from = Math.max(first - part * LINES_PER_WORD, 0);
  const to = Math.min(last - part * LINES_PER_WORD, LINES_PER_WORD - 1);
  if (from > to) return 0;
  return (-1 << from) & (-1 >>> (LINES_PER_WORD - 1 - to));
}
