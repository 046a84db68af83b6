/** Functions of instructions whose work is too long to stand in a handler or a region. They change no state. */
import type { Region } from "../../../ir/region.ts";
import { FLOAT_IMMEDIATES } from "../float_immediates.ts";
import { substitutionFunctions } from "./byte_substitution.ts";
import { carrylessFunctions } from "./carryless_multiply.ts";
import { crossbarFunctions } from "./crossbar.ts";
import { buildHalfwordTable } from "./halfword_table.ts";

/** Builds all of them. */
export function bitFunctions(): Region[] {
  return [
    ...carrylessFunctions(),
    ...crossbarFunctions(),
    ...substitutionFunctions(),
    ...Object.values(FLOAT_IMMEDIATES).map(buildHalfwordTable),
  ];
}
