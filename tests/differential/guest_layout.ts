/**
 * Memory of the machine that differential tests run on: where code, data, page tables and devices lie, and the
 * page tables of the translated modes.
 */

/** Guest physical address of RAM. */
export const RAM_BASE = 0x8000_0000;
/** Guest RAM in bytes. */
export const RAM_BYTES = 0x8_0000;
const PAGE_BYTES = 4096;

/** Pages of RAM by use. */
export const Page = {
  /** Machine-mode trap handler. */
  HANDLER: 0,
  /** What the handler writes down. */
  TRAP_LOG: 1,
  TABLE_ROOT: 4,
  TABLE_MIDDLE: 5,
  TABLE_LEAVES: 6,
  CODE: 16,
  DATA: 32,
  STACK: 48,
} as const;
/** Code and data have a copy so many pages further on, which a program may map instead. */
export const COPY_DISTANCE = 8;
/** What is changed in a page table entry to map the copy, and again to map the original. */
export const REMAP_BITS = COPY_DISTANCE << 10;
/** Pages of the program's code. */
export const CODE_PAGES = 8;
/** Pages of its data. */
export const DATA_PAGES = 8;
/** Pages of its stack. */
export const STACK_PAGES = 4;

/** Device whose registers end the program (a store to `END`) or lower the interrupt (`LOWER`). */
export const Device = { BASE: 0x1000_0000, END: 0, LOWER: 8 } as const;
/** Nothing is there. */
export const NOWHERE = 0x5000_0000;

/** Distances in pages of the windows from the base of the code's window: the same in every mode. */
const VIRTUAL_BASE = 0x4000_0000;
export const VIRTUAL = { CODE: 0, DATA: 16, STACK: 32, DEVICE: 48, TABLE: 56 } as const;

/** Pages of data that are special in the translated modes, by their place in the data. */
export const DataPage = { READ_ONLY: 4, CLEAN: 5, OTHER_PRIVILEGE: 6, UNMAPPED: 7 } as const;

/** Which mode a program runs in. */
export type ProgramMode = "machine" | "supervisor" | "user";

/** Addresses as the program sees them. */
export interface Windows {
  /** First code page. */
  readonly code: number;
  /** First data page. */
  readonly data: number;
  /** First stack page. */
  readonly stack: number;
  /** The device. */
  readonly device: number;
}

/** Windows of a mode. */
export function windowsOf(mode: ProgramMode): Windows {
  const at = (page: number): number => VIRTUAL_BASE + page * PAGE_BYTES;
  if (mode !== "machine") {
    return {
      code: at(VIRTUAL.CODE),
      data: at(VIRTUAL.DATA),
      stack: at(VIRTUAL.STACK),
      device: at(VIRTUAL.DEVICE),
    };
  }
  return {
    code: physical(Page.CODE),
    data: physical(Page.DATA),
    stack: physical(Page.STACK),
    device: Device.BASE,
  };
}

/** Guest physical address of a page of RAM. */
export function physical(page: number): number {
  return RAM_BASE + page * PAGE_BYTES;
}

/** Bits of a page table entry. */
const Entry = {
  VALID: 1n,
  READ: 2n,
  WRITE: 4n,
  EXECUTE: 8n,
  USER: 16n,
  ACCESSED: 64n,
  DIRTY: 128n,
  PPN_SHIFT: 10n,
} as const;
const PAGE_SHIFT = 12n;
const INDEX_MASK = 511;
const TOP_SHIFT = 30;
const MIDDLE_SHIFT = 21;
const LEAF_SHIFT = 12;
/** Contiguous virtual pages lie in another order in RAM: this multiplier is odd. */
const SHUFFLE = 3;

/** Which physical page of a run of 8 a virtual one lies on. */
function shuffled(index: number, count: number): number {
  return (index * SHUFFLE) % count;
}

/** Place in RAM of a program's byte of code, by its distance from the first code page. */
export function codeOffset(mode: ProgramMode, offset: number): number {
  const page = Math.floor(offset / PAGE_BYTES);
  const inPage = offset % PAGE_BYTES;
  const place = mode === "machine" ? page : shuffled(page, CODE_PAGES);
  return (Page.CODE + place) * PAGE_BYTES + inPage;
}

function entry(address: number, bits: bigint): bigint {
  return ((BigInt(address) >> PAGE_SHIFT) << Entry.PPN_SHIFT) | Entry.VALID | bits;
}

/** Writes the page tables of a translated mode into RAM. */
export function writePageTables(ram: DataView, mode: ProgramMode): void {
  const leafBits = Entry.ACCESSED | Entry.DIRTY | (mode === "user" ? Entry.USER : 0n);
  const put = (table: number, index: number, value: bigint): void =>
    ram.setBigUint64(table * PAGE_BYTES + (index & INDEX_MASK) * 8, value, true);
  const map = (window: number, address: number, bits: bigint): void =>
    put(Page.TABLE_LEAVES, (VIRTUAL_BASE >> LEAF_SHIFT) + window, entry(address, bits));
  put(Page.TABLE_ROOT, VIRTUAL_BASE >> TOP_SHIFT, entry(physical(Page.TABLE_MIDDLE), 0n));
  put(Page.TABLE_MIDDLE, VIRTUAL_BASE >> MIDDLE_SHIFT, entry(physical(Page.TABLE_LEAVES), 0n));
  const data = leafBits | Entry.READ | Entry.WRITE;
  for (let page = 0; page < CODE_PAGES; page++) {
    const place = physical(Page.CODE + shuffled(page, CODE_PAGES));
    map(VIRTUAL.CODE + page, place, data | Entry.EXECUTE);
  }
  const special: Readonly<Record<number, bigint>> = {
    [DataPage.READ_ONLY]: leafBits | Entry.READ,
    [DataPage.CLEAN]: data & ~Entry.DIRTY,
    [DataPage.OTHER_PRIVILEGE]: data ^ Entry.USER,
  };
  for (let page = 0; page < DATA_PAGES; page++) {
    if (page === DataPage.UNMAPPED) continue;
    const place = physical(Page.DATA + shuffled(page, DATA_PAGES));
    map(VIRTUAL.DATA + page, place, special[page] ?? data);
  }
  for (let page = 0; page < STACK_PAGES; page++) {
    map(VIRTUAL.STACK + page, physical(Page.STACK + page), data);
  }
  map(VIRTUAL.DEVICE, Device.BASE, data);
  map(VIRTUAL.TABLE, physical(Page.TABLE_LEAVES), data);
}

/** Value of `satp` for the tables. */
export const TRANSLATED: bigint = (8n << 60n) | (BigInt(physical(Page.TABLE_ROOT)) >> PAGE_SHIFT);
