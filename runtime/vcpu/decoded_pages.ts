/**
 * Decoded-instruction records of the pages this vCPU executes from, and their lifetime.
 *
 * A page is opened when the cold tier first fetches from it, or again when its generation has changed; its
 * records are then empty and are decoded one by one as they are reached. What is decoded while the page's
 * guard is incomplete, or while a store to the page is in flight, is provisional and dropped at the next
 * FENCE.I (`runtime/atomics/code_guard.ts` has the argument).
 *
 * What a hart of the same thread has decoded already is copied (`record_copies.ts`).
 */
import type { DecodedRecord, GuestFrontend } from "../../frontend/frontend.ts";
import { armCodePage, openForDecode, PROVISIONAL, serveGuard } from "../atomics/code_guard.ts";
import { PAGE_SHIFT, PAGE_STORES_BEGUN } from "../atomics/shared_layout.ts";
import {
  CONTEXT_MODE_BITS,
  Control,
  DECODED_PAGE_BYTES,
  PAGE_PARCELS,
  PageDirectory,
  PARCEL_SHIFT,
  Record,
} from "../../wasm_backend/abi/vcpu_layout.ts";
import { EXECUTED_WORDS } from "../translation/compile_request.ts";
import type { InstalledRegion, RegionCatalog } from "../translation/region_catalog.ts";
import type { TranslationCache } from "./translation_cache.ts";
import { copyRecords, isDecoded, partOf } from "./record_copies.ts";
import type { VcpuMemory } from "./vcpu_memory.ts";

const MODE_MASK = (1 << CONTEXT_MODE_BITS) - 1;
const LAST_PARCEL = PAGE_PARCELS - 1;
/** Records behind the last parcel that send control back to the page lookup. */
const PAGE_END_RECORDS = [PAGE_PARCELS, PAGE_PARCELS + 1];
const WORD_SHIFT = 5;
const WORD_MASK = 31;
const WORD_BITS = 32;
const PARCEL_BITS = 16;
const LONG_INSTRUCTION_BYTES = 4;
const NO_RECORDS = -1;

/** Finds where an instruction's second half lies: page lookup of the cold tier, 0 when it faults. */
export type FetchTranslation = (address: bigint) => number;

/** What decodes guest instructions into records. */
type RecordDecoder = Pick<
  GuestFrontend,
  "recordFields" | "instructionLength" | "decodeRecord"
>;

/** See the header of this file. */
export class DecodedPages {
  readonly #words: Int32Array;
  readonly #parcels: Uint16Array;
  readonly #hart: number;
  readonly #memory: VcpuMemory;
  readonly #frontend: RecordDecoder;
  readonly #translations: TranslationCache;
  readonly #catalog: RegionCatalog;
  readonly #siblings: readonly DecodedPages[];
  readonly #provisional = new Set<number>();
  readonly #record: DecodedRecord;
  /** Slots that were never opened: their records are zero, and the host has given them no memory yet. */
  readonly #unused = new Uint8Array(1 << PageDirectory.INDEX_BITS).fill(1);
  /** Parts of a page that were reached since it was opened, a bit each. */
  readonly #reached = new Uint8Array(1 << PageDirectory.INDEX_BITS);
  #nextVictim = 0;

  /**
   * Starts with no page.
   * @param siblings those of the harts of the same thread, with this one or without
   */
  constructor(
    { words, hart, memory, frontend, translations, catalog, siblings }: {
      readonly words: Int32Array;
      readonly hart: number;
      readonly memory: VcpuMemory;
      readonly frontend: RecordDecoder;
      readonly translations: TranslationCache;
      readonly catalog: RegionCatalog;
      readonly siblings: readonly DecodedPages[];
    },
  ) {
    this.#words = words;
    this.#parcels = new Uint16Array(words.buffer);
    this.#hart = hart;
    this.#memory = memory;
    this.#frontend = frontend;
    this.#translations = translations;
    this.#catalog = catalog;
    this.#siblings = siblings;
    const fields = new Uint8Array(frontend.recordFields.length);
    this.#record = { handler: 0, length: 0, fields, imm: 0 };
  }

  /** Gives a page one of the directory slots it may have, with empty records. @returns the slot */
  open(home: number, hostPage: number): number {
    if (armCodePage(this.#words, this.#hart, hostPage)) {
      serveGuard(this.#words, this.#hart, () => this.#translations.dropWriteEntries());
    }
    const slot = this.#slotFor(home, hostPage);
    const entry = directoryWord(slot);
    const { words } = this.#memory;
    words[entry + (PageDirectory.PAGE >> 2)] = hostPage + 1;
    words[entry + (PageDirectory.MODE >> 2)] = this.#mode();
    // ORDER: sc load before any byte is read; partner: beginCodeStore() of a storing vCPU.
    words[entry + (PageDirectory.GENERATION >> 2)] = Atomics.load(
      this.#words,
      (PAGE_STORES_BEGUN >> 2) + hostPage,
    );
    words[entry + (PageDirectory.STRADDLES >> 2)] = 0;
    this.#clearRecords(slot);
    this.#reached[slot] = 0;
    this.#provisional.delete(slot);
    this.#countProvisional();
    return slot;
  }

  /** The slot that the page has already, else a free one, else each in turn. */
  #slotFor(home: number, hostPage: number): number {
    const known = this.#slotOf(hostPage, this.#mode());
    if (known >= 0) return known;
    for (let way = 0; way < PageDirectory.WAYS; way++) {
      const entry = directoryWord(home ^ way);
      if (this.#memory.words[entry + (PageDirectory.PAGE >> 2)] === 0) return home ^ way;
    }
    this.#nextVictim = (this.#nextVictim + 1) & (PageDirectory.WAYS - 1);
    return home ^ this.#nextVictim;
  }

  #clearRecords(slot: number): void {
    const start = recordsOf(slot);
    if (this.#unused[slot] === 0) {
      this.#memory.words.fill(0, start >> 2, (start + DECODED_PAGE_BYTES) >> 2);
    }
    this.#unused[slot] = 0;
    for (const index of PAGE_END_RECORDS) {
      this.#memory.halves[(start + (index << Record.SHIFT) + Record.HANDLER) >> 1] =
        Record.PAGE_END;
    }
  }

  #mode(): number {
    return this.#memory.control(Control.CONTEXT) & MODE_MASK;
  }

  /** Decodes the instruction of one record. `secondPage` finds the next page's code when it is needed. */
  decode(record: number, pcLow: number, pcHigh: number, secondPage: FetchTranslation): void {
    const slot = Math.floor((record - Record.BASE) / DECODED_PAGE_BYTES);
    const parcel = (record - recordsOf(slot)) >> Record.SHIFT;
    const entry = directoryWord(slot);
    const hostPage = this.#memory.words[entry + (PageDirectory.PAGE >> 2)] - 1;
    if (this.#isTakenOver(slot, hostPage, parcel)) return;
    const hostOffset = (hostPage << PAGE_SHIFT) + (parcel << PARCEL_SHIFT);
    const bytes = parcel === LAST_PARCEL ? 2 : LONG_INSTRUCTION_BYTES;
    if (openForDecode(this.#words, hostOffset, bytes) === PROVISIONAL) {
      this.#provisional.add(slot);
      this.#countProvisional();
    }
    const first = this.#parcel(hostOffset);
    let second = 0;
    if (this.#frontend.instructionLength(first) === LONG_INSTRUCTION_BYTES) {
      if (parcel === LAST_PARCEL) {
        const next = secondPage(nextParcelAddress(pcLow, pcHigh));
        if (next === 0) return;
        this.#memory.words[entry + (PageDirectory.STRADDLES >> 2)] = 1;
        second = this.#parcel(next);
      } else second = this.#parcel(hostOffset + 2);
    }
    this.#frontend.decodeRecord(first, second, this.#record);
    this.#write(record, this.#catalog.heat(hostPage, parcel << PARCEL_SHIFT, this.#mode()));
  }

  /**
   * When a part of a page is reached for the first time, takes over what harts of the same thread have decoded there.
   * @returns whether the parcel's record was among it
   */
  #isTakenOver(slot: number, hostPage: number, parcel: number): boolean {
    const part = partOf(parcel);
    if ((this.#reached[slot] >> part & 1) !== 0) return false;
    this.#reached[slot] |= 1 << part;
    const { words } = this.#memory;
    const mode = this.#mode();
    const generation = words[directoryWord(slot) + (PageDirectory.GENERATION >> 2)];
    const own = recordsOf(slot) >> 2;
    const heat = (at: number) => this.#catalog.heat(hostPage, at << PARCEL_SHIFT, mode);
    for (const sibling of this.#siblings) {
      if (sibling === this) continue;
      const start = sibling.#recordsToCopy(hostPage, mode, generation);
      if (start !== NO_RECORDS) copyRecords(sibling.#memory.words, start, words, own, part, heat);
    }
    return isDecoded(words, own, parcel);
  }

  /** Word where the records of a page start that stand for a generation, and for good. */
  #recordsToCopy(hostPage: number, mode: number, generation: number): number {
    const slot = this.#slotOf(hostPage, mode);
    if (slot < 0 || this.#provisional.has(slot)) return NO_RECORDS;
    const known = this.#memory.words[directoryWord(slot) + (PageDirectory.GENERATION >> 2)];
    return known === generation ? recordsOf(slot) >> 2 : NO_RECORDS;
  }

  /** Bits of the instruction at an address, for exceptions that report them. */
  encoding(pcLow: number, pcHigh: number, fetch: FetchTranslation): number {
    const address = (BigInt(pcHigh) << 32n) + BigInt(pcLow >>> 0);
    const first = this.#parcel(fetch(address));
    if (this.#frontend.instructionLength(first) !== LONG_INSTRUCTION_BYTES) return first;
    const next = nextParcelAddress(pcLow, pcHigh);
    return first | (this.#parcel(fetch(next)) << PARCEL_BITS);
  }

  #parcel(hostOffset: number): number {
    // ORDER: sc load after the generation was read; partner: the atomic store between begin and end.
    return Atomics.load(this.#parcels, hostOffset >>> PARCEL_SHIFT);
  }

  #write(record: number, heat: number): void {
    const { halves, bytes, words } = this.#memory;
    const { handler, length, fields, imm } = this.#record;
    halves[(record + Record.HANDLER) >> 1] = handler + Record.FIRST_HANDLER;
    bytes[record + Record.LENGTH] = length;
    for (let i = 0; i < fields.length; i++) bytes[record + Record.FIELDS + i] = fields[i];
    words[(record + Record.IMMEDIATE) >> 2] = imm;
    if (heat !== 0) words[(record + Record.HEAT) >> 2] = heat;
  }

  /**
   * Writes which parcels of a page start an instruction that was decoded in the present mode, so executed: one
   * bit each, none when the page is not open.
   */
  copyExecuted(hostPage: number, into: Int32Array, at: number): void {
    into.fill(0, at, at + EXECUTED_WORDS);
    const slot = this.#slotOf(hostPage, this.#mode());
    if (slot < 0) return;
    const start = recordsOf(slot) + Record.HANDLER;
    for (let parcel = 0; parcel < PAGE_PARCELS; parcel++) {
      const handler = this.#memory.halves[(start + (parcel << Record.SHIFT)) >> 1];
      if (handler >= Record.FIRST_HANDLER) {
        into[at + (parcel >> WORD_SHIFT)] |= 1 << (parcel & WORD_MASK);
      }
    }
  }

  #slotOf(hostPage: number, mode: number): number {
    const home = homeSlot(hostPage, mode);
    const { words } = this.#memory;
    for (let way = 0; way < PageDirectory.WAYS; way++) {
      const entry = directoryWord(home ^ way);
      const isOpen = words[entry + (PageDirectory.PAGE >> 2)] === hostPage + 1 &&
        words[entry + (PageDirectory.MODE >> 2)] === mode;
      if (isOpen) return home ^ way;
    }
    return -1;
  }

  /** FENCE.I of this hart: drops what may be older than stores the hart knows of. */
  flushInstructions(): void {
    for (const slot of this.#provisional) {
      this.#memory.words[directoryWord(slot) + (PageDirectory.PAGE >> 2)] = 0;
    }
    this.#provisional.clear();
    this.#countProvisional();
  }

  /** The cold tier calls {@linkcode DecodedPages.flushInstructions} for the guest only when there is something to do. */
  #countProvisional(): void {
    this.#memory.setControl(Control.PROVISIONAL_PAGES, this.#provisional.size);
  }

  /** Lets block heads know at once what the catalog says about the entries of a region. */
  tellEntries({ entries, modeKey }: InstalledRegion): void {
    for (const { hostPage, offset } of entries) {
      this.#tell(hostPage, offset, modeKey, this.#catalog.heat(hostPage, offset, modeKey));
    }
  }

  #tell(hostPage: number, offset: number, modeKey: number, heat: number): void {
    const slot = this.#slotOf(hostPage, modeKey);
    if (slot < 0) return;
    const record = recordsOf(slot) + ((offset >> PARCEL_SHIFT) << Record.SHIFT);
    // Undecoded records too: one that straddles its page's end is decoded again and again, but keeps its heat.
    this.#memory.words[(record + Record.HEAT) >> 2] = heat;
  }
}

/** First directory slot of a page: as the cold tier computes it. */
export function homeSlot(hostPage: number, mode: number): number {
  const mixed = Math.imul(hostPage ^ (mode << PageDirectory.MODE_SHIFT), PageDirectory.FACTOR);
  return mixed >>> (WORD_BITS - PageDirectory.INDEX_BITS);
}

function directoryWord(slot: number): number {
  return (PageDirectory.BASE + (slot << PageDirectory.ENTRY_SHIFT)) >> 2;
}

function recordsOf(slot: number): number {
  return Record.BASE + slot * DECODED_PAGE_BYTES;
}

/** Address of the parcel after the page's last one. BigInt: only instructions across pages come here. */
function nextParcelAddress(pcLow: number, pcHigh: number): bigint {
  return BigInt.asIntN(64, (BigInt(pcHigh) << 32n) + BigInt(pcLow >>> 0) + 2n);
}
