/** Functions of instructions whose work is too long to stand in a handler or a region. They change no state. */
import type { Region } from "../../../ir/region.ts";
import { substitutionFunctions } from "./byte_substitution.ts";
import { carrylessFunctions } from "./carryless_multiply.ts";
import { crossbarFunctions } from "./crossbar.ts";

/** Builds all of them. */
export function bitFunctions(): Region[] {
  return [...carrylessFunctions(), ...crossbarFunctions(), ...substitutionFunctions()];
}
