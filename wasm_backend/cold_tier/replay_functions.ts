/**
 * The guest's accesses as check mode replays them: each is served from the log that the region wrote and
 * compared with it. A difference is noted once and ends the replay. Nothing here touches guest memory.
 */
import {
  ACCESS_LOG,
  Control,
  Fault,
  LOG_ENTRY_BYTES,
  LogEntry,
  LogKind,
} from "../abi/vcpu_layout.ts";

const kindAndWidth = (kind: number): string =>
  `(i32.or (i32.const ${kind}) (i32.shl (local.get $width) (i32.const ${LogEntry.WIDTH_SHIFT})))`;

const extended = (value: string): string =>
  `(if (result i64) (i32.eq (local.get $width) (i32.const 4)) (then (i64.extend32_s ${value})) (else ${value}))`;

/** Text of the functions. */
export const replayedAccess = `
  (func $differs
    (if (i32.eqz (i32.load $cpu (i32.const ${Control.LOG_MISMATCH}))) (then
      (i32.store $cpu (i32.const ${Control.LOG_MISMATCH}) (i32.load $cpu (i32.const ${Control.LOG_REPLAY})))))
    (i32.store $cpu (i32.const ${Control.FAULT}) (i32.const ${Fault.RETRY})))

  ;; The next log entry, which must be of this kind and address.
  (func $replay (param $kind i32) (param $va i64) (result i32)
    (local $index i32) (local $entry i32)
    (local.set $index (i32.load $cpu (i32.const ${Control.LOG_REPLAY})))
    (i32.store $cpu (i32.const ${Control.LOG_REPLAY}) (i32.add (local.get $index) (i32.const 1)))
    (local.set $entry (i32.add (i32.const ${ACCESS_LOG}) (i32.mul (local.get $index) (i32.const ${LOG_ENTRY_BYTES}))))
    (if (i32.or (i32.ge_u (local.get $index) (i32.load $cpu (i32.const ${Control.LOG_POSITION})))
        (i32.or (i32.ne (i32.load $cpu offset=${LogEntry.KIND} (local.get $entry)) (local.get $kind))
                (i64.ne (i64.load $cpu offset=${LogEntry.ADDRESS} (local.get $entry)) (local.get $va))))
      (then (call $differs)))
    (local.get $entry))

  (func $compare (param $entry i32) (param $value i64) (param $width i32)
    (local $bits i64)
    (local.set $bits (i64.sub (i64.const 64) (i64.extend_i32_u (i32.shl (local.get $width) (i32.const 3)))))
    (if (i64.ne (i64.shl (i64.load $cpu offset=${LogEntry.OPERAND} (local.get $entry)) (local.get $bits))
                (i64.shl (local.get $value) (local.get $bits)))
      (then (call $differs))))

  (func $load (param $va i64) (param $width i32) (result i64)
    (i64.load $cpu offset=${LogEntry.RESULT} (call $replay ${
  kindAndWidth(LogKind.LOAD)
} (local.get $va))))

  (func $store (param $va i64) (param $value i64) (param $width i32)
    (call $compare (call $replay ${
  kindAndWidth(LogKind.STORE)
} (local.get $va)) (local.get $value) (local.get $width)))

  (func $rmw (param $va i64) (param $value i64) (param $width i32) (param $operation i32) (result i64)
    (local $entry i32)
    (local.set $entry (call $replay ${kindAndWidth(LogKind.UPDATE)} (local.get $va)))
    (call $compare (local.get $entry) (local.get $value) (local.get $width))
    ${extended(`(i64.load $cpu offset=${LogEntry.RESULT} (local.get $entry))`)})

  (func $cmpxchg (param $va i64) (param $expected i64) (param $new i64) (param $width i32) (result i64)
    (local $entry i32)
    (local.set $entry (call $replay ${kindAndWidth(LogKind.UPDATE)} (local.get $va)))
    (call $compare (local.get $entry) (local.get $new) (local.get $width))
    ${extended(`(i64.load $cpu offset=${LogEntry.RESULT} (local.get $entry))`)})

  (func $load_reserved (param $va i64) (param $width i32) (param $pc i64) (result i64)
    ${
  extended(
    `(i64.load $cpu offset=${LogEntry.RESULT} (call $replay ${
      kindAndWidth(LogKind.LOAD_RESERVED)
    } (local.get $va)))`,
  )
})

  (func $store_conditional (param $va i64) (param $value i64) (param $width i32) (result i64)
    (local $entry i32)
    (local.set $entry (call $replay ${kindAndWidth(LogKind.STORE_CONDITIONAL)} (local.get $va)))
    (call $compare (local.get $entry) (local.get $value) (local.get $width))
    (i64.load $cpu offset=${LogEntry.RESULT} (local.get $entry)))`;
