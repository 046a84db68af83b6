/**
 * A function that was taken out of the module it was compiled in, and can stand in another one.
 *
 * The operands that depend on the module are cut out of the code and listed: numbers of functions and types,
 * and constants that say where a region is.
 */

/** Another function that a function calls. */
export interface CalledFunction {
  /** Its name. */
  readonly name: string;
  /** Its encoded type if the vCPU's cold tier has it; null if it stood in the same module. */
  readonly importType: string | null;
}

/** What an operand stands for. */
export const OperandKind = {
  /** One of {@linkcode FunctionObject.calls}. */
  FUNCTION: 0,
  /** One of {@linkcode FunctionObject.types}. */
  TYPE: 1,
  /** A constant of the place that the function is linked for. */
  CONSTANT: 2,
} as const;

/** An operand that was cut out. */
export interface CutOperand {
  /** Where it goes, in the bytes of the code. */
  readonly at: number;
  /** One of {@linkcode OperandKind}. */
  readonly kind: number;
  /** Which of its kind. */
  readonly index: number;
}

/** See the header of this file. */
export interface FunctionObject {
  /** Its encoded type, a character for each byte. */
  readonly type: string;
  /** Declarations of locals and instructions, without the operands. */
  readonly code: Uint8Array;
  /** The operands, in the order of the code. */
  readonly operands: readonly CutOperand[];
  /** Functions that it calls. */
  readonly calls: readonly CalledFunction[];
  /** Encoded types of functions that it calls through the table. */
  readonly types: readonly string[];
}

/** An encoded function type as a text that can be compared. */
export function typeText(bytes: Uint8Array): string {
  return String.fromCharCode(...bytes);
}

/** The encoded function type of such a text. */
export function typeBytes(text: string): Uint8Array {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}
