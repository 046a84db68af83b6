/**
 * Guest memory as the cold tier and the slow paths of regions see it: TLB refill, device accesses,
 * misaligned and guarded accesses, atomics, LR/SC. Written as Wasm text, because nothing in it depends on a
 * guest instruction.
 *
 * Security boundary: a guest-chosen address reaches the shared memory only through a TLB addend, and
 * `refill` alone writes TLB entries, after comparing the physical address with the bounds of RAM.
 *
 * Every function that can fail sets FAULT and gives a dummy result; the caller tests FAULT. None of them
 * waits for another thread.
 */
import {
  GUEST_RAM_OFFSET,
  PAGE_ATTRIBUTES,
  PAGE_STORES_BEGUN,
} from "../../runtime/atomics/shared_layout.ts";
import {
  Control,
  DECODED_PAGE_BYTES,
  Fault,
  GUEST_STATE,
  PAGE_PARCELS,
  PageDirectory,
  Record,
  Tlb,
  TLB_ENTRIES,
  TLB_SET_BYTES,
} from "../abi/vcpu_layout.ts";
import type { AccessKind } from "../host_order.ts";
import type { AccessFaults } from "./access_faults.ts";
import { get32, get64, set32, set64 } from "./control_text.ts";
import { guardedStoreFunctions } from "./guarded_store_functions.ts";
import { reservationFunctions } from "./reservation_functions.ts";

/** Kinds of access, as the guest's page walk takes them. */
const Access = { LOAD: 0, STORE: 1, FETCH: 2 } as const;

/** Results of `$refill`. */
const Refill = { FILLED: 0, FAULTED: 1, DEVICE: 2 } as const;

/** Permission bits of a walk's result; `frontend/frontend.ts` documents them. */
const Permission = { READ: 1, WRITE: 2, EXECUTE: 4 } as const;

const faults = `
  (func $fault (param $cause i32) (param $value i64)
    ${set32(Control.FAULT, `(i32.const ${Fault.EXCEPTION})`)}
    ${set32(Control.FAULT_CAUSE, "(local.get $cause)")}
    ${set64(Control.FAULT_VALUE, "(local.get $value)")})`;

/**
 * Fills the TLB entry of a page, from tables or from what was walked before. The attribute is read after the decision
 * to fill: see `code_guard.ts`.
 */
const refill = (walk: string): string => `
  (func $tlb_entry (param $va i64) (param $set i32) (result i32)
    (i32.add (local.get $set) (i32.shl
      (i32.and (i32.wrap_i64 (i64.shr_u (local.get $va) (i64.const 12))) (i32.const ${
  TLB_ENTRIES - 1
}))
      (i32.const ${Tlb.ENTRY_SHIFT}))))

  (func $permitted (param $page i64) (param $leaf i32) (param $bit i32) (result i64)
    (select (local.get $page) (i64.const ${Tlb.INVALID_TAG}) (i32.and (local.get $leaf) (local.get $bit))))

  (func $refill (param $va i64) (param $access i32) (param $mmu i32) (result i32)
    (local $walked i64) (local $offset i64) (local $leaf i32)
    (local.set $leaf (call $walked_before (local.get $va) (local.get $access) (local.get $mmu)))
    (if (i32.eqz (local.get $leaf)) (then
      (local.set $walked (call $${walk} (local.get $va) (local.get $access) (local.get $mmu)))
      (if (i64.lt_s (local.get $walked) (i64.const 0)) (then
        (call $fault (i32.wrap_i64 (i64.sub (i64.const -1) (local.get $walked))) (local.get $va))
        (return (i32.const ${Refill.FAULTED}))))
      (local.set $offset (i64.sub (i64.and (local.get $walked) (i64.const -4096)) ${
  get64(Control.RAM_BASE)
}))
      (if (i64.ge_u (local.get $offset) ${get64(Control.RAM_BYTES)}) (then
        ${
  set64(
    Control.PHYSICAL,
    "(i64.or (i64.and (local.get $walked) (i64.const -4096)) (i64.and (local.get $va) (i64.const 4095)))",
  )
}
        (return (i32.const ${Refill.DEVICE}))))
      (local.set $leaf (i32.or (i32.and (i32.wrap_i64 (local.get $walked)) (i32.const 4095))
        (i32.add (i32.wrap_i64 (local.get $offset)) (i32.const ${GUEST_RAM_OFFSET}))))
      (call $remember_walk (local.get $va) (local.get $leaf) (local.get $mmu))))
    (call $fill_entry (local.get $va) (local.get $leaf) (local.get $mmu))
    (i32.const ${Refill.FILLED}))

  (func $fill_entry (param $va i64) (param $leaf i32) (param $mmu i32)
    (local $host i32) (local $entry i32) (local $page i64) (local $tag i64)
    (local.set $host (i32.and (local.get $leaf) (i32.const -4096)))
    (local.set $page (i64.and (local.get $va) (i64.const -4096)))
    (local.set $entry (call $tlb_entry (local.get $va)
      (i32.add (i32.const ${Tlb.BASE}) (i32.mul (local.get $mmu) (i32.const ${TLB_SET_BYTES})))))
    (i32.store $cpu offset=${Tlb.ADDEND} (local.get $entry)
      (i32.sub (local.get $host) (i32.wrap_i64 (local.get $page))))
    (call $note_leaf (local.get $entry) (local.get $va) (local.get $leaf) (local.get $mmu))
    (i64.store $cpu offset=${Tlb.READ_TAG} (local.get $entry)
      (call $permitted (local.get $page) (local.get $leaf) (i32.const ${Permission.READ})))
    (i64.store $cpu offset=${Tlb.FETCH_TAG} (local.get $entry)
      (call $permitted (local.get $page) (local.get $leaf) (i32.const ${Permission.EXECUTE})))
    (local.set $tag (call $permitted (local.get $page) (local.get $leaf) (i32.const ${Permission.WRITE})))
    (if (i32.atomic.load $ram offset=${PAGE_ATTRIBUTES} (i32.shl (i32.shr_u (local.get $host) (i32.const 12)) (i32.const 2)))
      (then (local.set $tag (i64.or (local.get $tag) (i64.const ${Tlb.GUARD_BIT})))))
    (i64.store $cpu offset=${Tlb.WRITE_TAG} (local.get $entry) (local.get $tag)))`;

/** Translations for callers that make the access themselves: an odd result means they may not. */
const translate = `
  (func $translate_load (export "translate_load") (param $va i64) (result i32)
    (local $entry i32)
    (local.set $entry (call $tlb_entry (local.get $va) ${get32(Control.DATA_TLB)}))
    (if (i64.ne (i64.load $cpu offset=${Tlb.READ_TAG} (local.get $entry)) (i64.and (local.get $va) (i64.const -4096)))
      (then (if (call $refill (local.get $va) (i32.const ${Access.LOAD}) ${get32(Control.DATA_MMU)})
        (then (return (i32.const 1))))))
    (i32.load $cpu offset=${Tlb.ADDEND} (local.get $entry)))

  (func $write_entry (param $va i64) (result i32)
    (local $entry i32) (local $page i64) (local $status i32)
    (local.set $entry (call $tlb_entry (local.get $va) ${get32(Control.DATA_TLB)}))
    (local.set $page (i64.and (local.get $va) (i64.const -4096)))
    (if (i64.ne (i64.and (i64.load $cpu offset=${Tlb.WRITE_TAG} (local.get $entry)) (i64.const ${~Tlb
  .GUARD_BIT}))
                (local.get $page))
      (then
        (local.set $status (call $refill (local.get $va) (i32.const ${Access.STORE}) ${
  get32(Control.DATA_MMU)
}))
        (if (local.get $status) (then (return (local.get $status))))))
    (local.get $entry))

  (func $is_guarded (param $entry i32) (result i32)
    (i32.wrap_i64 (i64.and (i64.load $cpu offset=${Tlb.WRITE_TAG} (local.get $entry)) (i64.const ${Tlb.GUARD_BIT}))))

  (func $translate_store (export "translate_store") (param $va i64) (result i32)
    (local $entry i32)
    (local.set $entry (call $write_entry (local.get $va)))
    (if (i32.lt_u (local.get $entry) (i32.const ${Tlb.BASE})) (then (return (i32.const 1))))
    (if (call $is_guarded (local.get $entry)) (then (return (i32.const 1))))
    (i32.load $cpu offset=${Tlb.ADDEND} (local.get $entry)))

  (func $host_of (param $entry i32) (param $va i64) (result i32)
    (i32.add (i32.wrap_i64 (local.get $va)) (i32.load $cpu offset=${Tlb.ADDEND} (local.get $entry))))`;

const widthCases = (on1: string, on2: string, on4: string, on8: string): string => `
    (block $w8 (block $w4 (block $w2 (block $w1
      (br_table $w8 $w1 $w2 $w8 $w4 $w8 (local.get $width)))
      ${on1}) ${on2}) ${on4}) ${on8}`;

/** Stores of a kind at a host address, by width. */
function storeCases(kind: AccessKind): string {
  const store = (width: string): string =>
    `(i64.${
      kind === "atomic" ? "atomic." : ""
    }store${width} $ram (local.get $host) (local.get $value))`;
  const [byte, half, word] = ["8", "16", "32"].map((width) => `${store(width)} (return)`);
  return widthCases(byte, half, word, store(""));
}

/** Accesses at a host address. ORDER: guest loads are atomic; plain stores are as the order table has them. */
const hostAccess = (plainStore: AccessKind): string => `
  (func $read_host (param $host i32) (param $width i32) (result i64)
    ${
  widthCases(
    "(return (i64.atomic.load8_u $ram (local.get $host)))",
    "(return (i64.atomic.load16_u $ram (local.get $host)))",
    "(return (i64.atomic.load32_u $ram (local.get $host)))",
    "(i64.atomic.load $ram (local.get $host))",
  )
})

  (func $write_host (param $host i32) (param $value i64) (param $width i32)
    ${storeCases(plainStore)})

  (func $write_host_atomic (param $host i32) (param $value i64) (param $width i32)
    ${storeCases("atomic")})`;

function deviceAccess(causes: AccessFaults): string {
  const physicalHalves = `(i32.wrap_i64 ${get64(Control.PHYSICAL)})
      (i32.wrap_i64 (i64.shr_u ${get64(Control.PHYSICAL)} (i64.const 32))) (local.get $width)`;
  return `
  (func $device_status (param $status i32) (param $cause i32) (param $va i64)
    (if (i32.eqz (local.get $status)) (then (call $fault (local.get $cause) (local.get $va))))
    (if (i32.eq (local.get $status) (i32.const 2)) (then ${
    set32(Control.FAULT, `(i32.const ${Fault.RETRY})`)
  })))

  (func $device_load (param $va i64) (param $width i32) (result i64)
    (call $device_status (call $host_device_load ${physicalHalves}) (i32.const ${causes.loadAccess}) (local.get $va))
    ${get64(Control.TRANSFER)})

  (func $device_store (param $va i64) (param $value i64) (param $width i32)
    ${set64(Control.TRANSFER, "(local.get $value)")}
    (call $device_status (call $host_device_store ${physicalHalves}) (i32.const ${causes.storeAccess}) (local.get $va)))`;
}

const slowAccess = `
  (func $load_bytes (param $va i64) (param $width i32) (result i64)
    (local $i i32) (local $value i64)
    (loop $next
      (local.set $value (i64.or (local.get $value) (i64.shl
        (call $load (i64.add (local.get $va) (i64.extend_i32_u (local.get $i))) (i32.const 1))
        (i64.extend_i32_u (i32.shl (local.get $i) (i32.const 3))))))
      (if ${get32(Control.FAULT)} (then (return (i64.const 0))))
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (br_if $next (i32.lt_u (local.get $i) (local.get $width))))
    (local.get $value))

  (func $load (param $va i64) (param $width i32) (result i64)
    (local $entry i32) (local $status i32)
    (if (call $is_misaligned (local.get $va) (local.get $width)) (then
      (return (call $load_bytes (local.get $va) (local.get $width)))))
    (local.set $entry (call $tlb_entry (local.get $va) ${get32(Control.DATA_TLB)}))
    (if (i64.ne (i64.load $cpu offset=${Tlb.READ_TAG} (local.get $entry)) (i64.and (local.get $va) (i64.const -4096)))
      (then
        (local.set $status (call $refill (local.get $va) (i32.const ${Access.LOAD}) ${
  get32(Control.DATA_MMU)
}))
        (if (i32.eq (local.get $status) (i32.const ${Refill.FAULTED})) (then (return (i64.const 0))))
        (if (i32.eq (local.get $status) (i32.const ${Refill.DEVICE})) (then
          (return (call $device_load (local.get $va) (local.get $width)))))))
    (call $read_host (call $host_of (local.get $entry) (local.get $va)) (local.get $width)))

  (func $store_bytes (param $va i64) (param $value i64) (param $width i32)
    (local $i i32) (local $last_page i64)
    ;; Both pages before the first byte, so that a store that faults on its second page has changed nothing.
    (drop (call $write_entry (local.get $va)))
    (if ${get32(Control.FAULT)} (then (return)))
    (local.set $last_page (i64.and (i64.const -4096)
      (i64.add (local.get $va) (i64.extend_i32_u (i32.sub (local.get $width) (i32.const 1))))))
    (if (i64.ne (local.get $last_page) (i64.and (local.get $va) (i64.const -4096))) (then
      (drop (call $write_entry (local.get $last_page)))
      (if ${get32(Control.FAULT)} (then (return)))))
    (loop $next
      (call $store (i64.add (local.get $va) (i64.extend_i32_u (local.get $i)))
        (i64.shr_u (local.get $value) (i64.extend_i32_u (i32.shl (local.get $i) (i32.const 3)))) (i32.const 1))
      (if ${get32(Control.FAULT)} (then (return)))
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (br_if $next (i32.lt_u (local.get $i) (local.get $width)))))

  (func $store (param $va i64) (param $value i64) (param $width i32)
    (local $entry i32)
    (if (call $is_misaligned (local.get $va) (local.get $width)) (then
      (call $store_bytes (local.get $va) (local.get $value) (local.get $width)) (return)))
    (local.set $entry (call $write_entry (local.get $va)))
    (if (i32.eq (local.get $entry) (i32.const ${Refill.FAULTED})) (then (return)))
    (if (i32.eq (local.get $entry) (i32.const ${Refill.DEVICE})) (then
      (call $device_store (local.get $va) (local.get $value) (local.get $width)) (return)))
    (if (i32.eqz (call $store_checked (local.get $entry) (call $host_of (local.get $entry) (local.get $va))
      (local.get $value) (local.get $width))) (then (call $put_off))))`;

/** Sign-extends a value of 4 or 8 bytes. */
const extend = (value: string): string =>
  `(if (result i64) (i32.eq (local.get $width) (i32.const 4))
      (then (i64.extend32_s ${value})) (else ${value}))`;

/** New values of an atomic update, by number: the order of `RMW_OPERATIONS`. */
const UPDATED = [
  "(i64.add (local.get $old) (local.get $value))",
  "(local.get $value)",
  "(i64.and (local.get $old) (local.get $value))",
  "(i64.or (local.get $old) (local.get $value))",
  "(i64.xor (local.get $old) (local.get $value))",
  "(select (local.get $old) (local.get $value) (i64.lt_s (local.get $old) (local.get $value)))",
  "(select (local.get $old) (local.get $value) (i64.gt_s (local.get $old) (local.get $value)))",
  "(select (local.get $old) (local.get $value) (i64.lt_u (local.get $old) (local.get $value)))",
  "(select (local.get $old) (local.get $value) (i64.gt_u (local.get $old) (local.get $value)))",
];

const updatedCases = UPDATED.map((expression, index) =>
  `(if (i32.eq (local.get $operation) (i32.const ${index})) (then (return ${expression})))`
).join("\n    ");

/** Updates and exchanges of a host word. */
const hostAtomics = `
  (func $is_misaligned (param $va i64) (param $width i32) (result i32)
    (i32.and (i32.wrap_i64 (local.get $va)) (i32.sub (local.get $width) (i32.const 1))))

  (func $updated (param $operation i32) (param $old i64) (param $value i64) (result i64)
    ${updatedCases}
    (unreachable))

  (func $exchange_host (param $host i32) (param $expected i64) (param $new i64) (param $width i32) (result i64)
    (if (i32.eq (local.get $width) (i32.const 4)) (then (return (i64.atomic.rmw32.cmpxchg_u $ram (local.get $host)
      (i64.and (local.get $expected) (i64.const 0xffffffff)) (i64.and (local.get $new) (i64.const 0xffffffff))))))
    (i64.atomic.rmw.cmpxchg $ram (local.get $host) (local.get $expected) (local.get $new)))`;

function atomics(causes: AccessFaults): string {
  return `${hostAtomics}

  ;; Entry of an aligned atomic access in RAM; 0 with FAULT set otherwise.
  (func $atomic_entry (param $va i64) (param $width i32) (result i32)
    (local $entry i32)
    (if (call $is_misaligned (local.get $va) (local.get $width)) (then
      (call $fault (i32.const ${causes.storeMisaligned}) (local.get $va)) (return (i32.const 0))))
    (local.set $entry (call $write_entry (local.get $va)))
    (if (i32.eq (local.get $entry) (i32.const ${Refill.FAULTED})) (then (return (i32.const 0))))
    (if (i32.eq (local.get $entry) (i32.const ${Refill.DEVICE})) (then
      (call $fault (i32.const ${causes.storeAccess}) (local.get $va)) (return (i32.const 0))))
    (local.get $entry))

  (func $rmw (param $va i64) (param $value i64) (param $width i32) (param $operation i32) (result i64)
    (local $entry i32) (local $host i32) (local $old i64) (local $seen i64) (local $guarded i32) (local $token i64)
    (local.set $entry (call $atomic_entry (local.get $va) (local.get $width)))
    (if (i32.eqz (local.get $entry)) (then (return (i64.const 0))))
    (local.set $host (call $host_of (local.get $entry) (local.get $va)))
    (local.set $guarded (call $is_guarded (local.get $entry)))
    (if (local.get $guarded) (then
      (local.set $token (call $begin_guarded_store (local.get $host)))
      (if (call $is_busy (local.get $token)) (then (call $put_off) (return (i64.const 0))))))
    (local.set $value ${extend("(local.get $value)")})
    (local.set $seen (call $read_host (local.get $host) (local.get $width)))
    (loop $again
      (local.set $old (local.get $seen))
      (local.set $seen (call $exchange_host (local.get $host) (local.get $old)
        (call $updated (local.get $operation) ${
    extend("(local.get $old)")
  } (local.get $value)) (local.get $width)))
      (br_if $again (i64.ne (local.get $seen) (local.get $old))))
    (if (local.get $guarded) (then (call $end_guarded_store (local.get $host) (local.get $token))))
    ${extend("(local.get $old)")})

  (func $cmpxchg (param $va i64) (param $expected i64) (param $new i64) (param $width i32) (result i64)
    (local $entry i32) (local $host i32) (local $old i64) (local $guarded i32) (local $token i64)
    (local.set $entry (call $atomic_entry (local.get $va) (local.get $width)))
    (if (i32.eqz (local.get $entry)) (then (return (i64.const 0))))
    (local.set $host (call $host_of (local.get $entry) (local.get $va)))
    (local.set $guarded (call $is_guarded (local.get $entry)))
    (if (local.get $guarded) (then
      (local.set $token (call $begin_guarded_store (local.get $host)))
      (if (call $is_busy (local.get $token)) (then (call $put_off) (return (i64.const 0))))))
    (local.set $old (call $exchange_host (local.get $host) (local.get $expected) (local.get $new) (local.get $width)))
    (if (local.get $guarded) (then (call $end_guarded_store (local.get $host) (local.get $token))))
    ${extend("(local.get $old)")})

  ${reservationFunctions(causes, extend("(local.get $value)"))}`;
}

/** Physical accesses of the guest's page walk, and interrupt lines. */
const machineFunctions = `
  (func $physical_host (param $address i64) (result i32)
    (i32.add (i32.wrap_i64 (i64.sub (local.get $address) ${
  get64(Control.RAM_BASE)
})) (i32.const ${GUEST_RAM_OFFSET})))

  (func $phys_in_ram (param $address i64) (result i32)
    (i64.le_u (i64.sub (local.get $address) ${get64(Control.RAM_BASE)})
      (i64.sub ${get64(Control.RAM_BYTES)} (i64.const 8))))

  (func $phys_load (param $address i64) (param $width i32) (result i64)
    (call $read_host (call $physical_host (local.get $address)) (local.get $width)))

  ;; A page-table update is a guest store like any other: it is seen when the table's page is guarded. Where the
  ;; line is busy the entry seems to have changed, and the walk reads it again.
  (func $phys_cmpxchg (param $address i64) (param $expected i64) (param $new i64) (param $width i32) (result i64)
    (local $host i32) (local $old i64) (local $token i64)
    (local.set $host (call $physical_host (local.get $address)))
    (local.set $token (call $begin_guarded_store (local.get $host)))
    (if (call $is_busy (local.get $token)) (then (return (i64.xor (local.get $expected) (i64.const 1)))))
    (local.set $old (call $exchange_host (local.get $host) (local.get $expected) (local.get $new) (local.get $width)))
    (call $end_guarded_store (local.get $host) (local.get $token))
    (local.get $old))

  (func $retired_instructions (result i64)
    (i64.add ${get64(Control.RETIRED_BASE)}
      (i64.extend_i32_s (i32.sub ${get32(Control.BUDGET_FILLED)} ${get32(Control.BUDGET)}))))`;

/** The decoded page of a host page: its slot in the directory, opened when it is not there or out of date. */
const findPage = `
  (func $directory_entry (param $slot i32) (result i32)
    (i32.add (i32.const ${PageDirectory.BASE}) (i32.shl (local.get $slot) (i32.const ${PageDirectory.ENTRY_SHIFT}))))

  (func $is_page (param $entry i32) (param $page i32) (param $mode i32) (result i32)
    (i32.eqz (i32.or (i32.or
      (i32.ne (i32.load $cpu offset=${PageDirectory.PAGE} (local.get $entry)) (i32.add (local.get $page) (i32.const 1)))
      (i32.ne (i32.load $cpu offset=${PageDirectory.MODE} (local.get $entry)) (local.get $mode)))
      (i32.ne (i32.load $cpu offset=${PageDirectory.GENERATION} (local.get $entry))
        (i32.atomic.load $ram offset=${PAGE_STORES_BEGUN} (i32.shl (local.get $page) (i32.const 2)))))))

  (func $find_page (param $page i32) (param $mode i32) (result i32)
    (local $home i32) (local $slot i32) (local $way i32)
    (local.set $home (i32.shr_u
      (i32.mul
        (i32.xor (local.get $page) (i32.shl (local.get $mode) (i32.const ${PageDirectory.MODE_SHIFT})))
        (i32.const ${PageDirectory.FACTOR}))
      (i32.const ${32 - PageDirectory.INDEX_BITS})))
    (loop $next
      (local.set $slot (i32.xor (local.get $home) (local.get $way)))
      (if (call $is_page (call $directory_entry (local.get $slot)) (local.get $page) (local.get $mode))
        (then (return (local.get $slot))))
      (local.set $way (i32.add (local.get $way) (i32.const 1)))
      (br_if $next (i32.lt_u (local.get $way) (i32.const ${PageDirectory.WAYS}))))
    (call $host_open_page (local.get $home) (local.get $page)))`;

/** From a guest address to its decoded record; 0 with FAULT set when nothing can be fetched there. */
function findRecord(causes: AccessFaults): string {
  return `
  (func $find_record (param $pc i64) (param $mode i32) (result i32)
    (local $entry i32) (local $page i32) (local $slot i32) (local $directory i32) (local $status i32)
    (local.set $entry (call $tlb_entry (local.get $pc) ${get32(Control.FETCH_TLB)}))
    (if (i64.ne (i64.load $cpu offset=${Tlb.FETCH_TAG} (local.get $entry)) (i64.and (local.get $pc) (i64.const -4096)))
      (then
        (local.set $status (call $refill (local.get $pc) (i32.const ${Access.FETCH}) ${
    get32(Control.FETCH_MMU)
  }))
        (if (i32.eq (local.get $status) (i32.const ${Refill.FAULTED})) (then (return (i32.const 0))))
        (if (i32.eq (local.get $status) (i32.const ${Refill.DEVICE})) (then
          (call $fault (i32.const ${causes.fetchAccess}) (local.get $pc)) (return (i32.const 0))))))
    (local.set $page (i32.shr_u (call $host_of (local.get $entry) (local.get $pc)) (i32.const 12)))
    (local.set $slot (call $find_page (local.get $page) (local.get $mode)))
    (local.set $directory (call $directory_entry (local.get $slot)))
    (local.set $slot
      (i32.add (i32.const ${Record.BASE}) (i32.mul (local.get $slot) (i32.const ${DECODED_PAGE_BYTES}))))
    ;; What an instruction across the page's end means depends on the next page's mapping: decode it anew.
    (if (i32.load $cpu offset=${PageDirectory.STRADDLES} (local.get $directory)) (then
      (i32.store16 $cpu offset=${
    (PAGE_PARCELS - 1) << Record.SHIFT
  } (local.get $slot) (i32.const ${Record.UNDECODED}))))
    (i32.add (local.get $slot)
      (i32.shl (i32.shr_u (i32.and (i32.wrap_i64 (local.get $pc)) (i32.const 4094)) (i32.const 1)) (i32.const ${Record.SHIFT}))))`;
}

/** What the host's decoder needs to read an instruction's second half from another page. */
function translateFetch(causes: AccessFaults): string {
  return `
  (func $translate_fetch (export "translate_fetch") (param $va i64) (result i32)
    (local $entry i32) (local $status i32)
    (local.set $entry (call $tlb_entry (local.get $va) ${get32(Control.FETCH_TLB)}))
    (if (i64.ne (i64.load $cpu offset=${Tlb.FETCH_TAG} (local.get $entry)) (i64.and (local.get $va) (i64.const -4096)))
      (then
        (local.set $status (call $refill (local.get $va) (i32.const ${Access.FETCH}) ${
    get32(Control.FETCH_MMU)
  }))
        (if (i32.eq (local.get $status) (i32.const ${Refill.DEVICE})) (then
          (call $fault (i32.const ${causes.fetchAccess}) (local.get $va))))
        (if (local.get $status) (then (return (i32.const 0))))))
    (call $host_of (local.get $entry) (local.get $va)))`;
}

/**
 * Text of all functions of this file; `walk` names the frontend's page walk, `replayed` is text that takes the
 * place of the guest's accesses.
 */
export function memoryFunctions(
  causes: AccessFaults,
  walk: string,
  replayed: string | null,
  plainStore: AccessKind,
): string {
  return [
    faults,
    refill(walk),
    translate,
    hostAccess(plainStore),
    guardedStoreFunctions,
    deviceAccess(causes),
    ...(replayed === null ? [slowAccess, atomics(causes)] : [hostAtomics, replayed]),
    machineFunctions,
    translateFetch(causes),
    findPage,
    findRecord(causes),
  ].join("\n");
}

/** Byte offset in private memory of a state offset. */
export function stateAddress(offset: number): number {
  return GUEST_STATE + offset;
}
