/**
 * `misa`: which extensions the hart has, one bit for each letter. It cannot be changed; what depends on a single
 * letter reads its bit.
 *
 * Source: RISC-V Privileged ISA, "Machine ISA (misa) Register".
 */
import type { Builder } from "../../../ir/builder.ts";
import type { Value } from "../../../ir/region.ts";
import { slot } from "../registers.ts";
import { anySet } from "./bit_fields.ts";

const XLEN_64 = 2n << 62n;
/** Letters that every hart has: the base, and the privileged modes below machine mode. */
const ALWAYS = "isu";
const SWITCHABLE = "acdfm";
const FIRST_LETTER = "a".charCodeAt(0);

function letterBit(letter: string): bigint {
  return 1n << BigInt(letter.charCodeAt(0) - FIRST_LETTER);
}

/** The register of a hart with these extensions. */
export function machineIsa(extensions: ReadonlySet<string>): bigint {
  const letters = [...ALWAYS, ...[...SWITCHABLE].filter((letter) => extensions.has(letter))];
  return letters.reduce((mask, letter) => mask | letterBit(letter), XLEN_64);
}

/** 1 when the hart has the extension of that letter. */
export function hasLetter(b: Builder, letter: string): Value {
  return anySet(b, b.getState(slot("misa")), letterBit(letter));
}
