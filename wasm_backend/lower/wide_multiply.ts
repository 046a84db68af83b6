/**
 * High halves of 64-bit products, which Wasm lacks: four 32-bit partial products, as functions that V8 inlines.
 */

/** Text of the functions `mulh_u`, `mulh_s`, `mulh_su`. */
export const WIDE_MULTIPLY = `
  (func $mulh_u (param $a i64) (param $b i64) (result i64)
    (local $al i64) (local $ah i64) (local $bl i64) (local $bh i64) (local $middle i64)
    (local.set $al (i64.and (local.get $a) (i64.const 0xffffffff)))
    (local.set $bl (i64.and (local.get $b) (i64.const 0xffffffff)))
    (local.set $ah (i64.shr_u (local.get $a) (i64.const 32)))
    (local.set $bh (i64.shr_u (local.get $b) (i64.const 32)))
    (local.set $middle (i64.add
      (i64.mul (local.get $ah) (local.get $bl))
      (i64.shr_u (i64.mul (local.get $al) (local.get $bl)) (i64.const 32))))
    (i64.add
      (i64.add (i64.mul (local.get $ah) (local.get $bh)) (i64.shr_u (local.get $middle) (i64.const 32)))
      (i64.shr_u
        (i64.add (i64.mul (local.get $al) (local.get $bh)) (i64.and (local.get $middle) (i64.const 0xffffffff)))
        (i64.const 32))))

  ;; A negative factor counts as itself plus 2^64: take the other factor off the high half.
  (func $mulh_su (param $a i64) (param $b i64) (result i64)
    (i64.sub (call $mulh_u (local.get $a) (local.get $b))
      (i64.and (i64.shr_s (local.get $a) (i64.const 63)) (local.get $b))))

  (func $mulh_s (param $a i64) (param $b i64) (result i64)
    (i64.sub (call $mulh_su (local.get $a) (local.get $b))
      (i64.and (i64.shr_s (local.get $b) (i64.const 63)) (local.get $a))))`;

/** Name of the function for an opcode. */
export function wideMultiplyName(opcode: "i64.mulh_s" | "i64.mulh_u" | "i64.mulh_su"): string {
  return opcode.slice("i64.".length);
}
