/**
 * Functions that stand in every region module beside the regions, as Wasm text: TLB probes, transfers to
 * other regions, atomic updates that Wasm lacks. V8 inlines or calls them at a fraction of a cross-instance
 * call.
 */
import { ColdExport, ENVIRONMENT } from "../abi/module_shape.ts";
import {
  ACCESS_LOG,
  Control,
  ENTRY_INDEX_BITS,
  JumpCache,
  LOG_ENTRY_BYTES,
  LogEntry,
  Tlb,
  TLB_ENTRIES,
  TLB_SET_BYTES,
} from "../abi/vcpu_layout.ts";

const ENTRY_MASK = (1 << ENTRY_INDEX_BITS) - 1;

/** Imports of every region module. */
const imports = `
  (import "${ENVIRONMENT}" "${ColdExport.TRANSLATE_LOAD}" (func $translate_load (param i64) (result i32)))
  (import "${ENVIRONMENT}" "${ColdExport.TRANSLATE_STORE}" (func $translate_store (param i64) (result i32)))
  (import "${ENVIRONMENT}" "${ColdExport.STORE_GUARDED}" (func $store_guarded (param i64 i64 i32) (result i32)))
  (import "${ENVIRONMENT}" "${ColdExport.CHECK_MAPPING}" (func $check_mapping (param i32 i32 i32) (result i32)))`;

/**
 * Probes of one TLB set: the addend, or an odd number when the access is misaligned or the cold tier has to
 * make it. `mask` is the width minus one.
 */
function probe(name: string, mmu: number, tag: number, translate: string): string {
  return `
  (func $${name}_${mmu} (param $va i64) (param $mask i32) (result i32)
    (local $entry i32)
    (if (i32.and (i32.wrap_i64 (local.get $va)) (local.get $mask)) (then (return (i32.const 1))))
    (local.set $entry (i32.shl
      (i32.and (i32.wrap_i64 (i64.shr_u (local.get $va) (i64.const 12))) (i32.const ${
    TLB_ENTRIES - 1
  }))
      (i32.const ${Tlb.ENTRY_SHIFT})))
    (if (i64.eq (i64.load $cpu offset=${Tlb.BASE + mmu * TLB_SET_BYTES + tag} (local.get $entry))
                (i64.and (local.get $va) (i64.const -4096)))
      (then (return (i32.load $cpu offset=${
    Tlb.BASE + mmu * TLB_SET_BYTES + Tlb.ADDEND
  } (local.get $entry)))))
    (call $${translate} (local.get $va)))`;
}

/** Is the jump-cache entry that of pc under the present context? */
const jumpHits = `(i32.and
      (i64.eq (i64.load $cpu offset=${JumpCache.PC} (local.get $entry)) (local.get $pc))
      (i32.eq (i32.load $cpu offset=${JumpCache.CONTEXT} (local.get $entry)) (i32.load $cpu (i32.const ${Control.CONTEXT}))))`;

const setJumpEntry = `
    (local.set $entry (i32.add (i32.const ${JumpCache.BASE}) (i32.shl
      (i32.and (i32.wrap_i64 (i64.shr_u (local.get $pc) (i64.const 1))) (i32.const ${
  (1 << JumpCache.INDEX_BITS) - 1
}))
      (i32.const ${JumpCache.ENTRY_SHIFT}))))`;

const jumpOperands = `
        (i64.and (local.get $pc) (i64.const -4096))
        (i32.or (local.get $depth) (i32.and (local.get $target) (i32.const ${ENTRY_MASK})))
        (i32.shr_u (local.get $target) (i32.const ${ENTRY_INDEX_BITS}))`;

/**
 * Transfers to whatever region the jump cache has for pc; without one, pc goes back to the caller and so to
 * the trampoline. `depth` has its entry bits clear. `chain` jumps, `enter` calls.
 */
function transfers(pcAddress: number): string {
  const body = (instruction: string): string => `
    (local $entry i32) (local $target i32)${setJumpEntry}
    (if ${jumpHits} (then
      (i64.store $cpu (i32.const ${pcAddress}) (local.get $pc))
      (local.set $target (i32.load $cpu offset=${JumpCache.TARGET} (local.get $entry)))
      (return${
    instruction === "return_call_indirect" ? "_call_indirect" : " (call_indirect"
  } $table (type $region) ${jumpOperands})${instruction === "return_call_indirect" ? "" : ")"}))
    (local.get $pc)`;
  return `
  (type $region (func (param i64 i32) (result i64)))
  (func $chain (param $pc i64) (param $depth i32) (result i64) ${body("return_call_indirect")})
  (func $enter (param $pc i64) (param $depth i32) (result i64) ${body("call_indirect")})`;
}

/** `select`ing updates: minimum and maximum, as a compare-and-swap loop over one host word. */
function extremum(name: string, bytes: number, comparison: string): string {
  const load = bytes === 4 ? "i64.atomic.load32_u" : "i64.atomic.load";
  const exchange = bytes === 4 ? "i64.atomic.rmw32.cmpxchg_u" : "i64.atomic.rmw.cmpxchg";
  const extended = bytes === 4 ? "(i64.extend32_s (local.get $old))" : "(local.get $old)";
  const stored = bytes === 4
    ? "(i64.and (local.get $new) (i64.const 0xffffffff))"
    : "(local.get $new)";
  return `
  (func $rmw_${name}_${bytes} (param $host i32) (param $value i64) (result i64)
    (local $old i64) (local $seen i64) (local $new i64)
    (local.set $seen (${load} $ram (local.get $host)))
    (loop $again
      (local.set $old (local.get $seen))
      (local.set $new (select ${extended} (local.get $value) (${comparison} ${extended} (local.get $value))))
      (local.set $seen (${exchange} $ram (local.get $host) (local.get $old) ${stored}))
      (br_if $again (i64.ne (local.get $seen) (local.get $old))))
    (local.get $old))`;
}

const EXTREMA: readonly [string, string][] = [
  ["min_s", "i64.lt_s"],
  ["max_s", "i64.gt_s"],
  ["min_u", "i64.lt_u"],
  ["max_u", "i64.gt_u"],
];

/** Appends an entry to the access log of check mode. */
const accessLog = `
  (func $log (param $kind i32) (param $va i64) (param $result i64) (param $operand i64)
    (local $entry i32)
    (local.set $entry (i32.add (i32.const ${ACCESS_LOG})
      (i32.mul (i32.load $cpu (i32.const ${Control.LOG_POSITION})) (i32.const ${LOG_ENTRY_BYTES}))))
    (i32.store $cpu (i32.const ${Control.LOG_POSITION})
      (i32.add (i32.load $cpu (i32.const ${Control.LOG_POSITION})) (i32.const 1)))
    (i64.store $cpu offset=${LogEntry.ADDRESS} (local.get $entry) (local.get $va))
    (i64.store $cpu offset=${LogEntry.RESULT} (local.get $entry) (local.get $result))
    (i64.store $cpu offset=${LogEntry.OPERAND} (local.get $entry) (local.get $operand))
    (i32.store $cpu offset=${LogEntry.KIND} (local.get $entry) (local.get $kind)))`;

/** Text of the functions, for the mmu modes whose code the module holds; `isChecked` adds the access log. */
export function regionFunctions(
  mmus: Iterable<number>,
  pcAddress: number,
  isChecked: boolean,
): string {
  const probes = [...mmus].flatMap((mmu) => [
    probe("probe_load", mmu, Tlb.READ_TAG, "translate_load"),
    probe("probe_store", mmu, Tlb.WRITE_TAG, "translate_store"),
  ]);
  const updates = EXTREMA.flatMap(([name, comparison]) =>
    [4, 8].map((bytes) => extremum(name, bytes, comparison))
  );
  const log = isChecked ? [accessLog] : [];
  return [imports, transfers(pcAddress), ...probes, ...updates, ...log].join("\n");
}
