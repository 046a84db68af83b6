/**
 * Parts of the trampoline that need no access to the dispatch loop's locals, as Wasm text.
 */
import {
  CALL_DEPTH_LIMIT,
  Control,
  ENTRY_INDEX_BITS,
  Fault,
  JumpCache,
  NEVER_HIT_TLB,
  PAGE_CACHE_SET_BYTES,
  PageCache,
  Tlb,
  TLB_SET_BYTES,
  TLB_SETS,
} from "../abi/vcpu_layout.ts";

/** Places of the mmu numbers in every guest's mode key; the rest of the key is the guest's own. */
const ModeKey = { FETCH_MMU_SHIFT: 0, DATA_MMU_SHIFT: 3, MMU_MASK: 7 } as const;

const ENTRY_MASK = (1 << ENTRY_INDEX_BITS) - 1;

function setMmu(shift: number, mmu: number, tlb: number): string {
  return `
    (local.set $mmu (i32.and (i32.shr_u (local.get $mode) (i32.const ${shift})) (i32.const ${ModeKey.MMU_MASK})))
    (i32.store $cpu (i32.const ${mmu}) (local.get $mmu))
    (i32.store $cpu (i32.const ${tlb})
      (i32.add (i32.const ${Tlb.BASE}) (i32.mul (local.get $mmu) (i32.const ${TLB_SET_BYTES}))))`;
}

/**
 * Text; the frontend's functions are called by the names given.
 * @param pcAddress byte offset in private memory of the program counter
 * @param translationVersion byte offset in private memory of what changes with most that translations depend on
 * @param addressSpace byte offset in private memory of the register that names the address space
 * @param isReplay are accesses served from a log?
 */
export function trampolineFunctions(
  names: { modeKey: string; pendingInterrupt: string; interruptEnter: string },
  pcAddress: number,
  translationVersion: number,
  addressSpace: number,
  isReplay: boolean,
): string {
  return `
  (type $region (func (param i64 i32) (result i64)))

  (func $decode (param $record i32) (param $pc i64)
    (call $host_decode (local.get $record) (i32.wrap_i64 (local.get $pc))
      (i32.wrap_i64 (i64.shr_u (local.get $pc) (i64.const 32)))))

  (func $hot (param $pc i64)
    (call $host_hot (i32.wrap_i64 (local.get $pc)) (i32.wrap_i64 (i64.shr_u (local.get $pc) (i64.const 32)))))

  (func $encoding (param $pc i64) (result i32)
    (call $host_encoding (i32.wrap_i64 (local.get $pc)) (i32.wrap_i64 (i64.shr_u (local.get $pc) (i64.const 32)))))

  ;; Makes the hart's mode the context of the code that runs next.
  (func $enter_mode (result i32)
    (local $mode i32) (local $mmu i32)
    (if (i64.ne (i64.load $cpu (i32.const ${translationVersion})) (i64.load $cpu (i32.const ${Control.TRANSLATION_VERSION})))
      (then
        (i64.store $cpu (i32.const ${Control.TRANSLATION_VERSION}) (i64.load $cpu (i32.const ${translationVersion})))
        (call $host_translation_changed)))
    (if (i64.ne (i64.load $cpu (i32.const ${addressSpace})) (i64.load $cpu (i32.const ${Control.SPACE})))
      (then (call $choose_space)))
    (local.set $mode (call $${names.modeKey}))
    ${setMmu(ModeKey.FETCH_MMU_SHIFT, Control.FETCH_MMU, Control.FETCH_TLB)}
    (i32.store $cpu (i32.const ${Control.CONTEXT}) (local.get $mode))
    (call $apply_epoch)
    ${setMmu(ModeKey.DATA_MMU_SHIFT, Control.DATA_MMU, Control.DATA_TLB)}
    ${
    isReplay ? `(i32.store $cpu (i32.const ${Control.DATA_TLB}) (i32.const ${NEVER_HIT_TLB}))` : ""
  }
    (local.get $mode))

  ;; 1 when an interrupt was entered.
  (func $take_interrupt (result i32)
    (local $cause i32)
    ${isReplay ? "(return (i32.const 0))" : ""}
    (local.set $cause (call $${names.pendingInterrupt}))
    (if (i32.lt_s (local.get $cause) (i32.const 0)) (then (return (i32.const 0))))
    (call $host_interrupt_taken (local.get $cause))
    (call $${names.interruptEnter} (local.get $cause))
    (i32.const 1))

  (func $jump_entry (param $pc i64) (result i32)
    (i32.add (i32.const ${JumpCache.BASE}) (i32.shl
      (i32.and (i32.wrap_i64 (i64.shr_u (local.get $pc) (i64.const 1))) (i32.const ${
    (1 << JumpCache.INDEX_BITS) - 1
  }))
      (i32.const ${JumpCache.ENTRY_SHIFT}))))

  (func $forget_jump (param $pc i64)
    (i64.store $cpu offset=${JumpCache.PC} (call $jump_entry (local.get $pc)) (i64.const 1)))

  (func $refill_budget (export "refill_budget") (param $instructions i32)
    (i64.store $cpu (i32.const ${Control.RETIRED_BASE}) (call $retired_instructions))
    (i32.store $cpu (i32.const ${Control.BUDGET_FILLED}) (local.get $instructions))
    (i32.store $cpu (i32.const ${Control.BUDGET}) (local.get $instructions)))

  (func $enter (export "enter_region") (param $target i32) (result i32)
    (local $pc i64)
    (local.set $pc (i64.load $cpu (i32.const ${pcAddress})))
    (local.set $pc (call $enter_region (local.get $target) (local.get $pc)))
    (if (i32.and (i32.wrap_i64 (local.get $pc)) (i32.const 1)) (then (return (i32.const 1))))
    (i64.store $cpu (i32.const ${pcAddress}) (local.get $pc))
    (i32.const 0))

  ;; Only sets that were filled.
  (func $empty_page_caches
    (local $mmu i32)
    (loop $next
      (if (i32.load8_u $cpu offset=${Control.PAGE_CACHES_FILLED} (local.get $mmu)) (then
        (memory.fill $cpu
          (i32.add (i32.const ${PageCache.BASE}) (i32.mul (local.get $mmu) (i32.const ${PAGE_CACHE_SET_BYTES})))
          (i32.const -1) (i32.const ${PAGE_CACHE_SET_BYTES}))))
      (br_if $next (i32.lt_u (local.tee $mmu (i32.add (local.get $mmu) (i32.const 1))) (i32.const ${TLB_SETS}))))
    (i64.store $cpu (i32.const ${Control.PAGE_CACHES_FILLED}) (i64.const 0))
    (i32.store $cpu (i32.const ${Control.PAGE_CACHES_STALE}) (i32.const 0)))

  ;; Runs compiled code at pc; regions find it themselves from now on. A fault that a region's probe found is
  ;; forgotten: the cold tier finds it again, unless an interrupt comes first.
  (func $enter_region (param $target i32) (param $pc i64) (result i64)
    (local $entry i32) (local $result i64)
    (local.set $entry (call $jump_entry (local.get $pc)))
    (if (i32.load $cpu (i32.const ${Control.PAGE_CACHES_STALE})) (then (call $empty_page_caches)))
    (i64.store $cpu offset=${JumpCache.PC} (local.get $entry) (local.get $pc))
    (i32.store $cpu offset=${JumpCache.CONTEXT} (local.get $entry) (i32.load $cpu (i32.const ${Control.CONTEXT})))
    (i32.store $cpu offset=${JumpCache.TARGET} (local.get $entry) (local.get $target))
    (call $note_code (local.get $pc))
    (local.set $result (call_indirect $table (type $region)
      (i64.and (local.get $pc) (i64.const -4096))
      (i32.or (i32.const ${
    CALL_DEPTH_LIMIT << ENTRY_INDEX_BITS
  }) (i32.and (local.get $target) (i32.const ${ENTRY_MASK})))
      (i32.shr_u (local.get $target) (i32.const ${ENTRY_INDEX_BITS}))))
    (i32.store $cpu (i32.const ${Control.FAULT}) (i32.const ${Fault.NONE}))
    (local.get $result))`;
}
