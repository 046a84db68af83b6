/**
 * Load-reserved and store-conditional in the cold tier.
 *
 * A window in which nothing but register work happened is one atomic update at the store-conditional, so
 * comparing the value is exact. A window that turned out to hold more fails once, and the address of its
 * load-reserved is remembered; from then on the scheme decides. `monitor`: the load-reserved watches its line,
 * whose version any store to an armed page changes (`monitor.ts`). `exclusive`: the window runs while all other
 * vCPUs are stopped. `cas`: the value is compared all the same, which is not exact.
 *
 * Remembered addresses are virtual and may be forgotten or wrong: that costs time, never correctness.
 */
import { PAGE_ATTRIBUTES, PageAttribute } from "../../runtime/atomics/shared_layout.ts";
import { Control, Fault, ImpureWindows, ReservationScheme } from "../abi/vcpu_layout.ts";
import type { AccessFaults } from "./access_faults.ts";
import { get32, get64, set32, set64 } from "./control_text.ts";

const WINDOW_MASK = (1 << ImpureWindows.INDEX_BITS) - 1;

const windows = `
  (func $impure_window (param $pc i64) (result i32)
    (i32.shl (i32.and (i32.wrap_i64 (i64.shr_u (local.get $pc) (i64.const 1))) (i32.const ${WINDOW_MASK}))
      (i32.const ${ImpureWindows.ENTRY_SHIFT})))

  (func $is_impure (param $pc i64) (result i32)
    (i64.eq (local.get $pc)
      (i64.load $cpu offset=${ImpureWindows.BASE} (call $impure_window (local.get $pc)))))

  (func $note_impure (param $pc i64)
    (i64.store $cpu offset=${ImpureWindows.BASE} (call $impure_window (local.get $pc)) (local.get $pc)))`;

/** ORDER: the version is read before the value; partner: whoever stores to the line, between lock and unlock. */
const watch = `
  ;; Makes a load-reserved of this place watch its line; 0 with FAULT set when it cannot now.
  (func $watch_line (param $host i32) (result i32)
    (local $attribute i32) (local $version i64)
    (local.set $attribute (call $page_attribute (local.get $host)))
    (if (i32.eqz (i32.and (local.get $attribute) (i32.const ${PageAttribute.ARMED}))) (then
      ${set32(Control.ARM_PAGE, "(i32.shr_u (local.get $host) (i32.const 12))")}
      ${set32(Control.FAULT, `(i32.const ${Fault.ARM_PAGE})`)}
      (return (i32.const 0))))
    (if (i32.eqz (i32.and (local.get $attribute) (i32.const ${PageAttribute.RESERVED_LATELY}))) (then
      (drop (i32.atomic.rmw.or $ram offset=${PAGE_ATTRIBUTES}
        (i32.shl (i32.shr_u (local.get $host) (i32.const 12)) (i32.const 2))
        (i32.const ${PageAttribute.RESERVED_LATELY})))))
    (local.set $version (call $line_version (call $monitor_line (local.get $host))))
    (if (call $is_busy (local.get $version)) (then (call $put_off) (return (i32.const 0))))
    ${set64(Control.RESERVATION_VERSION, "(local.get $version)")}
    ${set32(Control.RESERVATION_HOST, "(local.get $host)")}
    (i32.const 1))`;

function loadReserved(causes: AccessFaults, extended: string): string {
  return `
  ;; Prepares the window of a load-reserved whose window is known to be impure: 0 with FAULT set when it cannot.
  (func $prepare_window (param $host i32) (result i32)
    (if (i32.eq ${get32(Control.RESERVATION_SCHEME)} (i32.const ${ReservationScheme.MONITOR})) (then
      ${set32(Control.RESERVATION_WATCHED, "(i32.const 1)")}
      (return (call $watch_line (local.get $host)))))
    (if (i32.and (i32.eq ${
    get32(Control.RESERVATION_SCHEME)
  } (i32.const ${ReservationScheme.EXCLUSIVE}))
        (i32.eqz ${get32(Control.EXCLUSIVE_WINDOW)}))
      (then ${
    set32(Control.FAULT, `(i32.const ${Fault.EXCLUSIVE_WINDOW})`)
  } (return (i32.const 0))))
    (i32.const 1))

  (func $load_reserved (param $va i64) (param $width i32) (param $pc i64) (result i64)
    (local $value i64) (local $host i32)
    ${set32(Control.RESERVATION, "(i32.const 0)")}
    ${set32(Control.RESERVATION_WATCHED, "(i32.const 0)")}
    (if (call $is_misaligned (local.get $va) (local.get $width)) (then
      (call $fault (i32.const ${causes.loadMisaligned}) (local.get $va)) (return (i64.const 0))))
    (local.set $host (call $translate_load (local.get $va)))
    (if ${get32(Control.FAULT)} (then (return (i64.const 0))))
    (if (i32.and (local.get $host) (i32.const 1)) (then
      (call $fault (i32.const ${causes.loadAccess}) (local.get $va)) (return (i64.const 0))))
    (local.set $host (i32.add (i32.wrap_i64 (local.get $va)) (local.get $host)))
    (if (call $is_impure (local.get $pc)) (then
      (if (i32.eqz (call $prepare_window (local.get $host))) (then (return (i64.const 0))))))
    (local.set $value (call $read_host (local.get $host) (local.get $width)))
    ${set32(Control.RESERVATION, "(i32.const 1)")}
    ${set32(Control.RESERVATION_PURE, "(i32.const 1)")}
    ${set64(Control.RESERVATION_ADDRESS, "(local.get $va)")}
    ${set64(Control.RESERVATION_VALUE, "(local.get $value)")}
    ${set32(Control.RESERVATION_WIDTH, "(local.get $width)")}
    ${set64(Control.RESERVATION_PC, "(local.get $pc)")}
    ${extended})`;
}

const storeConditional = `
  ;; The line was not stored to since the load-reserved if it can be locked with the version from then.
  (func $store_watched (param $host i32) (param $value i64) (param $width i32) (result i64)
    (local $token i64)
    (if (i32.ne (local.get $host) ${get32(Control.RESERVATION_HOST)}) (then (return (i64.const 1))))
    (local.set $token ${get64(Control.RESERVATION_VERSION)})
    (if (i32.eqz (call $lock_version (call $monitor_line (local.get $host)) (local.get $token)))
      (then (return (i64.const 1))))
    (if (i32.and (call $page_attribute (local.get $host)) (i32.const ${PageAttribute.CODE})) (then
      (call $begin_code_store (local.get $host))
      (local.set $token (i64.or (local.get $token) (i64.const 1)))))
    (call $write_host_atomic (local.get $host) (local.get $value) (local.get $width))
    (call $end_guarded_store (local.get $host) (local.get $token))
    (i64.const 0))

  ;; May the value be compared? In a pure window, in one that ran alone, or where the scheme says so.
  (func $may_compare (result i32)
    (i32.or (i32.eq ${get32(Control.RESERVATION_SCHEME)} (i32.const ${ReservationScheme.COMPARE}))
      (i32.or ${get32(Control.RESERVATION_PURE)} ${get32(Control.EXCLUSIVE_WINDOW)})))

  ;; 0 when the store was made, 1 when not.
  (func $store_conditional (param $va i64) (param $value i64) (param $width i32) (result i64)
    (local $entry i32) (local $valid i32) (local $host i32)
    (local.set $valid (i32.and ${get32(Control.RESERVATION)} (i32.and
      (i64.eq ${get64(Control.RESERVATION_ADDRESS)} (local.get $va))
      (i32.eq ${get32(Control.RESERVATION_WIDTH)} (local.get $width)))))
    ${set32(Control.RESERVATION, "(i32.const 0)")}
    (local.set $entry (call $atomic_entry (local.get $va) (local.get $width)))
    (if (i32.eqz (local.get $entry)) (then (return (i64.const 0))))
    (if (i32.eqz (local.get $valid)) (then (return (i64.const 1))))
    (local.set $host (call $host_of (local.get $entry) (local.get $va)))
    (if ${get32(Control.RESERVATION_WATCHED)} (then
      (return (call $store_watched (local.get $host) (local.get $value) (local.get $width)))))
    (if (call $may_compare) (then
      (return (call $exchange_checked (call $is_guarded (local.get $entry)) (local.get $host)
        ${get64(Control.RESERVATION_VALUE)} (local.get $value) (local.get $width)))))
    (call $note_impure ${get64(Control.RESERVATION_PC)})
    (i64.const 1))`;

/** Text of the functions; `extended` is the value, sign-extended from its width. */
export function reservationFunctions(causes: AccessFaults, extended: string): string {
  return [windows, watch, loadReserved(causes, extended), storeConditional].join("\n");
}
