/**
 * The private memory of one vCPU: every offset that compiled code and the runtime agree on.
 *
 * It is the second memory of every module, at constant addresses, so that one module serves all vCPUs and
 * state accesses need no bounds check. No guest store can reach it. Other threads never see it.
 */

/** Words that trampoline, cold tier and regions pass to each other. */
export const Control = {
  /** Guest instructions left until the next look at the pending word (i32). */
  BUDGET: 0x00,
  /** {@linkcode LeaveReason} or frontend exit reason of the last departure (i32). */
  REASON: 0x04,
  /** Mapping epoch and mode key of the running code (i32): see {@linkcode CONTEXT_MODE_BITS}. */
  CONTEXT: 0x08,
  /** Byte offset in this memory of the TLB set that loads and stores use now (i32). */
  DATA_TLB: 0x0c,
  /** Byte offset of the TLB set that fetches use now (i32). */
  FETCH_TLB: 0x10,
  /** Number of the mmu mode of loads and stores (i32). */
  DATA_MMU: 0x14,
  /** Number of the mmu mode of fetches (i32). */
  FETCH_MMU: 0x18,
  /** Not 0 when a slow access raised an exception that is to be taken (i32). */
  FAULT: 0x1c,
  /** Cause of that exception (i32). */
  FAULT_CAUSE: 0x20,
  /** Low and high half of a value that crosses to a host function (i64). */
  TRANSFER: 0x28,
  /** Value of that exception (i64). */
  FAULT_VALUE: 0x30,
  /** Instructions retired before the current budget was filled (i64). */
  RETIRED_BASE: 0x38,
  /** Budget as it was filled: retired = RETIRED_BASE + BUDGET_FILLED - BUDGET (i32). */
  BUDGET_FILLED: 0x40,
  /** 1 while this vCPU holds exclusivity for an LR/SC window (i32). */
  EXCLUSIVE_WINDOW: 0x44,
  /** Not 0 when the reservation below is valid (i32). */
  RESERVATION: 0x48,
  /** 1 while nothing but register work happened since the reservation was made (i32). */
  RESERVATION_PURE: 0x4c,
  /** Virtual address of the reservation (i64). */
  RESERVATION_ADDRESS: 0x50,
  /** Value that was read (i64). */
  RESERVATION_VALUE: 0x58,
  /** Width in bytes of the reservation (i32). */
  RESERVATION_WIDTH: 0x60,
  /** Address of the load-reserved of the reservation (i64). */
  RESERVATION_PC: 0x68,
  /** One of {@linkcode ReservationScheme} (i32). */
  RESERVATION_SCHEME: 0x70,
  /** Not 0 when the reservation below watches its line (i32). */
  RESERVATION_WATCHED: 0x74,
  /** Host address of a watched reservation (i32). */
  RESERVATION_HOST: 0x64,
  /** Version of the line when a watched reservation was made (i64). */
  RESERVATION_VERSION: 0x100,
  /** Page of shared memory that has to be armed before the load-reserved can be made (i32). */
  ARM_PAGE: 0x108,
  /** Stores that had to lock a monitored line, since the last sweep (i32). */
  MONITORED_STORES: 0x10c,
  /** Stores to code pages since the vCPU last looked which pages those are (i32). */
  CODE_STORES: 0x110,
  /** Host page of the last of them (i32). */
  CODE_STORE_PAGE: 0x114,
  /** Instructions retired inside regions (i64): a statistic. */
  HOT_RETIRED: 0x78,
  /** Not 0: block heads do not enter regions (check mode's replay, exclusive windows) (i32). */
  COLD_ONLY: 0x80,
  /** Host offset of this hart's shared block (i32). */
  SHARED_BLOCK: 0x84,
  /** Physical address of a failed RAM translation: a device or nothing (i64). */
  PHYSICAL: 0xc0,
  /** Guest RAM in bytes (i64). */
  RAM_BYTES: 0xa8,
  /** Guest physical address of RAM (i64). */
  RAM_BASE: 0xb0,
  /** A block head asks for compilation whenever its execution count has none of these bits (i32). */
  HEAT_MASK: 0x8c,
  /** A word for full barriers: exchanged, never read for its value (i32). */
  BARRIER: 0x90,
  /** Write position in the access log of check mode (i32). */
  LOG_POSITION: 0x94,
  /** Read position in the access log while the cold tier replays it (i32). */
  LOG_REPLAY: 0x98,
  /** The guest's translation version that the TLB stands for (i64). */
  TRANSLATION_VERSION: 0xb8,
  /** Bit n: a translation of a leaf n levels above a page was cached (i32). */
  LARGE_LEVELS: 0xc8,
  /**
   * Not 0: what a translation gives may have changed, so that no page cache may be used (i32). Set by whoever
   * drops or changes translations; entering a region empties the caches then.
   */
  PAGE_CACHES_STALE: 0xe0,
  /** For each mmu mode, not 0 when one of its page caches was filled since they were empty (bytes). */
  PAGE_CACHES_FILLED: 0xe8,
  /** What `run` skips at the first block head: see the run loop (i32). */
  SKIP: 0xcc,
  /** Not 0: regions are entered by the check of check mode, not by `run` (i32). */
  CHECK: 0xd0,
  /** Slot and entry of the region that is to be checked (i32). */
  CHECK_TARGET: 0xd4,
  /** 1 + index of the log entry where a replay differed from the region, or 0 (i32). */
  LOG_MISMATCH: 0xd8,
  /** Number of TLB refills that walked page tables (i64): a statistic. */
  PAGE_WALKS: 0xa0,
  /** Value of the guest's address space register that the TLB stands for (i64). */
  SPACE: 0x118,
  /** The newest mapping epoch, shifted as in CONTEXT (i32). */
  LAST_EPOCH: 0x120,
  /** The epoch of fetches through translations that all address spaces share (i32). */
  SHARED_EPOCH: 0x124,
  /** The epoch of fetches through translations of the present address space (i32). */
  SPACE_EPOCH: 0x128,
  /** Bit n: fetches of TLB set n went through translations of one address space alone (i32). */
  LOCAL_SETS: 0x12c,
  /** Number of entries in {@linkcode LocalEntries} (i32). */
  LOCAL_ENTRIES: 0x130,
  /** Not 0 while decoded pages are provisional: the next instruction fence has to drop them (i32). */
  PROVISIONAL_PAGES: 0x134,
  /** For each TLB set, the epoch of code that is fetched through it (i32 each). */
  SET_EPOCHS: 0x140,
  /** Changes of the address space that kept what all share, and fences of what was not cached (i64): a statistic. */
  FLUSHES_AVOIDED: 0x160,
  /** Fences of one address or one address space (i64): a statistic. */
  FLUSHES_PARTIAL: 0x168,
  /** Times that all translations were dropped (i64): a statistic. */
  FLUSHES_FULL: 0x170,
  /** Fences of instruction fetches (i64): a statistic. */
  INSTRUCTION_FENCES: 0x178,
  /** Number of TLB refills that did not (i64): a statistic. */
  WALKS_AVOIDED: 0x180,
  /** Not 0: the counting cold tier does something before the next instruction: bits of {@linkcode Look} (i32). */
  LOOK_SOON: 0x188,
  /** Number of entries in {@linkcode BreakpointList} (i32). */
  BREAKPOINTS: 0x18c,
  /** Not 0: the hart comes back in front of an instruction that has a breakpoint (i32). */
  BREAKPOINT_STOPS: 0x190,
  /** Breakpoints count from where so many instructions were retired (i64). */
  BREAKPOINTS_FROM: 0x198,
  /** 1 + the instructions that were retired when a breakpoint was met last; 0: none was (i64). */
  BREAKPOINT_MET: 0x1a0,
} as const;

/** Bits of {@linkcode Control}.LOOK_SOON. */
export const Look = {
  /** The hart comes back, whatever is left of the budget. */
  SOON: 1,
  /** The address is compared with the breakpoints. */
  BREAKPOINTS: 2,
} as const;

/** Addresses of instructions that are waited for: i64 each. */
export const BreakpointList = {
  BASE: 0x200,
  /** log2 of the bytes of an entry. */
  ENTRY_SHIFT: 3,
} as const;

/** Values of {@linkcode Control}.FAULT. */
export const Fault = {
  NONE: 0,
  /** FAULT_CAUSE and FAULT_VALUE say which exception. */
  EXCEPTION: 1,
  /** The access could not be made now: back to the trampoline, then again. */
  RETRY: 2,
  /** The load-reserved needs the page ARM_PAGE armed. */
  ARM_PAGE: 3,
  /** The load-reserved needs all other vCPUs stopped. */
  EXCLUSIVE_WINDOW: 4,
} as const;

/** What makes a reservation whose window does more than register work. */
export const ReservationScheme = {
  /** Stores to the line are seen, by whomever. */
  MONITOR: 0,
  /** The value is compared: a value that went and came back goes unseen. */
  COMPARE: 1,
  /** The window runs while all other vCPUs are stopped. */
  EXCLUSIVE: 2,
} as const;

/** Load-reserved instructions whose windows were found to do more than register work: i64 addresses. */
export const ImpureWindows = {
  /** Where the table starts. */
  BASE: 0x400,
  /** log2 of the number of entries. */
  INDEX_BITS: 6,
  /** log2 of the bytes of an entry. */
  ENTRY_SHIFT: 3,
} as const;

/** Low bits of CONTEXT that hold the mode key; the mapping epoch stands above them, and epoch 0 is that of nothing. */
export const CONTEXT_MODE_BITS = 12;

/** Where the guest state (`StateLayout`) starts. */
export const GUEST_STATE = 0x1000;

/**
 * What a fence of one address may skip: tables of bytes that are not 0 where something may have to go. An index
 * is made of low bits of the address above a shift.
 */
export const FlushFilter = {
  /** By page: compiled code was entered there through translations of one address space, since the table was cleared. */
  LOCAL_CODE: 0x2000,
  /** By page: the same through translations that all share. */
  SHARED_CODE: 0x5000,
  /** By 2 MiB and half of the address space: the same. A kernel has much code, and fences few pages near it. */
  SHARED_AREA: 0x3000,
  /** By size of the leaf and half of the address space: a leaf above a page was cached. */
  LARGE_LEAF: 0x3800,
  /** Entries of the tables by page. */
  PAGES: 0x1000,
  /** Entries of each of the others. */
  ENTRIES: 0x800,
  /** Bits of an address below an index of SHARED_AREA. */
  AREA_SHIFT: 21,
} as const;

/** TLB entries that stand for the present address space alone: their addresses (i32 each), each once. */
export const LocalEntries = {
  BASE: 0x5_8000,
  ENTRY_SHIFT: 2,
} as const;

/** Address spaces that were chosen lately: direct mapped by the low bits of their numbers. */
export const SpaceRecords = {
  BASE: 0x4000,
  INDEX_BITS: 6,
  ENTRY_SHIFT: 4,
  /** i64: value of the address space register. */
  REGISTER: 0,
  /** i32: epoch of code fetched in it, as in CONTEXT; 0 when a new one is needed. */
  EPOCH: 8,
} as const;

/** Software TLB: sets of entries, one set per mmu mode. */
export const Tlb = {
  /** Where set 0 starts. */
  BASE: 0x1_0000,
  /** log2 of the entries of a set. */
  INDEX_BITS: 9,
  /** Bytes of one entry. */
  ENTRY_BYTES: 32,
  /** log2 of {@linkcode Tlb.ENTRY_BYTES}. */
  ENTRY_SHIFT: 5,
  /** i64: page address when loads hit; {@linkcode Tlb.INVALID_TAG} otherwise. */
  READ_TAG: 0,
  /** i64: page address when stores hit; with {@linkcode Tlb.GUARD_BIT} when stores must be seen. */
  WRITE_TAG: 8,
  /** i64: page address when fetches hit. */
  FETCH_TAG: 16,
  /** i32: host offset minus virtual address, modulo 2^32. */
  ADDEND: 24,
  /** i32: level of the leaf that the entry came from, {@linkcode Tlb.SHARED} and {@linkcode Tlb.UNLISTED}. */
  LEVEL: 28,
  /** Bits of the above that are the level. */
  LEVEL_MASK: 7,
  /** Set where the translation is one of all address spaces. */
  SHARED: 8,
  /** Set unless {@linkcode LocalEntries} holds the entry; also in entries that were never filled. */
  UNLISTED: 16,
  /** A tag that no masked address equals: its low bits are not those of an aligned address. */
  INVALID_TAG: -1n,
  /** Set in a write tag of a page whose stores must be seen. */
  GUARD_BIT: 0x800n,
} as const;

/**
 * Page caches of compiled code: the translations that its accesses used last, a set for each mmu mode. Which
 * cache an access uses is a constant of its code, so that finding it depends on no address.
 */
export const PageCache = {
  /** Where set 0 starts. */
  BASE: 0x6_0000,
  /** log2 of the caches of a set. */
  INDEX_BITS: 8,
  /** log2 of the bytes of a cache. */
  ENTRY_SHIFT: 4,
  /** i64: page address, or {@linkcode Tlb.INVALID_TAG}. */
  TAG: 0,
  /** i32: host offset minus virtual address, modulo 2^32; or {@linkcode PageCache.GIVEN_UP}. */
  ADDEND: 8,
  /** i32: the page before in the low bits, the patience that is left above them. */
  HISTORY: 12,
  /** Odd like no addend, and not what an empty cache holds. */
  GIVEN_UP: 1,
} as const;

/** Bytes of one set of page caches. */
export const PAGE_CACHE_SET_BYTES = 1 << (PageCache.INDEX_BITS + PageCache.ENTRY_SHIFT);

/** Entries of one TLB set. */
export const TLB_ENTRIES = 1 << Tlb.INDEX_BITS;
/** Bytes of one TLB set. */
export const TLB_SET_BYTES = TLB_ENTRIES * Tlb.ENTRY_BYTES;
/** TLB sets that modes may use. */
export const TLB_SETS = 8;
/** A set that never hits: replayed code takes the slow path of every access. */
export const NEVER_HIT_TLB = Tlb.BASE + TLB_SETS * TLB_SET_BYTES;
/** What `run` skips at its first block head. */
export const Skip = {
  NOTHING: 0,
  /** Neither count heat nor enter a region: the cold tier executes the block. */
  HEAT: 1,
  /** The same, and the block head forgets its region. */
  FORGET_REGION: 2,
} as const;

/**
 * Translations that the TLB had or has, of all address spaces: sets of ways, found by the page number. An entry
 * counts while its epoch is that of the present space or the shared one.
 */
export const WalkCache = {
  /** Where it starts. */
  BASE: 0x6_8000,
  /** log2 of the number of sets. */
  INDEX_BITS: 10,
  /** log2 of the bytes of a set. */
  SET_SHIFT: 6,
  /** Bytes of one entry. */
  ENTRY_BYTES: 16,
  /** i64: page address and mmu mode; {@linkcode Tlb.INVALID_TAG} when nothing is cached. */
  KEY: 0,
  /** i32: host page, and what the walk said of it in the low bits. */
  LEAF: 8,
  /** i32: epoch in which it was walked, as in CONTEXT. */
  EPOCH: 12,
} as const;

/** Jump cache: where a guest address is compiled. */
export const JumpCache = {
  /** Where it starts. */
  BASE: 0x4_0000,
  /** log2 of the number of entries. */
  INDEX_BITS: 12,
  /** log2 of the bytes of an entry. */
  ENTRY_SHIFT: 4,
  /** i64: guest virtual address. */
  PC: 0,
  /** i32: CONTEXT under which the entry was made. */
  CONTEXT: 8,
  /** i32: slot and entry, see {@linkcode ENTRY_INDEX_BITS}. */
  TARGET: 12,
} as const;

/** Where computed jumps of the cold tier went lately: site and target, a later pair in place of an earlier. */
export const ComputedJumps = {
  /** Where it starts. */
  BASE: 0x5_0000,
  /** log2 of the number of entries. */
  INDEX_BITS: 10,
  /** log2 of the bytes of an entry. */
  ENTRY_SHIFT: 4,
  /** The site is multiplied by this and mixed into the target to find the entry. */
  SITE_FACTOR: 5,
  /** i64: guest address of the jump. */
  SITE: 0,
  /** i64: guest address it went to. */
  TARGET: 8,
} as const;

/** Low bits of a jump target that hold the entry index; the slot stands above. Also of the entry parameter, with the depth above. */
export const ENTRY_INDEX_BITS = 10;
/** Deepest nesting of region calls before the host stack is unwound. */
export const CALL_DEPTH_LIMIT = 200;

/** Per region slot: context and origin under which its pages were last checked (i64 pair). */
export const MappingChecks = {
  /** Where the table starts: one i64 per slot, context in the low half, origin page in the high half. */
  BASE: 0x8_0000,
  /** log2 of the bytes per slot. */
  ENTRY_SHIFT: 3,
} as const;

/** Region slots of a machine: also the size of each worker's table. */
export const REGION_SLOTS = 0x1_0000;

/** Directory of decoded pages. */
export const PageDirectory = {
  /** Where it starts. */
  BASE: 0x10_0000,
  /** log2 of the number of decoded pages a vCPU keeps. */
  INDEX_BITS: 11,
  /** Page index and mode key, the latter shifted by so much, are mixed by {@linkcode PageDirectory.FACTOR}. */
  MODE_SHIFT: 21,
  /** The upper bits of the product with this (2^32 divided by the golden ratio) are the page's home slot. */
  FACTOR: 0x9e37_79b1 | 0,
  /** Slots that a page may have: its home with the lowest bits counted through. A power of two. */
  WAYS: 4,
  /** log2 of the bytes of a directory entry. */
  ENTRY_SHIFT: 4,
  /** i32: host page index + 1, or 0. */
  PAGE: 0,
  /** i32: mode key. */
  MODE: 4,
  /** i32: value of the page's begun-stores counter that the records stand for. */
  GENERATION: 8,
  /** i32: 1 when the page's last parcel starts an instruction that ends on the next page. */
  STRADDLES: 12,
} as const;

/** Decoded-instruction records: one per 16-bit parcel of a decoded page. */
export const Record = {
  /** Where the records of directory entry 0 start. */
  BASE: 0x20_0000,
  /** log2 of the bytes of a record. */
  SHIFT: 4,
  /** u16: handler index; 0 means not decoded yet. */
  HANDLER: 0,
  /** u8: instruction length in bytes. */
  LENGTH: 2,
  /** u8 fields, in the frontend's order, follow from here. */
  FIELDS: 3,
  /** i32: the wide field. */
  IMMEDIATE: 8,
  /** i32: execution count of a block head; negative: minus (slot and entry) of its region. */
  HEAT: 12,
  /** Handler number of a record that was not decoded yet. */
  UNDECODED: 0,
  /** Handler number of the record after a page's last one. */
  PAGE_END: 1,
  /** Handler number of the frontend's row 0. */
  FIRST_HANDLER: 2,
} as const;

/** log2 of the bytes of a parcel: an instruction is one or more of them, and each has a record. */
export const PARCEL_SHIFT = 1;
/** Parcels of a page. */
export const PAGE_PARCELS = 2048;
/** Bytes from one decoded page's records to the next one's: the page-end record and a line of padding between. */
export const DECODED_PAGE_BYTES = (PAGE_PARCELS << Record.SHIFT) + 64;

/** Access log of check mode: entries of {@linkcode LOG_ENTRY_BYTES}. */
export const ACCESS_LOG = Record.BASE + (1 << PageDirectory.INDEX_BITS) * DECODED_PAGE_BYTES;
/** Bytes of one log entry. */
export const LOG_ENTRY_BYTES = 32;
/** Places in a log entry. */
export const LogEntry = {
  /** i64: virtual address. */
  ADDRESS: 0,
  /** i64: value loaded, old value of an update, or result of a store-conditional. */
  RESULT: 8,
  /** i64: value stored, or operand of an update. */
  OPERAND: 16,
  /** i32: {@linkcode LogKind}, and the width in bytes above. */
  KIND: 24,
  /** Bits by which the width is shifted. */
  WIDTH_SHIFT: 8,
} as const;
/** Kinds of logged accesses. */
export const LogKind = {
  LOAD: 1,
  STORE: 2,
  UPDATE: 3,
  LOAD_RESERVED: 4,
  STORE_CONDITIONAL: 5,
} as const;
/** Entries that the log holds. */
export const LOG_ENTRIES = 0x1_0000;

/** Other pages that the region of a slot was built from: by distance from its origin, host page + 1, or 0 (i32). */
export const RegionPages = {
  /** Where the table starts. */
  BASE: ACCESS_LOG + LOG_ENTRIES * LOG_ENTRY_BYTES,
  /** log2 of the bytes per slot. */
  ENTRY_SHIFT: 5,
  /** Largest distance in pages, to either side. */
  REACH: 3,
} as const;

/** Size of the private memory in 64 KiB pages: minimum and maximum. */
export const VCPU_MEMORY_PAGES = Math.ceil(
  (RegionPages.BASE + (REGION_SLOTS << RegionPages.ENTRY_SHIFT)) / 0x1_0000,
);
