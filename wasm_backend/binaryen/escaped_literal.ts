/**
 * Bytes that stand in JavaScript source as a template literal: one character for each byte, with escapes.
 */

/** Bytes of a literal, and where the rest of the source begins. */
export interface LiteralBytes {
  /** What the literal says. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Index of the closing backtick. */
  readonly end: number;
}

const BACKTICK = 0x60;
const BACKSLASH = 0x5c;
const HEX_ESCAPE = 0x78;
const DIGIT_ZERO = 0x30;
const DIGIT_NINE = 0x39;
const LETTER_A = 0x61;
const LOWER_CASE = 0x20;
const HEX_SHIFT = 4;
const ASCII_CODES = 0x80;
const SIMPLE_ESCAPES = { "0": 0, b: 8, t: 9, n: 10, v: 11, f: 12, r: 13 };

/** By the character behind a backslash; one without a meaning of its own stands for itself. */
function escapeTable(): Uint8Array {
  const table = Uint8Array.from({ length: ASCII_CODES }, (_, code) => code);
  for (const [name, value] of Object.entries(SIMPLE_ESCAPES)) table[name.charCodeAt(0)] = value;
  return table;
}

function hexDigit(code: number): number {
  return code <= DIGIT_NINE ? code - DIGIT_ZERO : (code | LOWER_CASE) - LETTER_A + 10;
}

/**
 * Decodes a literal.
 * @param source ASCII codes of the source
 * @param start index behind the opening backtick
 */
export function decodeLiteral(source: Uint8Array, start: number): LiteralBytes {
  const escapes = escapeTable();
  const bytes = new Uint8Array(source.length - start);
  let length = 0;
  let at = start;
  for (let code = source[at]; code !== BACKTICK && at < source.length; code = source[++at]) {
    if (code === BACKSLASH) {
      code = source[++at];
      if (code === HEX_ESCAPE) {
        code = (hexDigit(source[at + 1]) << HEX_SHIFT) | hexDigit(source[at + 2]);
        at += 2;
      } else code = escapes[code];
    }
    bytes[length++] = code;
  }
  return { bytes: bytes.subarray(0, length), end: at };
}
