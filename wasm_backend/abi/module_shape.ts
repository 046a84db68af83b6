/**
 * Names and types that every module and the runtime agree on: imports, exports, the region function type.
 */

/** Import module of everything. */
export const ENVIRONMENT = "env";
/** The shared memory: index 0. */
export const SHARED_MEMORY = "ram";
/** The vCPU's private memory: index 1. */
export const VCPU_MEMORY = "cpu";
/** The vCPU's own table of region functions. */
export const REGION_TABLE = "table";

/** 64 KiB pages of the shared memory that every machine has: lets constant addresses go unchecked. */
export const SHARED_MINIMUM_PAGES = 0x200;
/** Largest shared memory: one module serves every RAM size. */
export const SHARED_MAXIMUM_PAGES = 0x1_0000;

/** Functions of the cold tier that region modules import from the vCPU's cold instance. */
export const ColdExport = {
  /** `(va i64) -> i32`: TLB probe and refill for loads: addend, or odd when the cold tier must do it. */
  TRANSLATE_LOAD: "translate_load",
  /** The same for stores; odd also for guarded pages. */
  TRANSLATE_STORE: "translate_store",
  /** `(va i64, value i64, width i32) -> i32`: store to a guarded page; 0 when the cold tier must do it. */
  STORE_GUARDED: "store_guarded",
  /**
   * `(va i64, expected i64, new i64, width i32) -> i64`: compare and exchange on a page whose stores must be seen:
   * 0 when it was made, 1 when not, 2 when the cold tier must do it.
   */
  EXCHANGE_GUARDED: "exchange_guarded",
  /** `(slot i32, origin low i32, origin high i32) -> i32`: are the region's other pages mapped as when it was built? */
  CHECK_MAPPING: "check_mapping",
  /** `()`: drops translations as the guest's flush operands say. */
  FLUSH_TRANSLATIONS: "flush_translations",
  /** `()`: instruction fetches from here on see all earlier stores that this hart can know of. */
  FLUSH_INSTRUCTIONS: "flush_instructions",
  /** `(instructions i32)`: fills the budget and counts what was used of the last one. */
  REFILL_BUDGET: "refill_budget",
  /** `() -> i32`: runs guest code until the trampoline is needed; gives the reason. */
  RUN: "run",
} as const;

/** Functions that the runtime gives to the cold tier. */
export const HostImport = {
  /** `(record i32, pc low i32, pc high i32)`: decodes the instruction at pc into the record. */
  DECODE: "host_decode",
  /** `(home slot i32, host page i32) -> i32`: gives the page a slot of the directory, records empty. */
  OPEN_PAGE: "host_open_page",
  /** `(pc low i32, pc high i32)`: a block head became hot. */
  HOT: "host_hot",
  /** `(address low, address high, width) -> i32`: device load into TRANSFER: 1 done, 0 no device, 2 retry. */
  DEVICE_LOAD: "host_device_load",
  /** `(address low, address high, width) -> i32`: device store from TRANSFER. */
  DEVICE_STORE: "host_device_store",
  /** `()`: all cached translations are to be dropped. */
  TRANSLATION_CHANGED: "host_translation_changed",
  /** `()`: decoded pages that are provisional are to be dropped. */
  DROP_PROVISIONAL: "host_drop_provisional",
  /** `(cause i32)`: the guest takes an interrupt, at state pc. */
  INTERRUPT_TAKEN: "host_interrupt_taken",
  /** `(pc low i32, pc high i32) -> i32`: bits of the instruction at pc. */
  ENCODING: "host_encoding",
} as const;
