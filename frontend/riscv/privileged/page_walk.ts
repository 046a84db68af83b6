/**
 * The page walk: from a virtual address to a physical page with its permissions.
 *
 * Page tables are shared with other harts, so that entries are read atomically and their accessed and dirty
 * bits are set by compare and swap; when an entry changed in between it is read and judged again. The dirty
 * bit is set only once every other check of a store has passed. A page without it is never reported as
 * writable: its first store walks again.
 *
 * Source: RISC-V Privileged ISA, "Virtual Address Translation Process", "Addressing and Memory Protection".
 */
import { type Builder, buildFunction } from "../../../ir/builder.ts";
import type { Block, Region, Value, Variable } from "../../../ir/region.ts";
import { AccessKind, WalkResult } from "../../frontend.ts";
import { slot } from "../registers.ts";
import { anySet, maskIf, noneSet } from "./bit_fields.ts";
import { Cause } from "./causes.ts";
import { MENVCFG_ADUE, MENVCFG_PBMTE } from "./environment_bits.ts";
import { Feature, hasFeature } from "./features.ts";
import { IS_BARE, PMP_PERMISSIONS, WALK } from "./signatures.ts";
import { LEVEL_BIAS, MmuIndex, Satp, TranslationMode } from "./translation_mode.ts";

/** Fields of a page table entry. */
const Entry = {
  VALID: 1n << 0n,
  READ: 1n << 1n,
  WRITE: 1n << 2n,
  EXECUTE: 1n << 3n,
  USER: 1n << 4n,
  GLOBAL: 1n << 5n,
  ACCESSED: 1n << 6n,
  DIRTY: 1n << 7n,
  PPN_SHIFT: 10n,
  PPN_ONES: (1n << 44n) - 1n,
  RESERVED: 0x7fn << 54n,
  /** Memory type; where all its bits are set it is reserved. */
  TYPE: 3n << 61n,
  /** One of 16 contiguous pages. */
  CONTIGUOUS: 1n << 63n,
} as const;

/** What only a leaf may have set. */
const LEAF_ONLY = Entry.USER | Entry.ACCESSED | Entry.DIRTY | Entry.TYPE | Entry.CONTIGUOUS;

const Page = { SHIFT: 12n, OFFSET: 0xfffn, ADDRESS_BITS: 64, PHYSICAL_BITS: 56n } as const;
/** Each level of the tree translates 9 bits, in a table of 8-byte entries. */
const Table = { LEVEL_BITS: 9, INDEX_ONES: 0x1ffn, ENTRY_SHIFT: 3n, ENTRY_BITS: 64 } as const;
/**
 * A contiguous page is one of 16 whose entries are alike. The low bits of the page number say how many there
 * are, in the one way that is not reserved, and then come from the address.
 */
const Contiguous = { NUMBER_ONES: 15n << 10n, NUMBER: 8n << 10n, PAGES: 15n << 12n } as const;
const PAGE_SHIFT_32 = Number(Page.SHIFT);

const PAGE_FAULTS = {
  load: Cause.LOAD_PAGE_FAULT,
  store: Cause.STORE_PAGE_FAULT,
  fetch: Cause.INSTRUCTION_PAGE_FAULT,
} as const;
const ACCESS_FAULTS = {
  load: Cause.LOAD_ACCESS_FAULT,
  store: Cause.STORE_ACCESS_FAULT,
  fetch: Cause.INSTRUCTION_ACCESS_FAULT,
} as const;

/** One walk being built. */
class WalkBuilder {
  readonly b: Builder;
  readonly address: Value;
  readonly access: Value;
  readonly mmu: Value;
  readonly #pageFault: Block;
  readonly #accessFault: Block;
  readonly #level: Variable;
  readonly #table: Variable;
  readonly #entry: Variable;
  /** Has GLOBAL when an entry on the way had it: all below is mapped alike in every address space. */
  readonly #global: Variable;

  constructor(b: Builder) {
    this.b = b;
    this.address = b.parameter(0);
    this.access = b.parameter(1);
    this.mmu = b.parameter(2);
    this.#pageFault = b.region.addBlock();
    this.#accessFault = b.region.addBlock();
    this.#level = b.variable("level", "i32");
    this.#table = b.variable("table", "i64");
    this.#entry = b.variable("entry", "i64");
    this.#global = b.variable("global", "i64");
  }

  build(): void {
    const { b } = this;
    b.when(b.call(IS_BARE, this.mmu), () => this.#identity());
    this.#start();
    this.#walk();
    b.setBlock(this.#pageFault);
    this.#returnFault(PAGE_FAULTS);
    b.setBlock(this.#accessFault);
    this.#returnFault(ACCESS_FAULTS);
  }

  /** Goes to `fault` when the condition holds, else on in a new block. */
  #faultIf(condition: Value, fault: Block): void {
    const next = this.b.region.addBlock();
    this.b.branch(condition, fault, next);
    this.b.setBlock(next);
  }

  #returnFault(causes: { load: number; store: number; fetch: number }): void {
    const { b } = this;
    const result = (cause: number): Value => b.i64(-1 - cause);
    const isStore = b.eq(this.access, b.i32(AccessKind.STORE));
    const isFetch = b.eq(this.access, b.i32(AccessKind.FETCH));
    const data = b.select(isStore, result(causes.store), result(causes.load));
    b.return(b.select(isFetch, result(causes.fetch), data));
  }

  /** Is this access among the permissions (an i32 whose bit numbers are the access kinds)? */
  #isAllowed(permissions: Value): Value {
    return this.b.and(this.b.shrU(permissions, this.access), this.b.i32(1));
  }

  /** The address is physical. */
  #identity(): void {
    const { b } = this;
    const beyond = b.shrU(this.address, b.i64(Page.PHYSICAL_BITS));
    this.#faultIf(b.ne(beyond, b.i64(0)), this.#accessFault);
    const isMachine = b.eq(this.mmu, b.i32(MmuIndex.MACHINE));
    const permissions = b.call(PMP_PERMISSIONS, this.address, isMachine);
    this.#faultIf(b.not(this.#isAllowed(permissions)), this.#accessFault);
    const shared = b.or(permissions, b.i32(WalkResult.SHARED));
    b.return(b.or(b.and(this.address, b.i64(~Page.OFFSET)), b.zeroExtend(shared)));
  }

  /** Checks the address and sets the root table and its level. */
  #start(): void {
    const { b } = this;
    const satp = b.getState(slot("satp"));
    const mode = b.wrap(b.shrU(satp, b.i64(Satp.MODE_SHIFT)));
    this.#faultIf(b.ltU(mode, b.i32(TranslationMode.SV39)), this.#pageFault);
    const levels = b.sub(mode, b.i32(LEVEL_BIAS));
    const bits = b.add(b.mul(levels, b.i32(Table.LEVEL_BITS)), b.i32(PAGE_SHIFT_32));
    const unused = b.zeroExtend(b.sub(b.i32(Page.ADDRESS_BITS), bits));
    const canonical = b.shrS(b.shl(this.address, unused), unused);
    this.#faultIf(b.ne(canonical, this.address), this.#pageFault);
    b.setVariable(this.#level, b.sub(levels, b.i32(1)));
    b.setVariable(this.#global, b.i64(0));
    b.setVariable(this.#table, b.shl(b.and(satp, b.i64(Satp.PPN)), b.i64(Page.SHIFT)));
  }

  /** One level of the tree per turn; a lost update of an entry takes another turn at the same level. */
  #walk(): void {
    const { b } = this;
    const turn = b.region.addBlock();
    const descent = b.region.addBlock();
    const leaf = b.region.addBlock();
    b.jump(turn);
    b.setBlock(turn);
    const level = b.getVariable(this.#level);
    const pteAddress = this.#entryAddress(level);
    const pte = this.#readEntry(pteAddress);
    const isPointer = noneSet(b, pte, Entry.READ | Entry.WRITE | Entry.EXECUTE);
    b.branch(isPointer, descent, leaf);
    b.setBlock(descent);
    this.#descend(pte, level, turn);
    b.setBlock(leaf);
    this.#leaf(pteAddress, pte, level, turn);
  }

  /** Bits of the address below those that the level translates. */
  #shiftOf(level: Value): Value {
    const { b } = this;
    return b.zeroExtend(b.add(b.mul(level, b.i32(Table.LEVEL_BITS)), b.i32(PAGE_SHIFT_32)));
  }

  #entryAddress(level: Value): Value {
    const { b } = this;
    const index = b.and(b.shrU(this.address, this.#shiftOf(level)), b.i64(Table.INDEX_ONES));
    return b.add(b.getVariable(this.#table), b.shl(index, b.i64(Table.ENTRY_SHIFT)));
  }

  /** Goes to the access fault unless the walk itself may access the entry in this way. */
  #requireEntryAccess(pteAddress: Value, kind: number): void {
    const { b } = this;
    const permissions = b.call(PMP_PERMISSIONS, pteAddress, b.i32(0));
    this.#faultIf(b.eqz(b.and(permissions, b.i32(1 << kind))), this.#accessFault);
  }

  #readEntry(pteAddress: Value): Value {
    const { b } = this;
    this.#faultIf(b.not(b.op("phys.in_ram", pteAddress)), this.#accessFault);
    this.#requireEntryAccess(pteAddress, AccessKind.LOAD);
    const pte = b.physicalLoad(pteAddress, Table.ENTRY_BITS);
    const reserved = b.or(b.i64(Entry.RESERVED), this.#reservedByAbsence());
    const isInvalid = b.or(noneSet(b, pte, Entry.VALID), b.ne(b.and(pte, reserved), b.i64(0)));
    this.#faultIf(isInvalid, this.#pageFault);
    return pte;
  }

  /** Fields of extensions that the hart lacks, or that are off. */
  #reservedByAbsence(): Value {
    const { b } = this;
    const hasContiguous = hasFeature(b, Feature.SVNAPOT);
    const hasTypes = anySet(b, b.getState(slot("menvcfg")), MENVCFG_PBMTE);
    return b.or(
      b.select(hasContiguous, b.i64(0), b.i64(Entry.CONTIGUOUS)),
      b.select(hasTypes, b.i64(0), b.i64(Entry.TYPE)),
    );
  }

  #pageOf(pte: Value): Value {
    const { b } = this;
    const number = b.and(b.shrU(pte, b.i64(Entry.PPN_SHIFT)), b.i64(Entry.PPN_ONES));
    return b.shl(number, b.i64(Page.SHIFT));
  }

  #descend(pte: Value, level: Value, turn: Block): void {
    const { b } = this;
    const leafOnly = anySet(b, pte, LEAF_ONLY);
    this.#faultIf(b.or(leafOnly, b.eqz(level)), this.#pageFault);
    b.setVariable(this.#table, this.#pageOf(pte));
    b.setVariable(this.#global, b.or(b.getVariable(this.#global), pte));
    b.setVariable(this.#level, b.sub(level, b.i32(1)));
    b.jump(turn);
  }

  #isMmu(...indices: number[]): Value {
    const { b } = this;
    const tests = indices.map((index) => b.eq(this.mmu, b.i32(index)));
    return tests.reduce((any, test) => b.or(any, test));
  }

  /** What the leaf lets this mode do, as {@linkcode WalkResult} bits; the dirty bit is not looked at. */
  #permissions(pte: Value): Value {
    const { b } = this;
    const isUserMode = this.#isMmu(MmuIndex.USER, MmuIndex.USER_EXECUTABLE);
    const seesUser = this.#isMmu(
      MmuIndex.SUPERVISOR_USER,
      MmuIndex.SUPERVISOR_USER_EXECUTABLE,
    );
    const seesExecutable = this.#isMmu(
      MmuIndex.USER_EXECUTABLE,
      MmuIndex.SUPERVISOR_EXECUTABLE,
      MmuIndex.SUPERVISOR_USER_EXECUTABLE,
    );
    const isUserPage = anySet(b, pte, Entry.USER);
    const isOwn = b.eq(isUserMode, isUserPage);
    const isReadable = b.or(
      anySet(b, pte, Entry.READ),
      b.and(seesExecutable, anySet(b, pte, Entry.EXECUTE)),
    );
    const mayData = b.or(isOwn, b.and(isUserPage, seesUser));
    const read = b.and(isReadable, mayData);
    const write = b.and(anySet(b, pte, Entry.WRITE), mayData);
    const execute = b.and(anySet(b, pte, Entry.EXECUTE), isOwn);
    const bit = (flag: Value, mask: number): Value => b.mul(flag, b.i32(mask));
    return b.or(
      bit(read, WalkResult.READ),
      b.or(bit(write, WalkResult.WRITE), bit(execute, WalkResult.EXECUTE)),
    );
  }

  /** The page of a leaf: above 4 KiB the low bits of the number come from the address and must be clear. */
  #leafPage(pte: Value, level: Value): Value {
    const { b } = this;
    const offsetMask = b.sub(b.shl(b.i64(1), this.#shiftOf(level)), b.i64(1));
    const base = this.#pageOf(pte);
    this.#faultIf(b.ne(b.and(base, offsetMask), b.i64(0)), this.#pageFault);
    const inside = b.and(b.and(this.address, offsetMask), b.i64(~Page.OFFSET));
    return this.#contiguousPage(pte, b.or(base, inside));
  }

  /** The page itself, or of a contiguous leaf the one among its 16 that the address names. */
  #contiguousPage(pte: Value, page: Value): Value {
    const { b } = this;
    const among = b.or(
      b.and(page, b.i64(~Contiguous.PAGES)),
      b.and(this.address, b.i64(Contiguous.PAGES)),
    );
    return b.select(anySet(b, pte, Entry.CONTIGUOUS), among, page);
  }

  /** Only 4 KiB leaves can be contiguous, in groups of 16; the last memory type is none. */
  #hasReservedEncoding(pte: Value, level: Value): Value {
    const { b } = this;
    const isOther = b.ne(b.and(pte, b.i64(Contiguous.NUMBER_ONES)), b.i64(Contiguous.NUMBER));
    const isLarge = b.ne(level, b.i32(0));
    const isMisused = b.and(anySet(b, pte, Entry.CONTIGUOUS), b.or(isOther, isLarge));
    return b.or(isMisused, b.eq(b.and(pte, b.i64(Entry.TYPE)), b.i64(Entry.TYPE)));
  }

  #leaf(pteAddress: Value, pte: Value, level: Value, turn: Block): void {
    const { b } = this;
    const isWriteOnly = b.and(noneSet(b, pte, Entry.READ), anySet(b, pte, Entry.WRITE));
    this.#faultIf(b.or(isWriteOnly, this.#hasReservedEncoding(pte, level)), this.#pageFault);
    const ofEntry = this.#permissions(pte);
    this.#faultIf(b.not(this.#isAllowed(ofEntry)), this.#pageFault);
    const page = this.#leafPage(pte, level);
    const ofPage = b.call(PMP_PERMISSIONS, page, b.i32(0));
    this.#faultIf(b.not(this.#isAllowed(ofPage)), this.#accessFault);
    this.#updateEntry(pteAddress, pte, turn);
    const isDirty = anySet(b, b.getVariable(this.#entry), Entry.DIRTY);
    const notWrite = b.i32(~WalkResult.WRITE);
    const permissions = b.and(b.and(ofEntry, ofPage), b.select(isDirty, b.i32(-1), notWrite));
    const levelBits = b.shl(level, b.i32(WalkResult.LEVEL_SHIFT));
    const isShared = anySet(b, b.or(b.getVariable(this.#global), pte), Entry.GLOBAL);
    const shared = b.select(isShared, b.i32(WalkResult.SHARED), b.i32(0));
    b.return(b.or(page, b.zeroExtend(b.or(b.or(permissions, shared), levelBits))));
  }

  /** Must the hart leave accessed and dirty bits to software? */
  #isLeftToSoftware(): Value {
    const { b } = this;
    const isOff = noneSet(b, b.getState(slot("menvcfg")), MENVCFG_ADUE);
    return b.select(hasFeature(b, Feature.SVADU), isOff, hasFeature(b, Feature.SVADE));
  }

  /** Sets the accessed bit, and for a store the dirty bit; another turn when the entry has changed. */
  #updateEntry(pteAddress: Value, pte: Value, turn: Block): void {
    const { b } = this;
    const isStore = b.eq(this.access, b.i32(AccessKind.STORE));
    const needed = b.or(b.i64(Entry.ACCESSED), maskIf(b, isStore, Entry.DIRTY));
    const updated = b.or(pte, needed);
    b.setVariable(this.#entry, updated);
    b.when(b.ne(updated, pte), () => {
      this.#faultIf(this.#isLeftToSoftware(), this.#pageFault);
      this.#requireEntryAccess(pteAddress, AccessKind.STORE);
      const seen = b.physicalCompareExchange(pteAddress, pte, updated, Table.ENTRY_BITS);
      this.#faultIf(b.ne(seen, pte), turn);
    });
  }
}

/** Body of {@linkcode WALK}. */
export function walk(): Region {
  return buildFunction(WALK, (b) => new WalkBuilder(b).build());
}
