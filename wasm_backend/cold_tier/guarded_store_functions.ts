/**
 * Stores to pages with an attribute, step by step as `code_guard.ts` and `monitor.ts` describe them: whoever
 * stores to guest memory from a vCPU comes through here when its TLB entry is guarded.
 *
 * A store begins with a token and ends with it: BUSY when the line is being stored to by another vCPU (the
 * caller tries again from its trampoline), else the version of the locked line or UNLOCKED, whose lowest bit
 * says whether the page's code counters were touched.
 */
import {
  MONITOR_INDEX_BITS,
  MONITOR_LINE_SHIFT,
  MONITOR_LINES,
  PAGE_ATTRIBUTES,
  PAGE_CODE_LINES,
  PAGE_STORES_BEGUN,
  PAGE_STORES_DONE,
  PageAttribute,
} from "../../runtime/atomics/shared_layout.ts";
import { Control, Fault, Tlb } from "../abi/vcpu_layout.ts";
import { get32, get64, set32, set64 } from "./control_text.ts";

/** Looks at a locked line before the store is put off: its holder needs but a few instructions. */
const LOCK_SPINS = 400;
/** Tokens of `$begin_guarded_store` that are no version. */
const Token = { UNLOCKED: -2, BUSY: -4 } as const;
const LINE_BYTES_SHIFT = 3;

const LINE_MASK = ((1 << MONITOR_INDEX_BITS) - 1) << LINE_BYTES_SHIFT;

const codeCounters = `
  (func $touches_code (param $host i32) (result i32)
    (i32.wrap_i64 (i64.and (i64.const 1) (i64.shr_u
      (i64.atomic.load $ram offset=${PAGE_CODE_LINES}
        (i32.shl (i32.shr_u (local.get $host) (i32.const 12)) (i32.const 3)))
      (i64.extend_i32_u (i32.and (i32.shr_u (local.get $host) (i32.const 6)) (i32.const 63)))))))

  (func $count_store (param $counter i32) (param $host i32) (param $by i32)
    (drop (i32.atomic.rmw.add $ram
      (i32.add (local.get $counter) (i32.shl (i32.shr_u (local.get $host) (i32.const 12)) (i32.const 2)))
      (local.get $by))))

  (func $begin_code_store (param $host i32)
    ${set32(Control.CODE_STORES, `(i32.add ${get32(Control.CODE_STORES)} (i32.const 1))`)}
    ${set32(Control.CODE_STORE_PAGE, "(i32.shr_u (local.get $host) (i32.const 12))")}
    (if (call $touches_code (local.get $host)) (then
      (call $count_store (i32.const ${PAGE_STORES_BEGUN}) (local.get $host) (i32.const 1)) (return)))
    (call $count_store (i32.const ${PAGE_STORES_DONE}) (local.get $host) (i32.const -1))
    (if (call $touches_code (local.get $host)) (then
      (call $count_store (i32.const ${PAGE_STORES_BEGUN}) (local.get $host) (i32.const 1))
      (call $count_store (i32.const ${PAGE_STORES_DONE}) (local.get $host) (i32.const 1)))))`;

/** ORDER: cmpxchg before the store, sc store behind it; partner: load-reserved and store-conditional. */
const lines = `
  (func $monitor_line (param $host i32) (result i32)
    (i32.and (i32.shl (i32.shr_u (local.get $host) (i32.const ${MONITOR_LINE_SHIFT})) (i32.const ${LINE_BYTES_SHIFT}))
      (i32.const ${LINE_MASK})))

  ;; Version of the line with its lock bit clear, or BUSY.
  (func $line_version (param $line i32) (result i64)
    (local $spins i32) (local $version i64)
    (loop $again
      (local.set $version (i64.atomic.load $ram offset=${MONITOR_LINES} (local.get $line)))
      (if (i64.eqz (i64.and (local.get $version) (i64.const 1))) (then (return (local.get $version))))
      (local.set $spins (i32.add (local.get $spins) (i32.const 1)))
      (br_if $again (i32.lt_u (local.get $spins) (i32.const ${LOCK_SPINS}))))
    (i64.const ${Token.BUSY}))

  ;; Locks the line if it still has this version.
  (func $lock_version (param $line i32) (param $version i64) (result i32)
    (i64.eq (local.get $version) (i64.atomic.rmw.cmpxchg $ram offset=${MONITOR_LINES}
      (local.get $line) (local.get $version) (i64.or (local.get $version) (i64.const 1)))))

  (func $lock_line (param $host i32) (result i64)
    (local $line i32) (local $version i64)
    (local.set $line (call $monitor_line (local.get $host)))
    ${set32(Control.MONITORED_STORES, `(i32.add ${get32(Control.MONITORED_STORES)} (i32.const 1))`)}
    (loop $again
      (local.set $version (call $line_version (local.get $line)))
      (if (i64.lt_s (local.get $version) (i64.const 0)) (then (return (local.get $version))))
      (br_if $again (i32.eqz (call $lock_version (local.get $line) (local.get $version)))))
    (local.get $version))

  ;; A store of the own hart leaves its reservation of the line as it was.
  (func $unlock_line (param $host i32) (param $version i64)
    (local $line i32)
    (local.set $line (call $monitor_line (local.get $host)))
    (if (i32.and (i64.eq (local.get $version) ${get64(Control.RESERVATION_VERSION)})
        (i32.and (i32.and ${get32(Control.RESERVATION)} ${get32(Control.RESERVATION_WATCHED)})
          (i32.eq (local.get $line) (call $monitor_line ${get32(Control.RESERVATION_HOST)}))))
      (then ${set64(Control.RESERVATION_VERSION, "(i64.add (local.get $version) (i64.const 2))")}))
    (i64.atomic.store $ram offset=${MONITOR_LINES} (local.get $line)
      (i64.add (local.get $version) (i64.const 2))))`;

/** The attribute is read after the TLB was: between both nothing is acknowledged. */
const stores = `
  (func $page_attribute (param $host i32) (result i32)
    (i32.atomic.load $ram offset=${PAGE_ATTRIBUTES} (i32.shl (i32.shr_u (local.get $host) (i32.const 12)) (i32.const 2))))

  (func $begin_guarded_store (param $host i32) (result i64)
    (local $attribute i32) (local $token i64)
    (local.set $attribute (call $page_attribute (local.get $host)))
    (local.set $token (i64.const ${Token.UNLOCKED}))
    (if (i32.and (local.get $attribute) (i32.const ${PageAttribute.MONITORED})) (then
      (local.set $token (call $lock_line (local.get $host)))
      (if (i64.eq (local.get $token) (i64.const ${Token.BUSY})) (then (return (local.get $token))))))
    (if (i32.and (local.get $attribute) (i32.const ${PageAttribute.CODE})) (then
      (call $begin_code_store (local.get $host))
      (return (i64.or (local.get $token) (i64.const 1)))))
    (local.get $token))

  (func $is_busy (param $token i64) (result i32)
    (i64.eq (local.get $token) (i64.const ${Token.BUSY})))

  (func $end_guarded_store (param $host i32) (param $token i64)
    (if (i32.wrap_i64 (i64.and (local.get $token) (i64.const 1))) (then
      (call $count_store (i32.const ${PAGE_STORES_DONE}) (local.get $host) (i32.const 1))))
    (if (i64.ge_s (local.get $token) (i64.const 0)) (then
      (call $unlock_line (local.get $host) (i64.and (local.get $token) (i64.const -2))))))

  (func $put_off
    ${set32(Control.FAULT, `(i32.const ${Fault.RETRY})`)})

  ;; 0 when the line is busy: nothing was stored.
  (func $store_checked (param $entry i32) (param $host i32) (param $value i64) (param $width i32) (result i32)
    (local $token i64)
    (if (i32.eqz (call $is_guarded (local.get $entry))) (then
      (call $write_host (local.get $host) (local.get $value) (local.get $width))
      (return (i32.const 1))))
    (local.set $token (call $begin_guarded_store (local.get $host)))
    (if (call $is_busy (local.get $token)) (then (return (i32.const 0))))
    (call $write_host_atomic (local.get $host) (local.get $value) (local.get $width))
    (call $end_guarded_store (local.get $host) (local.get $token))
    (i32.const 1))

  (func $exchange_checked (param $guarded i32) (param $host i32) (param $expected i64) (param $value i64) (param $width i32)
    (result i64)
    (local $token i64) (local $old i64)
    (if (local.get $guarded) (then
      (local.set $token (call $begin_guarded_store (local.get $host)))
      (if (call $is_busy (local.get $token)) (then (return (i64.const 1))))))
    (local.set $old (call $exchange_host (local.get $host)
      (local.get $expected) (local.get $value) (local.get $width)))
    (if (local.get $guarded) (then (call $end_guarded_store (local.get $host) (local.get $token))))
    (i64.extend_i32_u (i64.ne (local.get $old) (local.get $expected))))

  (func $exchange_guarded (export "exchange_guarded")
    (param $va i64) (param $expected i64) (param $value i64) (param $width i32) (result i64)
    (local $entry i32)
    (if (call $is_misaligned (local.get $va) (local.get $width)) (then (return (i64.const 2))))
    (local.set $entry (call $write_entry (local.get $va)))
    (if (i32.lt_u (local.get $entry) (i32.const ${Tlb.BASE})) (then (return (i64.const 2))))
    (call $exchange_checked (call $is_guarded (local.get $entry)) (call $host_of (local.get $entry) (local.get $va))
      (local.get $expected) (local.get $value) (local.get $width)))

  (func $store_guarded (export "store_guarded") (param $va i64) (param $value i64) (param $width i32) (result i32)
    (local $entry i32)
    (if (i64.ne (i64.and (local.get $va) (i64.extend_i32_u (i32.sub (local.get $width) (i32.const 1)))) (i64.const 0))
      (then (return (i32.const 0))))
    (local.set $entry (call $write_entry (local.get $va)))
    (if (i32.lt_u (local.get $entry) (i32.const ${Tlb.BASE})) (then (return (i32.const 0))))
    (call $store_checked (local.get $entry) (call $host_of (local.get $entry) (local.get $va))
      (local.get $value) (local.get $width)))`;

/** Text of the functions. */
export const guardedStoreFunctions: string = [codeCounters, lines, stores].join("\n");
