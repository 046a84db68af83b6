/**
 * Meaning of the SM4 instructions: one byte through the S-box and the cipher's linear map, into a word.
 *
 * SM4 counts bytes from the most significant one. In a word loaded from memory they stand the other way round:
 * what the cipher rotates to the left by `8 * n + k` moves n bytes down here, the lowest one to the top, and the
 * k bits that leave a byte go to the byte below.
 *
 * Source: Unprivileged ISA, "Cryptography Extensions: Scalar & Entropy Source Instructions", "Zksed - ShangMi
 * Suite: SM4 Block Cipher Instructions".
 */
import type { Value } from "../../../ir/region.ts";
import { SM4_SUBSTITUTE } from "../bit_functions/byte_substitution.ts";
import type { Lifter } from "../instruction.ts";
import type { LiftContext } from "./lift_context.ts";

const BYTE_BITS = 8;
const BYTE_MASK = 0xff;
const WORD_BYTES = 4;

/** The lowest byte rotated to the left by that distance, as the cipher means it, into a word. */
function rotateByte({ b }: LiftContext, byte: Value, distance: number): Value {
  const bits = distance % BYTE_BITS;
  const place = (WORD_BYTES - (distance - bits) / BYTE_BITS) % WORD_BYTES;
  const below = (place + WORD_BYTES - 1) % WORD_BYTES;
  if (bits === 0) return b.shl(byte, b.i32(place * BYTE_BITS));
  const kept = b.and(b.shl(byte, b.i32(bits)), b.i32(BYTE_MASK));
  const left = b.shrU(byte, b.i32(BYTE_BITS - bits));
  return b.or(
    b.shl(kept, b.i32(place * BYTE_BITS)),
    b.shl(left, b.i32(below * BYTE_BITS)),
  );
}

function substituteAndMix(distances: readonly number[]): Lifter {
  return (c) => {
    const { b } = c;
    const shift = b.shl(c.field("imm"), b.i32(Math.log2(BYTE_BITS)));
    const input = b.and(b.shrU(c.w("rs2"), shift), b.i32(BYTE_MASK));
    const output = b.callPure(SM4_SUBSTITUTE, b.zeroExtend(input));
    const byte = b.and(b.wrap(output), b.i32(BYTE_MASK));
    const mixed = distances.map((distance) => rotateByte(c, byte, distance))
      .reduce((x, y) => b.xor(x, y));
    c.setW(b.xor(c.w("rs1"), b.rotl(mixed, shift)));
  };
}

/** `sm4ed` */
export const sm4ed: Lifter = substituteAndMix([0, 2, 10, 18, 24]);
/** `sm4ks` */
export const sm4ks: Lifter = substituteAndMix([0, 13, 23]);
