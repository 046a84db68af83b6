/**
 * Encodings in the manual's own notation, read into masks and field positions.
 *
 * A pattern lists the parts of an instruction word from the most significant bit down, with spaces between:
 *
 * - `0`, `1` and `-` are bits: fixed or, for `-`, of any value;
 * - `rd`, `rs1`, `rs2`, `rs3` are five-bit registers, `rm` is the rounding mode, `csr` a CSR number;
 * - `rd'`, `rs1'`, `rs2'` are the three-bit registers of compressed instructions, x8..x15;
 * - `rd/rs1` is one register that is both destination and source;
 * - `imm[12|10:5]` holds those bits of a sign-extended immediate, `uimm[...]` of a zero-extended one, and
 *   `shamt[...]` of a shift amount. All of them, and `csr`, are the field `imm`.
 *
 * A pattern may be several alternatives, with ` or ` between them.
 *
 * Two patterns may both match a word only when one of them is more specific: it fixes all the bits that the
 * other fixes, to the same values, and some more. The more specific one is meant then.
 */
import type { FieldName } from "./instruction.ts";

/** A run of adjacent bits of a field. */
export interface FieldSegment {
  /** Lowest bit in the instruction word. */
  readonly source: number;
  /** Number of bits. */
  readonly width: number;
  /** Lowest bit in the field's value. */
  readonly target: number;
}

/** Where a field stands in an instruction word. */
export interface PatternField {
  /** The field. */
  readonly name: FieldName;
  /** Its bits. */
  readonly segments: readonly FieldSegment[];
  /** Number of bits of a sign-extended value; 0 when it is zero-extended. */
  readonly signedWidth: number;
  /** Added to the bits: 8 for the three-bit registers. */
  readonly bias: number;
}

/** One alternative of a pattern. */
export interface Pattern {
  /** Bits of the instruction word. */
  readonly width: 16 | 32;
  /** Which bits are fixed. */
  readonly mask: number;
  /** What the fixed bits are. */
  readonly match: number;
  /** Fields, in the order of the pattern. */
  readonly fields: readonly PatternField[];
}

const WORD_BITS = 32;
const PARCEL_BITS = 16;
const REGISTER_BITS = 5;
const SHORT_REGISTER_BITS = 3;
const FIRST_SHORT_REGISTER = 8;
const ROUNDING_MODE_BITS = 3;
const CSR_NUMBER_BITS = 12;

/** What a token without brackets stands for, except literal bits. */
const PLAIN_TOKENS: ReadonlyMap<string, { names: FieldName[]; width: number; bias: number }> =
  new Map([
    ["rd", { names: ["rd"], width: REGISTER_BITS, bias: 0 }],
    ["rs1", { names: ["rs1"], width: REGISTER_BITS, bias: 0 }],
    ["rs2", { names: ["rs2"], width: REGISTER_BITS, bias: 0 }],
    ["rs3", { names: ["rs3"], width: REGISTER_BITS, bias: 0 }],
    ["rd/rs1", { names: ["rd", "rs1"], width: REGISTER_BITS, bias: 0 }],
    ["rd'", { names: ["rd"], width: SHORT_REGISTER_BITS, bias: FIRST_SHORT_REGISTER }],
    ["rs1'", { names: ["rs1"], width: SHORT_REGISTER_BITS, bias: FIRST_SHORT_REGISTER }],
    ["rs2'", { names: ["rs2"], width: SHORT_REGISTER_BITS, bias: FIRST_SHORT_REGISTER }],
    ["rd'/rs1'", { names: ["rd", "rs1"], width: SHORT_REGISTER_BITS, bias: FIRST_SHORT_REGISTER }],
    ["rm", { names: ["rm"], width: ROUNDING_MODE_BITS, bias: 0 }],
    ["csr", { names: ["imm"], width: CSR_NUMBER_BITS, bias: 0 }],
  ]);

/** What one token says, its place in the word not yet known. */
interface Token {
  readonly width: number;
  /** Literal bits, or null for a field. */
  readonly literal: string | null;
  readonly names: readonly FieldName[];
  readonly bias: number;
  readonly isSigned: boolean;
  /** Runs of a field's value, most significant part of the token first. */
  readonly runs: readonly { readonly high: number; readonly low: number }[];
}

function parseRuns(text: string): Token["runs"] {
  return text.split("|").map((run) => {
    const [high, low = high] = run.split(":").map(Number);
    return { high, low };
  });
}

function parseToken(text: string): Token {
  if (/^[01-]+$/.test(text)) {
    return { width: text.length, literal: text, names: [], bias: 0, isSigned: false, runs: [] };
  }
  const plain = PLAIN_TOKENS.get(text);
  if (plain !== undefined) {
    const runs = [{ high: plain.width - 1, low: 0 }];
    return { ...plain, literal: null, isSigned: false, runs };
  }
  const immediate = /^(imm|uimm|shamt)\[([0-9|:]+)\]$/.exec(text);
  if (immediate === null) throw new SyntaxError(`Cannot parse pattern: unknown part "${text}"`);
  const runs = parseRuns(immediate[2]);
  const width = runs.reduce((sum, { high, low }) => sum + high - low + 1, 0);
  return { width, literal: null, names: ["imm"], bias: 0, isSigned: immediate[1] === "imm", runs };
}

function binary(digits: string): number {
  return Number.parseInt(digits, 2);
}

/** Collects the parts of one alternative. */
class PatternParts {
  mask = 0;
  match = 0;
  readonly #fields = new Map<FieldName, { token: Token; segments: FieldSegment[] }>();

  addLiteral(bits: string, top: number): void {
    const shift = top - bits.length;
    this.match |= binary(bits.replaceAll("-", "0")) << shift;
    this.mask |= binary(bits.replaceAll("0", "1").replaceAll("-", "0")) << shift;
  }

  addField(token: Token, top: number): void {
    for (const name of token.names) {
      const field = this.#fields.get(name) ?? { token, segments: [] };
      this.#fields.set(name, field);
      let source = top;
      for (const { high, low } of token.runs) {
        const width = high - low + 1;
        source -= width;
        field.segments.push({ source, width, target: low });
      }
    }
  }

  fields(): PatternField[] {
    return [...this.#fields].map(([name, { token, segments }]) => {
      const top = Math.max(...segments.map(({ target, width }) => target + width));
      return { name, segments, bias: token.bias, signedWidth: token.isSigned ? top : 0 };
    });
  }
}

function parseAlternative(text: string): Pattern {
  const tokens = text.trim().split(/\s+/).map(parseToken);
  const width = tokens.reduce((sum, token) => sum + token.width, 0);
  if (width !== WORD_BITS && width !== PARCEL_BITS) {
    throw new SyntaxError(`Cannot parse pattern "${text}": it has ${width} bits`);
  }
  const parts = new PatternParts();
  let top = width;
  for (const token of tokens) {
    if (token.literal !== null) parts.addLiteral(token.literal, top);
    else parts.addField(token, top);
    top -= token.width;
  }
  return { width, mask: parts.mask, match: parts.match, fields: parts.fields() };
}

/**
 * Reads a pattern; see the header of this file. The empty pattern has no alternatives: nothing matches it.
 * @throws {SyntaxError} when a part is unknown or the parts are neither 16 nor 32 bits.
 */
export function parsePattern(text: string): Pattern[] {
  return text === "" ? [] : text.split(" or ").map(parseAlternative);
}

/** Does the pattern match the word? */
export function matches(pattern: Pattern, bits: number): boolean {
  return (bits & pattern.mask) === pattern.match;
}

/** Is there a word that both patterns match? */
export function overlaps(a: Pattern, b: Pattern): boolean {
  return a.width === b.width && ((a.match ^ b.match) & a.mask & b.mask) === 0;
}

/** Does `a` match only a part of the words that `b` matches? */
export function isMoreSpecific(a: Pattern, b: Pattern): boolean {
  return overlaps(a, b) && (a.mask & b.mask) === b.mask && a.mask !== b.mask;
}

/** Value of a field in a word. */
export function extractField(field: PatternField, bits: number): number {
  let value = field.bias;
  for (const { source, width, target } of field.segments) {
    value |= ((bits >>> source) & ((1 << width) - 1)) << target;
  }
  if (field.signedWidth === 0) return value;
  const shift = WORD_BITS - field.signedWidth;
  return (value << shift) >> shift;
}

/**
 * The word's bits for a value of a field; bits of the value that the field does not hold are ignored.
 */
export function insertField(field: PatternField, value: number): number {
  let bits = 0;
  for (const { source, width, target } of field.segments) {
    bits |= (((value - field.bias) >>> target) & ((1 << width) - 1)) << source;
  }
  return bits;
}

/** Compares for sorting: patterns that fix more bits come first. */
export function bySpecificity(a: Pattern, b: Pattern): number {
  return countBits(b.mask) - countBits(a.mask);
}

function countBits(mask: number): number {
  let count = 0;
  for (let rest = mask >>> 0; rest !== 0; rest = (rest & (rest - 1)) >>> 0) count++;
  return count;
}
